"""A copula under differential privacy: what it keeps of a cohort, and what of nobody."""

import numpy as np
import pytest
from planted import distances, planted, shuffled

from ml.artifacts import pack, unpack
from ml.generators.generator import TooLittleData
from ml.generators.tables.copula import GaussianCopula
from ml.generators.tables.private import NotPublic, Privacy, PrivacyOutOfReach
from ml.generators.tables.private_copula import PrivateCopula
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent

pytest.importorskip("opacus", reason="opacus is not installed")
pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")

DELTA = 3e-4
"""Below one over the three thousand people of the table."""


def fitted(table, epsilon, seed=1, persons=None):
    made = PrivateCopula(Privacy(epsilon, DELTA))
    made.fit(
        table,
        rng=np.random.default_rng(seed),
        progress=silent,
        checkpoints=NoCheckpoints(),
        persons=persons,
    )
    return made


@pytest.fixture(scope="module")
def table():
    return planted(3000).with_dependencies(())


def drawn(made, n=3000):
    return made.sample(n, rng=np.random.default_rng(5))


def test_among_many_people_it_keeps_columns_and_what_holds_between_them(table):
    apart = distances(drawn(fitted(table, 8.0)), table)
    alone = distances(shuffled(table), table)
    assert apart["marginals"] < 0.2
    assert apart["pairs"] < 0.7 * alone["pairs"]


def test_less_privacy_spent_is_less_kept(table):
    few = table.take(slice(0, 200))
    strict, loose = (distances(drawn(fitted(few, each)), few) for each in (0.2, 20.0))
    assert strict["marginals"] > loose["marginals"]


def test_neither_accountant_exceeds_what_was_asked_and_both_are_told_after_saving(table):
    made = fitted(table, 2.0)
    spent = type(made).from_artifact(unpack(pack(made.to_artifact()))).privacy
    assert spent == made.privacy
    assert 0.9 * 2.0 <= max(spent.epsilon, spent.second_epsilon) <= 2.0
    assert (spent.delta, spent.steps, spent.sampling_rate) == (DELTA, 1, 1.0)


def test_a_person_weighs_as_one_however_many_rows_there_are(table):
    """Rows of one value, a thousand from one person: the others still decide the column."""
    column = Column("x", "continuous", minimum=0.0, maximum=1.0, decimals=3)
    cells = np.concatenate([np.full(400, 0.1), np.full(1000, 0.9)])[:, None]
    persons = np.concatenate([np.arange(400), np.full(1000, 400)])
    made = fitted(Table(Schema((column,)), cells), 20.0, persons=persons)
    assert (drawn(made).column("x") > 0.8).mean() < 0.02


def test_ranges_are_the_declared_ones_and_not_what_was_seen():
    column = Column("x", "continuous", minimum=0.0, maximum=1.0, decimals=3)
    low, high = (
        fitted(Table(Schema((column,)), np.full((60, 1), level)), 5.0) for level in (0.2, 0.21)
    )
    first, second = (drawn(each).column("x") for each in (low, high))
    assert first.min() < 0.2 < first.max()
    assert np.array_equal(first, second)


def test_a_schema_that_relies_on_what_rows_tell_is_refused():
    with pytest.raises(NotPublic, match="take it without dependencies"):
        fitted(planted(400), 5.0)


def test_fewer_than_twenty_people_are_refused_however_many_rows_they_have(table):
    with pytest.raises(TooLittleData, match="19 people are too few: 20 are needed"):
        fitted(table, 5.0, persons=np.arange(len(table)) % 19)


def test_a_delta_that_gives_somebody_away_whole_is_refused(table):
    with pytest.raises(PrivacyOutOfReach, match="one of 3,400 people"):
        fitted(planted(3400).with_dependencies(()), 5.0)


def test_every_row_needs_the_name_of_its_person(table):
    with pytest.raises(ValueError, match="2,999 persons are named for 3,000 rows"):
        fitted(table, 5.0, persons=np.arange(len(table) - 1))


def test_the_promise_is_for_a_person_of_any_number_of_rows(table):
    made = fitted(table, 5.0, persons=np.arange(len(table)) % 500)
    assert made.privacy.rows_per_person is None
    assert "for a person of any number of rows" in str(made.privacy)


def test_without_privacy_the_copula_is_nearer_to_its_table(table):
    plain = GaussianCopula()
    plain.fit(
        table,
        rng=np.random.default_rng(1),
        progress=silent,
        checkpoints=NoCheckpoints(),
    )
    few = table.take(slice(0, 200))
    assert (
        distances(drawn(plain), table)["marginals"]
        < distances(drawn(fitted(few, 1.0)), few)["marginals"]
    )
