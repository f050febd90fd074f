"""What one variable of the vocabulary is: names, units, public range, categories."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ml.records.tables.schema import Category, Column, Kind

Group = Literal["sign", "fact", "outcome"]


@dataclass(frozen=True)
class Unit:
    """A unit a variable is written in: canonical = factor x written + offset.

    Attributes:
        name: as people write it.
        spellings: letters and digits of other spellings, without case.
        factor, offset: to the variable's own unit.
    """

    name: str
    spellings: tuple[str, ...] = ()
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Variable:
    """One thing that may be known of a person, and everything public about it.

    Attributes:
        name: in canonical traces, tables and exports.
        title: what it is, for people.
        group: ``sign`` is measured again and again, ``fact`` belongs to the person, ``outcome``
            is a judgement of somebody else.
        kind: of the column it becomes.
        aliases: other names of the column, without case and separators.
        units: those it is written in; the first is the one it is kept in. None: no unit.
        minimum, maximum: what can be at all, in the first unit; published, never observed.
        decimals: kept of a number.
        step: by which two files of the same measurement may differ through their units;
            fingerprints are taken in it.
        categories: of what is no number, in their order.
        words: spellings of a category, without case.
        codes: header in which plain numbers stand for the categories, in the order of them.
    """

    name: str
    title: str
    group: Group
    kind: Kind
    aliases: tuple[str, ...] = ()
    units: tuple[Unit, ...] = ()
    minimum: float = 0.0
    maximum: float = 0.0
    decimals: int = 0
    step: float = 1.0
    categories: tuple[Category, ...] = ()
    words: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers rather than positions of categories."""
        return self.kind in ("continuous", "integer")

    def column(self, *, missing: bool) -> Column:
        """The column of a table, with the public range."""
        if not self.numeric:
            return Column(self.name, self.kind, missing, categories=self.categories)
        return Column(
            self.name,
            self.kind,
            missing,
            minimum=self.minimum,
            maximum=self.maximum,
            decimals=self.decimals if self.kind == "continuous" else None,
        )


def number(
    name: str,
    title: str,
    group: Group,
    units: tuple[Unit, ...],
    between: tuple[float, float],
    aliases: str,
    *,
    decimals: int = 0,
    step: float = 1.0,
) -> Variable:
    """A variable that is a number; `aliases` are separated by commas."""
    return Variable(
        name,
        title,
        group,
        "continuous" if decimals else "integer",
        _split(aliases),
        units,
        *between,
        decimals=decimals,
        step=step,
    )


def classes(
    name: str,
    title: str,
    group: Group,
    categories: tuple[Category, ...],
    spelled: tuple[str, ...],
    aliases: str,
    *,
    ordered: bool,
    codes: Mapping[str, tuple[str, ...]] | None = None,
) -> Variable:
    """A variable of a few categories; `spelled` gives each one's words, separated by commas."""
    words = {
        word: position
        for position, (category, more) in enumerate(zip(categories, spelled, strict=True))
        for word in (str(category).casefold(), *_split(more))
    }
    return Variable(
        name,
        title,
        group,
        "ordinal" if ordered else "categorical",
        _split(aliases),
        categories=categories,
        words=words,
        codes=codes or {},
    )


def yes_or_no(name: str, title: str, group: Group, aliases: str) -> Variable:
    """A variable that is true or false."""
    return Variable(
        name,
        title,
        group,
        "boolean",
        _split(aliases),
        categories=(False, True),
        words=_YES_OR_NO,
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_NO = ("0", "0.0", "false", "no", "n", "아니오", "아니요", "무", "없음")
_YES = ("1", "1.0", "true", "yes", "y", "예", "네", "유", "있음")
_YES_OR_NO: Mapping[str, int] = {**dict.fromkeys(_NO, 0), **dict.fromkeys(_YES, 1)}
