"""The synthesis experiment: nobody on both sides, kept rows, the same figures, the command."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.experiments.cgm_synthesis import main, unfinished
from ml.experiments.cohorts import Person
from ml.experiments.forecasting.protocol import Rows
from ml.experiments.synthesis.bench import Bench
from ml.experiments.synthesis.cohort import cohort_rows, control, planned
from ml.experiments.synthesis.personal import ablation, personal_rows
from ml.experiments.synthesis.plots import draw
from ml.experiments.synthesis.protocol import QUICK, cohort_sides, personal_sides
from ml.experiments.synthesis.targets import targets
from ml.experiments.synthesis.trainings import TimedCheckpoints
from ml.records.cgm.grid import even_grid
from ml.simulation.glucose import Condition, simulate_trace
from ml.training.checkpoints import MemoryCheckpoints
from ml.training.progress import Progress, silent

_REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", _REPOSITORY.parent / "shared" / "data"))
shared = pytest.mark.skipif(not DATA.exists(), reason="the shared data folder is not there")

PROTOCOL = replace(
    QUICK, people_most=0, scorer_epochs=1, draws=20, synthetic_days=40, test_days=6, persons=1
)


def person(number: int, days: int) -> Person:
    rng = np.random.default_rng([8, number])
    trace = simulate_trace(rng, days + 2, Condition.TYPE_1, gaps_a_day=0.0)
    grid = even_grid(
        trace.utc,
        trace.mg_dl.astype(np.float32),
        wall_offset=trace.local - trace.utc,
        person=f"person-{number}",
    )
    return Person(f"person-{number}", "simulated", "t1d", grid)


@pytest.fixture(scope="module")
def everybody() -> list[Person]:
    torch.set_num_threads(1)
    return [person(number, 18 if number == 0 else 4) for number in range(18)]


@pytest.fixture(scope="module")
def bench(everybody: list[Person]) -> Bench:
    return Bench(*cohort_sides(everybody, PROTOCOL), PROTOCOL)


def test_nobody_is_on_both_sides_and_nobody_has_more_days_than_allowed(bench: Bench) -> None:
    training, held_out = bench.training, bench.held_out
    assert not np.isin(training.person, held_out.person).any()
    for side in (training, held_out):
        assert np.unique(side.person, return_counts=True)[1].max() <= PROTOCOL.most_days


def test_a_person_is_tested_on_days_after_those_that_were_learnt(
    everybody: list[Person],
) -> None:
    ((training, test),) = personal_sides(everybody, PROTOCOL).values()
    assert set(training.person) == set(test.person) == {"person-0"}
    assert len(training) == PROTOCOL.training_days
    assert training.day.max() < test.day.min()


def test_finished_rows_are_kept_and_give_the_same_table_without_training(
    bench: Bench, tmp_path: Path
) -> None:
    rows = Rows(tmp_path, "test")
    first = cohort_rows(bench, 0, rows, checkpoints=tmp_path, progress=silent)

    def must_not_train(_: Progress) -> None:
        raise AssertionError("a finished row was trained again")

    again = cohort_rows(
        bench, 0, Rows(tmp_path, "test"), checkpoints=tmp_path, progress=must_not_train
    )
    assert json.dumps(first) == json.dumps(again)
    assert not list(tmp_path.glob("*.checkpoint"))
    labels = [row["label"] for row in first]
    assert labels[1:] == [
        "gaussian_days",
        "block_bootstrap",
        "block_bootstrap_6h",
        "tiny",
        "tiny-without-ada",
    ]
    copier = first[labels.index("block_bootstrap")]["privacy"]
    assert copier["copied_days"] > 0
    assert copier["day"]["fires"]
    assert unfinished(planned(PROTOCOL), first) == []
    assert all(row["sample_1000_days_cpu_seconds"] >= 0 for row in first[1:])
    assert first[labels.index("tiny")]["privacy"]["copied_days"] == 0


def test_another_way_to_measure_has_other_rows(bench: Bench) -> None:
    other = replace(PROTOCOL, seed=1)
    assert other.key("a", 0) != PROTOCOL.key("a", 0)
    assert replace(PROTOCOL, cohort_seeds=9).key("a", 0) == PROTOCOL.key("a", 0)
    assert PROTOCOL.key("a", 1) != PROTOCOL.key("a", 0)


def test_unfinished_rows_are_left_out_when_nothing_may_train(
    bench: Bench, everybody: list[Person]
) -> None:
    rows = Rows(None, "test")
    sides = personal_sides(everybody, PROTOCOL)
    how = {"checkpoints": None, "progress": silent, "train": False}
    assert [row["label"] for row in cohort_rows(bench, 0, rows, **how)] == [
        "real_days_of_training_people"
    ]
    assert personal_rows(sides, PROTOCOL, 0, rows, **how) == []
    assert "tiny, seed 0" in unfinished(planned(PROTOCOL), [])
    assert ablation([], "tiny-personal") == {}


def test_people_of_whom_a_training_is_missing_are_counted() -> None:
    asked = [("demo", seed, person) for seed in (0, 1) for person in ("a", "b", "c")]
    rows = [{"label": "demo", "seed": seed} for seed in (0, 0, 0, 1)]
    assert unfinished(asked, rows) == ["demo, seed 1 (2 of 3 people)"]


def test_pictures_are_made_of_whatever_is_finished(bench: Bench, tmp_path: Path) -> None:
    how = {"checkpoints": None, "progress": silent, "train": False}
    result = {
        "settings": {"cohort": {"name": "tiny"}},
        "cohort": cohort_rows(bench, 0, Rows(None, "test"), **how),
        "real": bench.real_picture,
    }
    names = {path.name for path in draw(result, tmp_path)}
    assert "cgm_synthesis_profiles.png" in names
    assert "cgm_synthesis_days.png" not in names


def test_a_person_gets_a_row_for_every_generator_and_a_pair_for_the_ablation(
    everybody: list[Person],
) -> None:
    sides = personal_sides(everybody, PROTOCOL)
    rows = Rows(None, "test")
    found = personal_rows(sides, PROTOCOL, 0, rows, checkpoints=None, progress=silent)
    assert [row["label"] for row in found] == [
        "the_training_days_themselves",
        "gaussian_days",
        "block_bootstrap",
        "tiny-personal",
        "tiny-personal-without-ada",
    ]
    compared = ablation(found, "tiny-personal")
    assert compared["people"] == compared["pairs"] == 1


def _series(value: object) -> list[int]:
    """How long the lists in a row are."""
    if isinstance(value, dict):
        return [size for part in value.values() for size in _series(part)]
    if isinstance(value, list):
        return [len(value), *(size for part in value for size in _series(part))]
    return []


def test_no_day_drawn_for_a_person_is_in_that_persons_row_not_even_in_an_old_one(
    everybody: list[Person], tmp_path: Path
) -> None:
    sides = personal_sides(everybody, PROTOCOL)
    how = {"checkpoints": None, "progress": silent}
    found = personal_rows(sides, PROTOCOL, 0, Rows(tmp_path, "test"), **how)
    steps = 1440 // PROTOCOL.personal_settings.step_minutes
    assert max(size for row in found for size in _series(dict(row))) < steps
    assert not any("shown" in row for row in found)
    for path in tmp_path.glob("personal-*.json"):
        kept = json.loads(path.read_text())
        assert "shown" not in json.dumps(kept)
    old = Rows(tmp_path / "old", "test")
    for path in tmp_path.glob("personal-*.json"):
        old.keep(path.stem, {"shown": [[100.0] * steps], **json.loads(path.read_text())["row"]})
    again = personal_rows(sides, PROTOCOL, 0, old, **how, train=False)
    assert len(again) == len(found)
    assert not any("shown" in row for row in again)


def test_the_control_of_other_people_does_not_fire(bench: Bench) -> None:
    assert not any(found["fires"] for found in control(bench).values())


def test_rows_of_another_step_are_other_rows_and_those_of_15_minutes_stay() -> None:
    usual = PROTOCOL.key("gaussian_days", 0)
    assert PROTOCOL.key("gaussian_days", 0, step_minutes=15) == usual
    assert PROTOCOL.key("gaussian_days", 0, step_minutes=5) != usual


def test_a_target_is_missed_when_one_training_misses_it_whatever_the_mean() -> None:
    def row(seed: int, tir: float, plain: float) -> dict[str, object]:
        figures = {"sd_ratio": [1.0], "lag1_difference": [0.0], "tir_difference": [tir]}
        both = {"against_training": figures, "against_held_out": figures}
        without = {**figures, "tir_difference": [plain]}
        unmapped = {"against_training": without, "against_held_out": without}
        return {"label": "a", "seed": seed, "unmapped": unmapped, **both}

    settings = {"cohort": {"name": "a"}, "personal": {"name": "b"}, "longer": ""}
    result = {"personal": [], "settings": settings, "protocol": {"quick": False}}
    lines = targets(result | {"cohort": [row(0, 0.06, 0.1), row(1, -0.06, -0.3)]})
    tir = [line for line in lines if line["target"].startswith("|ΔTIR|")]
    assert len(tir) == 2
    assert not any(line["hit"] for line in tir)
    assert {abs(line["reached"]) for line in tir} == {0.06}
    assert {line["unmapped"][0] for line in tir} == {-0.3}
    lines = targets(result | {"cohort": [row(0, 0.01, 0.1), row(1, -0.02, -0.3)]})
    assert all(line["hit"] for line in lines if line["target"].startswith("|ΔTIR|"))


def test_the_seconds_of_an_interrupted_training_are_those_of_all_its_parts() -> None:
    kept = MemoryCheckpoints()
    first = TimedCheckpoints(kept)
    assert first.load() is None and first.whole and not first.resumed
    while first.spent[1] < 0.02:
        sum(range(1000))
    first.save(b"state")
    second = TimedCheckpoints(kept)
    assert second.load() == b"state"
    assert second.resumed and second.whole and second.spent[1] >= 0.02
    unknown = MemoryCheckpoints()
    unknown.save(b"a state of before")
    third = TimedCheckpoints(unknown)
    assert third.load() == b"a state of before"
    assert third.resumed and not third.whole


def test_a_quick_run_judges_no_target() -> None:
    settings = {"cohort": {"name": "a"}, "longer": "", "personal": {"name": "b"}}
    result = {"cohort": [], "personal": [], "settings": settings, "protocol": {"quick": True}}
    assert all(line["hit"] is None for line in targets(result))


def test_a_missing_data_folder_is_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    command = ["cgm_synthesis", "--data", str(tmp_path), "--json", str(out), "--quick"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit, match=r"nothing was measured: .* is not in the data folder"):
        main()
    assert not out.exists()


@shared
@pytest.mark.slow
def test_the_quick_command_writes_page_figures_and_pictures(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ml.experiments.cgm_synthesis", "--data", str(DATA), "--quick"]
    files = ["--json", str(tmp_path / "out.json"), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, *files], capture_output=True, text=True, cwd=_REPOSITORY, check=True
    )
    assert "quick run" in done.stdout
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["protocol"]["quick"]
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {
        ".md",
        ".json",
        ".png",
        ".csv",
    }
