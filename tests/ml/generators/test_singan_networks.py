"""The networks of a scale compute what plain torch would."""

import pytest
import torch

from ml.generators.singan_networks import ScaleCritic
from ml.generators.singan_settings import DEMO


@pytest.mark.parametrize(("series", "length"), [(1, 11), (2, 200), (4, 256)])
def test_few_short_series_are_convolved_as_torch_does_it(series, length):
    torch.manual_seed(0)
    ours = ScaleCritic(DEMO, 8).layers[1][0]
    plain = torch.nn.Conv1d(ours.in_channels, ours.out_channels, ours.kernel_size)
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(series, ours.in_channels, length, requires_grad=True)
    gradients = []
    for layer in (ours, plain):
        made = layer(x)
        (slope,) = torch.autograd.grad(made.square().sum(), x, create_graph=True)
        penalty = made.sum() + slope.square().mean()
        gradients.append((made, *torch.autograd.grad(penalty, [x, *layer.parameters()])))
    for mine, theirs in zip(*gradients, strict=True):
        assert mine.shape == theirs.shape
        assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-5)
