"""How a SinGAN is built and trained; every published figure names one of these settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class SinGanSettings:
    """One named way to train.

    Attributes:
        name: under which figures are published.
        mode: ``personal`` learns one person's days, joined into runs of days that follow each
            other, and never leaves; ``cohort`` learns single days of many people.
        step_minutes: of the days that go in and come out.
        least_days, least_people: fewer are refused with `TooLittleData`.
        most_days_a_person: days drawn of each person, so that nobody dominates; 0 takes all.
        coarsest: length of the coarsest scale, for the longest run.
        ratio: of one scale's length to the next finer one's, at most.
        iterations: of every scale.
        batch: items of one step; each is a run of days or a day.
        channels, most_channels, double_every: width of the coarsest scale, doubled every
            `double_every` scales up to `most_channels`.
        kernel: of all five layers, in generator and critic.
        generator_norm, critic_norm: batch normalisation on or off.
        learning_rate, beta1: of Adam; the rate falls to a tenth after `decay_at` of a scale.
        steps: critic steps and generator steps of an iteration.
        loss: ``wgan-gp``, or ``logistic`` with an R1 penalty.
        penalty: weight of the gradient penalty; R1's is in units of what a scale has to add, so
            that the critic may be as steep as the detail it judges is small.
        penalty_every: critic steps between two R1 penalties, each then as much heavier.
        reconstruction: weight of the reconstruction loss.
        noise: amplitude of a scale's noise over the RMSE of the reconstruction so far.
        latents: numbers that tell a whole day's level, spread, pace and roughness to every scale
            of a cohort's generator; 0 or 4.
        telling: weight of the loss that a synthetic day has the level, spread, pace and roughness
            that were told; in units of their variances.
        change: the critic also sees the change from step to step, in units of the real one.
        open_ends: noise goes on beyond the ends of a series (published: zeros), and what comes
            from below goes on with its slope (otherwise: with its last value).
        batch_spread: the critic sees how much the items of a batch differ.
        average: decay of the moving average of generator weights that is kept; 0 keeps the last.
        ada: adaptive augmentation on or off.
        ada_target: of the overfitting heuristic: r_t for ``logistic``, r_v for ``wgan-gp``.
        ada_kimg: thousands of real items over which p may go from 0 to 1.
        ada_most: p stays at or under this, so that augmentations cannot leak into samples.
        held_out: share of days (people, in a cohort) that r_v is measured on and nothing else.
        quantile_map: map the synthetic marginal on the training marginal, monotonically, last.
        checkpoint_every: iterations between two checkpoints.
    """

    name: str
    mode: Literal["personal", "cohort"]
    step_minutes: int = 5
    least_days: int = 10
    least_people: int = 1
    most_days_a_person: int = 0
    coarsest: int = 32
    ratio: float = 0.75
    iterations: int = 2000
    batch: int = 1
    channels: int = 32
    most_channels: int = 128
    double_every: int = 4
    kernel: int = 3
    generator_norm: bool = True
    critic_norm: bool = True
    learning_rate: float = 5e-4
    beta1: float = 0.5
    decay_at: float = 0.8
    steps: tuple[int, int] = (3, 3)
    loss: Literal["wgan-gp", "logistic"] = "wgan-gp"
    penalty: float = 0.1
    penalty_every: int = 1
    reconstruction: float = 10.0
    noise: float = 0.1
    latents: int = 0
    telling: float = 0.0
    change: bool = False
    open_ends: bool = False
    batch_spread: bool = False
    average: float = 0.0
    ada: bool = True
    ada_target: float = 0.5
    ada_kimg: float = 500.0
    ada_most: float = 0.8
    held_out: float = 0.1
    quantile_map: bool = False
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        if self.latents and self.mode != "cohort":
            raise ValueError("latents are told of a cohort's days alone")
        if self.telling and not self.latents:
            raise ValueError("a day can be held to what it was told only where it was told")

    def without_ada(self) -> "SinGanSettings":
        """The same with augmentation off, for ablations."""
        return replace(self, name=f"{self.name}-without-ada", ada=False)

    @property
    def reach(self) -> int:
        """Points to each side that an output depends on: five layers without padding."""
        return LAYERS * (self.kernel - 1) // 2

    def as_json(self) -> dict[str, Any]:
        """The settings as a card keeps them."""
        return {**asdict(self), "steps": list(self.steps)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "SinGanSettings":
        """The settings that `as_json` gave."""
        return cls(**{**kept, "steps": tuple(kept["steps"])})


LAYERS = 5

PAPER = SinGanSettings("paper", "personal", ada_kimg=5.0)
"""The published SinGAN on 14 days at 5 minutes: 18 scales from length 32, hours of training.

A scale shows its critic 6,000 items, so that the 500 kimg of ADA's publication would keep p at 0.
"""

DEMO = SinGanSettings(
    "demo",
    "personal",
    step_minutes=15,
    iterations=250,
    batch=2,
    most_channels=32,
    steps=(1, 1),
    loss="logistic",
    critic_norm=False,
    learning_rate=1e-3,
    penalty=0.3,
    penalty_every=4,
    noise=0.4,
    average=0.98,
    ada_target=0.6,
    ada_kimg=0.5,
    quantile_map=True,
)
"""One person's days at 15 minutes, in minutes."""

COHORT = SinGanSettings(
    "cohort",
    "cohort",
    step_minutes=15,
    least_days=100,
    least_people=20,
    most_days_a_person=14,
    coarsest=12,
    iterations=300,
    batch=64,
    kernel=5,
    steps=(1, 1),
    loss="logistic",
    critic_norm=False,
    learning_rate=1e-3,
    penalty=0.3,
    penalty_every=4,
    noise=0.4,
    most_channels=32,
    latents=4,
    telling=0.3,
    change=True,
    open_ends=True,
    batch_spread=True,
    average=0.995,
    ada_target=0.6,
    ada_kimg=50.0,
    quantile_map=True,
)
"""Days of many people at 15 minutes: the one that may be released."""

COHORT_5_MIN = replace(COHORT, name="cohort-5min", step_minutes=5)
"""The same at 5 minutes: 13 scales and three times the work."""

TINY = replace(
    COHORT,
    name="tiny",
    step_minutes=60,
    least_days=8,
    least_people=2,
    coarsest=12,
    ratio=0.6,
    iterations=8,
    batch=8,
    channels=8,
    most_channels=16,
    ada_kimg=0.2,
    checkpoint_every=5,
)
"""Seconds, hourly days: for tests."""

SETTINGS = {settings.name: settings for settings in (PAPER, DEMO, COHORT, COHORT_5_MIN, TINY)}
