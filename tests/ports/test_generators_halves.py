"""A cohort whose halves are too small is refused at once, with how many people would be enough."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from backend.adapters.generators.cohort import MlCohortGenerators
from backend.adapters.generators.halves import (
    Least,
    enough_people,
    least_of,
    require_halves,
    rows_of_a_half,
)
from backend.adapters.generators.offers import OFFERS
from backend.adapters.generators.settings import made
from backend.adapters.generators.vitals import VitalsRecipe
from backend.adapters.generators.vitals_rows import cohort_table, opened_traces
from backend.adapters.records.reader import MlRecordReader
from backend.domain.consent import Kind
from backend.domain.errors import NotEnoughData
from backend.domain.generation import RunPlan
from backend.ports.generators import CohortMember
from ml.generators.generator import Generator, TooLittleData
from ml.records.cgm.days import GlucoseDays
from ml.training.checkpoints import NoCheckpoints
from tests.ports.test_models import Kept

VITALS = RunPlan(Kind.VITALS, "gaussian_copula", "quick", 80, "Vital signs", "Made for a test.")
PLANS = [
    replace(VITALS, kind=kind, generator=offer.name, setting=setting)
    for offer in OFFERS
    if offer.releasable
    for setting in offer.settings
    for kind in sorted(offer.kinds)
]


def one_row_each(people: int) -> list[CohortMember]:
    """Measured once, of people who are unlike each other."""
    reader, rng = MlRecordReader(), np.random.default_rng(5)
    found = []
    for number in range(people):
        data = (
            "timestamp,heart_rate,respiration_rate,body_temperature\n2026-10-01T08:00:00,"
            f"{rng.integers(55, 100)},{rng.integers(12, 22)},{rng.normal(36.8, 0.4):.1f}\n"
        ).encode()
        at = datetime(2026, 11, 22, tzinfo=UTC)
        read = reader.read(data, Kind.VITALS, zone="Asia/Seoul", received_at=at)
        found.append(CohortMember(f"person{number:03d}", (read.canonical,)))
    return found


@pytest.fixture(scope="module")
def hundred() -> list[CohortMember]:
    return one_row_each(100)


@pytest.mark.parametrize("people", [75, 99])
def test_a_cohort_whose_halves_are_too_small_is_refused_before_it_is_learnt_from(
    hundred: list[CohortMember], people: int
) -> None:
    told: list[str] = []
    with pytest.raises(NotEnoughData) as refused:
        MlCohortGenerators().generate(
            hundred[:people],
            VITALS,
            seed=7,
            published=date(2026, 11, 22),
            progress=lambda stage, _: told.append(stage),
            checkpoints=Kept(),
        )
    assert refused.value.message.startswith(f"{people} people have {people} rows")
    assert "learns from 50 of" in refused.value.message
    assert refused.value.needs.startswith("100 people")
    assert told == ["reading the cohort's records"]


def test_with_as_many_people_as_it_says_it_goes_on(hundred: list[CohortMember]) -> None:
    recipe = VitalsRecipe.of(hundred, VITALS, rng=np.random.default_rng(0))
    assert recipe.people == 67


def test_noise_asks_for_fewer_people_than_networks_do(hundred: list[CohortMember]) -> None:
    private = replace(VITALS, epsilon=4.0, delta=1e-5)
    VitalsRecipe.of(hundred[:50], private, rng=np.random.default_rng(0))


def test_no_half_that_is_drawn_has_fewer_rows_than_is_counted_on() -> None:
    rng = np.random.default_rng(11)
    for people in (50, 75, 120):
        counts = rng.integers(1, 9, people)
        drawn = [rng.permutation(counts)[: people // 2].sum() for _ in range(2000)]
        least = rows_of_a_half(counts)
        assert least <= min(drawn), "each half and its rest: both are drawn"
        assert least >= 0.7 * np.mean(drawn), "and few cohorts are refused for nothing"
    assert rows_of_a_half(np.full(75, 1)) == 37
    assert rows_of_a_half(np.array([1, 1, 1, 50])) == 2, "no worse than the worst half there is"


@pytest.mark.parametrize(
    ("counts", "least", "enough"),
    [
        (np.full(75, 1), Least(50), 100),
        (np.full(99, 1), Least(50), 100),
        (np.full(60, 2), Least(100, 20), 100),
        (np.full(38, 9), Least(10, 20), 40),
    ],
)
def test_what_would_be_enough_is_enough_and_one_person_fewer_is_not(
    counts: np.ndarray, least: Least, enough: int
) -> None:
    assert enough_people(counts, least) == enough
    each = int(counts[0])
    named = np.repeat([f"person{number}" for number in range(enough)], each)
    require_halves(named, least, generator="it", things="rows")
    with pytest.raises(NotEnoughData):
        require_halves(named[:-each], least, generator="it", things="rows")


def test_more_people_are_asked_for_where_some_have_many_rows_and_most_have_one() -> None:
    counts = np.where(np.arange(60) % 6 == 0, 5, 1)
    enough = enough_people(counts, Least(100))
    more = np.where(np.arange(enough) % 6 == 0, 5, 1)
    assert enough > 120 and rows_of_a_half(more) >= 99


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.generator}-{plan.setting}")
def test_every_generator_refuses_one_row_less_than_it_says(
    plan: RunPlan, hundred: list[CohortMember]
) -> None:
    generator = made(plan, rows_per_person=1)
    least = least_of(generator)
    assert least.rows > 1
    with pytest.raises(TooLittleData):
        fitted(generator, plan, hundred, least.rows - 1)
    if plan.generator.startswith("gaussian"):
        fitted(generator, plan, hundred, least.rows)


def fitted(generator: Generator, plan: RunPlan, cohort: list[CohortMember], rows: int) -> None:
    """On so many rows of as many people, or days of a random walk."""
    if plan.kind is Kind.VITALS:
        data = cohort_table(*opened_traces(cohort[:rows]))[0]
    else:
        step = getattr(getattr(generator, "settings", None), "step_minutes", 15)
        walk = np.random.default_rng(3).normal(0, 4, (rows, 1440 // step)).cumsum(axis=1)
        days = np.full(rows, np.datetime64("2026-10-01"))
        names = np.array([f"person{number}" for number in range(rows)])
        data = GlucoseDays(step, np.clip(120 + walk, 40, 400).astype(np.float32), names, days)
    generator.fit(
        data,
        rng=np.random.default_rng(1),
        progress=lambda _: None,
        checkpoints=NoCheckpoints(),
    )
