"""A small table of people who never were, with everything in it that a generator has to keep."""

import numpy as np
import pandas as pd

from ml.records.tables.inference import typed
from ml.records.tables.table import Table


def planted(n: int = 400, seed: int = 7) -> Table:
    """Two groups of people who differ in nearly everything, and columns of every kind."""
    rng = np.random.default_rng(seed)
    ill = rng.random(n) < 0.3
    clinic = np.where(ill, rng.choice(["north", "east"], n), rng.choice(["south", "west"], n))
    marker = np.where(ill, rng.normal(9, 0.7, n), rng.normal(4, 0.5, n))
    return typed(
        pd.DataFrame(
            {
                "marker": marker,
                "pressure": np.round(2 * marker + rng.normal(110, 2, n), 1),
                "dose": 25 * (np.round(marker).astype(int) + rng.integers(0, 9, n)),
                "saturation": np.where(
                    rng.random(n) < np.where(ill, 0.1, 0.6), np.nan, rng.integers(80, 101, n)
                ),
                "pain": rng.integers(1, 6, n),
                "clinic": clinic,
                "region": np.where(np.isin(clinic, ["north", "west"]), "coast", "hills"),
                "consent": np.repeat(True, n),
                "outcome": np.where(ill, "ill", "well"),
            }
        ),
        target="outcome",
    )


def distances(made: Table, real: Table) -> dict[str, float]:
    """How far two tables are apart, 0 for equal ones.

    ``marginals``: largest distance between the distribution functions of a column.
    ``pairs``: mean distance between rank correlations of columns, missing cells put below all.
    """
    ours, theirs = (np.where(np.isnan(each.values), -1.0, each.values) for each in (made, real))
    apart = []
    for a, b in zip(ours.T, theirs.T, strict=True):
        at = np.unique(np.concatenate([a, b]))
        below = [np.searchsorted(np.sort(cells), at, side="right") / len(cells) for cells in (a, b)]
        apart.append(np.abs(below[0] - below[1]).max())
    varied = [index for index in range(theirs.shape[1]) if np.ptp(theirs[:, index]) > 0]
    ranked = [pd.DataFrame(each[:, varied]).corr("spearman").to_numpy() for each in (ours, theirs)]
    return {
        "marginals": float(max(apart)),
        "pairs": float(np.abs(np.nan_to_num(ranked[0]) - ranked[1]).mean()),
    }


def shuffled(table: Table, seed: int = 3) -> Table:
    """The same cells, every column in an order of its own: marginals and nothing else."""
    rng = np.random.default_rng(seed)
    columns = [rng.permutation(column) for column in table.values.T]
    return Table(table.schema, np.column_stack(columns))
