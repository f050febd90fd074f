"""What guidance is made of: findings in numbers, and advice, which is findings in words."""

from dataclasses import dataclass, field
from typing import Literal

Language = Literal["en", "ko"]
Number = int | float | str | None
"""A str is a clock time, a date or a code; never a person's words."""


@dataclass(frozen=True)
class Period:
    """The readings that were looked at: first and last day (ISO, wall clock), days worn."""

    first_day: str
    last_day: str
    days: int


@dataclass(frozen=True)
class Evidence:
    """What a sentence rests on.

    Attributes:
        period: of the readings.
        numbers: every number of the sentence, and those it follows from.
        entries: ids of the journal entries that the sentence is about.
        compared_with: ids of the entries they are compared with.
        method: how it was computed, a code of `METHODS`.
        sources: publications that a fixed sentence or a bound is taken from.
    """

    period: Period
    numbers: dict[str, Number]
    method: str
    entries: tuple[str, ...] = ()
    compared_with: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A sentence still without words: `code` chooses the template.

    `quoted` is a meal's name in the person's own words, as yet unchecked.
    """

    code: str
    evidence: Evidence
    quoted: str = field(default="", repr=False)


@dataclass(frozen=True)
class Advice:
    """One sentence or two, in one language, and what they rest on."""

    code: str
    text: str
    evidence: Evidence


CONSENSUS = (
    "Battelino et al., Clinical targets for continuous glucose monitoring data interpretation, "
    "Diabetes Care 42 (2019) 1593-1603"
)
STANDARDS = (
    "American Diabetes Association, Standards of Care in Diabetes, section 6: Glycemic Goals and "
    "Hypoglycemia"
)
METHODS = {
    "share_of_days": "days with at least 15 minutes beyond the bound in those hours, of the days "
    "on which at least 3 of 4 readings of those hours are there; Wilson's 95 % interval",
    "forecast_quantiles": "the quantiles of the stored forecast",
    "peak_rise": "highest reading within 3 hours less the mean of the quarter hour before",
    "shift": "Hodges-Lehmann shift of peak rises with the exact Mann-Whitney interval, at a level "
    "that holds for all groups together; one stretch a day",
    "count": "what there is, and what is needed",
}
