"""Bounds and categories behind which too few people stand, taken out before anything is learnt.

A generator learns the range of every column and its categories, and shows them to whoever buys.
These are the rules, each column by itself, people counted and never rows:

- Numbers are moved to the least and the greatest cell at or beyond which `fewest` people lie; the
  schema's range becomes these.
- Categories of fewer people: of an order, they are merged into the neighbour on the side of the
  middle row; others become missing where the column has missing cells of `fewest` people, and
  the commonest category where it has not. A boolean keeps both its names. Those that nobody holds
  any more leave the schema.
- Missing cells of fewer people are filled with the median, or with the commonest category.
- A column that fewer than `fewest` people answered is left out.

What depends on another column still does, or the dependency leaves the schema.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table, snapped

Cells = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Blunted:
    """What was done, in numbers that say nothing of a single person.

    Attributes:
        moved: cells moved to a bound, by column.
        merged: cells whose category was merged or made missing, by column.
        filled: missing cells filled, by column.
        left_out: columns that too few people answered.
    """

    moved: dict[str, int]
    merged: dict[str, int]
    filled: dict[str, int]
    left_out: tuple[str, ...]


def blunted(table: Table, person: Names, *, fewest: int) -> tuple[Table, Blunted]:
    """The table under the rules of this module, and what was done to it.

    Args:
        person: whose each row is.
        fewest: people that must stand behind every bound and category.

    Raises:
        ValueError: fewer people than `fewest`, or too few behind every column or a class of the
            target, which is never merged.
    """
    whose = np.unique(person, return_inverse=True)[1]
    if len(whose) == 0 or int(whose.max()) + 1 < fewest:
        raise ValueError(f"the table has rows of fewer than {fewest} people: gather more first")
    columns: list[Column] = []
    cells: list[Cells] = []
    done = Blunted({}, {}, {}, ())
    for column in table.schema.columns:
        before = table.column(column.name)
        if _people(whose, ~np.isnan(before)) < fewest:
            done = replace(done, left_out=(*done.left_out, column.name))
            continue
        if column.name == table.schema.target:
            _require_classes(column, before, whose, fewest)
        kept, after = _blunted(column, before, whose, fewest, done)
        columns.append(kept)
        cells.append(after)
    if not columns or table.schema.target in done.left_out:
        raise ValueError(f"fewer than {fewest} people answered what the table is for")
    return _put_together(table.schema, columns, cells), done


def _blunted(
    column: Column, before: Cells, whose: npt.NDArray[np.intp], fewest: int, done: Blunted
) -> tuple[Column, Cells]:
    gone = np.isnan(before)
    rare_gaps = 0 < _people(whose, gone) < fewest
    if column.numeric:
        low, high = bounds(before[~gone], whose[~gone], fewest)
        after = np.clip(before, low, high)
        _note(done.moved, column.name, int((after[~gone] != before[~gone]).sum()))
        kept = replace(column, minimum=low, maximum=high)
        usual = _usual(kept, after)
    else:
        after = _merged(column, before, whose, fewest)
        changed = (after != before) & ~(np.isnan(after) & gone)
        _note(done.merged, column.name, int(changed.sum()))
        kept, after = _without_unused(column, after)
        usual = _usual(kept, after)
    if rare_gaps:
        _note(done.filled, column.name, int(gone.sum()))
        after = np.where(np.isnan(after), usual, after)
    return replace(kept, missing=bool(np.isnan(after).any())), after


def conformed(table: Table, blunt: Table) -> Table:
    """Rows of other people under the schema of `blunt`, which `blunted` gave for the training.

    Numbers are moved into its range; categories that it lacks, and missing cells where it has
    none, become missing where that may be, and else the median or commonest cell of `blunt`.
    """
    cells = []
    for column in blunt.schema.columns:
        given, old = table.column(column.name), table.schema.column(column.name)
        if column.numeric:
            given = np.clip(given, column.minimum, column.maximum)
        else:
            known = [
                column.categories.index(each) if each in column.categories else np.nan
                for each in old.categories
            ]
            at = np.where(np.isnan(given), len(known), given).astype(np.intp)
            given = np.array([*known, np.nan])[at]
        if not column.missing:
            usual = _usual(column, blunt.column(column.name))
            given = np.where(np.isnan(given), usual, given)
        cells.append(given)
    return Table(blunt.schema, np.column_stack(cells))


def _usual(column: Column, cells: Cells) -> float:
    """The median or the commonest cell, such as the column can hold."""
    seen = cells[~np.isnan(cells)]
    if not column.numeric:
        return float(np.bincount(seen.astype(np.intp)).argmax())
    middle = snapped(column, np.array([np.median(seen)]))[0]
    return float(min(max(middle, column.minimum), column.maximum))


def bounds(cells: Cells, whose: npt.NDArray[np.intp], fewest: int) -> tuple[float, float]:
    """The least cell at or under which `fewest` people lie, and the greatest at or above which."""
    order = np.argsort(cells, kind="stable")
    return (
        _first_shared(cells[order], whose[order], fewest),
        _first_shared(cells[order[::-1]], whose[order[::-1]], fewest),
    )


def _first_shared(cells: Cells, whose: npt.NDArray[np.intp], fewest: int) -> float:
    """The cell, from the first on, at which the `fewest`-th different person comes."""
    first_of_each = np.sort(np.unique(whose, return_index=True)[1])
    return float(cells[first_of_each[fewest - 1]])


def _merged(column: Column, before: Cells, whose: npt.NDArray[np.intp], fewest: int) -> Cells:
    after = before.copy()
    size = len(column.categories)
    if column.kind == "ordinal":
        middle = int(np.nanmedian(before))
        for steps in (range(size - 1, middle, -1), range(middle)):
            for code in steps:
                if 0 < _people(whose, after == code) < fewest:
                    after[after == code] = code + (1 if code < middle else -1)
    people = [_people(whose, after == code) for code in range(size)]
    common = int(np.argmax(people))
    to_missing = column.missing and _people(whose, np.isnan(before)) >= fewest
    for code, count in enumerate(people):
        if 0 < count < fewest:
            after[after == code] = np.nan if to_missing else common
    return after


def _without_unused(column: Column, cells: Cells) -> tuple[Column, Cells]:
    """Categories that no cell holds leave the column, but for those of a boolean."""
    if column.kind == "boolean":
        return column, cells
    used = np.unique(cells[~np.isnan(cells)])
    categories = tuple(column.categories[int(code)] for code in used)
    codes = np.searchsorted(used, cells).astype(np.float64)
    return replace(column, categories=categories), np.where(np.isnan(cells), np.nan, codes)


def _put_together(schema: Schema, columns: list[Column], cells: list[Cells]) -> Table:
    names = [column.name for column in columns]
    by_name = dict(zip(names, cells, strict=True))
    kept = tuple(
        each
        for each in schema.dependencies
        if each.determinant in by_name
        and each.dependent in by_name
        and _follows(by_name[each.determinant], by_name[each.dependent])
    )
    return Table(Schema(tuple(columns), kept, schema.target), np.column_stack(cells))


def _follows(determinant: Cells, dependent: Cells) -> bool:
    """Whether equal cells of one go with equal cells of the other, missing ones included."""
    pairs = np.stack([_codes(determinant), _codes(dependent)])
    return bool(np.unique(pairs, axis=1).shape[1] == np.unique(pairs[0]).size)


def _codes(cells: Cells) -> npt.NDArray[np.intp]:
    return np.unique(cells, return_inverse=True, equal_nan=True)[1]


def _require_classes(
    column: Column, cells: Cells, whose: npt.NDArray[np.intp], fewest: int
) -> None:
    people = [_people(whose, cells == code) for code in range(len(column.categories))]
    if any(0 < count < fewest for count in people):
        raise ValueError(
            f"a class of the target {column.name!r} has fewer than {fewest} people: gather more, "
            "or merge classes first"
        )


def _people(whose: npt.NDArray[np.intp], rows: npt.NDArray[np.bool_]) -> int:
    return int(np.unique(whose[rows]).size)


def _note(counts: dict[str, int], name: str, number: int) -> None:
    if number:
        counts[name] = number
