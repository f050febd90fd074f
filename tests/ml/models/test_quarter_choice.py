"""A model is served only where it beat carry-forward, and the answer shows which it is."""

import numpy as np
import pytest

from ml.evaluation.quarter import absolute_errors
from ml.models.forecaster import TooLittleData
from ml.models.quarter import METRICS, QuarterCohort, QuarterForecaster
from ml.models.quarter.candidates import CarryForward, Shrinkage
from ml.models.quarter.choice import CARRY_FORWARD, Route, carried_by_own_days
from ml.models.quarter.days import DayTable, weekly_figures, with_range
from ml.models.quarter.own_days import OwnDays, verdicts
from ml.simulation.cohort import simulate_cohort
from ml.training.progress import silent
from tests.ml.models.quarter_people import forecaster, grid, people, same_day


def repeating(cohort: QuarterCohort) -> QuarterCohort:
    """The same people, their thirteen weeks the fourteen days over and over."""
    again = np.arange(91) % 14
    first = cohort.first
    after = DayTable(
        *(c[:, again] for c in (first.wear, first.mean, first.square, first.below, first.above))
    )
    return QuarterCohort(cohort.person, cohort.group, first, after)


def test_where_every_future_equals_the_past_carry_forward_is_served_throughout() -> None:
    made = QuarterForecaster(recurrent=False)
    made.fit(repeating(people()), rng=np.random.default_rng(0))
    assert [choice.served for choice in made.choices] == ["carry_forward"] * len(METRICS)
    told = made.predict(grid(same_day(14)), rng=np.random.default_rng(0))
    assert told.served == "carry_forward"
    assert "carried forward" in told.reason
    assert told.weekly[:, :, 1] == pytest.approx(np.tile(told.so_far, (13, 1)), abs=1e-9)


def test_a_person_whose_own_days_repeat_is_carried_forward_and_told_so() -> None:
    told = forecaster().predict(grid(same_day(35)), rng=np.random.default_rng(0))
    assert told.served == "carry_forward"
    for choice in told.choices:
        assert choice.candidate == CARRY_FORWARD
        assert choice.figures["own_carry_forward_mae"] == pytest.approx(0.0, abs=1e-9)
        assert choice.figures["own_days"] == 21
    assert told.weekly[:, :, 1] == pytest.approx(np.tile(told.so_far, (13, 1)), abs=1e-9)


def test_a_model_that_is_worse_on_own_days_in_one_figure_loses_that_figure_alone() -> None:
    fell = carried_by_own_days(Route(("shrinkage",) * 4), ["gmi"])
    assert fell.source == ("shrinkage", "shrinkage", CARRY_FORWARD, "shrinkage")


def test_time_in_range_falls_with_both_of_its_parts() -> None:
    fell = carried_by_own_days(Route(("shrinkage",) * 4), ["tir"])
    assert fell.source == (CARRY_FORWARD, CARRY_FORWARD, "shrinkage", "shrinkage")
    assert fell.served("tir") == "carry_forward" and fell.served("gmi") == "model"


@pytest.mark.parametrize(("off", "worse"), [(0.0, False), (0.02, False), (0.3, True)])
def test_own_days_overrule_the_cohort_only_beyond_chance(off: float, worse: bool) -> None:
    """Ten weeks in which the model misses by `off` more, give or take 0.1."""
    days = people().first.take(np.zeros(10, dtype=np.intp))
    after = np.full((10, 14, 5), np.nan)
    after[:, 0] = 1.0
    own = OwnDays(days, np.arange(10), after, 70)
    carried = np.full((10, 14, 5), 1.2)
    noise = 0.1 * np.where(np.arange(10) % 2, 1.0, -1.0)[:, None, None]
    found = verdicts(own, carried + off + noise, carried)
    assert [verdict.worse for verdict in found] == [worse] * 5
    assert found[0].model_mae == pytest.approx(0.2 + off)


def test_a_week_forecast_from_many_origins_counts_once() -> None:
    days = people().first.take(np.zeros(3, dtype=np.intp))
    after = np.ones((3, 14, 5))
    after[:, -1] = np.nan
    own = OwnDays(days, np.arange(3), after, 70)
    carried = np.ones((3, 14, 5))
    model = carried.copy()
    model[:, 0] = 2.0  # misses the week after each origin: the first three of fifteen weeks
    assert verdicts(own, model, carried)[0].model_mae == pytest.approx((1 + 1 / 2 + 1 / 3) / 15)


def test_what_is_served_is_never_worse_than_carry_forward_on_strangers() -> None:
    strangers = people(500, 91, "stranger")
    after = with_range(weekly_figures(strangers.after))
    served = absolute_errors(forecaster().predict_people(strangers.first)[..., 1], after)
    carried = absolute_errors(forecaster().candidates(strangers.first)["carry_forward"], after)
    ratio = np.nanmean(served, axis=0) / np.nanmean(carried, axis=0)
    assert (ratio <= 1.0).all()


def test_fourteen_days_alone_are_judged_by_the_cohort() -> None:
    record = simulate_cohort(1, rng=np.random.default_rng(3), days=27).grid(0)
    told = forecaster().predict(record, rng=np.random.default_rng(0))
    assert told.choices == forecaster().choices
    assert all("own_days" not in choice.figures for choice in told.choices)


def test_a_person_who_lies_wholly_in_the_test_part_is_forecast_like_anybody() -> None:
    cohort = people()
    without = cohort.take(np.arange(1, len(cohort)))
    made = QuarterForecaster(recurrent=False)
    made.fit(without, rng=np.random.default_rng(0))
    told = made.predict_people(cohort.first.take(np.array([0])))
    assert np.isfinite(told).all()


def test_a_person_who_stands_twice_is_refused() -> None:
    cohort = people()
    with pytest.raises(ValueError, match="twice"):
        cohort.take(np.array([0, 0, 1]))


def test_a_small_cohort_is_refused_with_what_would_be_enough() -> None:
    with pytest.raises(TooLittleData, match=r"150 people .* 200"):
        QuarterForecaster(recurrent=False).fit(
            people().take(np.arange(150)), rng=np.random.default_rng(0)
        )


def test_fewer_and_more_restless_days_are_shrunk_more() -> None:
    shrinkage = Shrinkage()
    shrinkage.fit(people(), rng=np.random.default_rng(0), progress=silent)
    first = people().first
    full, ten = shrinkage.weights(first), shrinkage.weights(first.without_first(4))
    assert (ten.mean(axis=0) < full.mean(axis=0)).all()
    restless = DayTable(
        first.wear,
        first.mean + 40 * np.where(np.arange(14) % 2, 1.0, -1.0),
        first.square + 1600,
        first.below,
        first.above,
    )
    assert shrinkage.weights(restless)[:, 2].mean() < full[:, 2].mean()


def test_carrying_forward_is_the_fourteen_days_in_every_week() -> None:
    rows = CarryForward().predict(people().first.take(np.arange(3)))
    assert (rows == rows[:, :1]).all()
