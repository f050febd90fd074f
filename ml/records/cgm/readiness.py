"""Whether a person's glucose is enough to learn a model of, said in sentences.

The bounds are those of the consensus (Battelino et al. 2019: 14 days, worn 70 % of the time) with
the product's own floor of 10 days, below which nothing is trained.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.records.cgm.artefacts import (
    WARM_UP_MINUTES,
    Stretch,
    breaks,
    compression_lows,
    mask,
    stuck,
)
from ml.records.cgm.clocks import ClockChange, DoubledTime, clock_changes, doubled_time
from ml.records.cgm.grid import GlucoseGrid, wall_times
from ml.records.cgm.trace import CgmTrace
from ml.records.cgm.wear import LEAST_WEAR, wear_of, worn_steps

LEAST_DAYS = 10
FULL_DAYS = 14
LEAST_SD = 5.0
"""mg/dL; of 106 real people the steadiest has 9.4."""

_DAY = 1440
_LONG_BREAK_MINUTES = 6 * 60


@dataclass(frozen=True)
class Finding:
    """One thing that was found; `code` is stable, `sentence` is for people."""

    code: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Readiness:
    """Whether there is enough for a personal model, why not, and what would be enough.

    Attributes:
        days_worn: stretches of 24 hours, disjoint, of which 70 % is there.
        wear: share of the whole span that is there.
        enough: whether a model may be trained.
        widened: enough, but under 14 days: intervals widen and the answer says so.
        reasons: why it is not enough; empty where it is. Codes: ``too_few_days``, ``low_wear``,
            ``flat``, ``stuck``.
        notes: what was met and does not stand in the way. Codes: ``few_days``,
            ``warm_up``, ``long_break``, ``stuck``, ``clock_change``, ``doubled_time``,
            ``compression_low``.
        needs: what would be enough, one sentence; empty where it is.
        set_aside: steps of the grid that say nothing of the person (a stuck sensor, compression,
            hours that the clock showed twice), bool, shape (n,). See `trusted`.
    """

    days_worn: int
    wear: float
    enough: bool
    widened: bool
    reasons: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    needs: str
    set_aside: npt.NDArray[np.bool_]


def assess(grid: GlucoseGrid, *, traces: Sequence[CgmTrace] = ()) -> Readiness:
    """What can be learned from `grid`, whose steps may come from any sensor.

    With the `traces` that the grid was made of, hours that the clock of one of them showed twice
    are found, too.
    Wear goes by the sensor's own cadence; steps with a stuck sensor count as not worn.
    """
    still, lows, pauses = stuck(grid), compression_lows(grid), breaks(grid)
    twice = _within(grid, [found for trace in traces for found in doubled_time(trace)])
    set_aside = mask(grid, [*still, *lows, *_steps_of(grid, twice)])
    worn = worn_steps(grid) & ~mask(grid, still)
    worn_of = wear_of(worn, grid.step_minutes)
    days, wear = worn_of.days, worn_of.share
    flat = _spread(grid) < LEAST_SD
    enough = days >= LEAST_DAYS and not flat
    reasons = () if enough else _reasons(grid, days, wear, flat, still)
    return Readiness(
        days_worn=days,
        wear=wear,
        enough=enough,
        widened=enough and days < FULL_DAYS,
        reasons=reasons,
        notes=(
            *_few_days(days, enough),
            *_pauses(grid, pauses),
            *(_stuck_note(grid, still) if enough else ()),
            *_clocks(clock_changes(grid)),
            *_doubled(twice),
            *_compressions(grid, lows),
        ),
        needs="" if enough else _needs(days, flat),
        set_aside=set_aside,
    )


def trusted(grid: GlucoseGrid, readiness: Readiness) -> GlucoseGrid:
    """`grid` without the steps that `readiness` sets aside: risks of lows are taken from this."""
    value = np.where(readiness.set_aside, np.float32(np.nan), grid.mg_dl).astype(np.float32)
    return replace(grid, mg_dl=value, observed=grid.observed & ~readiness.set_aside)


def _spread(grid: GlucoseGrid) -> float:
    known = grid.mg_dl[grid.observed].astype(np.float64)
    return float(known.std()) if known.size else 0.0


def _reasons(
    grid: GlucoseGrid, days: int, wear: float, flat: bool, still: Sequence[Stretch]
) -> tuple[Finding, ...]:
    found = []
    span = len(grid) * grid.step_minutes / _DAY
    if flat:
        found.append(
            Finding("flat", "The readings hardly vary: no sensor on a person shows such a line.")
        )
    elif still:
        found.append(
            Finding(
                "stuck",
                f"The sensor stood still at one value for {_hours(grid, still)} in all; "
                "that time is not counted.",
            )
        )
    if days >= LEAST_DAYS:
        return tuple(found)
    if span >= LEAST_DAYS and wear < LEAST_WEAR:
        found.append(
            Finding(
                "low_wear",
                f"Of {span:.0f} days only {wear:.0%} is there; "
                f"{_count(days)} of them {'is' if days < 2 else 'are'} worn for 70 % or more, "
                f"and {LEAST_DAYS} are needed.",
            )
        )
    else:
        found.append(
            Finding(
                "too_few_days",
                f"{_count(days).capitalize()} {'is' if days < 2 else 'are'} worn for 70 % or "
                f"more; {LEAST_DAYS} are needed.",
            )
        )
    return tuple(found)


def _needs(days: int, flat: bool) -> str:
    if flat:
        return (
            f"{LEAST_DAYS} days from a working sensor, each worn for 70 % or more; "
            f"{FULL_DAYS} for the narrowest intervals."
        )
    missing = LEAST_DAYS - days
    return (
        f"{missing} more {'day' if missing == 1 else 'days'} worn for 70 % or more "
        f"(at least 17 hours) would be enough; {FULL_DAYS} in all give the narrowest intervals."
    )


def _few_days(days: int, enough: bool) -> tuple[Finding, ...]:
    if not enough or days >= FULL_DAYS:
        return ()
    return (
        Finding(
            "few_days",
            f"Only {days} days are worn for 70 % or more: intervals are wider than from "
            f"{FULL_DAYS}.",
        ),
    )


def _pauses(grid: GlucoseGrid, pauses: Sequence[Stretch]) -> tuple[Finding, ...]:
    shortest, longest = WARM_UP_MINUTES
    warm_ups = [p for p in pauses if shortest <= p.minutes(grid) <= longest]
    long = [p for p in pauses if p.minutes(grid) > _LONG_BREAK_MINUTES]
    found = []
    if warm_ups:
        found.append(
            Finding(
                "warm_up",
                f"{_times(len(warm_ups)).capitalize()} the readings pause for as long as a new "
                f"sensor takes to warm up, first on {_day(grid, warm_ups[0])}; "
                "nothing is learned across these pauses.",
            )
        )
    if long:
        worst = max(long, key=lambda p: p.end - p.start)
        found.append(
            Finding(
                "long_break",
                f"The longest break lasts {_hours(grid, [worst])}, from {_day(grid, worst)}.",
            )
        )
    return tuple(found)


def _stuck_note(grid: GlucoseGrid, still: Sequence[Stretch]) -> tuple[Finding, ...]:
    if not still:
        return ()
    return (
        Finding(
            "stuck",
            f"The sensor stood still at one value for {_hours(grid, still)} in all; "
            "that time is left out.",
        ),
    )


def _clocks(changes: Sequence[ClockChange]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "clock_change",
            f"On {change.day} the clock moves {'ahead' if change.minutes > 0 else 'back'} by "
            f"{abs(change.minutes) / 60:g} h; hours of the day follow the clock that the person "
            "had.",
        )
        for change in changes
    )


def _steps_of(grid: GlucoseGrid, stretches: Sequence[DoubledTime]) -> list[Stretch]:
    moments = grid.moments.astype("datetime64[s]").astype(np.int64)
    return [
        Stretch(int(np.searchsorted(moments, s.start)), int(np.searchsorted(moments, s.end + 1)))
        for s in stretches
    ]


def _within(grid: GlucoseGrid, stretches: Sequence[DoubledTime]) -> list[DoubledTime]:
    """Those that touch the grid, once each and in order: exports may repeat what others hold."""
    first, last = (int(end) for end in grid.moments[[0, -1]].astype("datetime64[s]").astype(int))
    touching = {one for one in stretches if one.end >= first and one.start <= last}
    return sorted(touching, key=lambda one: (one.start, one.end))


def _doubled(stretches: Sequence[DoubledTime]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "doubled_time",
            f"From {np.datetime64(s.start, 's').astype('datetime64[m]')} on there are two readings "
            f"for each moment over {(s.end - s.start) / 3600:.1f} hours, as when the clock is set "
            "back on a journey or two sensors are worn; that time is left out.",
        )
        for s in stretches
    )


def _compressions(grid: GlucoseGrid, lows: Sequence[Stretch]) -> tuple[Finding, ...]:
    if not lows:
        return ()
    days = wall_times(grid).astype("datetime64[D]")
    nights = len({days[min(low.start, len(grid) - 1)] for low in lows})
    return (
        Finding(
            "compression_low",
            f"On {_count(nights, 'night')} glucose falls below 70 mg/dL and comes back faster "
            "than it does in the body, as when one lies on the sensor; these "
            f"{_hours(grid, lows)} are not counted as low.",
        ),
    )


def _day(grid: GlucoseGrid, stretch: Stretch) -> str:
    """The calendar day, on the person's own clock, on which a stretch begins."""
    return str(wall_times(grid)[min(stretch.start, len(grid) - 1)].astype("datetime64[D]"))


def _hours(grid: GlucoseGrid, stretches: Sequence[Stretch]) -> str:
    minutes = sum(stretch.minutes(grid) for stretch in stretches)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 72 * 60 else f"{minutes / _DAY:.0f} days"


def _count(number: int, noun: str = "day") -> str:
    names = {0: f"no {noun}", 1: f"one {noun}"}
    return names.get(number, f"{number} {noun}s")


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
