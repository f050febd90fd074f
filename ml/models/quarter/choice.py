"""Which forecast is served per metric: a model only where it beat carry-forward."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval
from ml.models.quarter.days import BASE
from ml.models.quarter.forecast import SERVED, Choice

CARRY_FORWARD = "carry_forward"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Route:
    """What each metric is forecast with.

    Attributes:
        source: candidate per `BASE` metric, ``carry_forward`` among them.
    """

    source: tuple[str, ...]

    def served(self, metric: str) -> SERVED:
        """``model`` or ``carry_forward``; time in range is a model's as soon as a part of it is."""
        parts = BASE[:2] if metric == "tir" else (metric,)
        carried = all(self.source[BASE.index(part)] == CARRY_FORWARD for part in parts)
        return "carry_forward" if carried else "model"

    def candidate(self, metric: str) -> str:
        """Name of the candidate; both of them for time in range where they differ."""
        if metric != "tir":
            return self.source[BASE.index(metric)]
        return "+".join(dict.fromkeys(self.source[:2]))

    def interval_source(self, metric: str) -> str:
        """What the metric's errors depend on: its candidate, or both of time in range."""
        if metric != "tir":
            return self.source[BASE.index(metric)]
        return "+".join(self.source[:2])

    def carrying(self, *metrics: str) -> "Route":
        """The route with these `BASE` metrics carried forward."""
        kept = (
            CARRY_FORWARD if m in metrics else s for m, s in zip(BASE, self.source, strict=True)
        )
        return Route(tuple(kept))

    def composed(self, predictions: dict[str, Floats]) -> Floats:
        """`BASE` figures (…, 4), each taken from its candidate's prediction."""
        columns = [predictions[name][..., i] for i, name in enumerate(self.source)]
        base = np.stack(columns, axis=-1)
        base[..., :2] /= np.maximum(base[..., :2].sum(axis=-1, keepdims=True), 1.0)
        return base


def choice(
    metric: str,
    route: Route,
    ratio: Interval,
    model_mae: float,
    carried_mae: float,
    people: int,
    whom: str,
) -> Choice:
    """What held-out people said about a metric."""
    served = route.served(metric)
    if served == "model":
        reason = (
            f"On {people} {whom} held out, {route.candidate(metric)} missed by "
            f"{100 * (1 - ratio.value):.0f} % less than carrying the fourteen days forward."
        )
    else:
        reason = (
            f"No model beat carrying the fourteen days forward for certain on {people} {whom} "
            "held out."
        )
    return Choice(
        metric=metric,
        served=served,
        candidate=route.candidate(metric),
        reason=reason,
        figures={
            "held_out_people": float(people),
            "model_mae": model_mae,
            "carry_forward_mae": carried_mae,
            "ratio": ratio.value,
            "ratio_upper_95": ratio.high,
        },
    )


def carried_by_own_days(route: Route, worse: Collection[str]) -> Route:
    """The route after a person's own held-out days: what was `worse` there is carried forward."""
    parts = BASE[:2] if "tir" in worse else ()
    return route.carrying(*parts, *(metric for metric in worse if metric in BASE))
