"""Small sets for the rare-disease experiment: one with signal, one without."""

import numpy as np
import pandas as pd

from ml.experiments.rare.sets import RareSet, of_table
from ml.records.tables.inference import typed


def small_set(n: int = 400, *, signal: float = 1.0, seed: int = 6) -> RareSet:
    """Numbers, gaps and categories; a quarter of the rows is ill."""
    rng = np.random.default_rng(seed)
    ill = rng.random(n) < 0.25
    frame = pd.DataFrame(
        {
            "marker": rng.normal(signal * ill, 1.0),
            "noise": rng.normal(size=n),
            "pressure": np.where(rng.random(n) < 0.2, np.nan, np.round(rng.normal(120, 10, n))),
            "clinic": rng.choice(["north", "south", "west"], n),
            "outcome": np.where(ill, "ill", "well"),
        }
    )
    return of_table("known-bayes", "test", typed(frame, target="outcome"), ("ill",))
