"""What a private training promises, and what it has spent: (epsilon, delta) for a person.

Differential privacy by noisy, clipped gradients (Abadi et al. 2016). The unit is a person: all rows
of one person are one contribution to a step, clipped as one. Neighbours are cohorts with and
without one person; how many people there are is public.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ASSUMPTIONS = (
    "the schema's kinds, ranges, steps and categories are public",
    "which columns there are, the number of people and how many rows of one are kept are public",
    "the seed of the training is kept secret",
)


class NotPublic(ValueError):
    """The schema says something that was learnt from rows; names what, and what to do."""


class PrivacyOutOfReach(ValueError):
    """What is asked for is no promise, or cannot be kept by this training; says why."""


@dataclass(frozen=True)
class Privacy:
    """What is asked for.

    Attributes:
        epsilon: at most this much is spent, by either accountant.
        delta: below one over the number of people.
        rows_per_person: more rows of one person are left out of the training. With 1, and without
            being told whose the rows are, every row is taken for another person's.
        clip: largest norm of one person's gradient.
    """

    epsilon: float
    delta: float = 1e-5
    rows_per_person: int = 1
    clip: float = 1.0

    def __post_init__(self) -> None:
        if not 0.1 <= self.epsilon <= 100:
            raise PrivacyOutOfReach(f"an epsilon of {self.epsilon:g} is outside 0.1 to 100")
        if not 0 < self.delta < 1:
            raise PrivacyOutOfReach(f"a delta of {self.delta:g} is no probability between 0 and 1")
        if self.rows_per_person < 1 or self.clip <= 0:
            raise PrivacyOutOfReach("a person has at least one row, and gradients a norm above 0")


def require_delta(privacy: Privacy, people: int) -> None:
    """`PrivacyOutOfReach` unless `delta` is below one over the people."""
    if privacy.delta >= 1 / people:
        raise PrivacyOutOfReach(
            f"a delta of {privacy.delta:g} allows one of {people:,} people to be given away "
            f"whole: ask for less than {1 / people:g}"
        )


@dataclass(frozen=True)
class PrivacySpent:
    """What a training has spent for every person in it.

    Attributes:
        epsilon, accountant: an upper bound, and by whom.
        second_epsilon, second_accountant: another, reckoned independently.
        delta: of both.
        noise: standard deviation of the noise on a step's sum of gradients, in clips.
        steps: of the training.
        sampling_rate: chance of a person to be in a step, each independently (Poisson).
        people, clip: as trained.
        rows_per_person: at most so many of one person were learnt from; None where it holds for
            any number.
    """

    epsilon: float
    delta: float
    noise: float
    steps: int
    sampling_rate: float
    accountant: str
    second_epsilon: float
    second_accountant: str
    people: int
    rows_per_person: int | None
    clip: float

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values, with the unit and what is taken as public."""
        return {**asdict(self), "unit": "person", "assumes": list(ASSUMPTIONS)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "PrivacySpent":
        """What `as_json` gave."""
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__})

    def __str__(self) -> str:
        most = self.rows_per_person
        rows = "any number of" if most is None else f"at most {most}"
        return (
            f"epsilon {self.epsilon:.3f} by {self.accountant}, {self.second_epsilon:.3f} by "
            f"{self.second_accountant}, delta {self.delta:g}, for a person of "
            f"{rows} rows; noise {self.noise:.3f}, {self.steps:,} steps, "
            f"{self.sampling_rate:.2%} of {self.people:,} people in each"
        )
