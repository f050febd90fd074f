"""Glucose as cells write it: numbers in two units, words for beyond the range, nothing at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.formats import CsvFormat
from ml.records.cgm.trace import HIGH, LOW
from ml.records.units import MG_DL, MMOL_L, tenths_of_mg_dl

_LOW_WORDS = frozenset({"low", "lo"})
_HIGH_WORDS = frozenset({"high", "hi"})
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "--", "---"})
_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,20})?")

# Half a decimal of mmol/L would do for rounding; a whole one leaves room for vendors that
# convert with 18 or 18.0182.
_TOLERANCE_TENTHS = 18

_APART = 30.0  # lies between every device's mmol/L range and its mg/dL range


@dataclass(frozen=True)
class Glossary:
    """What each distinct glucose cell of a file means, one entry per cell text.

    Attributes:
        tenths: glucose in tenths of mg/dL, int64; floor or ceiling where censored.
        censored: int8, -1, 0 or +1.
        worded: bool, a word stands for the number.
        missing: bool, no reading.
        faults: reason why the cell is no glucose, or None.
    """

    tenths: npt.NDArray[np.int64]
    censored: npt.NDArray[np.int8]
    worded: npt.NDArray[np.bool_]
    missing: npt.NDArray[np.bool_]
    faults: tuple[str | None, ...]


def unit_by_range(cells: Sequence[str]) -> str | None:
    """The unit in which all these numbers can be sensor readings; None if there is no such unit."""
    numbers = np.array([_number(cell) for cell in cells])
    numbers = numbers[~np.isnan(numbers)]
    if numbers.size == 0 or (numbers.min() < _APART < numbers.max()):
        return None
    return MMOL_L if numbers.max() < _APART else MG_DL


def read_cells(cells: Sequence[str], unit: str, known: CsvFormat) -> Glossary:
    """What each of these distinct cells means in a file of this unit and format."""
    floor, ceiling = (round(10 * edge) for edge in (known.floor_mg_dl, known.ceiling_mg_dl))
    words = [cell.strip().lower() for cell in cells]
    low = np.array([word in _LOW_WORDS for word in words], dtype=bool)
    high = np.array([word in _HIGH_WORDS for word in words], dtype=bool)
    missing = np.array([word in _MISSING for word in words], dtype=bool)
    numbers = np.array([_number(cell) for cell in cells], dtype=np.float64)
    no_number = np.isnan(numbers) & ~(low | high | missing)
    tenths = tenths_of_mg_dl(np.nan_to_num(numbers), unit)
    numeric = ~np.isnan(numbers)
    outside = numeric & (
        (tenths < floor - _TOLERANCE_TENTHS) | (tenths > ceiling + _TOLERANCE_TENTHS)
    )
    if known.floor_is_censored:
        edge = tenths_of_mg_dl(0.1, MMOL_L) // 2 if unit == MMOL_L else 0
        low_number = numeric & (tenths <= floor + edge)
        high_number = numeric & (tenths >= ceiling - edge)
    else:
        low_number = high_number = np.zeros(len(words), dtype=bool)
    censored = np.zeros(len(words), dtype=np.int8)
    censored[low | low_number] = LOW
    censored[high | high_number] = HIGH
    tenths = np.select([censored == LOW, censored == HIGH], [floor, ceiling], tenths)
    return Glossary(
        tenths=tenths,
        censored=censored,
        worded=low | high,
        missing=missing,
        faults=tuple(
            _fault(bool(wrong), bool(far), known)
            for wrong, far in zip(no_number, outside, strict=True)
        ),
    )


def _number(cell: str) -> float:
    text = cell.strip()
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else float("nan")


def _fault(no_number: bool, outside: bool, known: CsvFormat) -> str | None:
    if no_number:
        return "the glucose cell holds neither a number nor Low or High"
    if outside:
        return (
            f"glucose outside the {known.floor_mg_dl:g} to {known.ceiling_mg_dl:g} mg/dL that "
            "this format can hold; the file mixes units or does not hold glucose there"
        )
    return None
