"""The report of glucose days has the shape of a table's, and shows what many people share."""

import json

import numpy as np
import pytest

from ml.evaluation.statistics import Interval
from ml.evaluation.tables.report_cells import FEWEST
from ml.evaluation.tables.report_days import days_report, independent_steps
from ml.records.cgm.days import GlucoseDays
from tests.ml.evaluation.planted_days import of_nobody, wandering_days


def last_value_errors(
    training: GlucoseDays, test: GlucoseDays, *, rng: np.random.Generator
) -> np.ndarray:
    """A "network" that learns one number: how far back towards the mean to go in an hour."""
    hour = 60 // test.step_minutes
    middle = training.mg_dl.mean()
    before, after = training.mg_dl[:, :-hour] - middle, training.mg_dl[:, hour:] - middle
    kept = (before * after).sum() / (before**2).sum()
    told = middle + kept * (test.mg_dl[:, :-hour] - middle)
    near = np.abs(np.diff(test.mg_dl, axis=1)).mean(axis=1)
    return np.stack([near, np.abs(test.mg_dl[:, hour:] - told).mean(axis=1)], axis=1)


def by_spread(real: GlucoseDays, synthetic: GlucoseDays, *, rng: np.random.Generator) -> Interval:
    gap = abs(float(np.diff(real.mg_dl).std() - np.diff(synthetic.mg_dl).std())) / 100
    return Interval(gap, gap, gap)


@pytest.fixture(scope="module")
def sides() -> tuple[GlucoseDays, GlucoseDays, GlucoseDays]:
    rng = np.random.default_rng(0)
    training, holdout = (wandering_days(rng, people=n, days=4) for n in (90, 40))
    made = of_nobody(training, wandering_days(rng, people=50, days=4).mg_dl)
    return made, training, holdout


@pytest.fixture(scope="module")
def whole(sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays]) -> dict:
    return measured(sides)


def measured(sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays], **settings: object) -> dict:
    return days_report(
        *sides,
        rng=np.random.default_rng(1),
        progress=lambda stage, done, total: None,
        discriminator=by_spread,
        forecaster=last_value_errors,
        draws=40,
        **settings,
    )


def test_it_has_the_shape_of_a_tables_report(whole: dict) -> None:
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole
    for section in ("fidelity", "utility"):
        for name, figure in whole[section].items():
            assert {"value", "low", "high", "n", "baseline", "ceiling"} <= set(figure), name
    assert {"sd_ratio", "tir_difference", "lag1_difference", "discriminative"} <= set(
        whole["fidelity"]
    )
    assert whole["n"]["holdout_people"] == 40


def test_days_of_the_same_law_are_near_the_ceiling_and_far_from_the_floor(whole: dict) -> None:
    lag = whole["fidelity"]["lag1_difference"]
    assert abs(lag["value"]) < 0.05 < abs(lag["baseline"])
    assert whole["fidelity"]["sd_ratio"]["value"] == pytest.approx(1, abs=0.1)
    ratio = whole["utility"]["hour_mae_ratio"]
    assert ratio["value"] == pytest.approx(1, abs=0.05) and ratio["baseline"] > 1.1


def test_the_same_seed_gives_the_same_report(
    whole: dict, sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays]
) -> None:
    assert measured(sides) == whole


def test_shown_cells_and_percentiles_have_twenty_people_behind_them(
    whole: dict, sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays]
) -> None:
    column = whole["marginals"]["glucose_mg_dl"]
    real = sides[1:]
    gone = 0
    for low, high, share in zip(
        column["edges"][:-1], column["edges"][1:], column["real"], strict=True
    ):
        people = sum(
            np.unique(days.person[((days.mg_dl >= low) & (days.mg_dl < high)).any(axis=1)]).size
            for days in real
        )
        assert share is None or people >= FEWEST
        gone += share is None
    assert gone >= 2, "nobody wanders above 300, and that must not be computable"
    shown = [value is not None for value in whole["profile"]["real"][0]]
    assert shown == [False, True, True, True, False], "130 people: 5 % of them are too few"
    assert all(value is not None for row in whole["profile"]["synthetic"] for value in row)


def test_what_few_held_out_people_have_is_told_by_no_difference(
    sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays],
) -> None:
    made, training, holdout = sides
    assert {"tbr_difference", "tir_difference"} <= set(measured(sides)["fidelity"])
    raised = np.maximum(holdout.mg_dl, 75.0)
    low = np.isin(holdout.person, np.unique(holdout.person)[:5])
    raised[low, 0] = 60.0
    few = GlucoseDays(holdout.step_minutes, raised, holdout.person, holdout.day)
    found = measured((made, training, few))
    assert not {"tbr_difference", "tir_difference"} & set(found["fidelity"])
    assert "tar_difference" in found["fidelity"]
    assert any("tbr_difference" in sentence for sentence in found["limits"])
    small = holdout.take(np.isin(holdout.person, np.unique(holdout.person)[:10]))
    assert set(measured((made, training, small))["fidelity"]) == {
        "rate_wasserstein",
        "rate_ks",
        "agp_distance",
        "day_mean_ks",
        "day_sd_ks",
        "discriminative",
    }


def test_under_a_privacy_budget_no_real_reading_is_shown(
    sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays],
) -> None:
    found = measured(sides, real_counts="none")
    assert set(found["marginals"]["glucose_mg_dl"]["real"]) == {None}
    assert all(value is None for row in found["profile"]["real"] for value in row)


def test_without_networks_their_figures_are_left_out_and_that_is_said(
    sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays],
) -> None:
    found = days_report(
        *sides,
        rng=np.random.default_rng(1),
        progress=lambda stage, done, total: None,
        draws=10,
        baseline=("yesterday's days again", sides[1]),
    )
    assert found["utility"] == {} and "discriminative" not in found["fidelity"]
    assert any("left out" in sentence for sentence in found["limits"])
    assert "yesterday's days again" in found["protocol"]


def test_independent_steps_keep_each_time_of_day_and_nothing_between(
    sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays],
) -> None:
    made = independent_steps(sides[1], rng=np.random.default_rng(2))
    assert np.isin(made.mg_dl[:, 7], sides[1].mg_dl[:, 7]).all()
    correlation = np.corrcoef(made.mg_dl[:, 7], made.mg_dl[:, 8])[0, 1]
    assert abs(correlation) < 0.2
    with pytest.raises(ValueError, match="both sides"):
        days_report(
            made,
            sides[1],
            sides[1],
            rng=np.random.default_rng(0),
            progress=lambda stage, done, total: None,
        )
