"""Every generator of tables learns more than marginals, whatever the table looks like."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import distances, planted, shuffled

from ml.artifacts import pack, unpack
from ml.checks.tables import TABLES
from ml.generators.generator import TooLittleData
from ml.generators.tables import ctgan, tabddpm, tvae
from ml.generators.tables.class_copula import ClassCopula
from ml.generators.tables.copula import GaussianCopula
from ml.generators.tables.sampling import CategoryOutOfReach, fill
from ml.records.tables.inference import typed
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import TrainingCancelled, silent

LEARNERS = {
    "ctgan": lambda: ctgan.Ctgan("tiny"),
    "tvae": lambda: tvae.Tvae("tiny"),
    "tabddpm": lambda: tabddpm.TabDdpm("tiny"),
    "gaussian_copula": GaussianCopula,
    "class_copula": ClassCopula,
}
QUICK = {
    "ctgan": lambda: ctgan.Ctgan(replace(ctgan.TINY, epochs=6)),
    "tvae": lambda: tvae.Tvae(replace(tvae.TINY, epochs=6)),
    "tabddpm": lambda: tabddpm.TabDdpm(replace(tabddpm.TINY, iterations=12, diffusion=8)),
    "gaussian_copula": GaussianCopula,
    "class_copula": ClassCopula,
}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fitted(make, table, seed=1):
    generator = make()
    generator.fit(
        table, rng=np.random.default_rng(seed), progress=silent, checkpoints=NoCheckpoints()
    )
    return generator


@cache
def learnt(name):
    """The generator, trained long enough on the planted table; never changed."""
    return fitted(LEARNERS[name], planted())


@pytest.mark.parametrize("name", LEARNERS)
def test_a_generator_learns_marginals_and_more_than_marginals(name):
    real, fresh = planted(), planted(seed=8)
    made = learnt(name).sample(1000, rng=np.random.default_rng(2))
    found, baseline = distances(made, fresh), distances(shuffled(real), fresh)
    assert found["marginals"] < 0.16
    assert found["pairs"] < (0.7 if name == "gaussian_copula" else 0.4) * baseline["pairs"]


@pytest.mark.parametrize("name", ["ctgan", "tvae", "tabddpm", "class_copula"])
def test_a_class_that_is_asked_for_comes_with_its_own_numbers(name):
    real = planted()
    generator = learnt(name)
    for label in ("ill", "well"):
        made = generator.sample(300, rng=np.random.default_rng(2), where={"outcome": label})
        wanted = np.median(real.take(real.where("outcome", label)).column("marker"))
        assert abs(np.median(made.column("marker")) - wanted) < 1.0


@pytest.mark.parametrize("name", QUICK)
def test_any_category_can_be_asked_for_derived_ones_included(name):
    generator = fitted(QUICK[name], planted())
    for where in ({"clinic": "north"}, {"region": "hills"}, {"pain": 3, "outcome": "ill"}):
        made = generator.sample(25, rng=np.random.default_rng(2), where=where)
        assert len(made) == 25
        for column, category in where.items():
            assert made.where(column, category).all()
    with pytest.raises(KeyError, match="no category 'moon'"):
        generator.sample(1, rng=np.random.default_rng(0), where={"clinic": "moon"})
    with pytest.raises(KeyError, match="no column"):
        generator.sample(1, rng=np.random.default_rng(0), where={"planet": "moon"})
    with pytest.raises(CategoryOutOfReach, match="numbers"):
        generator.sample(1, rng=np.random.default_rng(0), where={"dose": 75})
    with pytest.raises(CategoryOutOfReach, match="never occurred"):
        generator.sample(1, rng=np.random.default_rng(0), where={"consent": False})


def test_a_class_that_is_never_drawn_is_an_answer_and_no_endless_loop():
    real = planted(200)
    well = real.take(real.where("outcome", "well"))
    with pytest.raises(CategoryOutOfReach, match="0 of 5 rows with outcome = 'ill'"):
        fill(5, {"outcome": "ill"}, well.take(slice(0, 0)), lambda n: well.take(slice(0, n)))


@pytest.mark.parametrize("name", QUICK)
def test_constants_empty_columns_and_single_classes_come_back_as_they_were(name):
    n = 60
    rng = np.random.default_rng(0)
    columns = (
        Column("empty", "continuous", True, 0, 1),
        Column("empty word", "categorical", True, categories=("a", "b")),
        Column("constant", "integer", False, 7, 7),
        Column("rare", "continuous", True, 0.0, 9.0, 1),
        Column("number", "continuous", False, -10, 10),
        Column("class", "categorical", False, categories=("one", "other")),
    )
    rare = np.full(n, np.nan)
    rare[3] = 4.5
    values = np.column_stack(
        [
            np.full(n, np.nan),
            np.full(n, np.nan),
            np.full(n, 7.0),
            rare,
            rng.normal(size=n).clip(-10, 10),
            np.zeros(n),
        ]
    )
    table = Table(Schema(columns, (), "class"), values)
    generator = fitted(QUICK[name], table)
    made = generator.sample(80, rng=np.random.default_rng(1), where={"class": "one"})
    assert TABLES.fault(made, table) is None
    assert np.isnan(made.values[:, :2]).all() and (made.column("constant") == 7).all()
    loaded = type(generator).from_artifact(unpack(pack(generator.to_artifact())))
    assert loaded.sample(9, rng=np.random.default_rng(3)) == generator.sample(
        9, rng=np.random.default_rng(3)
    )
    with pytest.raises(CategoryOutOfReach, match="never occurred"):
        generator.sample(1, rng=np.random.default_rng(0), where={"class": "other"})


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize(
    "cells",
    [
        {"only": np.arange(70) % 13 + 0.5},
        {"only": ["x", "y"] * 35},
        {"only": ["x"] * 70},
        {"many": [f"c{k % 300}" for k in range(700)], "number": np.arange(700) % 90 * 10},
    ],
    ids=["one number column", "one category column", "one constant", "300 categories"],
)
def test_narrow_and_wide_tables_are_learnt_too(name, cells):
    table = typed(pd.DataFrame(cells))
    made = fitted(QUICK[name], table).sample(50, rng=np.random.default_rng(1))
    assert len(made) == 50 and TABLES.fault(made, table) is None


@pytest.mark.parametrize("name", QUICK)
def test_too_few_rows_are_refused(name):
    with pytest.raises(TooLittleData, match="49 rows are too few: 50"):
        fitted(QUICK[name], planted(200).take(slice(0, 49)))


@pytest.mark.parametrize("name", ["ctgan", "tvae", "tabddpm"])
def test_a_training_that_was_cancelled_leaves_nothing_to_draw_from(name):
    def cancel(_):
        raise TrainingCancelled

    generator = QUICK[name]()
    with pytest.raises(TrainingCancelled):
        generator.fit(
            planted(200),
            rng=np.random.default_rng(1),
            progress=cancel,
            checkpoints=NoCheckpoints(),
        )
    with pytest.raises(ValueError, match="has learnt nothing yet"):
        generator.sample(1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="has learnt nothing yet"):
        generator.to_artifact()


@st.composite
def odd_tables(draw):
    """Tables with ties, spikes, tails, gaps and rare categories."""
    n = draw(st.integers(60, 90))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = {}
    for index in range(draw(st.integers(1, 4))):
        shape = draw(st.sampled_from(["spike", "tail", "tiny", "huge", "steps", "words"]))
        cells = {
            "spike": np.where(rng.random(n) < 0.8, 0.0, rng.normal(size=n)),
            "tail": np.exp(5 * rng.normal(size=n)),
            "tiny": 1e-9 * rng.normal(size=n),
            "huge": 1e15 + 1e3 * np.round(rng.normal(size=n), 2),
            "steps": rng.integers(-40, 40, n) * 3.0,
            "words": np.array(["a", "b", "c"])[rng.integers(0, 3, n)],
        }[shape].astype(object)
        if draw(st.booleans()):
            cells[rng.random(n) < 0.4] = None
        cells[0] = cells[0] if cells[0] is not None else cells[cells != np.array(None)][0]
        frame[f"{index} {shape}"] = cells
    return typed(pd.DataFrame(frame))


@pytest.mark.parametrize("name", QUICK)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(table=odd_tables())
def test_whatever_is_learnt_the_schema_is_kept(name, table):
    made = fitted(QUICK[name], table).sample(40, rng=np.random.default_rng(1))
    assert TABLES.fault(made, table) is None


def test_the_card_counts_copies_and_says_nothing_of_a_row():
    card = fitted(QUICK["tvae"], planted(200)).to_artifact().card
    assert card["copies"].keys() == {"rows", "copied", "copied_in_fine_columns"}
    assert card["rows"] == 200 and card["licence"] and card["seed"].isdigit()
