"""Intervals that cover what they say: split conformal by group, and online for one person.

A forecast's quantile τ at a step is moved so that, among people the model never saw, a share τ of
outcomes lies below it: overall, in every hour of the day, in every band of the last observed
glucose, and for calm and lively recent hours alike. Moves are measured in widths of the forecast's
own 90 % interval, so that a person with little variation gets little. Groups add up; each is
learnt on what the others left over, and small ones stay near zero. The middle is not moved: it
is the point forecast.

Sources: Romano et al. 2019 (conformalised quantile regression), Gibbs and Candès 2021 (adaptive
conformal inference). Adding group effects and shrinking them is ours; exact finite-sample
guarantees do not survive it, so coverage is measured on people held out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.models.forecaster import MEDIAN, QUANTILES
from ml.records.cgm.windows import HORIZON, ForecastWindows

Floats = npt.NDArray[np.float32]

LOWEST = 20.0
HIGHEST = 600.0
"""mg/dL that a forecast may say."""
BANDS = np.array([54.0, 70.0, 180.0, 250.0])
SPREADS = np.array([8.0, 14.0, 24.0, 40.0])
"""mg/dL between groups of recent variation, the SD of the last twelve hours."""
GROUPS = {"all": 1, "hour": 24, "band": 5, "spread": 5}
SHRINKAGE = 12.0
"""Person-days at which a group counts half."""
_ROUNDS = 3
_NARROWEST = 2.0
_LEVELS = np.array(QUANTILES)


def history_spread(windows: ForecastWindows) -> Floats:
    """SD of each history in mg/dL, never under 4, shape (n,)."""
    return np.sqrt(windows.history.var(axis=1) + 16.0).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Conformal:
    """Moves of the quantiles, learnt on people that a forecaster was not trained on.

    Attributes:
        shifts: group name → widths, float32, shape (groups, HORIZON, levels).
    """

    shifts: Mapping[str, Floats]

    @classmethod
    def fit(
        cls, quantiles: Floats, windows: ForecastWindows, *, prior: "Conformal | None" = None
    ) -> "Conformal":
        """Learn from forecasts (n, HORIZON, levels) and what came after them.

        Without a `prior` the move of everybody is learnt whole; with one, what is learnt here
        corrects it and is shrunk like any group's.
        """
        left = (windows.target[:, :, None] - quantiles) / _width(quantiles)
        if prior is not None:
            left = left - prior._shift(windows)
        days, groups = _person_days(windows), _groups(windows)
        moves = {name: np.zeros((size, *left.shape[1:]), np.float32) for name, size in _sizes()}
        for name in list(groups) * _ROUNDS:
            left += moves[name][groups[name]]
            whole = name == "all" and prior is None
            moves[name] = _group_quantiles(left, groups[name], days, GROUPS[name], whole=whole)
            left -= moves[name][groups[name]]
        before = {} if prior is None else prior.shifts
        return cls({name: move + before.get(name, np.float32(0)) for name, move in moves.items()})

    def apply(self, quantiles: Floats, windows: ForecastWindows) -> Floats:
        """Calibrated quantiles: ascending, within `LOWEST` to `HIGHEST`, the middle as it was."""
        moved = quantiles + self._shift(windows) * _width(quantiles)
        return ordered(moved, quantiles[:, :, MEDIAN])

    def _shift(self, windows: ForecastWindows) -> Floats:
        groups = _groups(windows)
        parts = [table[groups[name]] for name, table in self.shifts.items()]
        return np.sum(parts, axis=0, dtype=np.float32)

    def to_tensors(self) -> dict[str, Floats]:
        """The tables by the names they are stored under."""
        return {f"conformal.{name}": table for name, table in self.shifts.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Floats]) -> "Conformal":
        """The inverse of `to_tensors`.

        Raises:
            KeyError: a table is missing.
            ValueError: a table has another shape.
        """
        shifts = {name: np.asarray(tensors[f"conformal.{name}"], np.float32) for name in GROUPS}
        for name, size in _sizes():
            if shifts[name].shape != (size, HORIZON, len(QUANTILES)):
                raise ValueError(f"the table of {name} has shape {shifts[name].shape}")
        return cls(shifts)


@dataclass(frozen=True, eq=False)
class Residuals:
    """Turns a point forecast into quantiles: how it erred, in units of recent variation.

    Attributes:
        table: float32, shape (HORIZON, levels).
    """

    table: Floats

    @classmethod
    def fit(cls, point: Floats, windows: ForecastWindows) -> "Residuals":
        """Learn from point forecasts (n, HORIZON) and what came after them."""
        left = (windows.target - point) / history_spread(windows)[:, None]
        known = np.flatnonzero(np.isfinite(left).any(axis=0))
        found = [np.zeros(len(QUANTILES)), *(_quantiles(left[:, step]) for step in known)]
        at = np.concatenate([[-1], known])  # a step that nobody knows lies between its neighbours
        table = [np.interp(np.arange(HORIZON), at, column) for column in np.stack(found).T]
        return cls(np.stack(table, axis=1).astype(np.float32))

    def quantiles(self, point: Floats, windows: ForecastWindows) -> Floats:
        """Quantiles around `point`, which is their middle, shape (n, HORIZON, levels)."""
        away = history_spread(windows)[:, None, None] * self.table
        return ordered(point[:, :, None] + away, point)


def ordered(quantiles: Floats, middle: Floats) -> Floats:
    """Ascending quantiles around `middle`, within `LOWEST` to `HIGHEST`."""
    middle = np.clip(middle, LOWEST, HIGHEST)[:, :, None]
    below = np.minimum(np.sort(quantiles[:, :, :MEDIAN], axis=2), middle)
    above = np.maximum(np.sort(quantiles[:, :, MEDIAN + 1 :], axis=2), middle)
    together = np.concatenate([below, middle, above], axis=2)
    return np.clip(together, LOWEST, HIGHEST).astype(np.float32)


class AdaptiveConformal:
    """Keeps one person's interval honest as outcomes come in (adaptive conformal inference).

    Each step ahead has a factor on the half-widths below and above the middle; a miss widens it,
    a hit narrows it, so that misses approach 5 % on either side in the long run, whoever the
    person is.

    Args:
        rate: how fast; 0.02 forgets in about a day of 5-minute forecasts.
    """

    def __init__(self, rate: float = 0.02) -> None:
        self._rate = rate
        self._miss = QUANTILES[0]
        self.factors = np.ones((2, HORIZON), dtype=np.float64)

    def apply(self, quantiles: Floats) -> Floats:
        """Quantiles (n, HORIZON, levels) with the present factors."""
        middle = quantiles[:, :, MEDIAN : MEDIAN + 1]
        away = quantiles - middle
        factors = np.where(away < 0, self.factors[0][:, None], self.factors[1][:, None])
        return ordered(middle + away * factors, middle[:, :, 0])

    def observe(self, quantiles: Floats, target: Floats) -> None:
        """Learn from one forecast that `apply` gave, (HORIZON, levels), and its outcomes.

        Outcomes not known yet are NaN; tell each once.
        """
        known = np.isfinite(target)
        missed = np.stack([target < quantiles[:, 0], target > quantiles[:, -1]])
        step = np.exp(self._rate * (missed - self._miss))
        self.factors = np.clip(np.where(known, self.factors * step, self.factors), 0.25, 4.0)


def _groups(windows: ForecastWindows) -> dict[str, npt.NDArray[np.intp]]:
    last = windows.history[:, -1]
    band = np.searchsorted(BANDS[:2], last, side="right") + np.searchsorted(BANDS[2:], last)
    return {
        "all": np.zeros(len(windows), dtype=np.intp),
        "spread": np.searchsorted(SPREADS, history_spread(windows)),
        "hour": (windows.minute_of_day // 60).astype(np.intp),
        "band": band,
    }


def _sizes() -> list[tuple[str, int]]:
    return list(GROUPS.items())


def _width(quantiles: Floats) -> Floats:
    return np.maximum(quantiles[:, :, -1:] - quantiles[:, :, :1], np.float32(_NARROWEST))


def _person_days(windows: ForecastWindows) -> npt.NDArray[np.intp]:
    """A number for each person's each day, shape (n,)."""
    day = windows.moment.astype("datetime64[D]").astype(np.int64)
    _, who = np.unique(windows.person, return_inverse=True)
    return np.unique(who * 1_000_000 + day, return_inverse=True)[1]


def _group_quantiles(
    left: Floats,
    groups: npt.NDArray[np.intp],
    days: npt.NDArray[np.intp],
    size: int,
    *,
    whole: bool,
) -> Floats:
    """Quantile τ of what is left in each group for the column of τ, shrunk towards zero."""
    moves = np.zeros((size, *left.shape[1:]), dtype=np.float32)
    for group in np.unique(groups):
        rows = groups == group
        weight = 1.0 if whole else _weight(np.unique(days[rows]).size)
        moves[group] = weight * _column_quantiles(left[rows])
    moves[:, :, MEDIAN] = 0.0
    return moves


def _weight(days: int) -> float:
    return days / (days + SHRINKAGE)


def _column_quantiles(left: Floats) -> Floats:
    """Quantile τ of the column of τ at each step, shape (HORIZON, levels)."""
    ascending = np.sort(left, axis=0)  # NaN last
    counts = np.isfinite(left).sum(axis=0)
    rank = np.clip(_LEVELS * (counts + 1) - 1, 0, np.maximum(counts - 1, 0))
    low = np.floor(rank).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0))
    part = rank - low
    below = np.take_along_axis(ascending, low[None], axis=0)[0]
    above = np.take_along_axis(ascending, high[None], axis=0)[0]
    return np.where(counts > 0, below + (above - below) * part, 0.0)


def _quantiles(values: Floats) -> npt.NDArray[np.float64]:
    return np.quantile(values[np.isfinite(values)], QUANTILES)
