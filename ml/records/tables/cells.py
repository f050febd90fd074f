"""What single cells mean: missing words, numbers, dates, yes and no."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

MISSING_WORDS = frozenset(
    {"", "na", "n/a", "nan", "null", "?", "??", "-", ".", "#n/a", "#null!", "#boş!", "#value!"}
)
"""Compared without case; Excel writes #NULL! in the language of its user."""

PAIRS = (("false", "true"), ("no", "yes"), ("n", "y"))
"""Words without case that make a boolean column."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?\d+(?:,\d+)?")
_LEADING_ZERO = re.compile(r"[+-]?0\d+")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m)?"
_DATE = re.compile(
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}})"
    rf"(?:[T ]{_CLOCK}(?:Z|[+-]\d{{2}}:?\d{{2}})?)?|{_CLOCK}",
    re.IGNORECASE,
)


def stripped(text: str) -> str:
    """The text without white space around it, non-breaking ones included."""
    return text.strip().strip("\u00a0\u200b\ufeff").strip()


def is_missing(cell: object) -> bool:
    """Whether the cell stands for no value."""
    if isinstance(cell, str):
        return stripped(cell).casefold() in MISSING_WORDS
    return (
        cell is None
        or cell is pd.NaT
        or cell is pd.NA
        or (isinstance(cell, float) and cell != cell)
    )


def is_number(text: str) -> bool:
    """Whether it is written as a finite number or an infinity, with a point."""
    return _NUMBER.fullmatch(text) is not None or _INFINITE.fullmatch(text) is not None


def has_leading_zero(text: str) -> bool:
    """Whether reading it as a number would lose a zero, as in codes like 00123."""
    return _LEADING_ZERO.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Whether it is written as a date, a moment or a time of day."""
    return _DATE.fullmatch(text) is not None


def numbers(texts: list[str]) -> npt.NDArray[np.float64]:
    """Each text as a number, NaN where it is none.

    Commas are decimal when every text is a number of one comma at most: a column of a European
    spreadsheet.
    """
    if any("," in text for text in texts) and all(_COMMA_NUMBER.fullmatch(text) for text in texts):
        texts = [text.replace(",", ".") for text in texts]
    return np.array(
        [float(text) if is_number(text) else np.nan for text in texts], dtype=np.float64
    )


def decimals_of(cells: npt.NDArray[np.float64], most: int = 6) -> int | None:
    """The fewest decimals that hold every number, None when `most` are not enough."""
    for decimals in range(most + 1):
        if np.array_equal(np.round(cells, decimals), cells):
            return decimals
    return None
