"""What may be released, and how its columns are described."""

import datetime
from typing import Any

import numpy as np
import pytest

from ml.publication.columns import describe_columns
from ml.publication.release import InvalidRelease
from ml.records.cgm.days import GlucoseDays
from ml.records.tables.schema import Column, Dependency, Schema
from tests.ml.publication import released


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data": released.table().take(slice(0, 0))}, "has no rows"),
        ({"kind": "cgm"}, "not of the kind 'cgm'"),
        ({"kind": "vitals", "data": released.glucose_days()}, "not of the kind 'vitals'"),
        ({"title": " "}, "title is empty"),
        ({"title": "a\nb"}, "more than one line"),
        ({"title": "x" * 201}, "title has 201 characters"),
        ({"description": "a\0"}, r"description holds the character U\+0000"),
        ({"licence": ""}, "licence is empty"),
        ({"version": "v1"}, "MAJOR.MINOR.PATCH"),
        ({"version": "01.0.0"}, "MAJOR.MINOR.PATCH"),
        ({"published": datetime.datetime(2026, 11, 22)}, "date without a time"),
        ({"people": 0}, "nobody contributed"),
        ({"report": {"n": float("nan")}}, "report holds what JSON cannot"),
        ({"evidence": {"n": np.int64(3)}}, "evidence holds what JSON cannot"),
        ({"report": {"fidelity": [1]}}, "fidelity is no mapping"),
        ({"report": {"marginals": {"risk": [1]}}}, "a marginal of the report is no mapping"),
        ({"report": {"limits": "none"}}, "no list of sentences"),
        ({"evidence": {"measures": [1]}}, "measures is no mapping"),
        ({"card": {"name": "tvae", "settings": {}}}, "card lacks licence"),
        ({"card": {"name": "tvae", "licence": "MIT"}}, "card lacks settings"),
        ({"card": released.CARD | {"epsilon": 1.0}}, "without the other"),
        ({"card": released.CARD | {"epsilon": "1", "delta": 0.1}}, "neither a number nor null"),
    ],
)
def test_a_release_that_cannot_be_one_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRelease, match=told):
        released.release(**changes)


def test_glucose_that_is_no_number_is_refused() -> None:
    days = released.glucose_days()
    broken = np.array(days.mg_dl)
    broken[1, 5] = np.nan
    with pytest.raises(InvalidRelease, match="no numbers"):
        released.release(kind="cgm", data=GlucoseDays(15, broken, days.person, days.day))


def test_a_release_never_shows_its_rows_in_its_repr() -> None:
    assert "array" not in repr(released.release()) and "licence" not in repr(released.release())


def test_columns_are_described_by_kind_words_and_dependencies() -> None:
    schema = Schema(
        (
            Column("n", "integer", minimum=0, maximum=30, step=5),
            Column("t", "continuous", missing=True, minimum=34, maximum=41.5, decimals=1),
            Column("x", "continuous", minimum=0, maximum=1 / 3),
            Column("o", "ordinal", categories=(1, 2, 3)),
            Column("c", "categorical", categories=tuple(map(str, range(100, 120)))),
            Column("k", "categorical", categories=("only",)),
            Column("b", "boolean", categories=(False, True)),
        ),
        (Dependency("c", "o"),),
        "b",
    )
    found = describe_columns(schema, {"t": ("Body temperature", "°C"), "other": ("", "")})
    assert [each.sentence for each in found] == [
        "Whole numbers from 0 to 30 in steps of 5.",
        "Body temperature; Numbers from 34.0 to 41.5 with 1 decimal; Unit: °C; "
        "Cells may be missing.",
        "Numbers from 0 to 0.333333.",
        "Ascending 3 categories: 1, 2, 3; Determined by c.",
        "20 categories: 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111 and 8 more.",
        "Always only.",
        "False or true; The column to be predicted.",
    ]


def test_vital_signs_are_described_in_the_words_of_their_vocabulary() -> None:
    words = released.release(words={"steps": ("Steps", "1")}).meanings()
    assert words["systolic_bp"] == ("Systolic blood pressure", "mmHg")
    assert words["steps"] == ("Steps", "1")
