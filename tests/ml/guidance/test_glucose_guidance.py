"""What was planted is found, what was not is not claimed, and what is missing is named."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from ml.guidance.glucose import Guidance
from ml.guidance.journal import Exercise, Journal, Meal, sittings
from ml.guidance.words import LANGUAGES
from tests.ml.guidance.planted import Plan, codes, dipped, plant, told, with_insulin

BREAKFAST = Plan(days=28, rise=(("morning", 60.0),), walk=0.5)
CLAIMS = ("meal_rise_same_hours", "meal_rise_other_hours", "walk_smaller_rise", "walk_larger_rise")


def found(guidance: Guidance, code: str) -> dict[str, object]:
    """The numbers of the only sentence of this code."""
    (advice,) = [one for one in guidance.advice if one.code == code]
    return dict(advice.evidence.numbers)


def test_a_rise_after_breakfast_and_a_walk_that_halves_it_are_found() -> None:
    planted = plant(3, BREAKFAST)
    guidance = told(planted, days=28)
    (rise,) = [a for a in guidance.advice if a.code.startswith("meal_rise") and a.code in CLAIMS]
    numbers = rise.evidence.numbers
    assert numbers["slot"] == "morning" and int(numbers["count"] or 0) >= 20
    assert 25 < int(numbers["difference"] or 0) < 70
    assert set(rise.evidence.entries) <= {m.id for m in planted.journal.meals}
    walk = found(guidance, "walk_smaller_rise")
    assert walk["slot"] == "morning" and 15 < int(str(walk["difference"])) < 50
    assert min(int(str(walk["walked"])), int(str(walk["rested"]))) >= 5


def test_the_walk_names_the_meals_on_both_sides() -> None:
    planted = plant(3, BREAKFAST)
    (walk,) = [a for a in told(planted, days=28).advice if a.code == "walk_smaller_rise"]
    walked = {e.id for e in planted.journal.exercise}
    meals = {m.id for m in planted.journal.meals}
    assert set(walk.evidence.entries) & walked and set(walk.evidence.entries) - walked <= meals
    assert set(walk.evidence.compared_with) <= meals - set(walk.evidence.entries)


def test_the_planted_effects_are_found_in_nearly_everybody() -> None:
    counted: Counter[str] = Counter()
    for seed in range(40):
        counted.update(set(codes(told(plant(seed, BREAKFAST), days=28))))
    assert counted["walk_smaller_rise"] >= 36
    assert counted["meal_rise_same_hours"] + counted["meal_rise_other_hours"] >= 36


@pytest.mark.parametrize(
    "plan", [Plan(), Plan(noise=30.0, base=150.0)], ids=["a steady person", "a restless person"]
)
def test_of_200_people_without_any_effect_few_are_told_of_one(plan: Plan) -> None:
    told_of = sum(
        any(code in CLAIMS for code in codes(told(plant(1000 + seed, plan)))) for seed in range(200)
    )
    assert told_of <= 10  # 5 %


def test_of_200_people_whose_walks_change_nothing_few_are_told_that_they_do() -> None:
    plan = Plan(rise=(("morning", 60.0), ("midday", 60.0), ("evening", 60.0)), walk=1.0)
    told_of = sum("walk_smaller_rise" in codes(told(plant(2000 + s, plan))) for s in range(200))
    assert told_of <= 10


def test_meals_that_differ_in_more_than_the_walk_are_not_compared() -> None:
    planted = plant(3, BREAKFAST)
    walked = {e.id.removeprefix("walk-") for e in planted.journal.exercise}
    smaller = tuple(
        replace(m, grams=20.0) if m.id.removeprefix("meal-") in walked else m
        for m in planted.journal.meals
    )
    other_meals = replace(planted, journal=replace(planted.journal, meals=smaller))
    assert found(told(other_meals, days=28), "walk_unlike")["unlike"] == "carbohydrate"
    treated = with_insulin(planted, 4.0)
    assert found(told(treated, days=28), "walk_unlike")["unlike"] == "other_entries"


def test_hard_or_late_exercise_is_no_walk_after_the_meal() -> None:
    planted = plant(3, BREAKFAST)
    hard = tuple(replace(e, intensity="hard") for e in planted.journal.exercise)
    late = tuple(replace(e, at=e.at + 100 * 60) for e in planted.journal.exercise)
    for exercise in (hard, late):
        other = replace(planted, journal=replace(planted.journal, exercise=exercise))
        assert found(told(other, days=28), "walk_find_out")["walked"] == 0


def test_too_few_walks_are_answered_with_what_would_be_enough() -> None:
    planted = plant(3, BREAKFAST)
    few = replace(planted, journal=replace(planted.journal, exercise=planted.journal.exercise[:2]))
    numbers = found(told(few, days=28), "walk_find_out")
    assert (numbers["walked"], numbers["more_walked"], numbers["more_rested"]) == (2, 3, 0)


def test_without_a_journal_it_says_what_to_note() -> None:
    planted = replace(plant(1, Plan()), journal=Journal())
    numbers = found(told(planted), "note_more_meals")
    assert (numbers["noted"], numbers["usable"], numbers["needed"]) == (0, 0, 6)
    assert not any(code.startswith("walk") for code in codes(told(planted)))


def test_five_days_are_too_few_and_it_says_how_many_are_needed() -> None:
    guidance = told(plant(1, Plan(days=5)))
    assert codes(guidance) == ["too_few_days"]
    assert found(guidance, "too_few_days")["needed"] == 7
    assert guidance.hours == guidance.meals == ()


def test_fourteen_days_of_which_most_is_missing_are_too_few() -> None:
    planted = plant(1, Plan())
    values = planted.grid.mg_dl.copy()
    values[np.arange(values.size) % 10 < 6] = np.nan
    assert "too_few_days" in codes(told(replace(planted, grid=replace(planted.grid, mg_dl=values))))


def test_hours_that_were_often_low_are_named_on_the_persons_own_clock() -> None:
    planted = dipped(plant(4, Plan(noise=4.0)), hour=15, days=range(2, 9), depth=60.0, minutes=45)
    numbers = found(told(planted), "low_hours")
    assert (numbers["from"], numbers["to"]) == ("15:00", "16:00")
    assert (numbers["count"], numbers["days"], numbers["percent"]) == (7, 14, 50)
    (hour,) = [h for h in told(planted).hours if h.hour == 15]
    assert (hour.low_days, hour.days) == (7, 14)


def test_one_low_afternoon_is_no_pattern() -> None:
    planted = dipped(plant(4, Plan(noise=4.0)), hour=15, days=range(2, 3), depth=60.0, minutes=45)
    assert "low_hours" not in codes(told(planted))


def test_ten_minutes_below_the_bound_are_no_event() -> None:
    planted = dipped(plant(4, Plan(noise=4.0)), hour=15, days=range(14), depth=60.0, minutes=10)
    assert "low_hours" not in codes(told(planted))


def test_dips_of_a_pressed_sensor_are_told_apart_from_low_nights() -> None:
    planted = dipped(plant(4, Plan(noise=4.0)), hour=3, days=range(1, 6), depth=55.0, minutes=30)
    guidance = told(planted)
    assert "night_lows" not in codes(guidance) and "low_hours" not in codes(guidance)
    assert found(guidance, "night_pressure")["count"] == 5


def test_a_long_low_night_counts_as_low() -> None:
    planted = dipped(plant(4, Plan(noise=4.0)), hour=1, days=range(1, 6), depth=55.0, minutes=180)
    guidance = told(planted)
    assert found(guidance, "night_lows")["count"] == 5
    assert found(guidance, "low_hours")["from"] == "01:00"


def test_old_readings_are_called_old() -> None:
    planted = plant(1, Plan())
    assert "old_readings" not in codes(told(planted))
    later = told(planted, now=planted.now + 30 * 86_400)
    assert found(later, "old_readings")["age"] == 30


def test_a_change_of_clocks_moves_no_meal_to_another_hour() -> None:
    """A week on another wall clock: minutes of the day come from the readings and the meals."""
    planted = plant(5, Plan(rise=(("morning", 60.0),), skip=0.0))
    minute = planted.grid.minute_of_day.copy()
    minute[2016:] = (minute[2016:] + 60) % 1440
    moved = replace(planted, grid=replace(planted.grid, minute_of_day=minute))
    assert {a.evidence.period.days for a in told(moved).advice} == {14}


def test_meals_close_together_are_one_sitting_and_water_is_none() -> None:
    meals = [Meal("a", 0, 0, 20.0, "Soup"), Meal("b", 1200, 20, 30.0), Meal("c", 9000, 150, 0.0)]
    (sitting,) = sittings(meals)
    assert (sitting.ids, sitting.grams, sitting.name) == (("a", "b"), 50.0, "Soup")
    assert sittings([*meals, Meal("d", 1500, 25)])[0].grams is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_guidance_is_the_same_in_every_language_and_every_time(language: str) -> None:
    planted = plant(3, BREAKFAST)
    once, again = told(planted, language, days=28), told(planted, language, days=28)  # type: ignore[arg-type]
    assert once == again
    assert [a.evidence for a in once.advice] == [a.evidence for a in told(planted, days=28).advice]


def test_exercise_before_a_meal_makes_it_no_meal_at_rest() -> None:
    planted = plant(3, BREAKFAST)
    before = tuple(
        Exercise(f"run-{m.id}", m.at - 40 * 60, 30, "moderate") for m in planted.journal.meals
    )
    other = replace(planted, journal=replace(planted.journal, exercise=before))
    assert not any(code.startswith("walk") for code in codes(told(other, days=28)))
