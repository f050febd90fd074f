"""What is told of membership is a bound, folded, and taken from people in against people out."""

from collections.abc import Callable

import numpy as np
import pytest
from planted_cohorts import Sides, noisy, split, visits

from ml.evaluation.distances import rms
from ml.evaluation.neighbours import SearchUnder
from ml.evaluation.release import Measure, judging
from ml.evaluation.release.evidence import tell_nobody
from ml.evaluation.release.membership import on_one_split
from ml.evaluation.release.refitting import membership_by_refitting
from ml.evaluation.release.tables import TableRefit, table_evidence
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table


@pytest.fixture(scope="module")
def sides() -> Sides:
    rng = np.random.default_rng(1)
    return split(*visits(rng, 90), rng)


def measures_of(made: Table, sides: Sides, **named: object) -> dict[str, Measure]:
    found = table_evidence(made, *sides, rng=np.random.default_rng(3), **named)  # type: ignore[arg-type]
    return dict(found.measures)


def near_to(rows: Table, sides: Sides) -> Table:
    rng = np.random.default_rng(4)
    return noisy(rows.take(rng.integers(len(rows), size=120)), sides[0], 0.02, rng)


def test_rows_near_to_training_people_and_rows_near_to_the_others_tell_as_much(
    sides: Sides,
) -> None:
    """An attacker who is always wrong turns the answer round."""
    for rows in (sides[0], sides[2]):
        found = measures_of(near_to(rows, sides), sides)["membership_auc"]
        assert found.value > 0.8
        assert 0.5 < found.low <= found.value <= found.high


def test_the_bound_of_one_split_is_a_ninety_five_percent_one(sides: Sides) -> None:
    """By the error of an AUC of 60 people against 30 that tells nothing (Mann and Whitney)."""
    error = np.sqrt((60 + 30 + 1) / (12 * 60 * 30))
    bounds, values = [], []
    for seed in range(8):
        made = visits(np.random.default_rng(100 + seed), 60)[0]
        found = measures_of(made, sides)["membership_auc"]
        bounds.append(found.high)
        values.append(found.value)
    above = (np.array(bounds) - np.array(values)) / error
    assert np.mean(above) == pytest.approx(1.645, abs=0.45)


Fit = Callable[[Table, np.ndarray, int, np.random.Generator], Table]


def copying(rows: Table, person: np.ndarray, n: int, rng: np.random.Generator) -> Table:
    return noisy(rows.take(rng.integers(len(rows), size=n)), rows, 0.02, rng)


def strange(rows: Table, person: np.ndarray, n: int, rng: np.random.Generator) -> Table:
    return visits(rng, n)[0]


def test_refitting_tells_what_the_generator_does_and_not_what_the_release_looks_like(
    sides: Sides,
) -> None:
    """The release is of strangers' rows either time; only what is trained anew differs."""
    made = visits(np.random.default_rng(2), 60)[0]
    copied, honest = (
        measures_of(made, sides, refit=TableRefit(fit, 8))["membership_auc"]
        for fit in (copying, strange)
    )
    assert copied.low > 0.75
    assert honest.high < copied.low
    assert copied.n == honest.n == 90


def test_refits_learn_from_halves_across_the_split_each_with_its_rest(sides: Sides) -> None:
    seen: list[set[str]] = []

    def noted(rows: Table, person: np.ndarray, n: int, rng: np.random.Generator) -> Table:
        assert len(rows) == len(person)
        seen.append(set(person.tolist()))
        return strange(rows, person, n, rng)

    measures_of(visits(np.random.default_rng(2), 60)[0], sides, refit=TableRefit(noted, 8))
    everybody = set(sides[1].tolist()) | set(sides[3].tolist())
    assert [len(half) for half in seen] == [45] * 8
    for half, rest in zip(seen[::2], seen[1::2], strict=True):
        assert half | rest == everybody and not half & rest
        assert half & set(sides[1].tolist()) and half & set(sides[3].tolist())
    assert len({frozenset(half) for half in seen}) == 8


def test_common_people_are_not_taken_for_members() -> None:
    """Those learnt from stand alone and the others in a crowd; the rows are of strangers like
    either. Who looked at distances alone would name the crowd, and be wrong every time."""
    rng = np.random.default_rng(6)

    def alone(n: int) -> np.ndarray:
        return rng.normal(size=(n, 3)) * 8

    def crowd(n: int) -> np.ndarray:
        return rng.normal(size=(n, 3)) / 4

    training, holdout = alone(40), crowd(40)
    names = np.array([f"{side}{number:02d}" for side in "th" for number in range(40)])
    made = judging.Sides(
        np.concatenate([alone(40), crowd(40)]), training, names[:40], holdout, names[40:],
        np.concatenate([training, holdout]),
    )  # fmt: skip
    near = judging.surroundings(made, SearchUnder(rms), tell_nobody)
    assert on_one_split(made, near, rng=rng).value < 0.75


def test_rows_alike_by_chance_are_no_copies_where_any_two_people_are_alike() -> None:
    """Four columns of three categories: strangers share all cells but one."""
    rng = np.random.default_rng(7)
    columns = tuple(Column(name, "categorical", categories=tuple("abc")) for name in "wxyz")

    def rows(n: int) -> Table:
        return Table(Schema(columns), rng.integers(0, 3, (n, 4)).astype(float))

    names = np.array([f"p{number:03d}" for number in range(90)])
    found = measures_of(rows(100), (rows(60), names[:60], rows(30), names[60:]))
    assert found["too_near"].value == 0


def test_scores_that_are_all_the_same_tell_nothing() -> None:
    """Ties count half, on either side."""

    def silent(member: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((1, member.size))

    found = membership_by_refitting(
        40, silent, names=("silent",), models=8, rng=np.random.default_rng(1), draws=50
    )
    assert found.attacks["silent"].value == found.own["silent"].value == 0.5
    assert found.bound == 0.5
