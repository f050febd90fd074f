"""Training of the GRU over daily summaries; the one file of the quarter that imports torch."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ml.models.quarter.cohort import QuarterCohort
from ml.models.quarter.days import figures, weekly_figures
from ml.models.quarter.features import FEATURES, PARTS, WIDTH, day_features, spread_over_rows
from ml.models.quarter.scale import EPSILON, base_onto
from ml.training.progress import Progress, ProgressSink
from ml.training.seeds import seeded_initialisation

EPOCHS = 60
BATCH = 128
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-3
PATIENCE = 10
MOST_MISSING = 4
"""Days taken off at random in training: a forecast from ten days is learnt as well."""

Floats = npt.NDArray[np.float32]


class _Network(nn.Module):
    """Daily summaries (n, 14, FEATURES) and own figures (n, 4) to changes (n, rows, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(FEATURES, WIDTH, batch_first=True)
        self.mix = nn.Linear(WIDTH + 4, WIDTH)
        self.out = nn.Linear(WIDTH, PARTS * 4)
        self.rows = torch.tensor(spread_over_rows(), dtype=torch.float32)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, days: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        _, state = self.gru(days)
        mixed = torch.relu(self.mix(torch.cat([state[0], own], dim=1)))
        parts: torch.Tensor = self.out(mixed).reshape(-1, PARTS, 4)
        return self.rows @ parts


class _Tensors:
    """A cohort as the network reads it, with some of the first days off everybody's wrist."""

    def __init__(self, cohort: QuarterCohort, missing: int, norms: dict[str, Floats]) -> None:
        first = cohort.first.without_first(missing)
        seen = base_onto(figures(first))
        self.seen = torch.tensor(seen, dtype=torch.float32)
        days = (day_features(first) - norms["day_mean"]) / norms["day_scale"]
        self.days = torch.tensor(days, dtype=torch.float32)
        own = (seen - norms["seen_mean"]) / norms["seen_scale"]
        self.own = torch.tensor(own, dtype=torch.float32)
        self.after = torch.tensor(weekly_figures(cohort.after), dtype=torch.float32)


def trained(
    cohort: QuarterCohort, *, rng: np.random.Generator, progress: ProgressSink
) -> dict[str, Floats]:
    """Weights by the names that `Recurrent` reads; every sixth person decides when to stop."""
    order = rng.permutation(len(cohort))
    watch, learn = cohort.take(order[::6]), cohort.take(np.delete(order, np.s_[::6]))
    norms = _norms(learn)
    variants = [_Tensors(learn, missing, norms) for missing in range(MOST_MISSING + 1)]
    watched = _Tensors(watch, 0, norms)
    unit = _unit(variants[0])
    with seeded_initialisation(rng):
        network = _Network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    best, state, since = float("inf"), network.state_dict(), 0
    for epoch in range(EPOCHS):
        for rows in np.array_split(rng.permutation(len(learn)), max(1, len(learn) // BATCH)):
            part = variants[int(rng.integers(0, MOST_MISSING + 1)) if rng.random() < 0.5 else 0]
            optimiser.zero_grad()
            _loss(network, part, torch.from_numpy(rows), unit).backward()
            optimiser.step()
        with torch.no_grad():
            score = float(_loss(network, watched, torch.arange(len(watch)), unit))
        since += 1
        if score < best:
            best, since = score, 0
            state = {name: value.clone() for name, value in network.state_dict().items()}
        progress(Progress("learning three months", epoch + 1, EPOCHS, (("loss", score),)))
        if since > PATIENCE:
            break
    return _named(state) | norms


def _loss(
    network: _Network, part: _Tensors, rows: torch.Tensor, unit: torch.Tensor
) -> torch.Tensor:
    """Mean absolute error of known figures, over that of carry-forward."""
    change = network(part.days[rows], part.own[rows])
    told = part.seen[rows][:, None] + change
    natural = _natural(told)
    after = part.after[rows]
    known = torch.isfinite(after)
    off = (natural - torch.where(known, after, natural.detach())).abs() / unit
    return off.sum() / known.sum()


def _unit(part: _Tensors) -> torch.Tensor:
    off = (_natural(part.seen[:, None]) - part.after).abs()
    return torch.nanmean(off, dim=(0, 1)).clamp(min=1e-4)


def _natural(told: torch.Tensor) -> torch.Tensor:
    """`ml.models.quarter.scale.base_back` without its clipping."""
    shares = (1 + 2 * EPSILON) * torch.sin(told[..., :2].clamp(0.0, np.pi / 2)) ** 2 - EPSILON
    return torch.cat([shares, torch.exp(told[..., 2:])], dim=2)


def _norms(cohort: QuarterCohort) -> dict[str, Floats]:
    days, seen = day_features(cohort.first), base_onto(figures(cohort.first))
    return {
        "day_mean": days.mean(axis=(0, 1)).astype(np.float32),
        "day_scale": np.maximum(days.std(axis=(0, 1)), 0.05).astype(np.float32),
        "seen_mean": seen.mean(axis=0).astype(np.float32),
        "seen_scale": np.maximum(seen.std(axis=0), 0.05).astype(np.float32),
    }


def _named(state: dict[str, torch.Tensor]) -> dict[str, Floats]:
    names = {
        "input_weight": "gru.weight_ih_l0",
        "state_weight": "gru.weight_hh_l0",
        "input_bias": "gru.bias_ih_l0",
        "state_bias": "gru.bias_hh_l0",
        "mix_weight": "mix.weight",
        "mix_bias": "mix.bias",
        "out_weight": "out.weight",
        "out_bias": "out.bias",
    }
    return {ours: state[theirs].numpy().copy() for ours, theirs in names.items()}
