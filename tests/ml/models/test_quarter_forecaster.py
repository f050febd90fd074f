"""Three months from fourteen days, as a person gets them."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from ml.artifacts import Artifact, BrokenArtifact, NewerArtifact, pack, unpack
from ml.models.forecaster import TooLittleData
from ml.models.quarter import METRICS, QuarterForecaster
from ml.models.shipped import shipped
from ml.records.cgm.days import GlucoseDays
from ml.records.cgm.metrics import glucose_metrics
from ml.simulation.cohort import SimulatedCohort, simulate_cohort
from tests.ml.models.quarter_people import forecaster, grid, people, same_day


@pytest.fixture(scope="module")
def strangers() -> SimulatedCohort:
    """People nobody learnt from, with 43 days each."""
    return simulate_cohort(24, rng=np.random.default_rng(77), days=43, prefix="stranger")


def test_shares_add_up_and_every_interval_is_ordered_and_inside_its_range(
    strangers: SimulatedCohort,
) -> None:
    for index in range(len(strangers)):
        told = forecaster().predict(
            strangers.grid(index, last=14), rng=np.random.default_rng(index)
        )
        for rows in (told.weekly, told.quarter[None]):
            assert np.allclose(rows[:, :3, 1].sum(axis=1), 1.0, atol=1e-9)
            assert (rows[..., 0] <= rows[..., 1]).all() and (rows[..., 1] <= rows[..., 2]).all()
            assert rows[:, :3].min() >= 0.0 and rows[:, :3].max() <= 1.0
            assert np.isfinite(rows).all() and rows[:, 4].min() > 0.0
        assert (np.diff(told.agp, axis=2) >= 0).all()


def test_what_is_carried_forward_are_the_figures_of_the_readings() -> None:
    readings = simulate_cohort(1, rng=np.random.default_rng(4), days=14).mg_dl[0].ravel()
    told = forecaster().predict(grid(readings), rng=np.random.default_rng(0))
    truth = glucose_metrics(readings, step_minutes=15)
    assert told.so_far == pytest.approx(
        [truth.tir, truth.tbr, truth.tar, truth.gmi, truth.cv], rel=1e-3
    )


def test_the_answer_is_json_with_thirteen_weeks_three_months_and_a_choice_per_metric(
    strangers: SimulatedCohort,
) -> None:
    told = forecaster().predict(strangers.grid(0, last=14), rng=np.random.default_rng(0))
    answer = json.loads(json.dumps(told.to_dict()))
    assert [week["week"] for week in answer["weeks"]] == list(range(1, 14))
    assert answer["weeks"][1]["first_day"] == str(told.first_day + 7)
    for week in [*answer["weeks"], answer["quarter"]]:
        assert week["tir"]["mid"] + week["tbr"]["mid"] + week["tar"]["mid"] == pytest.approx(
            1.0, abs=2e-6
        )
    assert [len(month["p50"]) for month in answer["agp"]] == [96, 96, 96]
    assert [choice["metric"] for choice in answer["choices"]] == list(METRICS)
    assert {choice["served"] for choice in answer["choices"]} <= {"model", "carry_forward"}
    assert all("simulated people held out" in choice["reason"] for choice in answer["choices"])
    assert {path["label"] for path in answer["scenarios"]} == {"scenario"}
    assert "calibrated on simulated people" in answer["note"]


def test_nine_worn_days_are_refused_with_what_would_be_enough(strangers: SimulatedCohort) -> None:
    with pytest.raises(TooLittleData, match=r"9 of the last fourteen .* 1 more day"):
        forecaster().predict(grid(same_day(9)), rng=np.random.default_rng(0))


def test_fourteen_days_worn_to_40_percent_are_refused() -> None:
    readings = same_day(14)
    readings[np.arange(readings.size) % 10 >= 4] = np.nan
    with pytest.raises(TooLittleData, match="0 of the last fourteen"):
        forecaster().predict(grid(readings), rng=np.random.default_rng(0))


def test_a_flat_line_is_refused() -> None:
    with pytest.raises(TooLittleData, match="one and the same glucose"):
        forecaster().predict(
            grid(np.full(14 * 96, 120.0, np.float32)), rng=np.random.default_rng(0)
        )


def test_ten_days_widen_and_the_answer_says_so(strangers: SimulatedCohort) -> None:
    widths = []
    for index in range(len(strangers)):
        for first in (4, 0):
            record = strangers.grid(index, first=first, last=14)
            try:
                told = forecaster().predict(record, rng=np.random.default_rng(0), scenarios=0)
            except TooLittleData:
                break
            assert told.widened == (told.worn_days < 14)
            widths.append((first, (told.weekly[..., 2] - told.weekly[..., 0]).mean(axis=0)))
    ten = np.mean([width for first, width in widths if first == 4], axis=0)
    fourteen = np.mean([width for first, width in widths if first == 0], axis=0)
    assert (ten > fourteen).all()


def test_a_record_that_starts_at_noon_loses_no_day() -> None:
    told = forecaster().predict(
        grid(same_day(14), start="2026-03-02T12:00:00"), rng=np.random.default_rng(0)
    )
    assert told.worn_days == 14 and not told.widened


def test_the_same_seed_gives_the_same_forecast_and_another_seed_other_paths(
    strangers: SimulatedCohort,
) -> None:
    record = strangers.grid(3, last=14)
    first, second, other = (
        forecaster().predict(record, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.to_dict() == second.to_dict()
    assert np.array_equal(first.weekly, other.weekly)
    assert not np.array_equal(first.scenarios[0].mg_dl, other.scenarios[0].mg_dl)


def test_the_same_people_and_seed_give_the_same_artifact() -> None:
    packed = []
    for _ in range(2):
        made = QuarterForecaster(recurrent=False)
        made.fit(people(240), rng=np.random.default_rng(9))
        packed.append(pack(made.to_artifact()))
    assert packed[0] == packed[1]


def test_a_saved_forecaster_tells_the_same(strangers: SimulatedCohort) -> None:
    again = QuarterForecaster.from_artifact(unpack(pack(forecaster().to_artifact())))
    record = strangers.grid(5)
    ours, theirs = (f.predict(record, rng=np.random.default_rng(0)) for f in (forecaster(), again))
    assert ours.to_dict() == theirs.to_dict()
    assert pack(again.to_artifact()) == pack(forecaster().to_artifact())


def test_a_truncated_or_newer_model_is_refused() -> None:
    artifact = forecaster().to_artifact()
    with pytest.raises(BrokenArtifact):
        unpack(pack(artifact)[:-200])
    with pytest.raises(NewerArtifact):
        QuarterForecaster.from_artifact(
            Artifact(artifact.kind, artifact.version + 1, artifact.card, artifact.files)
        )
    with pytest.raises(BrokenArtifact):
        QuarterForecaster.from_artifact(
            Artifact("quarter", 1, {}, {**artifact.files, "quarter.safetensors": b"half"})
        )


def test_scenarios_can_be_made_of_days_handed_in(strangers: SimulatedCohort) -> None:
    days = 30
    synthetic = GlucoseDays(
        5,
        np.random.default_rng(0).normal(140, 25, (days, 288)).astype(np.float32),
        np.full(days, "nobody"),
        np.datetime64("2026-01-01") + np.arange(days),
    )
    record = strangers.grid(2, last=14)
    given, made, own = (
        forecaster().predict(record, rng=np.random.default_rng(0), days=source)
        for source in (synthetic, lambda n, rng: synthetic, None)
    )
    assert {path.source for path in given.scenarios} == {"synthetic_days"}
    assert np.array_equal(given.scenarios[0].mg_dl, made.scenarios[0].mg_dl)
    assert {path.source for path in own.scenarios} == {"own_days"}
    assert given.scenarios[0].mg_dl.shape == (91, 96)


def test_scenario_weeks_have_about_the_level_that_was_forecast(strangers: SimulatedCohort) -> None:
    told = forecaster().predict(
        strangers.grid(1, last=14), rng=np.random.default_rng(0), scenarios=80
    )
    gmi = [3.31 + 0.02392 * path.mg_dl.mean() for path in told.scenarios]
    low, mid, high = told.quarter[METRICS.index("gmi")]
    assert abs(np.median(gmi) - mid) < 0.5 * (high - low)


@pytest.mark.parametrize(
    ("hours", "start", "first_day"),
    [(-8, "2026-03-02T08:00", "2026-03-16"), (9, "2026-03-01T20:15", "2026-03-17")],
)
def test_the_forecast_begins_the_day_after_the_last_on_the_persons_own_clock(
    hours: int, start: str, first_day: str
) -> None:
    """The last reading comes at 23:45 on the 15th, and at 5:00 on the 16th, there."""
    there = grid(same_day(14), start=start)
    minutes = ((there.minute_of_day + 60 * hours) % 1440).astype(np.int16)
    told = forecaster().predict(
        replace(there, minute_of_day=minutes), rng=np.random.default_rng(0), scenarios=0
    )
    assert str(told.first_day) == first_day


def test_the_shipped_model_forecasts_without_torch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from ml.models.quarter import QuarterForecaster\n"
        "from ml.models.shipped import shipped\n"
        "from tests.ml.models.quarter_people import grid, same_day\n"
        "f = QuarterForecaster.from_artifact(shipped('quarter'))\n"
        "f.predict(grid(same_day(14)), rng=np.random.default_rng(0))\n"
        "print(any(name in sys.modules for name in ('torch', 'tensorflow', 'sklearn')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_shipped_model_learnt_from_simulated_people_alone() -> None:
    card = shipped("quarter").card
    assert card["whom"] == "simulated people"
    assert set(card["people"]) == {"healthy", "prediabetes", "t1d", "t2d"}
