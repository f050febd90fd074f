"""What every scorer sees of a day: level, change and clock, on the scale of given real days."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.records.cgm.days import GlucoseDays

CHANNELS = 4


@dataclass(frozen=True)
class Scale:
    """Mean and SD of readings, and SD of their changes from step to step, mg/dL."""

    mean: float
    spread: float
    change: float


def scale_of(days: GlucoseDays) -> Scale:
    """The scale of these days."""
    values = days.mg_dl.astype(np.float64)
    return Scale(
        float(values.mean()),
        float(max(values.std(), 1e-3)),
        float(max(np.diff(values, axis=1).std(), 1e-3)),
    )


def channels(days: GlucoseDays, scale: Scale) -> Tensor:
    """Level, change (0 at midnight), sine and cosine of the hour: (days, CHANNELS, steps)."""
    values = days.mg_dl.astype(np.float32)
    change = np.diff(values, axis=1, prepend=values[:, :1]) / scale.change
    hour = 2 * np.pi * np.arange(values.shape[1]) / values.shape[1]
    clock: npt.NDArray[np.float32] = np.stack([np.sin(hour), np.cos(hour)]).astype(np.float32)
    stacked = np.concatenate(
        [
            ((values - scale.mean) / scale.spread)[:, None],
            change[:, None],
            np.broadcast_to(clock, (len(values), 2, values.shape[1])),
        ],
        axis=1,
    )
    return torch.from_numpy(stacked.astype(np.float32))
