"""A simulated cohort whose people change over months, by the amounts in `ml.simulation.drift`.

The logarithm of glucose is a sum; readings are 15 minutes apart by default:

    level of the person + trend + season + holiday + therapy + week + day + sensor
    + spread of the person, week and day · (rhythm of the day + meals + wandering)
    - undershoots, at a rate that is the person's own and changes by the week

Shapes are chosen to look like sensors, not to be physiology.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from ml.records.cgm.grid import GlucoseGrid
from ml.simulation.drift import CONDITIONS, MIX, Condition, Drift, Wear

Floats = npt.NDArray[np.float32]
_DAY = 1440
_BLOCK = 100
"""People simulated at a time: bounds memory."""


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """People, all over the same days.

    Attributes:
        person: names of nobody, str, shape (n,).
        condition: key of `CONDITIONS`, str, (n,).
        step_minutes: between two readings.
        first_day: midnight at which everybody begins, datetime64[D].
        mg_dl: float32, (n, days, 1440 / step_minutes), 40 to 400, NaN where none was recorded.
        therapy_day: day on which therapy changed, int64, (n,); -1 where it did not.
    """

    person: npt.NDArray[np.str_]
    condition: npt.NDArray[np.str_]
    step_minutes: int
    first_day: np.datetime64
    mg_dl: Floats
    therapy_day: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.person)

    def grid(self, index: int, *, first: int = 0, last: int | None = None) -> GlucoseGrid:
        """Days `first` to `last` (not included) of one person, gaps left open."""
        values = self.mg_dl[index, first:last].reshape(-1)
        start = self.first_day.astype("datetime64[s]") + np.timedelta64(first, "D")
        minutes = np.arange(values.size) * self.step_minutes
        return GlucoseGrid(
            person=str(self.person[index]),
            step_minutes=self.step_minutes,
            moments=start + (minutes * 60).astype("timedelta64[s]"),
            minute_of_day=(minutes % _DAY).astype(np.int16),
            mg_dl=values,
            observed=np.isfinite(values),
        )


def simulate_cohort(
    people: int,
    *,
    rng: np.random.Generator,
    days: int = 120,
    step_minutes: int = 15,
    mix: Mapping[str, float] = MIX,
    drift: Drift = Drift(),
    wear: Wear = Wear(),
    first_day: np.datetime64 = np.datetime64("2026-03-02"),
    prefix: str = "simulated",
) -> SimulatedCohort:
    """`people` over `days`; the same arguments and `rng` give the same cohort.

    Args:
        mix: share of each condition.
        prefix: of the people's names.
    """
    names = sorted(mix)
    ends = np.rint(np.cumsum([mix[name] for name in names]) / sum(mix.values()) * people)
    condition = rng.permutation(np.repeat(names, np.diff(ends, prepend=0).astype(int)))
    year_day = int((first_day - first_day.astype("datetime64[Y]")).astype(int))
    blocks = [
        _People(condition[i : i + _BLOCK], days, 1440 // step_minutes, drift, rng).recorded(
            year_day, wear
        )
        for i in range(0, people, _BLOCK)
    ]
    return SimulatedCohort(
        person=np.array([f"{prefix}-{i:05d}" for i in range(people)]),
        condition=condition,
        step_minutes=step_minutes,
        first_day=first_day,
        mg_dl=np.concatenate([mg_dl for mg_dl, _ in blocks]),
        therapy_day=np.concatenate([therapy for _, therapy in blocks]),
    )


class _People:
    """Some people of a cohort; arrays are (people,), (people, days) or (people, days, steps)."""

    def __init__(
        self,
        condition: npt.NDArray[np.str_],
        days: int,
        steps: int,
        drift: Drift,
        rng: np.random.Generator,
    ) -> None:
        self._n, self._days, self._steps = len(condition), days, steps
        self._drift, self._rng = drift, rng
        self._restless = np.exp(drift.person * rng.standard_normal((self._n, 1)))
        kinds = [CONDITIONS[name] for name in condition]
        self._kind = {
            f.name: np.array([getattr(kind, f.name) for kind in kinds]) for f in fields(Condition)
        }

    def recorded(self, year_day: int, wear: Wear) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Readings with gaps, and the day of each therapy change."""
        kind, rng, n = self._kind, self._rng, self._n
        therapy = self._therapy_days()
        after = (therapy[:, None] >= 0) & (np.arange(self._days) >= therapy[:, None])
        spread = np.log(kind["spread"]) + kind["spread_sd"] * rng.standard_normal(n)
        spreads = np.exp(spread[:, None] + self._spread_changes(after))
        relative = kind["mean_sd"] / kind["mean"]
        level = np.log(kind["mean"]) + relative * rng.standard_normal(n) - np.exp(2 * spread) / 2
        levels = level[:, None] + self._level_changes(after, year_day)
        wave = spreads[..., None].astype(np.float32) * self._within_days()
        glucose = np.exp(levels[..., None].astype(np.float32) + wave - self._undershoots())
        worn, sensor = self._worn(wear)
        return np.where(worn, np.clip(glucose * sensor, 40, 400), np.nan), therapy

    def _therapy_days(self) -> npt.NDArray[np.int64]:
        changes = self._rng.random(self._n) < self._drift.therapy_share
        return np.where(changes, self._rng.integers(0, self._days, self._n), -1)

    def _level_changes(
        self, after: npt.NDArray[np.bool_], year_day: int
    ) -> npt.NDArray[np.float64]:
        drift, rng, n, days = self._drift, self._rng, self._n, np.arange(self._days)
        trend = drift.trend * rng.standard_normal((n, 1)) * (days - days.mean()) / 91
        season = drift.season * np.cos(2 * np.pi * (year_day + days - 15) / 365.25)
        begins = rng.integers(0, max(1, self._days - 14), (n, 1))
        away = (days >= begins) & (days < begins + 14)
        holiday = away * drift.holiday * rng.exponential(1.0, (n, 1))
        step = after * (drift.therapy + drift.therapy_sd * rng.standard_normal((n, 1)))
        week = drift.week * self._by_week()
        day = drift.day * rng.standard_normal((n, self._days))
        change = self._kind["change"][:, None] * self._restless
        levels: npt.NDArray[np.float64] = change * (trend + holiday + step + week + day) + season
        return levels

    def _spread_changes(self, after: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        drift, rng, n, days = self._drift, self._rng, self._n, np.arange(self._days)
        trend = drift.spread_trend * rng.standard_normal((n, 1)) * (days - days.mean()) / 91
        week = drift.spread_week * self._by_week()
        day = drift.spread_day * rng.standard_normal((n, self._days))
        change: npt.NDArray[np.float64] = trend + week + day + after * drift.therapy_spread
        return self._restless * change

    def _by_week(self) -> npt.NDArray[np.float64]:
        """A stationary process of SD 1 over days that keeps `week_memory` of itself in a week."""
        keep = self._drift.week_memory ** (1 / 7)
        return _first_order(self._rng, (self._n, self._days), keep)

    def _within_days(self) -> Floats:
        """Rhythm, meals and wandering together, SD 1 within a person."""
        shape = (self._n, self._days, self._steps)
        keep = np.exp(-_DAY / self._steps / _WANDER_MINUTES)
        wander = _first_order(self._rng, (self._n, self._days * self._steps), keep).reshape(shape)
        meals = self._meals()
        meals = (meals - meals.mean(axis=(1, 2), keepdims=True)) / meals.std(
            axis=(1, 2), keepdims=True
        )
        share = self._rng.dirichlet(_SHARES, self._n).astype(np.float32)[:, :, None, None]
        parts = (self._rhythm()[:, None], meals, wander.astype(np.float32))
        together: Floats = sum(np.sqrt(share[:, i]) * part for i, part in enumerate(parts))
        return together

    def _rhythm(self) -> Floats:
        """The same every day: rising before breakfast, and a slow wave; (people, steps), SD 1."""
        hours = np.arange(self._steps) * 24 / self._steps
        dawn = np.exp(-(((hours - 6.5) / 2.5) ** 2)) * self._kind["dawn"][:, None]
        phase = self._rng.uniform(0, 24, (self._n, 1))
        height = 0.3 * np.abs(self._rng.standard_normal((self._n, 1)))
        wave = dawn + height * np.cos(2 * np.pi * (hours - phase) / 24)
        wave -= wave.mean(axis=1, keepdims=True)
        rhythm: Floats = (wave / wave.std(axis=1, keepdims=True)).astype(np.float32)
        return rhythm

    def _meals(self) -> Floats:
        """Breakfast, lunch, snack and dinner at the person's hours, later at weekends."""
        rng, n, days = self._rng, self._n, self._days
        habit = np.array([7.5, 12.75, 16.0, 19.0]) + 0.7 * rng.standard_normal((n, 1, 4))
        late = np.where(np.arange(days) % 7 >= 5, 1.0, 0.0)[None, :, None]
        hours = (
            habit + late * np.array([1.2, 0.4, 0.2, 0.3]) + 0.6 * rng.standard_normal((n, days, 4))
        )
        grams = np.array([45, 65, 20, 75]) * np.exp(0.35 * rng.standard_normal((n, 1, 4)))
        grams = grams * np.exp(0.35 * rng.standard_normal((n, days, 4)))
        at = hours * self._steps / 24 + np.arange(days)[:, None] * self._steps
        return self._pulses(np.repeat(np.arange(n), days * 4), at.ravel(), grams.ravel(), 45.0)

    def _undershoots(self) -> Floats:
        """Falls of log glucose after a correction, a tenth to a half in an hour."""
        rng, drift, kind = self._rng, self._drift, self._kind
        own = np.log(kind["undershoots"]) + kind["undershoots_sd"] * rng.standard_normal(self._n)
        rate = np.exp(own[:, None] + drift.low_week * self._restless * self._by_week())
        count = rng.poisson(np.minimum(rate, 4.0))
        who, day = (np.repeat(index.ravel(), count.ravel()) for index in np.indices(count.shape))
        at = (day + rng.random(who.size)) * self._steps
        return self._pulses(who, at, rng.uniform(0.3, 1.0, who.size), 30.0)

    def _pulses(
        self,
        who: npt.NDArray[np.intp],
        at: npt.NDArray[np.float64],
        height: npt.NDArray[np.float64],
        peak_minutes: float,
    ) -> Floats:
        """Sum of t·exp(-t) pulses that begin at step `at` and reach `height` at the peak."""
        length = self._days * self._steps
        start = np.zeros((self._n, length), dtype=np.float32)
        step = np.clip(at, 0, length - 1).astype(np.intp)
        np.add.at(start, (who, step), height.astype(np.float32))
        rate = _DAY / self._steps / peak_minutes
        keep = np.exp(-rate)
        rise = np.array([0.0, np.e * rate * keep], dtype=np.float32)
        fall = np.array([1.0, -2 * keep, keep**2], dtype=np.float32)
        pulses: Floats = lfilter(rise, fall, start, axis=1)
        return pulses.reshape(self._n, self._days, self._steps)

    def _worn(self, wear: Wear) -> tuple[npt.NDArray[np.bool_], Floats]:
        """Which readings arrive, and each sensor's factor."""
        rng, n, days, steps = self._rng, self._n, self._days, self._steps
        begins = rng.integers(0, wear.sensor_days, n)
        sensor = (np.arange(days) + begins[:, None]) // wear.sensor_days
        error = self._drift.sensor * rng.standard_normal((n, sensor.max() + 1))
        factor = np.exp(np.take_along_axis(error, sensor, axis=1))[..., None].astype(np.float32)
        fresh = np.diff(sensor, axis=1, prepend=sensor[:, :1]) > 0
        worn = np.ones((n, days, steps), dtype=bool)
        worn[..., : max(1, steps // 12)] &= ~fresh[..., None]
        worn &= ~(fresh & (rng.random((n, days)) < wear.days_off))[..., None]
        flat = worn.reshape(n, -1)
        losses = rng.poisson(wear.losses * days * rng.gamma(2.0, 0.5, n))
        who = np.repeat(np.arange(n), losses)
        at = rng.integers(0, days * steps, who.size)
        long = np.ceil(rng.exponential(wear.loss_hours, who.size) * steps / 24).astype(int)
        change = np.zeros((n, days * steps + 1), dtype=np.int32)
        np.add.at(change, (who, at), 1)
        np.add.at(change, (who, np.minimum(at + long, days * steps)), -1)
        flat &= np.cumsum(change[:, :-1], axis=1) == 0
        return worn, factor


_WANDER_MINUTES = 150
_SHARES = (1.5, 4.0, 4.5)
"""Mean shares of rhythm, meals and wandering in the spread of a day (over their sum)."""


def _first_order(
    rng: np.random.Generator, shape: tuple[int, int], keep: float
) -> npt.NDArray[np.float64]:
    """Stationary first-order processes of SD 1 along the last axis."""
    shocks = rng.standard_normal(shape)
    shocks[:, 1:] *= np.sqrt(1 - keep**2)
    path: npt.NDArray[np.float64] = lfilter([1.0], [1.0, -keep], shocks, axis=1)
    return path
