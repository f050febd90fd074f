"""Tables with a known dependence, for whoever judges synthetic ones."""

import numpy as np

from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

SCHEMA = Schema(
    (
        Column("age", "integer", minimum=0, maximum=100),
        Column("dose", "continuous", minimum=-60, maximum=60, missing=True),
        Column("pulse", "integer", minimum=30, maximum=200),
        Column("ward", "categorical", categories=("a", "b", "c")),
        Column("ill", "boolean", categories=(False, True)),
    ),
    target="ill",
)


def planted(seed: int, size: int, *, strength: float = 1.0, ill: float = 60.0) -> Table:
    """People whose columns hang together, the more so the greater `strength` is."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(50, 15, size).round(), 0, 100)
    dose = np.clip(0.8 * strength * (age - 50) + rng.normal(0, 6, size), -60, 60)
    pulse = np.clip((80 + strength * dose / 2 + rng.normal(0, 5, size)).round(), 30, 200)
    ward = np.digitize(age + rng.normal(0, 8, size) / max(strength, 0.1), [45, 65]).astype(float)
    odds = strength * (0.15 * (age - ill) + 0.05 * (pulse - 80))
    sick = (rng.random(size) < 1 / (1 + np.exp(-odds))).astype(float)
    dose[rng.random(size) < 0.1] = np.nan
    return Table(SCHEMA, np.stack([age, dose, pulse, ward, sick], axis=1))


def names(prefix: str, size: int, *, each: int = 1) -> np.ndarray:
    """Whose rows they are: people with `each` rows, one after the other."""
    return np.array([f"{prefix}{at // each}" for at in range(size)])
