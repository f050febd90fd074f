"""Intervals that cover what they say: split conformal by group, and online for one person.

First a forecast's quantiles are stretched about their middle by how hard it is for its person
(`ml.models.difficulty`). Then quantile τ at a step is moved so that, among people the model never
saw, a share τ of outcomes lies below it: overall, in every hour of the day, in every band of the
last observed glucose, and for calm and lively recent hours alike. Moves are measured in widths of
the stretched 90 % interval. Groups add up; each is learnt on what the others left over, and small
ones stay near zero. What people who took no part in making these tables were left with is added
at the end. The middle is not moved: it is the point forecast.

Sources: Romano et al. 2019 (conformalised quantile regression), Gibbs and Candès 2021 (adaptive
conformal inference), Barber et al. 2021 (leaving out whom an error is taken of). Adding group
effects and shrinking them is ours; exact finite-sample guarantees do not survive it, so coverage
is measured on people held out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.models.difficulty import FEATURES, Difficulty
from ml.models.forecaster import MEDIAN, QUANTILES
from ml.records.cgm.windows import HORIZON, ForecastWindows

Floats = npt.NDArray[np.float32]
Tables = dict[str, Floats]

FORMAT = 2
"""Of every forecaster that holds these tables; format 1 knew no difficulty."""
LOWEST = 20.0
HIGHEST = 600.0
"""mg/dL that a forecast may say."""
BANDS = np.array([54.0, 70.0, 180.0, 250.0])
SPREADS = np.array([8.0, 14.0, 24.0, 40.0])
"""mg/dL between groups of recent variation, the SD of the last twelve hours."""
GROUPS = {"all": 1, "hour": 24, "band": 5, "spread": 5}
SHRINKAGE = 12.0
"""Person-days at which a group counts half."""
OWN_SHRINKAGE = 18.0
"""Days at which a person's own groups count half beside those of others."""
_ROUNDS = 3
_PARTS, _FEWEST_PEOPLE, _THINNED = 5, 15, 2
_DIFFICULTY = "conformal.difficulty"
_NARROWEST = 2.0
_LEVELS = np.array(QUANTILES)


def history_spread(windows: ForecastWindows) -> Floats:
    """SD of each history in mg/dL, never under 4, shape (n,)."""
    return np.sqrt(windows.history.var(axis=1) + 16.0).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Conformal:
    """Stretches and moves of the quantiles, learnt on people a forecaster was not trained on.

    Attributes:
        difficulty: how wide a person's intervals have to be beside others'.
        shifts: group name → widths, float32, shape (groups, HORIZON, levels).
    """

    difficulty: Difficulty
    shifts: Mapping[str, Floats]

    @classmethod
    def fit(
        cls, quantiles: Floats, windows: ForecastWindows, *, prior: "Conformal | None" = None
    ) -> "Conformal":
        """Learn from forecasts (n, HORIZON, levels) and what came after them.

        Without a `prior` difficulty and the move of everybody are learnt whole; with one, its
        difficulty stays, and what is learnt here corrects its moves and is shrunk like any
        group's.
        """
        if prior is None:
            learnt = _learnt(quantiles, windows)
            return cls(learnt.difficulty, _for_strangers(learnt, quantiles, windows))
        own = _moves(prior._left(quantiles, windows), windows, alone=False)
        return cls(prior.difficulty, {name: own[name] + prior.shifts[name] for name in GROUPS})

    def apply(self, quantiles: Floats, windows: ForecastWindows) -> Floats:
        """Calibrated quantiles: ascending, within `LOWEST` to `HIGHEST`, the middle as it was."""
        stretched = _stretched(quantiles, self.difficulty, windows)
        moved = stretched + self._shift(windows) * _width(stretched)
        return ordered(moved, quantiles[:, :, MEDIAN])

    def _left(self, quantiles: Floats, windows: ForecastWindows) -> Floats:
        """Outcomes above each calibrated quantile, in widths."""
        return _left(quantiles, self.difficulty, windows) - self._shift(windows)

    def _shift(self, windows: ForecastWindows) -> Floats:
        groups = _groups(windows)
        parts = [table[groups[name]] for name, table in self.shifts.items()]
        return np.sum(parts, axis=0, dtype=np.float32)

    def to_tensors(self) -> dict[str, Floats]:
        """The tables by the names they are stored under."""
        shifts = {f"conformal.{name}": table for name, table in self.shifts.items()}
        return shifts | {_DIFFICULTY: self.difficulty.exponents}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Floats], version: int = FORMAT) -> "Conformal":
        """The inverse of `to_tensors`; what format 1 wrote forecasts as it did.

        Raises:
            KeyError: a table is missing.
            ValueError: a table has another shape.
        """
        shifts = {name: np.asarray(tensors[f"conformal.{name}"], np.float32) for name in GROUPS}
        for name, size in GROUPS.items():
            if shifts[name].shape != (size, HORIZON, len(QUANTILES)):
                raise ValueError(f"the table of {name} has shape {shifts[name].shape}")
        if version < FORMAT:
            return cls(Difficulty.none(), shifts)
        exponents = np.asarray(tensors[_DIFFICULTY], np.float32)
        if exponents.shape != (HORIZON, len(FEATURES)):
            raise ValueError(f"the table of difficulty has shape {exponents.shape}")
        return cls(Difficulty(exponents), shifts)


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


def _learnt(quantiles: Floats, windows: ForecastWindows) -> Conformal:
    """Difficulty, then the effects of the groups, all on the same windows."""
    away = windows.target - quantiles[:, :, MEDIAN]
    difficulty = Difficulty.fit(away / _width(quantiles)[:, :, 0], windows)
    left = _left(quantiles, difficulty, windows)
    return Conformal(difficulty, _moves(left, windows, alone=True))


def _for_strangers(learnt: Conformal, quantiles: Floats, windows: ForecastWindows) -> Tables:
    """The moves of `learnt`, and what is still missing for people who did not make them.

    Tables fit those who made them too well. A fifth of the people at a time is calibrated by the
    others; what that leaves over is added for everybody. Of few people it would widen too much.
    """
    _, who = np.unique(windows.person, return_inverse=True)
    if who.size == 0 or who.max() + 1 < _FEWEST_PEOPLE:
        return dict(learnt.shifts)
    some = np.arange(0, len(who), _THINNED)
    windows, quantiles, part = windows.take(some), quantiles[some], who[some] % _PARTS
    left = np.empty((*windows.target.shape, len(QUANTILES)), np.float32)
    for held in (part == number for number in range(_PARTS)):
        others = _learnt(quantiles[~held], windows.take(~held))
        left[held] = others._left(quantiles[held], windows.take(held))
    more = _column_quantiles(left).astype(np.float32)
    more[:, MEDIAN] = 0.0
    return {**learnt.shifts, "all": learnt.shifts["all"] + more}


def _moves(left: Floats, windows: ForecastWindows, *, alone: bool) -> Tables:
    """The effect of every group, learnt on what others leave; `alone`, everybody's is whole."""
    left, groups, days = left.copy(), _groups(windows), _person_days(windows)
    moves = {name: np.zeros((size, *left.shape[1:]), np.float32) for name, size in GROUPS.items()}
    shrinkage = SHRINKAGE if alone else OWN_SHRINKAGE
    for name in list(groups) * _ROUNDS:
        left += moves[name][groups[name]]
        half = 0.0 if name == "all" and alone else shrinkage
        moves[name] = _group_quantiles(left, groups[name], days, GROUPS[name], shrinkage=half)
        left -= moves[name][groups[name]]
    return moves


def _stretched(quantiles: Floats, difficulty: Difficulty, windows: ForecastWindows) -> Floats:
    middle = quantiles[:, :, MEDIAN : MEDIAN + 1]
    return middle + (quantiles - middle) * difficulty.factors(windows)[:, :, None]


def _left(quantiles: Floats, difficulty: Difficulty, windows: ForecastWindows) -> Floats:
    stretched = _stretched(quantiles, difficulty, windows)
    return np.asarray((windows.target[:, :, None] - stretched) / _width(stretched), np.float32)


def _groups(windows: ForecastWindows) -> dict[str, npt.NDArray[np.intp]]:
    last = windows.history[:, -1]
    band = np.searchsorted(BANDS[:2], last, side="right") + np.searchsorted(BANDS[2:], last)
    return {
        "all": np.zeros(len(windows), dtype=np.intp),
        "spread": np.searchsorted(SPREADS, history_spread(windows)),
        "hour": (windows.minute_of_day // 60).astype(np.intp),
        "band": band,
    }


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
    shrinkage: float,
) -> Floats:
    """Quantile τ of what is left in each group for the column of τ, shrunk towards zero."""
    moves = np.zeros((size, *left.shape[1:]), dtype=np.float32)
    for group in np.unique(groups):
        rows = groups == group
        known = np.unique(days[rows]).size
        moves[group] = known / (known + shrinkage) * _column_quantiles(left[rows])
    moves[:, :, MEDIAN] = 0.0
    return moves


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
