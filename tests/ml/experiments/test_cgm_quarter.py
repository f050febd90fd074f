"""The three-month experiment: people kept apart, records reported singly, worse results shown."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ml.experiments import ship_quarter
from ml.experiments.cgm_quarter import measured
from ml.experiments.forecast_windows import SharedPerson
from ml.experiments.quarter.page import page
from ml.experiments.quarter.plots import draw
from ml.experiments.quarter.real import origins, outcome, over_people, reported
from ml.experiments.quarter.records import LongRecord
from ml.experiments.quarter.simulated import require_strangers
from ml.models.quarter import METRICS, QuarterForecaster
from ml.models.quarter.days import days_of_grid
from ml.models.shipped import shipped
from ml.simulation.cohort import simulate_cohort


@pytest.fixture(scope="module")
def forecaster() -> QuarterForecaster:
    """The one that ships."""
    return QuarterForecaster.from_artifact(shipped("quarter"))


@pytest.fixture(scope="module")
def records() -> list[LongRecord]:
    """Four simulated people as if they were real: 126 days each, and one of 40."""
    made = simulate_cohort(4, rng=np.random.default_rng(2), days=126, prefix="record")
    grids = [made.grid(0), made.grid(1), made.grid(2), made.grid(3, last=40)]
    return [LongRecord(g.person, "t1d", "", g, days_of_grid(g)) for g in grids]


def test_each_record_is_reported_singly_and_a_short_one_only_where_it_reaches(
    forecaster: QuarterForecaster, records: list[LongRecord]
) -> None:
    quarter = reported(forecaster, records, weeks=13)
    fortnight = reported(forecaster, records, weeks=2)
    assert [entry["record"] for entry in quarter] == [r.name for r in records[:3]]
    assert len(fortnight) == 4
    assert set(quarter[0]["metrics"]) == set(METRICS)
    counted = over_people(quarter, "served")["tir"]
    assert counted["people"] == 3 and counted["better"] + counted["worse"] <= 3


def test_a_forecast_inside_a_record_sees_nothing_of_what_follows(
    forecaster: QuarterForecaster, records: list[LongRecord]
) -> None:
    days = records[0].days
    changed = replace(days, mean=days.mean.copy(), square=days.square.copy())
    changed.square[:, 56:] += 160.0 * changed.mean[:, 56:] + 6400.0  # 80 mg/dL higher from then on
    changed.mean[:, 56:] += 80.0
    ours, theirs = (origins(forecaster, table, weeks=13) for table in (days, changed))
    assert ours is not None and theirs is not None
    before = ours.day <= 56
    assert before.any()
    assert np.array_equal(ours.own[before], theirs.own[before])
    assert not np.array_equal(ours.after[before], theirs.after[before])


def test_an_outcome_beyond_the_record_is_unknown(records: list[LongRecord]) -> None:
    rows = outcome(records[0].days, 98)
    assert np.isfinite(rows[:4, 0]).any() and np.isnan(rows[4:]).all()


def test_test_people_who_were_learnt_from_are_found_under_another_name_as_well() -> None:
    learnt, same, others = (
        ship_quarter.simulated_quarters(8, rng=np.random.default_rng(seed), prefix=prefix)
        for seed, prefix in ((1, "learnt"), (1, "stranger"), (2, "stranger"))
    )
    require_strangers(others, learnt)
    with pytest.raises(SharedPerson, match="8 of 8"):
        require_strangers(same, learnt)
    with pytest.raises(SharedPerson, match="8 of 8"):
        require_strangers(replace(others, person=learnt.person), learnt)


def test_one_person_with_a_huge_error_does_not_decide_what_is_said_of_all() -> None:
    def entry(ours: float, carried: float) -> dict[str, Any]:
        mae = {"served": ours, "carry_forward": carried}
        return {"metrics": {metric: {"mae": mae} for metric in METRICS}}

    entries = [entry(0.11, 0.10), entry(0.12, 0.10), entry(0.1, 5.0), entry(0.01, 0.0)]
    found = over_people([*entries, entry(0.09, 0.1)], "served")["tir"]
    assert found["median_ratio"] == pytest.approx(1.1)
    assert (found["better"], found["worse"]) == (2, 3)


@pytest.mark.slow
def test_the_quick_run_prints_every_table_and_draws_every_picture(
    records: list[LongRecord], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"people": 400, "test": 200, "own": 12, "profile": 6, "anchor": 100}
    monkeypatch.setattr("ml.experiments.cgm_quarter._QUICK", sizes)
    fitted, result = measured(records, quick=True)
    text = page(result)
    assert "**QUICK" in text and "Riddlesworth" in text
    assert all(record.name in text for record in records)
    assert "Carry-forward was better over thirteen weeks for:" in text
    written = draw(result, fitted, records[:3], tmp_path)
    assert {path.suffix for path in written} == {".png", ".csv"}
    assert all(path.stat().st_size > 100 for path in written)


def test_what_ships_is_made_by_its_command_alone() -> None:
    """The same arguments give the same bytes; the people on the card are those asked for."""
    one, two = (ship_quarter.shipped_artifact(people=240, seed=3) for _ in range(2))
    assert one.files == two.files and dict(one.card) == dict(two.card)
    assert sum(one.card["people"].values()) == 240
