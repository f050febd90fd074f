"""The two networks of one scale, their clock, and the way from one scale to another."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.generators.singan_settings import LAYERS, SinGanSettings

CLOCK = 2
_SPREAD_GROUP = 8
_FEW_SERIES, _FEW_POINTS = 4, 1024


class ScaleGenerator(nn.Module):
    """Adds one scale's detail: five valid convolutions, tanh, plus what came from below."""

    def __init__(self, settings: SinGanSettings, width: int) -> None:
        super().__init__()
        self._reach = settings.reach
        self._slope = settings.open_ends
        self.layers = nn.ModuleList(
            _layers(settings, width, settings.generator_norm, settings.latents)
        )

    def forward(self, noise: Tensor, below: Tensor, latent: Tensor, clock: Tensor) -> Tensor:
        """`below` with detail.

        Args:
            noise: already at its amplitude, (n, 1, L), or (n, 1, L + 2 · reach) to go on beyond
                the ends; zeros beyond them otherwise.
            below: what coarser scales made, at this length, (n, 1, L); zeros at the coarsest.
            latent: what is told of each whole day, (n, latents, 1).
            clock: sin and cos of the hour, (1, CLOCK, L + 2 · reach).

        Returns:
            (n, 1, L).
        """
        if noise.shape[-1] == below.shape[-1]:
            noise = functional.pad(noise, (self._reach, self._reach))
        seen = noise + _continued(below, self._reach, self._slope)
        told = latent.expand(-1, -1, seen.shape[-1])
        x = torch.cat([seen, told, clock.expand(seen.shape[0], -1, -1)], dim=1)
        for layer in self.layers:
            x = layer(x)
        return torch.tanh(x) + below


class ScaleCritic(nn.Module):
    """Judges every patch of `2 · reach + 1` points; a shorter series is padded to one patch."""

    def __init__(self, settings: SinGanSettings, width: int) -> None:
        super().__init__()
        self._reach = settings.reach
        self._change = settings.change
        self._spread = settings.batch_spread
        self.pace = 1.0
        last = 1 if self._spread else 0
        self.layers = nn.ModuleList(
            _layers(settings, width, settings.critic_norm, int(self._change), last)
        )

    def forward(self, x: Tensor, clock: Tensor) -> Tensor:
        """A score per patch, (n, 1, patches); `clock` is that of the series, (1, CLOCK, L)."""
        seen = [x, clock.expand(x.shape[0], -1, -1)]
        if self._change:
            seen.insert(1, functional.pad(x.diff(dim=2), (1, 0)) / self.pace)
        x = torch.cat(seen, dim=1)
        missing = 2 * self._reach + 1 - x.shape[-1]
        if missing > 0:
            x = functional.pad(x, (missing // 2, missing - missing // 2), mode="replicate")
        for layer in self.layers[:-1]:
            x = layer(x)
        if self._spread:
            x = torch.cat([x, _spread(x)], dim=1)
        return self.layers[-1](x)


class _Convolution(nn.Conv1d):
    """A convolution without padding.

    Of a few short series oneDNN spends more on laying them out than on the sums; torch's own
    kernel gives the same but for rounding.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(n, in, L) to (n, out, L - kernel + 1)."""
        few = len(x) <= _FEW_SERIES and len(x) * x.shape[-1] <= _FEW_POINTS
        if not few or not x.is_cpu:
            return super().forward(x)
        kernel = [1, self.kernel_size[0]]
        flat = torch.ops.aten.thnn_conv2d(x[:, :, None], self.weight[:, :, None], kernel, self.bias)
        return flat[:, :, 0]


def _layers(
    settings: SinGanSettings, width: int, norm: bool, told: int, last: int = 0
) -> list[nn.Module]:
    """Five layers that see a series, `told` channels and the clock; the last sees `last` more."""
    layers: list[nn.Module] = []
    inputs = 1 + told + CLOCK
    for _ in range(LAYERS - 1):
        block: list[nn.Module] = [_Convolution(inputs, width, settings.kernel)]
        if norm:
            block.append(nn.BatchNorm1d(width))
        layers.append(nn.Sequential(*block, nn.LeakyReLU(0.2)))
        inputs = width
    layers.append(_Convolution(inputs + last, 1, settings.kernel))
    return layers


def _continued(x: Tensor, steps: int, slope: bool) -> Tensor:
    """`x` with `steps` more at each end: its last value, or its mirror image about that value."""
    if not slope or x.shape[-1] <= steps:
        return functional.pad(x, (steps, steps), mode="replicate")
    before = 2 * x[..., :1] - x[..., 1 : steps + 1].flip(-1)
    after = 2 * x[..., -1:] - x[..., -steps - 1 : -1].flip(-1)
    return torch.cat([before, x, after], dim=-1)


def _spread(x: Tensor) -> Tensor:
    """How much the items of each group of a batch differ, one number per group, as a channel."""
    n, _, length = x.shape
    group = _SPREAD_GROUP if n % _SPREAD_GROUP == 0 else n
    grouped = x.reshape(n // group, group, *x.shape[1:])
    spread = (grouped.var(dim=1, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2))
    return spread.repeat_interleave(group)[:, None, None].expand(n, 1, length)


def described(x: Tensor) -> Tensor:
    """Level, spread, pace and roughness of series (n, 1, L): shape (n, 4).

    The mean, and the logarithms of the SD and of the mean absolute first and fourth differences.
    """
    x = x[:, 0]
    parts = [x.mean(dim=1), (x.std(dim=1) + 1e-3).log()]
    parts += [(x.diff(n=n, dim=1).abs().mean(dim=1) + 1e-4).log() for n in (1, 4)]
    return torch.stack(parts, dim=1)


def clock(length: int, days: float, reach: int = 0) -> Tensor:
    """Sin and cos of the hour at the middles of `length` steps over `days` days from midnight.

    Args:
        reach: steps added at each end.

    Returns:
        (1, CLOCK, length + 2 · reach).
    """
    steps = torch.arange(-reach, length + reach, dtype=torch.float64) + 0.5
    angle = 2 * torch.pi * steps * days / length
    return torch.stack([angle.sin(), angle.cos()]).float()[None]


def resized(x: Tensor, length: int) -> Tensor:
    """Series (n, 1, L) at another length; smoothed first where it becomes shorter."""
    if x.shape[-1] == length:
        return x
    shorter = length < x.shape[-1]
    return functional.interpolate(
        x[:, :, None], size=(1, length), mode="bicubic", antialias=shorter, align_corners=False
    )[:, :, 0]
