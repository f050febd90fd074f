"""The forecast experiment: nobody on two sides, rows that are kept, GlucoBench's own split."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.evaluation.forecast import BAND_NAMES, STEP_NAMES
from ml.experiments.cohorts import Person, TooFewPeople
from ml.experiments.forecast_windows import SharedPerson, require_disjoint, windows_of
from ml.experiments.forecasting.ablation import parted
from ml.experiments.forecasting.glucobench import (
    RULES,
    published_protocol,
    segments_of,
    sides_of,
)
from ml.experiments.forecasting.protocol import NETWORKS, OtherProtocol, Protocol, Rows
from ml.experiments.forecasting.report import page
from ml.experiments.forecasting.runs import Split, measured, splits
from ml.experiments.forecasting.tables import table, targets
from ml.records.cgm.grid import GlucoseGrid, even_grid
from ml.simulation.grids import simulated_grids
from ml.training.progress import silent

SMALL = Protocol(
    quick=True,
    folds=3,
    tested=3,
    train_stride=6,
    train_most=120,
    test_most=60,
    epochs=1,
    batch=128,
    bootstraps=100,
)


def _people(count: int = 18, days: float = 2.5) -> list[Person]:
    grids = simulated_grids(np.random.default_rng(2), count, days=days)
    return [
        Person(grid.person, "simulated", ("healthy", "t2d", "t1d")[i % 3], grid)
        for i, grid in enumerate(grids)
    ]


def test_everybody_is_tested_once_and_nobody_is_on_two_sides() -> None:
    everybody = _people()
    tested: list[str] = []
    for split in splits(everybody, SMALL):
        sides = [set(np.unique(s.person)) for s in (split.train, split.calibration, split.test)]
        assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
        tested += sorted(sides[2])
    assert sorted(tested) == sorted(person.name for person in everybody)


def test_a_person_on_two_sides_is_refused_whatever_windows_they_are() -> None:
    grids = [person.grid for person in _people(4)]
    train = windows_of(grids[:3], stride=6, most=50)
    other = windows_of(grids[3:], stride=6, most=50)
    late = train.take(train.moment > np.median(train.moment.astype(np.int64)).astype("M8[s]"))
    with pytest.raises(SharedPerson, match="deal people, not windows"):
        Split(train, other, late)
    require_disjoint(train, other)


def test_no_person_outweighs_the_others() -> None:
    grids = [person.grid for person in _people(3)] + simulated_grids(
        np.random.default_rng(9), 1, days=9
    )
    windows = windows_of(grids, stride=1, most=70)
    _, counts = np.unique(windows.person, return_counts=True)
    assert counts.max() <= 140  # one name is used twice here


def test_a_finished_row_is_not_measured_again_and_gives_the_same_table(tmp_path: Path) -> None:
    everybody = _people()
    first, _ = measured(everybody, SMALL, Rows(tmp_path, SMALL.digest), silent)
    marks = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again, cards = measured(everybody, SMALL, Rows(tmp_path, SMALL.digest), silent)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == marks
    for name, scores in first.items():
        assert again[name].mse == pytest.approx(scores.mse, nan_ok=True, abs=1e-4)
    found = table(again, everybody, SMALL)
    result = {
        "protocol": SMALL.__dict__,
        "table": found,
        "targets": targets(found),
        "trainings": cards,
        "core_hours": 0.0,
    }
    text = page(result)
    assert "QUICK" in text and "interpolated" in text
    cover = found["all"]["models"]["gru"]["coverage"]
    assert set(cover["bands"]) == set(BAND_NAMES)
    assert cover["width"]["value"] > 0 and "| covered | width |" in text
    low, high = cover["perfect"]["hours"]["least"]
    assert low <= high <= 0.9 and f"(perfect: {low:.3f} to {high:.3f})" in text
    stored = json.loads(json.dumps(result, sort_keys=True))  # as it is published
    assert sorted(page(stored).splitlines()) == sorted(text.splitlines())


def _figures(share: float, worst_hour: float) -> dict[str, Any]:
    """One model's figures with this coverage, in the shape of the table."""
    minutes = {"ratio_to_linear": {"high": 0.95}, "pinball": {"value": 3.0}}
    part = {"value": share, "low": share, "high": share, "outcomes": 9}
    chance = {name: [0.85, 0.95] for name in ("overall", "least", "most")}
    return {
        "minutes": dict.fromkeys(STEP_NAMES, minutes),
        "coverage": {
            "perfect": dict.fromkeys(("hours", "bands"), chance),
            "overall": part,
            "hours": [part, part | {"value": worst_hour}],
            "bands": dict.fromkeys(BAND_NAMES, part),
        },
    }


def test_a_group_that_is_covered_too_seldom_does_not_vanish_among_the_others() -> None:
    def group(share: float, worst_hour: float) -> dict[str, Any]:
        return {"models": dict.fromkeys(NETWORKS, _figures(share, worst_hour))}

    rows = targets(
        {
            "all": group(0.9, 0.89),
            "others": group(0.9, 0.89),
            "t1d": group(0.879954, 0.8493),
            "t1d_not_interpolated": group(0.9, 0.7996),
        }
    )
    missed = {row["target"].partition(" ")[2] for row in rows if not row["holds"]}
    assert missed == {
        "90 % coverage, t1d, 0.88-0.92",
        "least coverage of an hour, t1d, 0.85-0.95",
        "least coverage of an hour, t1d_not_interpolated, 0.85-0.95",
    }


def test_rows_of_another_protocol_are_not_mixed_in(tmp_path: Path) -> None:
    Rows(tmp_path, "one").keep("fold0-linear", {"scores": {}})
    with pytest.raises(OtherProtocol, match="resume in another folder"):
        Rows(tmp_path, "another").find("fold0-linear")


def _record(name: str, points: list[int]) -> GlucoseGrid:
    """A record whose stretches have these many points, parted by gaps of two hours."""
    seconds, at = [], 0
    for count in points:
        seconds.append(at + 300 * np.arange(count))
        at = int(seconds[-1][-1]) + 7200
    moments = np.concatenate(seconds)
    values = (120 + 30 * np.sin(moments / 9000)).astype(np.float32)
    return even_grid(moments, values, wall_offset=np.zeros_like(moments), person=name)


def test_what_is_tested_begins_where_the_first_ten_days_end() -> None:
    grid = simulated_grids(np.random.default_rng(3), 1, days=13)[0]
    first, later = parted(grid)
    assert first.moments.max() < later.moments.min()
    worn = grid.moments[grid.observed]
    assert later.moments.min() - worn.min() == np.timedelta64(10, "D")
    assert len(first) + len(later) + np.argmax(grid.observed) == len(grid)


def test_glucobench_segments_part_at_wide_gaps_and_short_ones_are_dropped() -> None:
    found = segments_of(_record("a", [100, 300, 239, 240]), RULES["weinstock"])
    assert [len(segment.mg_dl) for segment in found] == [300, 240]


def test_glucobench_sides_are_cut_as_published() -> None:
    rules = RULES["weinstock"]
    grids = [_record(str(number), [900, 500, 250]) for number in range(20)]
    sides = sides_of(grids, rules, seed=10)
    drawn = np.random.RandomState(10).choice(sorted(map(str, range(20))), 2, replace=False)
    assert {segment.person for segment in sides.unseen} == set(drawn)
    assert not {s.person for s in sides.train} & set(drawn)
    lengths = [sorted({len(s.mg_dl) for s in part}) for part in (sides.train, sides.seen)]
    assert lengths == [[250, 260, 420], [240]]
    assert len(sides.validation) == 2 * 18


def test_too_few_people_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    times = np.datetime64("2020-01-01T00:00") + 5 * np.arange(600).astype("timedelta64[m]")
    rows = [f"1,{str(time).replace('T', ' ')}:00,120" for time in times]
    (tmp_path / "one.csv").write_text("\n".join(["id,time,gl", *rows, "2,2020-01-01 00:00:00,99"]))
    with pytest.raises(TooFewPeople, match="one: 1 of 2 people have 240 readings in a row"):
        published_protocol(tmp_path, SMALL, Rows(None, SMALL.digest), silent)
    with pytest.raises(TooFewPeople, match="2 people cannot be dealt into 3 folds"):
        next(splits(_people(2, days=0.1), SMALL))
