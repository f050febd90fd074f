"""Releases that the tests pack: made up, small, and with texts that attack a page or a sheet."""

import datetime
from typing import Any

import numpy as np

from ml.publication.release import Release
from ml.records.cgm.days import GlucoseDays
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

SCRIPT = '<script>alert("x")</script>'
FORMULA = "=cmd|' /C calc'!A0"
TEXTS = ("NA", "north", SCRIPT, "007", "+", "12-10", "'quoted'", "true", 'a, "b"', "5-Mar", "<b>")
SCHEMA = Schema(
    (
        Column("heart_rate", "integer", missing=True, minimum=40, maximum=180),
        Column("temperature", "continuous", minimum=34, maximum=41, decimals=1),
        Column("lactate", "continuous", minimum=-1, maximum=20),
        Column("age group & <i>", "ordinal", categories=("18-25", "26-40", FORMULA)),
        Column("ward", "categorical", missing=True, categories=TEXTS),
        Column("smoker", "boolean", missing=True, categories=(False, True)),
        Column("level", "categorical", missing=True, categories=(1, 2, 30)),
        Column("risk", "categorical", categories=("high", "low")),
    ),
    target="risk",
)
WORDS = {"heart_rate": ("Heart rate at rest", "1/min")}
CARD = {
    "name": "tvae",
    "licence": "Apache-2.0",
    "settings": {"epochs": 3, "layers": (8, 8)},
    "seed": "8675309",
    "losses": [0.25],
}
EVIDENCE = {
    "people": 120,
    "measures": {
        "dcr_share": {"value": 0.503, "low": 0.48, "high": 0.52, "n": 60, "protocol": "of 60"},
        "exact_matches": {"value": 0.0, "low": 0.0, "high": 0.0, "n": 60, "protocol": "all"},
    },
}


def report(**more: Any) -> dict[str, Any]:
    """A report in the form of `ml.evaluation.tables.report`."""
    figure = {"value": 0.9421, "low": 0.93, "high": 0.9535, "n": 36, "baseline": 0.961}
    return {
        "protocol": "Held out by person.",
        "n": {"holdout_people": 36},
        "fidelity": {"column_shapes": figure},
        "utility": {"boosting_auprc": {"value": 0.71, "low": 0.6, "high": 0.8, "n": 9}},
        "privacy": {},
        "marginals": {},
        "limits": ["Lactate is coarse."],
    } | more


def table(rows: int = 60, seed: int = 1) -> Table:
    """Rows of `SCHEMA` in which every category and every missing cell occurs."""
    rng = np.random.default_rng(seed)
    columns = []
    for column in SCHEMA.columns:
        if column.kind == "integer":
            cells = rng.integers(40, 181, rows).astype(float)
        elif column.kind == "continuous":
            cells = rng.uniform(column.minimum, column.maximum, rows)
            cells = cells if column.decimals is None else np.round(cells, column.decimals)
        else:
            cells = (np.arange(rows) % len(column.categories)).astype(float)
        if column.missing:
            cells[rng.permutation(rows)[: max(1, rows // 10)]] = np.nan
        columns.append(cells)
    return Table(SCHEMA, np.column_stack(columns))


def glucose_days(count: int = 4) -> GlucoseDays:
    """Days at a quarter of an hour, the last two of one nobody."""
    rng = np.random.default_rng(2)
    names = [f"singan-{min(number, count - 2)}" for number in range(count)]
    mg_dl = rng.uniform(60, 220, (count, 96)).astype(np.float32)
    return GlucoseDays(15, mg_dl, np.array(names), np.datetime64("2000-01-01") + np.arange(count))


def release(**changes: Any) -> Release:
    """A release of `table`, with `changes`."""
    given: dict[str, Any] = {
        "title": "Vitals on arrival",
        "description": "Vital signs of adults.\n\nFor teaching.",
        "kind": "vitals",
        "data": table(),
        "report": report(),
        "evidence": EVIDENCE,
        "card": CARD,
        "people": 120,
        "licence": "Data Licence 1.0\n\nDo not look for people.",
        "published": datetime.date(2026, 11, 22),
        "version": "1.0.0",
        "words": WORDS,
        "preparation": ("Extremes were clipped.",),
    }
    return Release(**given | changes)
