"""Ways of telling thirteen weeks from fourteen days: nothing learnt, the cohort, and between."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.models.quarter.cohort import QuarterCohort
from ml.models.quarter.days import WEEKS, DayTable, figures, weekly_figures
from ml.models.quarter.sampling import sampling_covariance
from ml.models.quarter.scale import base_back, base_onto
from ml.training.progress import ProgressSink

ROWS = WEEKS + 1
"""Thirteen weeks and, last, the quarter as a whole."""
_OWN_WEIGHT = 14
"""Days that the group's day-to-day covariance counts for beside a person's own."""
_RIDGE = 3.0

Floats = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[np.generic]]


class Candidate(Protocol):
    """One way of forecasting the `BASE` figures.

    Attributes:
        kind: its name in choices and artifacts.
    """

    kind: str

    def fit(
        self, cohort: QuarterCohort, *, rng: np.random.Generator, progress: ProgressSink
    ) -> None:
        """Learn from these people; the same people and `rng` give the same candidate."""
        ...

    def predict(self, first: DayTable) -> Floats:
        """`BASE` figures of the weeks and the quarter, (people, ROWS, 4), natural units."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What was learnt, by name."""
        ...

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` gave."""
        ...


class CarryForward:
    """The fourteen days go on as they were."""

    kind = "carry_forward"

    def fit(
        self, cohort: QuarterCohort, *, rng: np.random.Generator, progress: ProgressSink
    ) -> None:
        """Nothing to learn."""

    def predict(self, first: DayTable) -> Floats:
        return np.repeat(figures(first)[:, None], ROWS, axis=1)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Nothing was learnt."""


class CohortMean:
    """Everybody becomes what their cohort was: what a forecast knows of nobody."""

    kind = "cohort_mean"

    def __init__(self) -> None:
        self._rows = np.zeros((ROWS, 4))

    def fit(
        self, cohort: QuarterCohort, *, rng: np.random.Generator, progress: ProgressSink
    ) -> None:
        self._rows = np.nanmedian(base_onto(weekly_figures(cohort.after)), axis=0)

    def predict(self, first: DayTable) -> Floats:
        return np.repeat(base_back(self._rows)[None], len(first), axis=0)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"rows": self._rows}

    def restore(self, arrays: Arrays) -> None:
        self._rows = np.asarray(arrays["rows"], dtype=np.float64)


class Shrinkage:
    """Empirical Bayes: each person is drawn towards their likely group, the more so the fewer
    their days and the more these differ among themselves.

    On the working scale a person's level is Normal(group mean, B) and the figures of n days are
    Normal(level, S / n), S being the person's own day-to-day covariance, drawn towards the
    group's (`_OWN_WEIGHT` days). The group itself is inferred from the figures. What is left of a
    level after k weeks is a ridge regression of week k on the level, one per group.
    """

    kind = "shrinkage"

    def __init__(self) -> None:
        self._share = np.ones(1)
        self._mean = np.zeros((1, 4))
        self._between = np.eye(4)[None]
        self._within = np.eye(4)[None]
        self._start = np.zeros((1, ROWS, 4))
        self._keep = np.zeros((1, ROWS, 4, 4))

    def fit(
        self, cohort: QuarterCohort, *, rng: np.random.Generator, progress: ProgressSink
    ) -> None:
        seen = base_onto(figures(cohort.first))
        scatter = sampling_covariance(cohort.first)
        days = cohort.first.wear.sum(axis=1)
        member = [cohort.group == name for name in np.unique(cohort.group)]
        self._share = np.array([of.mean() for of in member])
        self._mean = np.stack([seen[of].mean(axis=0) for of in member])
        self._within = np.stack([scatter[of].mean(axis=0) + 1e-6 * np.eye(4) for of in member])
        self._between = np.stack(
            [_between(seen[of], scatter[of] / days[of, None, None]) for of in member]
        )
        after = base_onto(weekly_figures(cohort.after))
        level, _ = self._levels(seen, scatter, days)
        fits = [_regressions(level[of, g], self._mean[g], after[of]) for g, of in enumerate(member)]
        self._start = np.stack([start for start, _ in fits])
        self._keep = np.stack([keep for _, keep in fits])

    def predict(self, first: DayTable) -> Floats:
        seen, scatter = base_onto(figures(first)), sampling_covariance(first)
        level, belongs = self._levels(seen, scatter, first.wear.sum(axis=1))
        rows = self._start + np.einsum("ngi,grij->ngrj", level - self._mean, self._keep)
        return base_back(np.einsum("ng,ngrj->nrj", belongs, rows))

    def weights(self, first: DayTable) -> Floats:
        """How much of a person's own distance from the cohort is kept, per figure, (people, 4)."""
        scatter, days = sampling_covariance(first), first.wear.sum(axis=1)
        _, belongs = self._levels(base_onto(figures(first)), scatter, days)
        kept: Floats = np.einsum("ng,ngii->ni", belongs, self._gain(scatter, days))
        return kept

    def _gain(self, scatter: Floats, days: Floats) -> Floats:
        """B (B + S / n)⁻¹, shape (people, groups, 4, 4)."""
        own = (days[:, None, None, None] - 1) * scatter[:, None] + _OWN_WEIGHT * self._within
        error = own / (days - 1 + _OWN_WEIGHT)[:, None, None, None] / days[:, None, None, None]
        return self._between @ np.linalg.inv(self._between + error)

    def _levels(self, seen: Floats, scatter: Floats, days: Floats) -> tuple[Floats, Floats]:
        """Posterior levels (people, groups, 4) and probabilities of the groups."""
        gain = self._gain(scatter, days)
        off = seen[:, None] - self._mean
        level = self._mean + np.einsum("ngij,ngj->ngi", gain, off)
        precision = np.linalg.inv(self._between) @ gain
        distance = np.einsum("ngi,ngij,ngj->ng", off, precision, off)
        fit = np.log(self._share) + 0.5 * (np.linalg.slogdet(precision)[1] - distance)
        belongs = np.exp(fit - fit.max(axis=1, keepdims=True))
        return level, belongs / belongs.sum(axis=1, keepdims=True)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {name: getattr(self, f"_{name}") for name in _LEARNT}

    def restore(self, arrays: Arrays) -> None:
        for name in _LEARNT:
            setattr(self, f"_{name}", np.asarray(arrays[name], dtype=np.float64))


_LEARNT = ("share", "mean", "between", "within", "start", "keep")


def _between(seen: Floats, error: Floats) -> Floats:
    """Covariance between people, what sampling explains taken away, kept positive."""
    raw = np.cov(seen.T) if len(seen) > 1 else np.eye(4)
    values, vectors = np.linalg.eigh(raw - error.mean(axis=0))
    floor = 0.05 * np.linalg.eigvalsh(raw).max()
    positive: Floats = (vectors * np.maximum(values, floor)) @ vectors.T
    return positive


def _regressions(level: Floats, mean: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Start (ROWS, 4) and slopes (ROWS, 4, 4) of each row on the level; ridge towards itself.

    The weeks' coefficients are then a straight line over the weeks: what is left jitters.
    """
    off = level - mean
    scale = np.maximum(off.std(axis=0), 1e-6)
    solved = np.stack([_ridge(off / scale, after[:, row] - level) for row in range(ROWS)])
    week = np.column_stack([np.ones(WEEKS), np.arange(WEEKS)])
    lines = np.linalg.lstsq(week, solved[:-1].reshape(WEEKS, -1), rcond=None)[0]
    solved[:-1] = (week @ lines).reshape(WEEKS, 5, 4)
    return mean + solved[:, 0], np.eye(4) + solved[:, 1:] / scale[:, None]


def _ridge(features: Floats, change: Floats) -> Floats:
    """Constant and slopes, (5, 4), from the people whose change is known."""
    known = np.isfinite(change).all(axis=1)
    design = np.column_stack([np.ones(known.sum()), features[known]])
    penalty = np.diag([0.0] + [_RIDGE] * 4)
    return np.linalg.solve(design.T @ design + penalty, design.T @ change[known])
