"""Can a network that is trained to do so tell synthetic days from real ones?

The score is |accuracy − ½| on people whom the network never saw: 0 cannot tell, ½ always can.
Every day is judged once per seed, by a network trained on other people's days (real side) and
other days (synthetic side). Beside it belongs the score of real days of other people in the
synthetic role: two groups of people differ, too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.evaluation.statistics import Interval, of_draws, resampled_weights
from ml.records.cgm.days import GlucoseDays
from ml.scorers.channels import CHANNELS, channels, scale_of
from ml.training.seeds import seeded_initialisation, torch_generator

Floats = npt.NDArray[np.floating]

FOLDS = 4
HIDDEN = 32


@dataclass(frozen=True)
class Discriminative:
    """How well a network tells the two sides apart.

    Attributes:
        network: name of the network.
        score: |mean accuracy − ½| with its interval over people and synthetic days.
        seeds: the score of each seed.
        real_days, synthetic_days: judged of either side.
    """

    network: str
    score: Interval
    seeds: tuple[float, ...]
    real_days: int
    synthetic_days: int


class ConvolutionalJudge(nn.Module):
    """Three strided convolutions, then mean and maximum over the day."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(CHANNELS, 16, 7, stride=2, padding=3),
            nn.LeakyReLU(0.2),
            nn.Conv1d(16, HIDDEN, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(HIDDEN, HIDDEN, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
        )
        self.verdict = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * HIDDEN, 1))

    def forward(self, days: Tensor) -> Tensor:
        """Logits of being real, (n,), of days (n, CHANNELS, steps)."""
        seen = self.layers(days)
        return self.verdict(torch.cat([seen.mean(-1), seen.amax(-1)], dim=1))[:, 0]


class RecurrentJudge(nn.Module):
    """A GRU over the day (the post-hoc classifier of TimeGAN, wide enough for one variable)."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(CHANNELS, HIDDEN, batch_first=True)
        self.verdict = nn.Linear(HIDDEN, 1)

    def forward(self, days: Tensor) -> Tensor:
        """Logits of being real, (n,), of days (n, CHANNELS, steps)."""
        _, last = self.recurrent(days.transpose(1, 2))
        return self.verdict(last[-1])[:, 0]


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "cnn": ConvolutionalJudge,
    "gru": RecurrentJudge,
}


def discriminative(
    real: GlucoseDays,
    synthetic: GlucoseDays,
    *,
    rng: np.random.Generator,
    network: str = "cnn",
    seeds: int = 3,
    epochs: int = 30,
    draws: int = 1000,
) -> Discriminative:
    """The score of `synthetic` against `real`, with as many days of either side.

    Raises:
        ValueError: the steps differ, or either side has fewer than `FOLDS` people.
    """
    if real.step_minutes != synthetic.step_minutes:
        raise ValueError("real and synthetic days need one step to be told apart by their shape")
    size = min(len(real), len(synthetic))
    first = real.take(rng.permutation(len(real))[:size])
    second = synthetic.take(rng.permutation(len(synthetic))[:size])
    right = np.stack([_judged(first, second, network, epochs, rng) for _ in range(seeds)])
    accuracy = right.reshape(seeds, 2, size).mean(axis=2).mean(axis=1)
    mean = right.mean(axis=0)
    drawn = 0.5 * (
        _drawn(first.person, mean[:size], draws, rng)
        + _drawn(second.person, mean[size:], draws, rng)
    )
    signed = of_draws(float(accuracy.mean() - 0.5), drawn - 0.5)
    low = max(signed.low, -signed.high, 0.0)
    score = Interval(abs(signed.value), low, max(abs(signed.low), abs(signed.high)))
    return Discriminative(network, score, tuple(float(abs(a - 0.5)) for a in accuracy), size, size)


def _judged(
    real: GlucoseDays,
    synthetic: GlucoseDays,
    network: str,
    epochs: int,
    rng: np.random.Generator,
) -> Floats:
    """Whether each day, real ones first, was judged rightly: 0 or 1, shape (2 · days,)."""
    fold = np.concatenate([_folds(real.person, rng), _folds(synthetic.person, rng)])
    inputs_scale = scale_of(real)
    inputs = torch.cat([channels(real, inputs_scale), channels(synthetic, inputs_scale)])
    label = torch.cat([torch.ones(len(real)), torch.zeros(len(synthetic))])
    right = np.zeros(len(fold))
    for held in range(FOLDS):
        seen, unseen = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        judge = _trained(inputs[seen], label[seen], network, epochs, rng)
        with torch.inference_mode():
            verdict = judge(inputs[unseen]) > 0
        right[unseen] = (verdict == (label[unseen] > 0.5)).numpy()
    return right


def _folds(person: npt.NDArray[np.str_], rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """A fold for every day, the same for all days of a person, people dealt evenly."""
    names, whose = np.unique(person, return_inverse=True)
    if names.size < FOLDS:
        raise ValueError(f"{names.size} people are too few to hold some out: {FOLDS} are needed")
    return (rng.permutation(names.size) % FOLDS)[whose]


def _trained(
    inputs: Tensor, label: Tensor, network: str, epochs: int, rng: np.random.Generator
) -> nn.Module:
    with seeded_initialisation(rng):
        judge = NETWORKS[network]()
        draws = torch_generator(rng)
        optimiser = torch.optim.Adam(judge.parameters(), lr=2e-3, weight_decay=1e-4)
        judge.train()
        for _ in range(epochs):
            for rows in torch.randperm(len(label), generator=draws).split(64):
                loss = functional.binary_cross_entropy_with_logits(judge(inputs[rows]), label[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    return judge.eval()


def _drawn(
    person: npt.NDArray[np.str_], right: Floats, draws: int, rng: np.random.Generator
) -> Floats:
    names, whose = np.unique(person, return_inverse=True)
    weights = resampled_weights(names.size, draws=draws, rng=rng)
    return (weights @ np.bincount(whose, right)) / (weights @ np.bincount(whose))
