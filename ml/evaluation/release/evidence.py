"""What is measured of one synthetic data set before anybody decides whether it may leave."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MEASURES = (
    "exact_matches",
    "too_near",
    "near_copies",
    "partial_copies",
    "shared_cells",
    "dcr_share",
    "nndr_below",
    "membership_auc",
    "attribute_advantage",
    "outlier_exposure",
    "people_across_split",
)
"""Every evidence holds these, whatever the kind of data: the release policy is written on them."""

Tell = Callable[[str, int, int], None]
"""Told a stage, the steps done and the steps there are; raises to stop the work there."""


def tell_nobody(_stage: str, _done: int, _total: int) -> None:
    """Lets the work go on and says nothing."""


@dataclass(frozen=True)
class Measure:
    """One figure between its bounds.

    Attributes:
        value: the estimate; for a count, the count.
        low, high: 95 % bounds over people (equal to `value` for a count); where the protocol says
            one-sided, each is the one-sided bound.
        n: how many people or rows, as the protocol says, the value is of.
        protocol: in one sentence, how it was measured.
    """

    value: float
    low: float
    high: float
    n: int
    protocol: str

    def as_json(self) -> dict[str, Any]:
        """As JSON values; a figure that could not be had is None."""
        figures = {"value": self.value, "low": self.low, "high": self.high}
        kept = {name: each if math.isfinite(each) else None for name, each in figures.items()}
        return kept | {"n": self.n, "protocol": self.protocol}


def count(value: int, n: int, protocol: str) -> Measure:
    """A count of what was found among `n`: nothing is estimated, so that the bounds are equal."""
    return Measure(float(value), float(value), float(value), n, protocol)


@dataclass(frozen=True)
class ReleaseEvidence:
    """All that the release policy judges; holds figures alone, no row and no name.

    Attributes:
        people, training_people, holdout_people: different people in all, and on either side.
        largest_share: the largest share of the real rows that one person gave, 0 to 1.
        synthetic_rows: rows (or days) that were judged.
        measures: by the names of `MEASURES`.
    """

    people: int
    training_people: int
    holdout_people: int
    largest_share: float
    synthetic_rows: int
    measures: Mapping[str, Measure]

    def __post_init__(self) -> None:
        lacking = [name for name in MEASURES if name not in self.measures]
        if lacking:
            raise ValueError(f"evidence without {', '.join(lacking)}: nothing can be judged by it")

    def as_json(self) -> dict[str, Any]:
        """As JSON values; the same evidence gives the same."""
        return {
            "people": self.people,
            "training_people": self.training_people,
            "holdout_people": self.holdout_people,
            "largest_share": self.largest_share,
            "synthetic_rows": self.synthetic_rows,
            "measures": {name: each.as_json() for name, each in sorted(self.measures.items())},
        }
