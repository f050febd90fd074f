"""A recurrent network that corrects the linear forecast and says how sure it is.

It sees the twelve hours as 24 half-hours of 6 readings, relative to the last reading and in
units of the history's own variation (reversible instance norm), with the hour of each as
sine and cosine; and the person's day before and usual day. What it gives is added to the least
squares forecast in the same units and starts at zero: an untrained network is the linear
forecast with its residual quantiles. Quantiles are the middle plus and minus positive steps, so
they cannot cross.
"""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.models.forecaster import MEDIAN, QUANTILES
from ml.records.cgm.windows import HISTORY, HORIZON, STEP_MINUTES, ForecastWindows

HIDDEN = 64
_PATCH = 6
_TOKENS = HISTORY // _PATCH
_BLOCKS = 4
_STATIC = 5 + 5 * _BLOCKS
_CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
INPUTS = ("history", "minute", "yesterday", "typical")
"""Names of the network's inputs, as in `ForecastWindows`; `minute` is float32."""


class QuantileNetwork(nn.Module):
    """History to quantiles, all steps at once.

    Args:
        cell: ``rnn``, ``lstm`` or ``gru``.
        coefficients: of the linear forecast, shape (HISTORY + 1, HORIZON).
        residuals: quantiles of its errors in units of variation, shape (HORIZON, levels).
        dropout: share of features that the head misses while training.
    """

    coefficients: Tensor
    scale: Tensor
    gaps: Tensor

    def __init__(
        self,
        cell: str,
        coefficients: npt.NDArray[np.floating],
        residuals: npt.NDArray[np.floating],
        *,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.register_buffer("coefficients", _tensor(coefficients))
        scale, gaps = _start(residuals)
        self.register_buffer("scale", scale)
        self.register_buffer("gaps", gaps)
        self.cell = _CELLS[cell](2 * _PATCH + 2, HIDDEN, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Linear(HIDDEN + _STATIC, HIDDEN)
        self.out = nn.Linear(HIDDEN, HORIZON * len(QUANTILES))
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self, history: Tensor, minute: Tensor, yesterday: Tensor, typical: Tensor
    ) -> Tensor:
        """Quantiles in mg/dL, shape (n, HORIZON, levels); NaN in the last two is "unknown"."""
        last = history[:, -1:]
        centred = history - last
        mean = centred.mean(dim=1, keepdim=True)
        spread = torch.sqrt(((centred - mean) ** 2).mean(dim=1, keepdim=True) + 16.0)
        linear = centred @ self.coefficients[:-1] + self._level(last)
        tokens = self._tokens(centred / spread, minute)
        state = self.cell(tokens)[0][:, -1]
        static = torch.cat(
            [
                _clock(minute[:, None]),
                (last - 120.0) / 60.0,
                torch.log(spread / 20.0),
                mean / spread,
                _blocks((linear - last) / spread),
                _habit((yesterday - last) / spread),
                _habit((typical - last) / spread),
            ],
            dim=1,
        )
        features = self.dropout(torch.cat([state, static.clamp(-6.0, 6.0)], dim=1))
        out = self.out(functional.silu(self.hidden(features)))
        out = out.reshape(-1, HORIZON, len(QUANTILES))
        return self._quantiles(out, linear, spread[:, :, None] * self.scale[:, None])

    def _level(self, last: Tensor) -> Tensor:
        """What the linear forecast says of a history that stays at `last`."""
        return last * self.coefficients[:-1].sum(dim=0) + self.coefficients[-1]

    def _tokens(self, relative: Tensor, minute: Tensor) -> Tensor:
        change = torch.cat([relative[:, :1] * 0.0, relative[:, 1:] - relative[:, :-1]], dim=1)
        ago = torch.arange(_TOKENS - 1, -1, -1, dtype=relative.dtype) * (_PATCH * STEP_MINUTES)
        angle = (minute[:, None] - ago) * (2.0 * math.pi / 1440.0)
        clock = torch.stack([torch.sin(angle), torch.cos(angle)], dim=2)
        shape = (-1, _TOKENS, _PATCH)
        return torch.cat([relative.reshape(shape), 4.0 * change.reshape(shape), clock], dim=2)

    def _quantiles(self, out: Tensor, linear: Tensor, unit: Tensor) -> Tensor:
        middle = linear[:, :, None] + unit * out[:, :, MEDIAN : MEDIAN + 1]
        below = functional.softplus(out[:, :, :MEDIAN] + self.gaps[:, :MEDIAN])
        above = functional.softplus(out[:, :, MEDIAN + 1 :] + self.gaps[:, MEDIAN:])
        down = middle - unit * torch.flip(torch.cumsum(torch.flip(below, [2]), dim=2), [2])
        up = middle + unit * torch.cumsum(above, dim=2)
        return torch.cat([down, middle, up], dim=2)


def network_inputs(windows: ForecastWindows) -> tuple[Tensor, ...]:
    """The windows as the network takes them, in the order of `INPUTS`."""
    arrays = (windows.history, windows.minute_of_day, windows.yesterday, windows.typical)
    return tuple(torch.from_numpy(np.ascontiguousarray(a, dtype=np.float32)) for a in arrays)


def _start(residuals: npt.NDArray[np.floating]) -> tuple[Tensor, Tensor]:
    """Unit of each step, (HORIZON,), and what softplus turns into the gaps, (HORIZON, 8)."""
    scale = np.maximum((residuals[:, -1] - residuals[:, 0]) / 3.3, 1e-3)
    gaps = np.maximum(np.diff(residuals, axis=1) / scale[:, None], 1e-3)
    return _tensor(scale), _tensor(np.log(np.expm1(gaps)))


def _tensor(values: npt.NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def _clock(minute: Tensor) -> Tensor:
    angle = minute * (2.0 * math.pi / 1440.0)
    return torch.cat([torch.sin(angle), torch.cos(angle)], dim=1)


def _blocks(values: Tensor) -> Tensor:
    return values.reshape(-1, _BLOCKS, HORIZON // _BLOCKS).mean(dim=2)


def _habit(values: Tensor) -> Tensor:
    """Means of what is known in each half-hour, zero if nothing is, and how much is known."""
    known = torch.isfinite(values)
    filled = torch.where(known, values, torch.zeros_like(values)).clamp(-6.0, 6.0)
    share = _blocks(known.to(values.dtype))
    return torch.cat([_blocks(filled) / share.clamp(min=1e-3), share], dim=1)
