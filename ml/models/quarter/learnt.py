"""What fitting leaves behind: candidates, the route chosen between them, and their intervals."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from ml.evaluation.quarter import absolute_errors, ratio_to
from ml.models.forecaster import TooLittleData
from ml.models.quarter.candidates import Candidate, CarryForward, CohortMean, Shrinkage
from ml.models.quarter.choice import CARRY_FORWARD, Route, choice
from ml.models.quarter.cohort import QuarterCohort
from ml.models.quarter.days import BASE, METRICS, DayTable, weekly_figures, with_range
from ml.models.quarter.forecast import Choice
from ml.models.quarter.intervals import Intervals, Size, calibrated
from ml.models.quarter.recurrent import Recurrent
from ml.models.quarter.sampling import day_spread
from ml.training.progress import Part, ProgressSink

LEAST_PEOPLE = 200
FEWER = 4
"""Days under fourteen that are allowed: ten are needed."""
_LEARN, _CHOOSE = 0.5, 0.25
_KEPT_PATHS = 200

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Learnt:
    """A fitted forecaster's state.

    Attributes:
        candidates: fitted, by kind; ``carry_forward`` is always there.
        route: what each metric is served by unless a person's own days speak against it.
        choices: why, one per metric.
        intervals: by `interval_key`.
        residuals: GMI's and CV's residuals over size of calibration people, week by week,
            (paths, WEEKS, 2): how a real quarter wanders about its forecast.
    """

    candidates: dict[str, Candidate]
    route: Route
    choices: tuple[Choice, ...]
    intervals: dict[str, Intervals]
    residuals: Floats

    def middle(self, first: DayTable, route: Route) -> Floats:
        """`METRICS` figures of weeks and quarter by `route`, (people, ROWS, 5)."""
        return middle(self.candidates, first, route)

    def bounded(self, first: DayTable, route: Route, fewer: int) -> Floats:
        """Low, mid and high by `route` from `fewer` days than fourteen: (people, ROWS, 5, 3)."""
        mid, spread = self.middle(first, route), day_spread(first)
        return np.stack(
            [
                self.intervals[interval_key(metric, route)].around(mid, spread, fewer)
                for metric in METRICS
            ],
            axis=-2,
        )


def new_candidates(*, recurrent: bool) -> list[Candidate]:
    """Unfitted candidates; carry-forward first."""
    found: list[Candidate] = [CarryForward(), CohortMean(), Shrinkage()]
    return [*found, Recurrent()] if recurrent else found


def interval_key(metric: str, route: Route) -> str:
    """Which intervals belong to a metric served by this route."""
    return f"{metric}/{route.interval_source(metric)}"


def middle(candidates: dict[str, Candidate], first: DayTable, route: Route) -> Floats:
    """`METRICS` figures of weeks and quarter by `route`, (people, ROWS, 5)."""
    told = {name: candidates[name].predict(first) for name in set(route.source)}
    return with_range(route.composed(told))


def learn(
    cohort: QuarterCohort,
    *,
    recurrent: bool,
    whom: str,
    rng: np.random.Generator,
    progress: ProgressSink,
) -> Learnt:
    """Fit on half the people, choose on a quarter, calibrate on the last quarter."""
    if len(cohort) < LEAST_PEOPLE:
        raise TooLittleData(
            f"a cohort of {len(cohort)} people is too small to learn three months from: "
            f"{LEAST_PEOPLE} are needed"
        )
    order = rng.permutation(len(cohort))
    ends = (np.array([_LEARN, _LEARN + _CHOOSE]) * len(cohort)).astype(int)
    learners, choosers, calibrators = (cohort.take(part) for part in np.split(order, ends))
    fitted: dict[str, Candidate] = {}
    kinds = new_candidates(recurrent=recurrent)
    for index, candidate in enumerate(kinds):
        part = Part(progress, index / len(kinds), (index + 1) / len(kinds))
        candidate.fit(learners, rng=rng, progress=part)
        fitted[candidate.kind] = candidate
    route, choices = _chosen(fitted, choosers, whom, rng)
    intervals = _intervals(fitted, route, choosers, calibrators)
    return Learnt(fitted, route, choices, intervals, _paths(fitted, route, intervals, calibrators))


def _chosen(
    fitted: dict[str, Candidate], people: QuarterCohort, whom: str, rng: np.random.Generator
) -> tuple[Route, tuple[Choice, ...]]:
    """Per metric the last candidate, simplest first, that beat its predecessor for certain."""
    after = with_range(weekly_figures(people.after))
    errors = {
        kind: absolute_errors(with_range(candidate.predict(people.first)), after)
        for kind, candidate in fitted.items()
    }
    carried, source = errors[CARRY_FORWARD], []
    for metric in BASE:
        column = METRICS.index(metric)
        best = CARRY_FORWARD
        for kind in errors:  # the simpler stands until another is better for certain
            theirs, ours = errors[best][:, column], errors[kind][:, column]
            if kind != best and ratio_to(ours, theirs, rng=rng).high < 1.0:
                best = kind
        source.append(best)
    route = Route(tuple(source))
    for fallback in (
        route,
        route.carrying("tar"),
        route.carrying("tbr"),
        route.carrying(*BASE[:2]),
    ):
        served = absolute_errors(middle(fitted, people.first, fallback), after)
        ratios = [ratio_to(served[:, i], carried[:, i], rng=rng) for i in range(len(METRICS))]
        if fallback.served("tir") == CARRY_FORWARD or ratios[0].high < 1.0:
            break
    means = np.nanmean(served, axis=0), np.nanmean(carried, axis=0)
    return fallback, tuple(
        choice(
            metric, fallback, ratios[i], float(means[0][i]), float(means[1][i]), len(people), whom
        )
        for i, metric in enumerate(METRICS)
    )


def _routes(route: Route) -> list[Route]:
    """The route, and every way in which parts of it can be carried forward."""
    options = [dict.fromkeys((source, CARRY_FORWARD)) for source in route.source]
    return [Route(tuple(sources)) for sources in product(*options)]


def _intervals(
    fitted: dict[str, Candidate], route: Route, choosers: QuarterCohort, calibrators: QuarterCohort
) -> dict[str, Intervals]:
    sized, came = (with_range(weekly_figures(p.after)) for p in (choosers, calibrators))
    shortened = [calibrators.first.without_first(fewer) for fewer in range(FEWER + 1)]
    spread, wider = day_spread(choosers.first), [day_spread(first) for first in shortened]
    found: dict[str, Intervals] = {}
    for way in _routes(route):
        missing = [m for m in METRICS if interval_key(m, way) not in found]
        if not missing:
            continue
        shown = middle(fitted, choosers.first, way)
        told = [middle(fitted, first, way) for first in shortened]
        for metric in missing:
            size = Size.fitted(metric, shown, spread, sized)
            found[interval_key(metric, way)] = calibrated(size, told, wider, came)
    return found


def _paths(
    fitted: dict[str, Candidate],
    route: Route,
    intervals: dict[str, Intervals],
    people: QuarterCohort,
) -> Floats:
    mids, spread = middle(fitted, people.first, route), day_spread(people.first)
    came = with_range(weekly_figures(people.after))
    columns = [
        intervals[interval_key(metric, route)].residuals(mids, spread, came)[:, :-1]
        for metric in ("gmi", "cv")
    ]
    paths = np.stack(columns, axis=-1)
    return paths[np.isfinite(paths).all(axis=(1, 2))][:_KEPT_PATHS]
