"""The noise of the private copula, heard at the moment at which it is added.

Every answer about the cohort leaves as `answer + spread * rng.normal(...)`. A generator of numbers
that listens notes answer and spread, so that what is promised can be reckoned: how far one person
moves an answer, and what all answers together spend.
"""

from typing import Any

import numpy as np
import pytest
from planted import planted

from ml.generators.tables import private_accounting
from ml.generators.tables.private import Privacy
from ml.generators.tables.private_copula import PrivateCopula, _noisy_correlations
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent

pytest.importorskip("opacus", reason="opacus is not installed")
pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")

PRIVACY = Privacy(5.0, 3e-4)
PEOPLE, ROWS = 400, 50
ALONE = np.arange(PEOPLE)
JOINED_BY_ONE = np.append(ALONE, np.full(ROWS, PEOPLE))
"""Four hundred people of a row each, and one more of fifty."""


class Noise:
    """Takes the part of normal numbers: notes what they are scaled by and added to, adds none."""

    __array_ufunc__ = None

    def __init__(self, heard: list[tuple[np.ndarray, float]]) -> None:
        self._heard = heard
        self._spread = 1.0

    def __rmul__(self, spread: float) -> "Noise":
        self._spread = float(spread)
        return self

    def __radd__(self, answer: np.ndarray) -> np.ndarray:
        self._heard.append((np.array(answer, dtype=float), self._spread))
        return np.asarray(answer, dtype=float)


class Listening:
    """Draws as a generator does, but for normal numbers."""

    def __init__(self) -> None:
        self.heard: list[tuple[np.ndarray, float]] = []
        self._rng = np.random.default_rng(1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rng, name)

    def normal(self, **_: Any) -> Noise:
        return Noise(self.heard)


def listened(table: Table, persons: np.ndarray) -> tuple[PrivateCopula, Listening]:
    made, rng = PrivateCopula(PRIVACY), Listening()
    made.fit(
        table,
        rng=rng,  # type: ignore[arg-type]
        progress=silent,
        checkpoints=NoCheckpoints(),
        persons=persons,
    )
    return made, rng


@pytest.fixture(scope="module")
def table() -> Table:
    return planted(PEOPLE + ROWS).with_dependencies(())


@pytest.fixture(scope="module")
def without(table: Table) -> tuple[PrivateCopula, Listening]:
    return listened(table.take(slice(0, PEOPLE)), ALONE)


def correlations_of(scores: np.ndarray, who: np.ndarray, noise: float) -> tuple[np.ndarray, float]:
    rng = Listening()
    _noisy_correlations(scores, who, noise, rng)
    (heard,) = rng.heard
    return heard


def test_a_person_of_fifty_rows_moves_every_column_by_no_more_than_one(
    table: Table, without: tuple[PrivateCopula, Listening]
) -> None:
    _, joined = listened(table, JOINED_BY_ONE)
    before, after = without[1].heard[:-1], joined.heard[:-1]
    assert len(before) == len(after) >= 8
    for (was, spread), (now, other_spread) in zip(before, after, strict=True):
        moved = now - was
        assert spread == pytest.approx(other_spread)
        assert np.abs(moved).sum() <= 1 + 1e-9
        assert np.linalg.norm(moved) > 0


def test_all_answers_together_spend_what_one_noisy_answer_does(
    without: tuple[PrivateCopula, Listening],
) -> None:
    """One Gaussian mechanism: squares of what a person moves, in its noise, add up."""
    made, rng = without
    noise = made.privacy.noise
    columns, (products, spread) = rng.heard[:-1], rng.heard[-1]
    width = len(columns)
    assert products.size == width * (width - 1) // 2
    extreme = np.zeros((PEOPLE, width))
    extreme[0] = 2.5
    furthest, same_spread = correlations_of(extreme, np.arange(PEOPLE), noise)
    assert same_spread == pytest.approx(spread)
    spent = sum(1 / each**2 for _, each in columns) + (np.linalg.norm(furthest) / spread) ** 2
    assert spent == pytest.approx(1 / noise**2)


def test_nobody_moves_the_correlations_further_than_who_moves_them_furthest() -> None:
    rng = np.random.default_rng(2)
    width, noise = 6, 1.0
    reached = []
    for score, rows in ((2.5, 1), (2.5, 200), (8.0, 3), (1e6, 1)):
        signs = rng.choice([-1.0, 1.0], width)
        scores = np.concatenate([np.zeros((20, width)), np.tile(score * signs, (rows, 1))])
        who = np.append(np.arange(20), np.full(rows, 20))
        reached.append(np.linalg.norm(correlations_of(scores, who, noise)[0]))
    assert reached == pytest.approx([reached[0]] * len(reached))


def test_rows_that_say_the_same_again_say_nothing_more(
    table: Table, without: tuple[PrivateCopula, Listening]
) -> None:
    scores = np.random.default_rng(3).normal(size=(40, 5)) / 2
    once, twice = (
        correlations_of(np.repeat(scores, times, axis=0), np.repeat(np.arange(40), times), 1.0)[0]
        for times in (1, 7)
    )
    assert twice == pytest.approx(once)
    again = Table(table.schema, np.repeat(table.values[:PEOPLE], 3, axis=0))
    _, rng = listened(again, np.repeat(ALONE, 3))
    for (was, _), (now, _) in zip(without[1].heard[:-1], rng.heard[:-1], strict=True):
        assert now == pytest.approx(was)


def test_a_category_that_nobody_holds_comes_up_as_often_as_the_noise_says() -> None:
    """Of one column all, some of two that nobody holds in every other fit, by its half normal."""
    schema = Schema((Column("ward", "categorical", categories=("a", "b", "c")),))
    held, shares = Table(schema, np.zeros((60, 1))), []
    for seed in range(300):
        made = PrivateCopula(PRIVACY)
        made.fit(
            held, rng=np.random.default_rng(seed), progress=silent, checkpoints=NoCheckpoints()
        )
        cells = made.sample(400, rng=np.random.default_rng(seed)).values[:, 0]
        shares.append([(cells == level).mean() for level in (1, 2)])
    of_nobody = np.array(shares)
    spread = made.privacy.noise / np.sqrt(0.7)  # three tenths are for correlations
    assert (of_nobody > 0).mean() == pytest.approx(0.5, abs=0.1)
    assert of_nobody.mean() == pytest.approx(spread / np.sqrt(2 * np.pi) / 60, rel=0.12)


def test_who_asks_for_nothing_in_particular_is_promised_what_the_gate_lets_out(
    table: Table,
) -> None:
    made = PrivateCopula()
    made.fit(table, rng=np.random.default_rng(1), progress=silent, checkpoints=NoCheckpoints())
    assert made.privacy.epsilon <= 8 and made.privacy.second_epsilon <= 8
    assert made.privacy.delta == 1e-5


def test_an_accountant_that_finds_more_spent_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise grows until the stricter of the two is content."""
    by_prv, asked = private_accounting.epsilon_by_prv, Privacy(3.21, 3e-4)
    alone, _, _ = private_accounting.noise_for.__wrapped__(asked, 1.0, 1)
    monkeypatch.setattr(private_accounting, "epsilon_by_prv", lambda *given: by_prv(*given) + 0.2)
    noise, first, second = private_accounting.noise_for.__wrapped__(asked, 1.0, 1)
    assert noise > alone
    assert second < first <= 3.21
