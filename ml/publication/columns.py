"""What each column holds, in the words that datasheet and metadata share."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml.records.tables.schema import Category, Column, Schema

_SHOWN_CATEGORIES = 12
_NO_WORDS: Mapping[str, tuple[str, str]] = {}


@dataclass(frozen=True)
class ColumnDescription:
    """One column for people.

    Attributes:
        name: as in the header.
        meaning: what it is; "" where nobody said.
        unit: "" for none.
        values: which values there can be, as a phrase.
        missing: whether cells may be empty.
        determined_by: the column that decides this one, if there is one.
        target: whether it is the one to be predicted.
    """

    name: str
    meaning: str
    unit: str
    values: str
    missing: bool
    determined_by: str | None
    target: bool

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        parts = [self.meaning, self.values[0].upper() + self.values[1:]]
        parts += [f"Unit: {self.unit}"] if self.unit else []
        parts += ["Cells may be missing"] if self.missing else []
        parts += [f"Determined by {self.determined_by}"] if self.determined_by else []
        parts += ["The column to be predicted"] if self.target else []
        return "; ".join(part.rstrip(".") for part in parts if part) + "."


def describe_columns(
    schema: Schema, words: Mapping[str, tuple[str, str]] = _NO_WORDS
) -> tuple[ColumnDescription, ...]:
    """The columns in their order; `words` gives meaning and unit by name, where known."""
    determined = {each.dependent: each.determinant for each in schema.dependencies}
    found = []
    for column in schema.columns:
        meaning, unit = words.get(column.name, ("", ""))
        found.append(
            ColumnDescription(
                name=column.name,
                meaning=meaning,
                unit=unit,
                values=_values(column),
                missing=column.missing,
                determined_by=determined.get(column.name),
                target=column.name == schema.target,
            )
        )
    return tuple(found)


def number_text(number: float, decimals: int | None) -> str:
    """A number as people write it, with the decimals of its column."""
    return f"{number:.6g}" if decimals is None else f"{number:.{decimals}f}"


def _values(column: Column) -> str:
    if column.kind == "integer":
        step = f" in steps of {column.step}" if column.step > 1 else ""
        return f"whole numbers from {column.minimum:.0f} to {column.maximum:.0f}{step}"
    if column.kind == "continuous":
        low, high = (number_text(end, column.decimals) for end in (column.minimum, column.maximum))
        decimals = {None: "", 0: " without decimals", 1: " with 1 decimal"}.get(
            column.decimals, f" with {column.decimals} decimals"
        )
        return f"numbers from {low} to {high}{decimals}"
    if column.kind == "boolean":
        return "false or true"
    order = "ascending " if column.kind == "ordinal" else ""
    many = len(column.categories)
    named = ", ".join(map(_named, column.categories[:_SHOWN_CATEGORIES]))
    more = f" and {many - _SHOWN_CATEGORIES:,} more" if many > _SHOWN_CATEGORIES else ""
    return f"{order}{many:,} categories: {named}{more}" if many > 1 else f"always {named}"


def _named(category: Category) -> str:
    return str(category) if len(str(category)) <= 60 else f"{str(category)[:57]}…"
