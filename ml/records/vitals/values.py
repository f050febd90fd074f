"""Cells of one column become numbers in the variable's own unit, or positions of categories."""

import re

import numpy as np
import numpy.typing as npt

from ml.records.errors import UnreadableRecord
from ml.records.tables.cells import is_missing
from ml.records.vitals.headers import Named, unit_named
from ml.records.vitals.raw import RawTable
from ml.records.vitals.variable import Unit, Variable

_NUMBER = re.compile(
    r"([+-]?(?:\d{1,15}(?:[.,]\d{1,20})?|[.,]\d{1,20})(?:[eE][+-]?\d{1,2})?) ?(\D*)"
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_INFINITE = re.compile(r"[+-]?(?:inf(?:inity)?|∞)", re.IGNORECASE)
_WHOLE = re.compile(r"(\d{1,3})\.0+")


def read_column(raw: RawTable, index: int, named: Named) -> npt.NDArray[np.float64]:
    """The column's values, (rows,), NaN where nothing was measured.

    The unit is the one that the name or every cell names, else the only one in which all numbers
    can be; numbers are rounded to the variable's decimals.

    Raises:
        UnreadableRecord: a cell that is no value of the variable, or outside its public range;
            two units; a unit that is not clear.
    """
    cells = raw.column(index)
    if not named.variable.numeric:
        return _positions(raw, cells, named)
    numbers, units = _numbers(raw, cells, named.variable)
    if named.unit is not None:
        units.add(named.unit)
    if len(units) > 1:
        raise UnreadableRecord(f"{named.variable.name} is given in two units")
    unit = units.pop() if units else _by_range(raw, numbers, named.variable)
    return _kept(raw, numbers, named.variable, unit)


def split_pressure(raw: RawTable, index: int) -> tuple[list[str], list[str]]:
    """Systolic and diastolic cells of a column that holds both, as 120/80.

    Raises:
        UnreadableRecord: a cell that holds something else.
    """
    upper, lower = [], []
    for row, cell in enumerate(raw.column(index)):
        parts = ["", ""] if is_missing(cell) else [part.strip() for part in cell.split("/")]
        if len(parts) != 2:
            raise raw.fault(row, "a blood pressure is written as two numbers, systolic/diastolic")
        upper.append(parts[0])
        lower.append(parts[1])
    return upper, lower


def _numbers(
    raw: RawTable, cells: list[str], variable: Variable
) -> tuple[npt.NDArray[np.float64], set[Unit]]:
    """The numbers as written, and the units that cells name behind them."""
    values = np.full(len(cells), np.nan)
    units: set[Unit] = set()
    for row, cell in enumerate(cells):
        if is_missing(cell):
            continue
        found = _NUMBER.fullmatch(cell)
        unit = unit_named(found[2], variable) if found is not None and found[2] else None
        if found is None or _THOUSANDS.fullmatch(cell) or (found[2] and unit is None):
            raise raw.fault(row, _why_no_number(cell, variable))
        if unit is not None:
            units.add(unit)
        values[row] = float(found[1].replace(",", "."))
    return values, units


def _why_no_number(cell: str, variable: Variable) -> str:
    if _INFINITE.fullmatch(cell):
        return f"{variable.name} holds an infinity"
    if _THOUSANDS.fullmatch(cell):
        return f"{variable.name}: write numbers without separators for thousands"
    return f"{variable.name} holds something that is no number"


def _by_range(raw: RawTable, numbers: npt.NDArray[np.float64], variable: Variable) -> Unit | None:
    """The only unit in which every number can be; None for a variable without units."""
    if len(variable.units) <= 1 or np.isnan(numbers).all():
        return variable.units[0] if variable.units else None
    outside = {
        unit: _outside(_converted(numbers, variable, unit), variable) for unit in variable.units
    }
    fitting = [unit for unit, rows in outside.items() if not rows.any()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = " or ".join(unit.name for unit in fitting)
        raise UnreadableRecord(
            f"the unit of {variable.name} is not named and can be {names}: "
            f"name it in the column, as in {variable.name} ({fitting[0].name})"
        )
    nearest = min(outside.values(), key=lambda rows: int(rows.sum()))
    names = ", ".join(unit.name for unit in variable.units)
    raise raw.fault(
        int(np.argmax(nearest)),
        f"{variable.name} is outside what can be in any of its units ({names}), or units are mixed",
    )


def _converted(
    numbers: npt.NDArray[np.float64], variable: Variable, unit: Unit | None
) -> npt.NDArray[np.float64]:
    written = numbers if unit is None else numbers * unit.factor + unit.offset
    return np.round(written, variable.decimals) + 0.0


def _outside(values: npt.NDArray[np.float64], variable: Variable) -> npt.NDArray[np.bool_]:
    return (values < variable.minimum) | (values > variable.maximum)


def _kept(
    raw: RawTable, numbers: npt.NDArray[np.float64], variable: Variable, unit: Unit | None
) -> npt.NDArray[np.float64]:
    values = _converted(numbers, variable, unit)
    outside = _outside(values, variable)
    if outside.any():
        own = f" {variable.units[0].name}" if variable.units else ""
        raise raw.fault(
            int(np.argmax(outside)),
            f"{variable.name} outside the {variable.minimum:g} to {variable.maximum:g}{own} "
            "that can be; leave a cell empty where nothing was measured",
        )
    return values


def _positions(raw: RawTable, cells: list[str], named: Named) -> npt.NDArray[np.float64]:
    variable = named.variable
    codes = variable.codes.get(named.key, ())
    known = {**variable.words, **{code: place for place, code in enumerate(codes) if code}}
    values = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if is_missing(cell):
            continue
        word = _WHOLE.sub(r"\1", " ".join(cell.casefold().split()))
        if word not in known:
            shown = ", ".join(str(category).lower() for category in variable.categories)
            raise raw.fault(row, f"{variable.name} is none of {shown}")
        values[row] = known[word]
    return values
