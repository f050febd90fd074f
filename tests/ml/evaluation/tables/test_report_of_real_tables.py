"""Real tables, skewed and with duplicates as they come, are reported on like planted ones."""

import os
from pathlib import Path

import numpy as np
import pytest
from planted_tables import names

from ml.evaluation.tables.fidelity_sides import independent_columns
from ml.evaluation.tables.report import table_report
from ml.evaluation.tables.report_cells import FEWEST
from ml.records.tables.reading import read_table
from ml.records.tables.table import Table
from ml.scorers.table_learners import boosting

DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", Path(__file__).parents[5] / "shared" / "data"))
MATERNAL = DATA / "vitals-maternal-risk" / "Maternal_Health_Risk_Data_Set.csv"


@pytest.fixture(scope="module")
def halves() -> tuple[Table, Table]:
    if not MATERNAL.exists():
        pytest.skip(f"{MATERNAL.name} is not among the shared data")
    table = read_table(MATERNAL.read_bytes()).distinct()
    order = np.random.default_rng(0).permutation(len(table))
    return table.take(np.sort(order[:250])), table.take(np.sort(order[250:]))


def test_columns_drawn_independently_are_at_the_floor_and_other_people_at_the_ceiling(
    halves: tuple[Table, Table],
) -> None:
    training, holdout = halves
    made = independent_columns(training, len(training), rng=np.random.default_rng(1))
    found = table_report(
        made,
        training,
        names("t", len(training)),
        holdout,
        names("h", len(holdout)),
        learners={"boosting": boosting},
        rng=np.random.default_rng(2),
        progress=lambda stage, done, total: None,
        draws=40,
    )
    for name in ("correlations", "discriminator_auc", "density", "coverage"):
        figure = found["fidelity"][name]
        nearer_floor = abs(figure["value"] - figure["baseline"])
        assert nearer_floor < abs(figure["value"] - figure["ceiling"]), name
    assert found["utility"]["boosting_auroc_ratio"]["high"] < 0.9
    rows = np.concatenate([training.values, holdout.values])
    for at, column in enumerate(found["marginals"].values()):
        if "edges" in column:
            counts = np.histogram(rows[~np.isnan(rows[:, at]), at], column["edges"])[0]
            for count, share in zip(counts, column["real"], strict=True):
                assert share is None or count >= FEWEST
