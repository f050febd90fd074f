"""Tables at the edge of what a schema allows are reported on, or refused in one sentence."""

import json

import numpy as np
import pytest
from planted_tables import names

from ml.evaluation.tables.report import table_report
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from ml.scorers.table_learners import LEARNERS

AGE = Column("age", "integer", minimum=0, maximum=100)
DOSE = Column("dose", "continuous", minimum=0, maximum=5, missing=True)
SEX = Column("sex", "categorical", categories=("f", "m"), missing=True)
ILL = Column("ill", "boolean", categories=(False, True))
CODE = Column("code", "categorical", categories=tuple(range(1000)))


def cells(column: Column, size: int, rng: np.random.Generator) -> np.ndarray:
    if column.numeric:
        drawn = rng.uniform(column.minimum, column.maximum, size)
        drawn = np.round(drawn) if column.kind == "integer" else drawn
    else:
        drawn = rng.integers(len(column.categories), size=size).astype(float)
    return np.where(rng.random(size) < 0.2, np.nan, drawn) if column.missing else drawn


def tables(*columns: Column, empty: str = "", target: str | None = None) -> list[Table]:
    found = []
    for seed, size in ((3, 60), (1, 60), (2, 50)):
        rng = np.random.default_rng(seed)
        values = [
            np.full(size, np.nan) if column.name == empty else cells(column, size, rng)
            for column in columns
        ]
        found.append(Table(Schema(columns, target=target), np.stack(values, axis=1)))
    return found


def report(synthetic: Table, training: Table, holdout: Table) -> dict:
    found = table_report(
        synthetic,
        training,
        names("t", len(training)),
        holdout,
        names("h", len(holdout)),
        learners=LEARNERS,
        rng=np.random.default_rng(0),
        progress=lambda stage, done, total: None,
        draws=10,
    )
    json.dumps(found, allow_nan=False)
    return found


@pytest.mark.parametrize(
    "columns",
    [
        (AGE,),
        (SEX,),
        (DOSE, SEX),
        (AGE, DOSE, Column("still", "integer", minimum=7, maximum=7)),
        (AGE, SEX, Column("still", "categorical", categories=("only",))),
        (AGE, CODE, SEX),
    ],
    ids=["one number", "one category", "missing", "constant", "one category only", "many"],
)
def test_every_kind_of_column_is_reported_on(columns: tuple[Column, ...]) -> None:
    found = report(*tables(*columns))
    assert set(found["marginals"]) == {column.name for column in columns}
    assert found["fidelity"]["discriminator_auc"]["value"] is not None
    assert found["utility"] == {}


def test_a_column_without_any_cell_has_no_similarity() -> None:
    found = report(*tables(AGE, DOSE, ILL, empty="dose", target="ill"))
    assert found["marginals"]["dose"]["similarity"] is None
    assert found["marginals"]["dose"]["missing"]["synthetic"] == 1.0
    assert "logistic_auroc" in found["utility"] and "boosting_auroc" in found["utility"]


def test_targets_of_a_thousand_codes_among_the_features_do_not_break_the_learners() -> None:
    found = report(*tables(AGE, CODE, ILL, target="ill"))
    assert 0 <= found["utility"]["logistic_auroc"]["value"] <= 1


def test_too_few_held_out_people_are_refused() -> None:
    synthetic, training, holdout = tables(AGE, SEX)
    with pytest.raises(ValueError, match="too few"):
        report(synthetic, training, holdout.take(slice(0, 4)))
    with pytest.raises(ValueError, match="too few"):
        report(synthetic.take(slice(0, 1)), training, holdout)
