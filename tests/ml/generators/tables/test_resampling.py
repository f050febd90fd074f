"""Over-sampling behind the contract: what it keeps, where its rows lie, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from planted import planted

from ml.artifacts import pack, unpack
from ml.catalogue import find
from ml.checks.generators import check_generator
from ml.checks.tables import TABLES, class_sampling
from ml.generators.generator import TooLittleData
from ml.generators.tables.resampling import Adasyn, RandomOverSampling, Smote
from ml.generators.tables.sampling import CategoryOutOfReach
from ml.records.tables.inference import typed
from ml.records.tables.table import Table, copies
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent

EVERY = (RandomOverSampling, Smote, Adasyn)


def fitted(make, table: Table):
    generator = make()
    generator.fit(table, rng=np.random.default_rng(1), progress=silent, checkpoints=NoCheckpoints())
    return generator


def overlapping(n: int = 300) -> Table:
    """Two classes in two numbers, near each other on one side."""
    rng = np.random.default_rng(5)
    ill = rng.random(n) < 0.2
    frame = pd.DataFrame(
        {
            "a": rng.normal(np.where(ill, 1.0, 0.0), 1.0),
            "b": rng.normal(size=n),
            "outcome": np.where(ill, "ill", "well"),
        }
    )
    return typed(frame, target="outcome")


@pytest.mark.parametrize("make", [Smote, Adasyn])
def test_smote_and_adasyn_keep_the_promises_of_a_generator(make):
    check_generator(
        make,
        planted(200),
        rng=np.random.default_rng(4),
        kind=TABLES,
        too_little=20,
        classes=class_sampling("outcome", ("ill", "well")),
        seeded=False,
    )


def test_random_over_sampling_gives_rows_of_the_class_and_nothing_else():
    table = planted(200)
    made = fitted(RandomOverSampling, table).sample(
        60, rng=np.random.default_rng(2), where={"outcome": "ill"}
    )
    assert len(made) == 60
    assert made.where("outcome", "ill").all()
    assert copies(made, table).all()


@pytest.mark.parametrize("make", EVERY)
def test_a_saved_one_draws_the_same_and_says_that_it_holds_rows(make):
    generator = fitted(make, planted(120))
    artifact = generator.to_artifact()
    assert "never" in artifact.card["release"]
    again = make.from_artifact(unpack(pack(artifact)))
    draws = [each.sample(30, rng=np.random.default_rng(9)) for each in (generator, again)]
    assert draws[0] == draws[1]


def test_a_smote_row_lies_between_two_rows_of_its_class():
    table = overlapping()
    made = fitted(Smote, table).sample(40, rng=np.random.default_rng(3), where={"outcome": "ill"})
    ours = table.take(table.where("outcome", "ill")).values[:, :2]
    for point in made.values[:, :2]:
        legs = np.linalg.norm(ours - point, axis=1)
        pairs = legs[:, None] + legs[None, :]
        lengths = np.linalg.norm(ours[:, None] - ours[None], axis=2)
        assert np.min(np.abs(pairs - lengths) + 9 * np.eye(len(ours))) < 1e-3


def test_adasyn_makes_its_rows_nearer_to_the_other_class_than_smote_does():
    table = overlapping(600)
    means = [
        float(
            fitted(make, table)
            .sample(400, rng=np.random.default_rng(3), where={"outcome": "ill"})
            .column("a")
            .mean()
        )
        for make in (Adasyn, Smote)
    ]
    assert means[0] < means[1] - 0.1


@pytest.mark.parametrize("n", [1, 7, 500])
def test_adasyn_makes_as_few_or_as_many_rows_as_asked(n):
    made = fitted(Adasyn, overlapping(600)).sample(
        n, rng=np.random.default_rng(3), where={"outcome": "ill"}
    )
    assert len(made) == n


def test_missing_cells_stay_a_category_and_are_never_averaged():
    table = planted(300)
    made = fitted(Smote, table).sample(200, rng=np.random.default_rng(3), where={"outcome": "well"})
    gone = np.isnan(made.column("saturation")).mean()
    real = np.isnan(table.take(table.where("outcome", "well")).column("saturation")).mean()
    assert gone == pytest.approx(real, abs=0.25)
    assert 0 < gone < 1


@pytest.mark.parametrize("columns", [["pain", "clinic"], ["marker", "dose"]])
@pytest.mark.parametrize("make", EVERY)
def test_tables_of_categories_alone_and_of_numbers_alone_are_sampled(make, columns):
    table = planted(150).select([*columns, "outcome"])
    made = fitted(make, table).sample(50, rng=np.random.default_rng(3), where={"outcome": "ill"})
    assert TABLES.fault(made, table) is None and made.where("outcome", "ill").all()


@pytest.mark.parametrize("make", EVERY)
def test_a_table_of_one_class_is_sampled(make):
    table = planted(300)
    one = table.take(table.where("outcome", "ill"))
    made = fitted(make, one).sample(20, rng=np.random.default_rng(3))
    assert len(made) == 20 and made.where("outcome", "ill").all()


@pytest.mark.parametrize("make", [Smote, Adasyn])
def test_a_class_of_one_row_is_refused_by_name(make):
    table = overlapping()
    ill = np.flatnonzero(table.where("outcome", "ill"))
    few = table.take(np.setdiff1d(np.arange(len(table)), ill[1:]))
    with pytest.raises(CategoryOutOfReach, match="'ill'"):
        fitted(make, few).sample(5, rng=np.random.default_rng(3), where={"outcome": "ill"})


def test_a_table_without_target_or_with_too_few_rows_is_refused():
    table = overlapping()
    with pytest.raises(ValueError, match="target"):
        fitted(Smote, table.with_target(None))
    with pytest.raises(TooLittleData, match="50"):
        fitted(Smote, table.take(slice(0, 49)))


@pytest.mark.parametrize("make", EVERY)
def test_the_catalogue_knows_them(make):
    assert find(make.kind) is make
