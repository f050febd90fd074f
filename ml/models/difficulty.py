"""How hard a forecast is, told from how much its person's glucose varied lately.

A network's intervals follow the last twelve hours. Calm hours of a person who usually varies much
are less certain than the same hours of one who never does, and lively hours of the calm are more
so. The difficulty is a power law of three standard deviations, those of the last twelve hours, the
last day and the last fourteen days, all of them known at the origin.

Sources: scores normalised by a difficulty, Papadopoulos et al. 2008 and Lei et al. 2018,
section 5.2; fitted as Poisson pseudo-likelihood, Santos Silva and Tenreyro 2006.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.windows import HORIZON, ForecastWindows

Floats = npt.NDArray[np.float32]

MIDDLE_SPREAD = 25.0
"""mg/dL: a person who always varies so much is of difficulty one."""
FEATURES = ("last_12_hours", "last_day", "last_14_days")
RIDGE = 0.5
"""What draws the exponents to zero, in people: few people say little of how people differ."""
_FACTOR = np.e
"""An interval is made at most so many times wider, or narrower."""
_LARGEST_ERROR = 6.0
"""Means at which an error is cut, so that a sensor's fault is not learnt from."""
_NEWTON_STEPS = 25


@dataclass(frozen=True, eq=False)
class Difficulty:
    """Exponents of the spreads at each step ahead.

    Attributes:
        exponents: float32, shape (HORIZON, len(FEATURES)).
    """

    exponents: Floats

    @classmethod
    def none(cls) -> "Difficulty":
        """Every forecast is as hard as every other."""
        return cls(np.zeros((HORIZON, len(FEATURES)), np.float32))

    @classmethod
    def fit(cls, errors: Floats, windows: ForecastWindows) -> "Difficulty":
        """Learn what sizes of error go with; everybody counts once.

        Args:
            errors: of any unit that is none of the person's, shape (n, HORIZON), NaN where
                unknown.
        """
        inputs = _logarithms(windows).astype(np.float64)
        weight = _one_each(windows.person)
        known = np.isfinite(errors)
        steps = [
            _exponents(inputs[rows], np.abs(errors[rows, step]), weight[rows])
            for step, rows in enumerate(known.T)
            if rows.any()
        ]
        at = np.flatnonzero(known.any(axis=0))
        if not steps:
            return cls.none()
        every = np.arange(HORIZON)  # a step that nobody knows lies between its neighbours
        table = [np.interp(every, at, column) for column in np.stack(steps).T]
        return cls(np.stack(table, axis=1).astype(np.float32))

    def factors(self, windows: ForecastWindows) -> Floats:
        """What an interval's width is multiplied by, shape (n, HORIZON)."""
        power = (_logarithms(windows)[:, None, :] * self.exponents).sum(axis=2)
        return np.clip(np.exp(power), 1.0 / _FACTOR, _FACTOR).astype(np.float32)


def _logarithms(windows: ForecastWindows) -> Floats:
    """Of the spreads in units of `MIDDLE_SPREAD`, softened by 4 mg/dL, shape (n, features)."""
    spreads = [windows.history.std(axis=1), windows.day_spread, windows.usual_spread]
    softened = np.sqrt(np.stack(spreads, axis=1) ** 2 + 16.0)
    return np.log(softened / MIDDLE_SPREAD).astype(np.float32)


def _one_each(person: npt.NDArray[np.str_]) -> npt.NDArray[np.float64]:
    """Weights of windows: those of each person add up to one."""
    _, who, counts = np.unique(person, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[who], dtype=np.float64)


def _exponents(
    inputs: npt.NDArray[np.float64], errors: Floats, weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Of the power law that errors follow in the mean, by Newton's method, shape (features,)."""
    mean = max(float(np.average(errors, weights=weight)), 1e-6)
    target = np.minimum(errors / mean, _LARGEST_ERROR)
    x = np.concatenate([np.ones((len(inputs), 1)), inputs], axis=1)
    ridge = np.array([1e-9, *[RIDGE] * inputs.shape[1]])
    found = np.zeros(x.shape[1])
    for _ in range(_NEWTON_STEPS):
        expected = weight * np.exp(np.clip(x @ found, -4.0, 4.0))
        slope = x.T @ (weight * target - expected) - ridge * found
        step = np.linalg.solve((x * expected[:, None]).T @ x + np.diag(ridge), slope)
        found = found + step
        if np.abs(step).max() < 1e-7:
            break
    return np.asarray(found[1:], dtype=np.float64)
