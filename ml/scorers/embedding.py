"""An encoder of days for the context-FID: learnt on real training days, without labels.

After TS2Vec (Yue et al. 2022): dilated convolutions over masked input; two crops of one day have
to be told from crops of other days, so that the embedding keeps what makes a day that day. Much
smaller, and contrasted by whole crops alone.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.records.cgm.days import GlucoseDays
from ml.scorers.channels import CHANNELS, Scale, channels, scale_of
from ml.training.seeds import seeded_initialisation, torch_generator

FEATURES = 16
_HIDDEN = 24
_DILATIONS = (1, 2, 4, 8, 16)
_MASKED = 0.3
_TEMPERATURE = 0.2


class DayEncoder:
    """Days → `FEATURES` numbers each, in SDs of the days it was fitted on."""

    def __init__(self, network: nn.Module, scale: Scale, real: GlucoseDays) -> None:
        self._network = network
        self._scale = scale
        raw = self._raw(real)
        self._mean, self._spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)

    def __call__(self, days: GlucoseDays) -> npt.NDArray[np.float64]:
        """Embeddings, shape (days, FEATURES)."""
        return (self._raw(days) - self._mean) / self._spread

    def _raw(self, days: GlucoseDays) -> npt.NDArray[np.float64]:
        with torch.inference_mode():
            parts = [self._network(part) for part in channels(days, self._scale).split(256)]
        return torch.cat(parts).numpy().astype(np.float64)


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(CHANNELS, _HIDDEN, 1)
        self.layers = nn.ModuleList(
            nn.Conv1d(_HIDDEN, _HIDDEN, 3, padding=width, dilation=width) for width in _DILATIONS
        )
        self.last = nn.Linear(2 * _HIDDEN, FEATURES)

    def forward(self, days: Tensor) -> Tensor:
        x = self.first(days)
        for layer in self.layers:
            x = x + layer(functional.gelu(x))
        return self.last(torch.cat([x.mean(-1), x.amax(-1)], dim=1))


def day_encoder(real: GlucoseDays, *, rng: np.random.Generator, epochs: int = 40) -> DayEncoder:
    """An encoder fitted on `real`; the same days and `rng` give the same encoder."""
    scale = scale_of(real)
    inputs = channels(real, scale)
    with seeded_initialisation(rng):
        network = _Network()
    draws = torch_generator(rng)
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(real), generator=draws).split(64):
            views = [functional.normalize(network(_view(inputs[rows], draws))) for _ in range(2)]
            alike = views[0] @ views[1].T / _TEMPERATURE
            own = torch.arange(len(rows))
            loss = functional.cross_entropy(alike, own) + functional.cross_entropy(alike.T, own)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return DayEncoder(network.eval(), scale, real)


def _view(days: Tensor, draws: torch.Generator) -> Tensor:
    """A crop of three quarters of the day or more, with steps blanked."""
    steps = days.shape[-1]
    length = int(torch.randint(3 * steps // 4, steps + 1, (1,), generator=draws))
    start = int(torch.randint(0, steps - length + 1, (1,), generator=draws))
    crop = days[..., start : start + length]
    kept = torch.rand(crop.shape[0], 1, length, generator=draws) >= _MASKED
    return crop * kept
