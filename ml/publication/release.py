"""What a package is made from, and what may not go into one."""

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ml.publication.long_days import as_table
from ml.publication.plain_text import text_fault
from ml.publication.words import DatasetKind, Words, known_words
from ml.records.cgm.days import GlucoseDays
from ml.records.tables.table import Table

CARD_KEYS = (
    "name",
    "version",
    "description",
    "source",
    "licence",
    "settings",
    "epsilon",
    "delta",
    "accounting",
)
"""What of a generator's card is published; the rest, its seed first of all, stays inside."""

_NEEDED_OF_CARD = ("name", "licence", "settings")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_LONGEST_TITLE = 200


class InvalidRelease(ValueError):
    """No package can be made of this; says what is wrong with which part, and never a value."""


@dataclass(frozen=True, eq=False)
class Release:
    """One synthetic dataset with everything that a buyer is told about it.

    Attributes:
        title, description: for people; plain text.
        kind: ``vitals`` for a table, ``cgm`` for glucose days.
        data: synthetic; the packager is never handed a real row.
        report: fidelity, utility, privacy, marginals and limits as JSON values.
        evidence: what the gate judged, as `ReleaseEvidence.as_json` gives it.
        card: the generator's: at least `name`, `licence`, `settings`; `epsilon`, `delta` or null.
        people: how many contributed to what was learnt from.
        licence: the whole text under which the dataset is given.
        published: given by the caller, never read off a clock.
        version: MAJOR.MINOR.PATCH.
        words: meaning and unit of columns, beside and before `known_words`.
        preparation: what was done to the contributions before the generator saw them, in
            sentences; only who did it can tell.
    """

    title: str
    description: str
    kind: DatasetKind
    data: Table | GlucoseDays = field(repr=False)
    report: Mapping[str, Any] = field(repr=False)
    evidence: Mapping[str, Any] = field(repr=False)
    card: Mapping[str, Any] = field(repr=False)
    people: int
    licence: str = field(repr=False)
    published: datetime.date
    version: str
    words: Words = field(default_factory=dict, repr=False)
    preparation: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_words()
        if len(self.data) == 0:
            raise InvalidRelease("the dataset has no rows: let the generator draw some")
        if isinstance(self.data, Table) != (self.kind == "vitals"):
            raise InvalidRelease(f"the data are not of the kind {self.kind!r}")
        if isinstance(self.data, GlucoseDays) and not np.isfinite(self.data.mg_dl).all():
            raise InvalidRelease("the glucose days hold readings that are no numbers")
        if isinstance(self.people, bool) or self.people < 1:
            raise InvalidRelease("nobody contributed: a release is learnt from people")
        for name, part in (("report", self.report), ("evidence", self.evidence)):
            _require_json(name, part)
        _require_json("generator card", self.card)
        _require_sections(self.report, self.evidence)
        _check_card(self.card)

    def table(self) -> Table:
        """The rows as they are published; glucose days in long form."""
        return self.data if isinstance(self.data, Table) else as_table(self.data)

    def meanings(self) -> Words:
        """Meaning and unit by name of the column, where anybody said."""
        return {**known_words(self.kind), **self.words}

    def published_card(self) -> dict[str, Any]:
        """The part of the generator's card that is for everybody."""
        kept = {name: self.card[name] for name in CARD_KEYS if name in self.card}
        return {"epsilon": None, "delta": None} | kept

    def published_report(self) -> dict[str, Any]:
        """The report with the evidence that the gate judged."""
        return dict(self.report) | {"evidence": self.evidence}

    def _check_words(self) -> None:
        for name in ("title", "description", "licence"):
            text = getattr(self, name)
            fault = text_fault(text, longest=_LONGEST_TITLE if name == "title" else 1_000_000)
            if fault is not None:
                raise InvalidRelease(f"the {name} {fault}")
        if "\n" in self.title:
            raise InvalidRelease("the title has more than one line")
        if _VERSION.fullmatch(self.version) is None:
            raise InvalidRelease("the version is not MAJOR.MINOR.PATCH, as in 1.0.0")
        if type(self.published) is not datetime.date:
            raise InvalidRelease("the day of publication is no date without a time")


def canonical_json(value: Any) -> bytes:
    """JSON for people and programs: sorted names, two spaces, UTF-8, no NaN, a newline."""
    text = json.dumps(value, sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def _require_json(name: str, part: Mapping[str, Any]) -> None:
    try:
        canonical_json(part)
    except (TypeError, ValueError) as fault:
        raise InvalidRelease(f"the {name} holds what JSON cannot: {fault}") from None


def _require_sections(report: Mapping[str, Any], evidence: Mapping[str, Any]) -> None:
    parts = {name: report.get(name) for name in ("fidelity", "utility", "privacy", "marginals")}
    parts["measures"] = evidence.get("measures")
    for name, part in parts.items():
        if part is not None and not isinstance(part, Mapping):
            raise InvalidRelease(f"{name} is no mapping of names to figures")
    if not all(isinstance(each, Mapping) for each in (parts["marginals"] or {}).values()):
        raise InvalidRelease("a marginal of the report is no mapping")
    if not isinstance(report.get("limits", []), list | tuple):
        raise InvalidRelease("the report's limits are no list of sentences")


def _check_card(card: Mapping[str, Any]) -> None:
    lacking = [name for name in _NEEDED_OF_CARD if not card.get(name) and name != "settings"]
    if lacking or not isinstance(card.get("settings"), Mapping):
        named = ", ".join(lacking or ["settings"])
        raise InvalidRelease(f"the generator card lacks {named}")
    for name in ("epsilon", "delta"):
        if not isinstance(card.get(name), int | float | None) or isinstance(card.get(name), bool):
            raise InvalidRelease(f"the generator card's {name} is neither a number nor null")
    if (card.get("epsilon") is None) != (card.get("delta") is None):
        raise InvalidRelease("the generator card gives one of epsilon and delta without the other")
    if _holds_seed({name: card.get(name) for name in CARD_KEYS}):
        raise InvalidRelease(
            "the generator card's published part holds a seed: with it anybody can repeat the "
            "training and test who was in it; the certificate commits to it instead"
        )


def _holds_seed(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any("seed" in str(name).casefold() or _holds_seed(v) for name, v in value.items())
    if isinstance(value, list | tuple):
        return any(map(_holds_seed, value))
    return False
