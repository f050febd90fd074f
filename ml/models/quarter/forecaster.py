"""The three-month forecaster: learns from a cohort, chooses per metric, answers for one person."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.artifacts import Artifact
from ml.models.forecaster import TooLittleData
from ml.models.quarter import storage
from ml.models.quarter.choice import Route, carried_by_own_days
from ml.models.quarter.cohort import QuarterCohort
from ml.models.quarter.days import (
    BASE,
    FIRST_DAYS,
    METRICS,
    DayTable,
    days_of_grid,
    figures,
    with_range,
    worn_days,
)
from ml.models.quarter.forecast import Choice, QuarterForecast
from ml.models.quarter.learnt import FEWER, Learnt, interval_key, learn
from ml.models.quarter.own_days import (
    LEAST_WORN,
    OwnDays,
    Verdict,
    last_fortnight,
    own_days,
    verdicts,
)
from ml.models.quarter.sampling import day_spread
from ml.models.quarter.scale import LEAST_CV, back, onto
from ml.models.quarter.scenarios import (
    PATHS,
    DayPool,
    DaySource,
    labelled,
    monthly_bands,
    pool_of,
    sampled_quarters,
)
from ml.records.cgm.grid import GlucoseGrid, wall_times
from ml.training.progress import ProgressSink, silent

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Told:
    """Summaries of one person's quarter.

    Attributes:
        first: the last fourteen days, which they are told from.
        worn: how many of them were worn.
        route: what each metric is served by.
        choices: why.
        bounded: thirteen weeks and the quarter, (14, 5, 3), low, mid, high.
    """

    first: DayTable
    worn: int
    route: Route
    choices: tuple[Choice, ...]
    bounded: Floats


class QuarterForecaster:
    """Thirteen weeks of TIR, TBR, TAR, GMI and CV from fourteen days, with 90 % intervals.

    Args:
        recurrent: whether the GRU is among the candidates; fitting it imports torch.
    """

    kind = "quarter"

    def __init__(self, *, recurrent: bool = True) -> None:
        self._recurrent = recurrent
        self._learnt: Learnt | None = None
        self._card: dict[str, object] = {}

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What the cohort's held-out people decided, one per metric."""
        return self._fitted.choices

    def fit(
        self,
        cohort: QuarterCohort,
        *,
        rng: np.random.Generator,
        progress: ProgressSink = silent,
        whom: str = "people",
    ) -> None:
        """Learn from these people; the same people and `rng` give the same forecaster.

        Half of them teach, a quarter choose between the candidates and carry-forward, and the
        last quarter calibrate the intervals.

        Args:
            whom: what the people are called in reasons, e.g. ``simulated people``.

        Raises:
            TooLittleData: there are too few people.
        """
        self._learnt = learn(
            cohort, recurrent=self._recurrent, whom=whom, rng=rng, progress=progress
        )
        groups, counts = np.unique(cohort.group, return_counts=True)
        self._card = {
            "people": dict(zip(groups.tolist(), counts.tolist(), strict=True)),
            "whom": whom,
            "recurrent": self._recurrent,
        }

    def predict(
        self,
        grid: GlucoseGrid,
        *,
        rng: np.random.Generator,
        days: DaySource | None = None,
        scenarios: int = 3,
    ) -> QuarterForecast:
        """The three months after the end of `grid`.

        The last fourteen days are forecast from. Where the record has 28 worn days, its own later
        weeks are forecast from its earlier days, and what was worse there than carry-forward for
        certain is carried forward.

        Args:
            grid: of any step that divides a quarter of an hour.
            rng: draws scenarios and bands; the same state gives the same forecast.
            days: synthetic days for scenarios and bands; the person's own by default.
            scenarios: how many paths to hand out.

        Raises:
            TooLittleData: fewer than ten of the last fourteen days were worn, or they show no
                variation at all, or no whole days.
        """
        told = self.told_by_days(days_of_grid(grid))
        pool = pool_of(grid, days, rng=rng)
        paths = self._paths(pool, told, rng)
        return QuarterForecast(
            person=grid.person,
            first_day=wall_times(grid)[-1].astype("datetime64[D]") + 1,
            worn_days=told.worn,
            widened=told.worn < FIRST_DAYS,
            so_far=with_range(figures(told.first))[0],
            weekly=told.bounded[:-1],
            quarter=told.bounded[-1],
            agp=monthly_bands(paths),
            scenarios=labelled(pool, paths[:scenarios]),
            served="model" if any(c.served == "model" for c in told.choices) else "carry_forward",
            reason=_summary(told.choices),
            choices=told.choices,
            calibrated_on=str(self._card.get("whom", "people")),
        )

    def told_by_days(self, table: DayTable) -> "Told":
        """The summaries alone, from the days of one person; what `predict` builds on.

        Raises:
            TooLittleData: as `predict`.
        """
        first = last_fortnight(table)
        worn = _checked(first)
        route, choices = self._judged(own_days(table))
        bounded = self._fitted.bounded(first, route, min(FEWER, FIRST_DAYS - worn))[0]
        return Told(first, worn, route, choices, bounded)

    def predict_people(self, first: DayTable, *, fewer: int = 0) -> Floats:
        """Low, mid and high for many people by what the cohort chose: (people, 14, 5, 3).

        Rows are thirteen weeks and the quarter. Nobody's own days are asked.
        """
        learnt = self._fitted
        return learnt.bounded(first, learnt.route, fewer)

    def candidates(self, first: DayTable) -> dict[str, Floats]:
        """What every candidate says, chosen or not: kind → (people, 14, 5)."""
        return {
            kind: with_range(candidate.predict(first))
            for kind, candidate in self._fitted.candidates.items()
        }

    def to_artifact(self) -> Artifact:
        """The fitted forecaster as safetensors, JSON and card."""
        return storage.to_artifact(self._fitted, self._card)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "QuarterForecaster":
        """The forecaster as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        made = cls()
        made._learnt, made._card = storage.from_artifact(artifact), dict(artifact.card)
        made._recurrent = bool(made._card.get("recurrent", True))
        return made

    @property
    def _fitted(self) -> Learnt:
        if self._learnt is None:
            raise ValueError("this forecaster has learnt nothing yet: fit it or load one")
        return self._learnt

    def _judged(self, own: OwnDays | None) -> tuple[Route, tuple[Choice, ...]]:
        """The route for a person, after their own held-out days."""
        learnt = self._fitted
        if own is None:
            return learnt.route, learnt.choices
        carried = learnt.route.carrying(*BASE)
        found = verdicts(own, *(learnt.middle(own.first, way) for way in (learnt.route, carried)))
        by_metric = dict(zip(METRICS, found, strict=True))
        route = carried_by_own_days(learnt.route, [m for m, v in by_metric.items() if v.worse])
        return route, tuple(_told(c, route, by_metric[c.metric], own.days) for c in learnt.choices)

    def _paths(
        self,
        pool: DayPool,
        told: "Told",
        rng: np.random.Generator,
    ) -> npt.NDArray[np.float32]:
        """Quarters whose weekly mean and CV wander as those of the calibration people did."""
        learnt = self._fitted
        drawn = learnt.residuals[rng.integers(0, len(learnt.residuals), PATHS)]
        mids, spread, weeks = told.bounded[None, :-1, :, 1], day_spread(told.first), []
        for column, metric in enumerate(("gmi", "cv")):
            size = learnt.intervals[interval_key(metric, told.route)].size.of(mids, spread)
            centre = onto(metric, mids[..., METRICS.index(metric)])
            weeks.append(back(metric, centre + size * drawn[..., column]))
        return sampled_quarters(pool, weeks[0], weeks[1], rng=rng)


def _checked(first: DayTable) -> int:
    """Worn days of the last fourteen, if they are enough and not one value for ever."""
    worn = int(worn_days(first)[0])
    if worn < LEAST_WORN:
        raise TooLittleData(
            f"{worn} of the last fourteen days were worn 70 % or more; three months ahead need "
            f"{LEAST_WORN}: wear the sensor {LEAST_WORN - worn} more days"
        )
    if float(figures(first)[0, 3]) < LEAST_CV:
        raise TooLittleData(
            "the last fourteen days show one and the same glucose throughout: the sensor or the "
            "file is at fault; ten days of readings that vary are needed"
        )
    return worn


def _told(choice: Choice, route: Route, own: Verdict, days: int) -> Choice:
    """The cohort's choice with what the person's own days add."""
    reason = choice.reason
    if choice.served == "model":
        if route.candidate(choice.metric) != choice.candidate:
            verdict = "it missed by more for certain, so the fourteen days are carried forward"
        elif own.model_mae > own.carried_mae:
            verdict = "it missed by more, not beyond chance"
        else:
            verdict = "it missed by no more"
        reason = f"{reason} On {days} days of this person held out {verdict}."
    return replace(
        choice,
        served=route.served(choice.metric),
        candidate=route.candidate(choice.metric),
        reason=reason,
        figures=choice.figures
        | {
            "own_days": float(days),
            "own_model_mae": own.model_mae,
            "own_carry_forward_mae": own.carried_mae,
        },
    )


def _summary(choices: tuple[Choice, ...]) -> str:
    by_model = [c.metric.upper() for c in choices if c.served == "model"]
    carried = [c.metric.upper() for c in choices if c.served == "carry_forward"]
    if not by_model:
        return (
            "No model beat carrying the last fourteen days forward on held-out people and days, "
            "so they are carried forward."
        )
    told = f"A model serves {', '.join(by_model)}: it beat carry-forward where it was tested."
    if carried:
        told += f" Carried forward from the last fourteen days: {', '.join(carried)}."
    return told
