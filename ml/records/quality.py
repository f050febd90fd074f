"""How good a record is, from 0 to 1: pure formulas, monotone in every part.

A glucose trace is worth ``span x coverage x continuity x plausibility``:

=============  ========================================  ==========================================
part           formula                                   reads as
=============  ========================================  ==========================================
span           (days - 1) / 13, from 0 to 1              14 days are a full contribution; pieces of
                                                         a day or less earn nothing, so that cutting
                                                         a trace up only loses
coverage       readings / (span / cadence + 1), at most  how much of that time the sensor was worn
               1
continuity     4 / (4 + gaps per day)                    breaks between readings; one a day costs
                                                         a fifth
plausibility   1 - share of implausible readings         jumps of over 10 mg/dL a minute, and one
                                                         value for over three hours
=============  ========================================  ==========================================

A product, so that no part can make up for another: perfect coverage of one hour is worth little,
and two weeks of noise are worth nothing.
"""

from dataclasses import dataclass

FULL_SPAN_DAYS = 14.0
UNPAID_DAYS = 1.0  # shorter pieces could not be told from pieces of another upload
_GAPS_A_DAY_AT_HALF = 4.0


@dataclass(frozen=True)
class Quality:
    """The parts of a score, each from 0 to 1; `score` is their product."""

    span: float
    coverage: float
    continuity: float
    plausibility: float

    @property
    def score(self) -> float:
        return self.span * self.coverage * self.continuity * self.plausibility

    @property
    def basis_points(self) -> int:
        """The score in ten-thousandths, rounded down: the number that is shown and paid."""
        return int(self.score * 10_000)


def cgm_quality(
    *, span_days: float, coverage: float, gaps: int, implausible_share: float
) -> Quality:
    """The quality of a glucose trace; rises with span and coverage, falls with the other two.

    Args:
        span_days: days from the first reading to the last, at least 0.
        coverage: share of the span's readings that are there, 0 to 1.
        gaps: number of breaks between readings in that span.
        implausible_share: share of readings that no body makes, 0 to 1.
    """
    return Quality(
        span=min(1.0, max(0.0, span_days - UNPAID_DAYS) / (FULL_SPAN_DAYS - UNPAID_DAYS)),
        coverage=coverage,
        continuity=_continuity(gaps, span_days),
        plausibility=1.0 - implausible_share,
    )


def _continuity(gaps: int, span_days: float) -> float:
    if gaps == 0:
        return 1.0
    return _GAPS_A_DAY_AT_HALF * span_days / (_GAPS_A_DAY_AT_HALF * span_days + gaps)
