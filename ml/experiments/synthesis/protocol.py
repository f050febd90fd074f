"""How synthetic days are measured, and which days of whom take part."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from ml.experiments.cohorts import Person, TooFewPeople, split_by_person
from ml.generators.singan_settings import DEMO, SETTINGS, SinGanSettings
from ml.records.cgm.days import GlucoseDays, whole_days

_USUAL_STEP = 15


@dataclass(frozen=True)
class Protocol:
    """Everything that a figure depends on besides the data and the generator.

    Attributes:
        quick: tiny settings, to see that it runs; its figures say nothing.
        seed: deals people and starts everything.
        shares: of people on the training and on the held-out side.
        people_most: people that take part, 0 for all.
        most_days: of one person, drawn at random.
        synthetic_days: drawn of each cohort generator.
        scorer_seeds, scorer_epochs: of the discriminative and predictive networks.
        draws: of people, for the intervals.
        cohort, personal: names of the SinGAN settings.
        cohort_iterations, personal_iterations: of each scale, in place of the settings' own.
        longer_iterations: of a cohort SinGAN that is trained longer; 0 for none.
        cohort_seeds, plain_seeds, longer_seeds, personal_seeds: trainings of the cohort SinGAN
            with ADA, without it, of the longer one, and of every personal one.
        persons, training_days, test_days: of the personal part; the first days train, later ones
            test, at most so many.
        personal_synthetic_days: drawn of each personal generator.
    """

    quick: bool = False
    seed: int = 20261122
    shares: tuple[float, float] = (0.6, 0.4)
    people_most: int = 0
    most_days: int = 14
    synthetic_days: int = 2000
    scorer_seeds: int = 3
    scorer_epochs: int = 30
    draws: int = 500
    cohort: str = "cohort"
    personal: str = "demo"
    cohort_iterations: int = 0
    personal_iterations: int = 0
    longer_iterations: int = 1000
    cohort_seeds: int = 3
    plain_seeds: int = 1
    longer_seeds: int = 3
    personal_seeds: int = 3
    persons: int = 6
    training_days: int = 10
    test_days: int = 60
    personal_synthetic_days: int = 200

    @property
    def cohort_settings(self) -> SinGanSettings:
        """Of the cohort SinGAN, with ADA."""
        return _settings(self.cohort, self.cohort_iterations)

    @property
    def longer_settings(self) -> SinGanSettings:
        """Of the cohort SinGAN that is trained longer."""
        longer = _settings(self.cohort, self.longer_iterations)
        return replace(longer, name=f"{longer.name}-{longer.iterations}-iterations")

    @property
    def personal_settings(self) -> SinGanSettings:
        """Of a personal SinGAN, with ADA."""
        return _settings(self.personal, self.personal_iterations)

    @property
    def most_seeds(self) -> int:
        """Of any generator."""
        return max(self.cohort_seeds, self.plain_seeds, self.longer_seeds, self.personal_seeds)

    def key(self, *parts: object, step_minutes: int = _USUAL_STEP) -> str:
        """Names a row: equal for equal parts and equal ways to measure them.

        Args:
            step_minutes: of the days that are measured.
        """
        measured = {
            name: value
            for name, value in asdict(self).items()
            if not name.endswith(("iterations", "seeds")) and name not in ("cohort", "personal")
        } | {"scorer_seeds": self.scorer_seeds}
        if step_minutes != _USUAL_STEP:
            measured["step_minutes"] = step_minutes
        content = json.dumps([measured, [str(part) for part in parts]], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


_COHORT_SECONDS = 0.42  # of an iteration at all nine scales of `cohort`
_PERSONAL_SECONDS = 0.23  # of an iteration at all thirteen scales of `demo`, ten days
_JUDGING_SECONDS = 32.0  # of a row of the cohort table

QUICK = Protocol(
    quick=True,
    people_most=36,
    most_days=4,
    synthetic_days=120,
    scorer_seeds=1,
    scorer_epochs=3,
    draws=60,
    cohort="tiny",
    personal="tiny-personal",
    longer_iterations=0,
    cohort_seeds=1,
    plain_seeds=1,
    longer_seeds=1,
    personal_seeds=1,
    persons=2,
    test_days=20,
    personal_synthetic_days=60,
)


def declared_core_hours(protocol: Protocol) -> float:
    """What the whole table is expected to take, from trainings measured on one core of two."""
    cohort = protocol.cohort_settings.iterations * _COHORT_SECONDS + _JUDGING_SECONDS
    personal = protocol.personal_settings.iterations * _PERSONAL_SECONDS
    trainings = protocol.cohort_seeds + protocol.plain_seeds
    longer = protocol.longer_seeds * protocol.longer_iterations * _COHORT_SECONDS
    pairs = 2 * protocol.persons * protocol.personal_seeds
    return (trainings * cohort + longer + pairs * personal + 6 * _JUDGING_SECONDS) / 3600


def cohort_sides(
    everybody: Sequence[Person], protocol: Protocol
) -> tuple[GlucoseDays, GlucoseDays]:
    """Days of training people and of held-out people, at the cohort's step.

    Raises:
        TooFewPeople: one side has not one whole day.
    """
    rng = np.random.default_rng([protocol.seed, 1])
    chosen = list(everybody)
    if protocol.people_most:
        share = min(1.0, protocol.people_most / len(chosen))
        chosen = split_by_person(chosen, shares=(share, 1 - share), rng=rng)[0]
    sides = split_by_person(chosen, shares=protocol.shares, rng=rng)
    step = protocol.cohort_settings.step_minutes
    days = [whole_days([p.grid for p in side], step_minutes=step) for side in sides]
    if not all(map(len, days)):
        raise TooFewPeople(
            f"{len(chosen)} people leave {len(days[0])} whole days to learn from and "
            f"{len(days[1])} to be held out: two people with whole days are the least"
        )
    training, held_out = (_at_most(each, protocol.most_days, rng) for each in days)
    return training, held_out


def personal_sides(
    everybody: Sequence[Person], protocol: Protocol
) -> dict[str, tuple[GlucoseDays, GlucoseDays]]:
    """First and later days of the people with the most whole days: name → (training, test)."""
    step = protocol.personal_settings.step_minutes
    days = {p.name: whole_days([p.grid], step_minutes=step) for p in everybody}
    longest = sorted(
        (name for name in days if len(days[name]) > protocol.training_days),
        key=lambda name: (-len(days[name]), name),
    )[: protocol.persons]
    first, last = protocol.training_days, protocol.training_days + protocol.test_days
    return {
        name: (days[name].take(np.arange(first)), days[name].take(np.arange(first, end)))
        for name in longest
        for end in (min(last, len(days[name])),)
    }


def days_as_people(days: GlucoseDays) -> GlucoseDays:
    """The same days, each called a person of its own: one person's days drawn anew by day."""
    return replace(days, person=np.char.add(days.person, days.day.astype("U10")))


def _at_most(days: GlucoseDays, most: int, rng: np.random.Generator) -> GlucoseDays:
    kept = [
        rng.permutation(np.flatnonzero(days.person == name))[:most]
        for name in np.unique(days.person)
    ]
    return days.take(np.sort(np.concatenate(kept)))


def _settings(name: str, iterations: int) -> SinGanSettings:
    settings = _TINY_PERSONAL if name == _TINY_PERSONAL.name else SETTINGS[name]
    return replace(settings, iterations=iterations) if iterations else settings


_TINY_PERSONAL = replace(
    DEMO, name="tiny-personal", step_minutes=60, iterations=4, channels=8, most_channels=8
)
