"""Counts what was looked at, and keeps every breach."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import is_dataclass

from backend.domain.audit_checks import Check
from backend.domain.audit_report import Breach, CheckResult, Note
from backend.domain.ledger import Place


class Tally:
    """The findings of one audit while it goes on."""

    def __init__(self) -> None:
        self._checked: Counter[Check] = Counter()
        self._breached: Counter[Check] = Counter()
        self._breaches: list[Breach] = []
        self._notes: list[Note] = []

    def that(
        self, check: Check, subject: str, holds: bool, *, expected: object, found: object
    ) -> bool:
        """One object looked at; a breach unless it `holds`, which is returned."""
        return self.same(
            check,
            subject,
            {} if holds else {"": expected},
            {} if holds else {"": found},
        )

    def same(
        self,
        check: Check,
        subject: str,
        expected: Mapping[str, object],
        found: Mapping[str, object],
    ) -> bool:
        """One object looked at; a breach for each of its `expected` fields that differs."""
        self._checked[check] += 1
        wrong = [name for name, value in expected.items() if found.get(name) != value]
        self._breached[check] += bool(wrong)
        for name in wrong:
            about = f"{subject}: {name}" if name else subject
            breach = Breach(check, about, shown(expected[name]), shown(found.get(name)))
            self._breaches.append(breach)
        return not wrong

    def passed(self, check: Check, count: int) -> None:
        """Objects that an earlier run of this audit has found as promised."""
        self._checked[check] += count

    def note(self, check: Check, subject: str, message: str) -> None:
        """Something to know that breaks no promise."""
        self._notes.append(Note(check, subject, message))

    def results(self) -> tuple[CheckResult, ...]:
        """A line for every check there is, also for those that found nothing to look at."""
        return tuple(
            CheckResult(check, self._checked[check], self._breached[check]) for check in Check
        )

    def breaches(self) -> tuple[Breach, ...]:
        """Every breach, by check, and within a check as they were found."""
        order = list(Check)
        return tuple(sorted(self._breaches, key=lambda breach: order.index(breach.check)))

    def notes(self) -> tuple[Note, ...]:
        return tuple(self._notes)


def shown(value: object) -> str:
    """A value as people compare it."""
    if value is None:
        return "nothing"
    if isinstance(value, bytes):
        return hexed(value)
    if is_dataclass(value) and not isinstance(value, type):
        said = ", ".join(f"{name} {shown(one)}" for name, one in vars(value).items())
        return f"{type(value).__name__}({said})"
    if isinstance(value, tuple):
        return f"({', '.join(shown(one) for one in value)})"
    return str(value)


def hexed(value: bytes | None) -> str:
    """0x and the digits."""
    return "nothing" if value is None else "0x" + value.hex()


def where(place: Place) -> str:
    """An event's place, as a block explorer would find it."""
    return f"block {place.block}, transaction {hexed(place.transaction)}, log {place.log_index}"
