"""A small simulator of a person's glucose and of the sensor that reads it.

Each day has three meals and a snack. A meal raises glucose along t·exp(-t/tau), scaled by its
carbohydrates and the person's sensitivity; the dawn effect lifts the early morning; slow drift
(an Ornstein-Uhlenbeck process) stands for everything else; in type 1, insulin undershoots now and
then. The sensor adds correlated noise, loses signal for a while and warms up between sensors.
Shapes and sizes are chosen to look like exports, not to be physiology.
"""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

_DAY = 86_400


class Condition(enum.Enum):
    """Whose glucose is simulated."""

    HEALTHY = "healthy"
    TYPE_2 = "t2d"
    TYPE_1 = "t1d"


@dataclass(frozen=True)
class _Physiology:
    basal: float  # mg/dL
    rise_per_gram: float  # mg/dL at the peak
    decay_minutes: float
    dawn: float  # mg/dL at its height, 6 in the morning
    drift: float  # SD, mg/dL
    undershoots_a_day: float


_PHYSIOLOGY = {
    Condition.HEALTHY: _Physiology(92, 0.75, 35, 6, 6, 0.0),
    Condition.TYPE_2: _Physiology(132, 1.4, 70, 22, 14, 0.1),
    Condition.TYPE_1: _Physiology(138, 2.4, 60, 25, 32, 1.2),
}


@dataclass(frozen=True, eq=False)
class SimulatedTrace:
    """What one simulated person's sensor recorded; arrays have one entry per reading.

    Attributes:
        condition: whose glucose it is.
        zone: IANA zone in which the person lives.
        cadence_minutes: of the sensor.
        utc: moments in seconds since 1970, int64, ascending.
        local: wall time of the same, seconds since 1970 as if it were UTC, int64.
        mg_dl: int64, unclipped; a device writes what lies outside its range as a word.
        meals: moments (wall time, as `local`) and grams of the meals, int64, shape (meals, 2).
    """

    condition: Condition
    zone: str
    cadence_minutes: int
    utc: npt.NDArray[np.int64]
    local: npt.NDArray[np.int64]
    mg_dl: npt.NDArray[np.int64]
    meals: npt.NDArray[np.int64]


def simulate_trace(
    rng: np.random.Generator,
    days: float,
    condition: Condition = Condition.TYPE_1,
    *,
    start: datetime = datetime(2026, 10, 5, 8, 0, tzinfo=UTC),
    zone: str = "Europe/London",
    cadence_minutes: int = 5,
    gaps_a_day: float = 0.4,
) -> SimulatedTrace:
    """`days` of readings of one person from the aware moment `start`; same `rng`, same trace."""
    step = cadence_minutes * 60
    utc = int(start.timestamp()) + np.arange(int(days * _DAY / step), dtype=np.int64) * step
    if cadence_minutes < 15:  # Dexcom's seconds wander; LibreView has minutes alone
        utc = utc + rng.integers(-1, 2, size=utc.size)
    local = utc + wall_offsets(utc, zone)
    body = _PHYSIOLOGY[condition]
    meals = _meals(rng, local, body)
    glucose = body.basal + _dawn(local, body) + _meal_rises(local, meals, body)
    glucose += _drift(rng, utc.size, body.drift, 180 / cadence_minutes)
    glucose -= _undershoots(rng, local, body)
    glucose += _drift(rng, utc.size, 3.0, 30 / cadence_minutes)
    worn = _worn(rng, utc, gaps_a_day)
    shown = np.clip(np.rint(glucose), 20, 600).astype(np.int64)
    return SimulatedTrace(
        condition=condition,
        zone=zone,
        cadence_minutes=cadence_minutes,
        utc=utc[worn],
        local=local[worn],
        mg_dl=shown[worn],
        meals=meals,
    )


def wall_offsets(utc: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """Seconds by which wall time is ahead of UTC at each moment (looked up once an hour)."""
    info = ZoneInfo(zone)
    hours, which = np.unique(utc // 3600, return_inverse=True)
    ahead = [
        int((datetime.fromtimestamp(int(hour) * 3600, info).utcoffset() or _NONE).total_seconds())
        for hour in hours
    ]
    return np.array(ahead, dtype=np.int64)[which]


_NONE = datetime.min - datetime.min


def _meals(
    rng: np.random.Generator, local: npt.NDArray[np.int64], body: _Physiology
) -> npt.NDArray[np.int64]:
    """Times and grams of breakfast, lunch, dinner and a snack on every day of the trace."""
    days = np.arange(local[0] // _DAY, local[-1] // _DAY + 1)
    hours = np.array([7.5, 12.75, 16.0, 19.0])
    grams = np.array([45, 65, 20, 75])
    times = days[:, None] * _DAY + (hours + rng.normal(0, 0.7, (days.size, 4))) * 3600
    amounts = grams * rng.lognormal(0, 0.3, (days.size, 4))
    table = np.stack([times.ravel(), amounts.ravel()], axis=1)
    return np.rint(table).astype(np.int64)


def _meal_rises(
    local: npt.NDArray[np.int64], meals: npt.NDArray[np.int64], body: _Physiology
) -> npt.NDArray[np.float64]:
    rises = np.zeros(local.size)
    reach = int(8 * body.decay_minutes * 60)
    for at, grams in meals:
        first, last = np.searchsorted(local, [at, at + reach])
        minutes = (local[first:last] - at) / 60 / body.decay_minutes
        rises[first:last] += body.rise_per_gram * grams * minutes * np.exp(1 - minutes)
    return rises


def _dawn(local: npt.NDArray[np.int64], body: _Physiology) -> npt.NDArray[np.float64]:
    hours = (local % _DAY) / 3600
    return body.dawn * np.exp(-(((hours - 6) / 2.5) ** 2))


def _drift(
    rng: np.random.Generator, size: int, spread: float, memory: float
) -> npt.NDArray[np.float64]:
    """A stationary first-order process of this SD that forgets over `memory` steps."""
    keep = np.exp(-1 / memory)
    shocks = rng.normal(0, spread * np.sqrt(1 - keep**2), size)
    state, path = rng.normal(0, spread), np.empty(size)
    for i, shock in enumerate(shocks):
        state = keep * state + shock
        path[i] = state
    return path


def _undershoots(
    rng: np.random.Generator, local: npt.NDArray[np.int64], body: _Physiology
) -> npt.NDArray[np.float64]:
    falls = np.zeros(local.size)
    days = (local[-1] - local[0]) / _DAY
    for at in rng.uniform(local[0], local[-1], rng.poisson(body.undershoots_a_day * days)):
        minutes = (local - at) / 60
        falls += rng.uniform(40, 110) * np.exp(-((minutes / 35) ** 2))
    return falls


def _worn(
    rng: np.random.Generator, utc: npt.NDArray[np.int64], gaps_a_day: float
) -> npt.NDArray[np.bool_]:
    """Which readings arrive: signal loss for a quarter of an hour to hours, 2 h at a new sensor."""
    worn = np.ones(utc.size, dtype=bool)
    days = (utc[-1] - utc[0]) / _DAY
    for at in rng.uniform(utc[0], utc[-1], rng.poisson(gaps_a_day * days)):
        worn &= ~((utc > at) & (utc < at + rng.exponential(45 * 60) + 900))
    if gaps_a_day > 0:
        since = (utc - utc[0]) % (10 * _DAY)
        worn &= (utc - utc[0] < _DAY) | (since > 2 * 3600)
    return worn
