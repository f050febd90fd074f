"""Sizes of what differs between simulated people and of what changes over their months.

All are in logarithmic units (0.05 is 5 %).

Where they come from. Between people: means and CVs of the populations of the consensus report and
of the sets measured in docs/results/cgm_quarter.md. Weeks, days, sensors and trends: set so that
the R² of fourteen days with the three months they lie in is, in the type 1 group, that of
Riddlesworth et al. 2018 (n = 257): .84-.86 for mean, TIR and TAR, .76 for TBR, .70 for CV; the
quarter experiment prints both beside each other. Season: HbA1c is some 0.1-0.2 % higher in winter
(Tseng et al. 2005). Holiday and therapy steps are assumptions of ours of a plausible size: no
public set is long enough to measure them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """What people of one kind have in common, and by how much they differ.

    Attributes:
        mean, mean_sd: of glucose in mg/dL over people, log-normal.
        spread, spread_sd: SD of log glucose within a person's days; SD of its logarithm between.
        undershoots: median a day; between people it is log-normal with `undershoots_sd`.
        dawn: share of the rhythm's height that comes before breakfast.
        change: factor on every size of `Drift`.
    """

    mean: float
    mean_sd: float
    spread: float
    spread_sd: float
    undershoots: float
    undershoots_sd: float
    dawn: float
    change: float


CONDITIONS: Mapping[str, Condition] = {
    "t1d": Condition(163.0, 30.0, 0.32, 0.14, 0.50, 0.7, 0.5, 1.0),
    "t2d": Condition(152.0, 32.0, 0.22, 0.20, 0.03, 1.2, 0.7, 0.9),
    "prediabetes": Condition(113.0, 9.0, 0.16, 0.18, 0.01, 1.0, 0.3, 0.9),
    "healthy": Condition(99.0, 9.0, 0.14, 0.18, 0.02, 1.0, 0.2, 0.9),
}
MIX: Mapping[str, float] = {"t1d": 0.5, "t2d": 0.25, "prediabetes": 0.1, "healthy": 0.15}


@dataclass(frozen=True)
class Drift:
    """How people change; SDs in logarithmic units, for type 1.

    Attributes:
        person: of the logarithm of each person's own factor on every size below; some people
            change much and others hardly.
        week, week_memory: of the level from week to week, a first-order process; its correlation
            with the week before.
        spread_week: of the spread, same memory.
        low_week: of the rate of undershoots, same memory.
        day: of the daily level; `spread_day` of the daily spread.
        sensor: of a sensor's own error of calibration.
        trend: of a straight line's change over 91 days; `spread_trend` of the spread's.
        season: half the difference of winter and summer.
        holiday: mean rise of a fortnight that each person has once in four months.
        therapy_share: share of people whose therapy changes once in the days simulated.
        therapy, therapy_sd: change of the level then; `therapy_spread`: of the spread.
    """

    person: float = 0.5
    week: float = 0.033
    week_memory: float = 0.45
    spread_week: float = 0.10
    low_week: float = 0.75
    day: float = 0.10
    spread_day: float = 0.18
    sensor: float = 0.06
    trend: float = 0.04
    spread_trend: float = 0.04
    season: float = 0.012
    holiday: float = 0.04
    therapy_share: float = 0.25
    therapy: float = -0.05
    therapy_sd: float = 0.07
    therapy_spread: float = -0.04


@dataclass(frozen=True)
class Wear:
    """When readings are missing.

    Attributes:
        losses: of signal a day, each `loss_hours` long on average.
        sensor_days: after which a new sensor warms up for two hours.
        days_off: share of sensor changes followed by a day or more without one.
    """

    losses: float = 0.3
    loss_hours: float = 1.5
    sensor_days: int = 10
    days_off: float = 0.08
