"""What the columns of a table are: kinds, ranges, steps, categories, and what determines what."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["continuous", "integer", "categorical", "ordinal", "boolean"]
Category = str | int | bool

NUMERIC: tuple[Kind, ...] = ("continuous", "integer")
MOST_CATEGORIES = 1000
LARGEST = float(2**53)
"""Whole numbers above this are not told apart by a double."""


class InvalidSchema(ValueError):
    """The description of a table contradicts itself; names the column."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: as in the header.
        kind: ``continuous`` and ``integer`` hold numbers; the others hold one of `categories`,
            kept as its position: without order, in ascending order, or (false, true).
        missing: whether cells may be empty.
        minimum, maximum: of numbers; both belong to the range.
        decimals: of continuous numbers; None for as many as a double has.
        step: of integers, which are `minimum` plus a multiple of it.
        categories: in their order.
    """

    name: str
    kind: Kind
    missing: bool = False
    minimum: float = 0.0
    maximum: float = 0.0
    decimals: int | None = None
    step: int = 1
    categories: tuple[Category, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InvalidSchema("a column has no name")
        if self.numeric:
            self._require(not self.categories, "holds numbers and names categories")
            self._require(self.minimum <= self.maximum, "has no range, or one upside down")
            self._require(max(-self.minimum, self.maximum) < LARGEST, "reaches beyond 2^53")
            self._require(self.step >= 1, "has a step below 1")
        else:
            self._require(bool(self.categories), "names no categories")
            self._require(
                len(self.categories) <= MOST_CATEGORIES,
                f"has {len(self.categories):,} categories; at most {MOST_CATEGORIES:,} are taken: "
                "group them, or leave the column out",
            )
            named = {(type(category), category) for category in self.categories}
            self._require(len(named) == len(self.categories), "names a category twice")
            self._require(
                self.kind != "boolean" or len(self.categories) == 2, "is no pair of false and true"
            )

    @property
    def numeric(self) -> bool:
        """Whether cells are numbers, not categories."""
        return self.kind in NUMERIC

    @property
    def constant(self) -> bool:
        """Whether every cell that is not missing is the same."""
        return self.minimum == self.maximum if self.numeric else len(self.categories) == 1

    def code(self, category: Category) -> int:
        """The position of `category`; `KeyError` with the name of the column if it is not one."""
        for position, known in enumerate(self.categories):
            if known == category and type(known) is type(category):
                return position
        raise KeyError(f"column {self.name!r} has no category {category!r}")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise InvalidSchema(f"column {self.name!r} {otherwise}")


@dataclass(frozen=True)
class Dependency:
    """Equal cells in the column `determinant` go with equal cells in `dependent`."""

    determinant: str
    dependent: str


@dataclass(frozen=True)
class Schema:
    """The columns in their order; a column depends on one other at most, and never in a circle.

    Attributes:
        columns: at least one, names unique, capitals aside.
        dependencies: in the order in which they can be applied.
        target: the column to be predicted, if there is one; it holds categories.
    """

    columns: tuple[Column, ...]
    dependencies: tuple[Dependency, ...] = ()
    target: str | None = None

    def __post_init__(self) -> None:
        if not self.columns:
            raise InvalidSchema("the table has no column")
        folded = [name.casefold() for name in self.names]
        if len(set(folded)) < len(folded):
            twice = next(name for name in self.names if folded.count(name.casefold()) > 1)
            raise InvalidSchema(f"two columns are called {twice!r}, but for capitals")
        if self.target is not None and self.column(self.target).numeric:
            raise InvalidSchema(f"the target {self.target!r} holds numbers, not classes")
        settled = set(self.names) - {each.dependent for each in self.dependencies}
        for each in self.dependencies:
            if each.determinant not in settled or each.dependent not in self.names:
                raise InvalidSchema(
                    f"{each.dependent!r} cannot be derived from {each.determinant!r}: a circle, "
                    "an unknown column, or the wrong order"
                )
            if each.dependent in settled:
                raise InvalidSchema(f"{each.dependent!r} depends on two columns")
            settled.add(each.dependent)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def dependents(self) -> frozenset[str]:
        """Columns that another column determines."""
        return frozenset(each.dependent for each in self.dependencies)

    def index(self, name: str) -> int:
        """The position of the column; `KeyError` with the known names when there is none."""
        for position, column in enumerate(self.columns):
            if column.name == name:
                return position
        raise KeyError(f"no column {name!r}; there are {', '.join(self.names)}")

    def column(self, name: str) -> Column:
        """The column of that name."""
        return self.columns[self.index(name)]

    def select(self, names: Sequence[str]) -> "Schema":
        """The schema of these columns, in this order, with what still holds between them."""
        kept = tuple(
            each
            for each in self.dependencies
            if each.determinant in names and each.dependent in names
        )
        target = self.target if self.target in names else None
        return Schema(tuple(self.column(name) for name in names), kept, target)

    def as_json(self) -> dict[str, Any]:
        """The schema as JSON values."""
        return {
            "columns": [
                {**asdict(column), "categories": list(column.categories)} for column in self.columns
            ],
            "dependencies": [[each.determinant, each.dependent] for each in self.dependencies],
            "target": self.target,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Schema":
        """The schema that `as_json` gave."""
        return cls(
            tuple(
                Column(**{**column, "categories": tuple(column["categories"])})
                for column in kept["columns"]
            ),
            tuple(Dependency(*pair) for pair in kept["dependencies"]),
            kept["target"],
        )
