"""Train on synthetic, test on real: does a forecaster learn from synthetic days what it needs?

A small causal network reads a day from midnight and tells, at every step, the next reading and
the one an hour on. Trained once on synthetic and once on real days, both are tested on the same
real days of people that neither saw.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.evaluation.statistics import Interval, of_draws, paired_ratio, resampled_weights
from ml.records.cgm.days import GlucoseDays
from ml.scorers.channels import CHANNELS, Scale, channels, scale_of
from ml.training.seeds import seeded_initialisation, torch_generator

Floats = npt.NDArray[np.floating]

HIDDEN = 24
_DILATIONS = (1, 2, 4, 8, 16)
WARM_UP_MINUTES = 120
"""Targets are counted from here: before, a network has seen too little."""
FAR_MINUTES = 60


@dataclass(frozen=True)
class Predictive:
    """Errors on real days of people that neither training saw; means over seeds.

    Attributes:
        next_step, hour: MAE in mg/dL of the network trained on synthetic days.
        real_next_step, real_hour: of the one trained on real days.
        next_step_ratio, hour_ratio: synthetic over real, interval over people.
        training_days, test_days, test_people: how many.
    """

    next_step: float
    hour: float
    real_next_step: float
    real_hour: float
    next_step_ratio: Interval
    hour_ratio: Interval
    training_days: int
    test_days: int
    test_people: int


class CausalPredictor(nn.Module):
    """Dilated causal convolutions; two outputs: changes from now, in SDs of such changes."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(CHANNELS, HIDDEN, 1)
        self.layers = nn.ModuleList(
            nn.Conv1d(HIDDEN, HIDDEN, 2, dilation=dilation) for dilation in _DILATIONS
        )
        self.ahead = nn.Conv1d(HIDDEN, 2, 1)

    def forward(self, days: Tensor) -> Tensor:
        """(n, CHANNELS, steps) → (n, 2, steps); an output sees nothing after its step."""
        x = self.first(days)
        for layer, dilation in zip(self.layers, _DILATIONS, strict=True):
            x = x + layer(functional.pad(functional.gelu(x), (dilation, 0)))
        return self.ahead(functional.gelu(x))


def errors_on(
    training: GlucoseDays,
    test: GlucoseDays,
    *,
    rng: np.random.Generator,
    seeds: int = 3,
    epochs: int = 20,
) -> Floats:
    """MAE of each test day at the next step and in an hour, mg/dL, (days, 2), mean over seeds.

    Kept apart from `predictive`, so that the errors of real training days are had once.
    """
    if training.step_minutes != test.step_minutes:
        raise ValueError("training and test days need one step")
    return np.mean([_errors(training, test, epochs, rng) for _ in range(seeds)], axis=0)


def predictive(
    synthetic_errors: Floats,
    real_errors: Floats,
    test: GlucoseDays,
    *,
    training_days: int,
    rng: np.random.Generator,
) -> Predictive:
    """Both trainings' `errors_on` the same test days, compared."""
    if np.unique(test.person).size > 1:
        ratio = [
            paired_ratio(test.person, synthetic_errors[:, k], real_errors[:, k], rng=rng)
            for k in (0, 1)
        ]
    else:
        ratio = [_ratio_over_days(synthetic_errors[:, k], real_errors[:, k], rng) for k in (0, 1)]
    ours, theirs = synthetic_errors.mean(axis=0), real_errors.mean(axis=0)
    return Predictive(
        next_step=float(ours[0]),
        hour=float(ours[1]),
        real_next_step=float(theirs[0]),
        real_hour=float(theirs[1]),
        next_step_ratio=ratio[0],
        hour_ratio=ratio[1],
        training_days=training_days,
        test_days=len(test),
        test_people=int(np.unique(test.person).size),
    )


def _ratio_over_days(ours: Floats, theirs: Floats, rng: np.random.Generator) -> Interval:
    weights = resampled_weights(len(ours), draws=1000, rng=rng)
    return of_draws(float(ours.mean() / theirs.mean()), (weights @ ours) / (weights @ theirs))


def _errors(
    training: GlucoseDays, test: GlucoseDays, epochs: int, rng: np.random.Generator
) -> Floats:
    scale = scale_of(training)
    network, spread = _trained(training, scale, epochs, rng)
    steps = _steps(training.step_minutes)
    warm = WARM_UP_MINUTES // training.step_minutes
    with torch.inference_mode():
        told = network(channels(test, scale)).numpy()
    values = test.mg_dl.astype(np.float64)
    found = []
    for k, ahead in enumerate(steps):
        forecast = values[:, warm:-ahead] + told[:, k, warm:-ahead] * spread[k]
        found.append(np.abs(forecast - values[:, warm + ahead :]).mean(axis=1))
    return np.stack(found, axis=1)


def _trained(
    days: GlucoseDays, scale: Scale, epochs: int, rng: np.random.Generator
) -> tuple[nn.Module, Floats]:
    steps = _steps(days.step_minutes)
    inputs, values = channels(days, scale), torch.from_numpy(days.mg_dl.astype(np.float32))
    spread = np.array([float((values[:, s:] - values[:, :-s]).std()) for s in steps])
    with seeded_initialisation(rng):
        network = CausalPredictor()
    order = torch_generator(rng)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    rounds = epochs * -(-len(days) // 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=rounds)
    for _ in range(epochs):
        for rows in torch.randperm(len(days), generator=order).split(32):
            told = network(inputs[rows])
            loss = sum(
                (told[:, k, :-s] - (values[rows, s:] - values[rows, :-s]) / spread[k]).abs().mean()
                for k, s in enumerate(steps)
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval(), spread


def _steps(step_minutes: int) -> tuple[int, int]:
    return 1, FAR_MINUTES // step_minutes
