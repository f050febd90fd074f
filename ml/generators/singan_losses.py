"""The adversarial losses, their gradient penalties, and what tells that a critic overfits.

- ``logistic``: softplus losses with R1 on real series. r_t = E[sign D(real)] is the share of real
  series that the critic places on its right side, less the rest: 0 when it cannot tell, 1 when it
  knows every one of them.
- ``wgan-gp``: a Wasserstein critic has no right side, its scores may all be positive; so
  r_v = (E D(train) - E D(held out)) / (E D(train) - E D(synthetic)): how far towards synthetic
  the critic places real series that it never saw.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Critic = Callable[[Tensor], Tensor]


def critic_loss(loss: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the critic minimises, from its scores."""
    if loss == "wgan-gp":
        return fake.mean() - real.mean()
    return functional.softplus(fake).mean() + functional.softplus(-real).mean()


def generator_loss(loss: str, fake: Tensor) -> Tensor:
    """What the generator minimises, from the critic's scores."""
    return -fake.mean() if loss == "wgan-gp" else functional.softplus(-fake).mean()


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """Half the mean squared gradient of the scores at real series (Mescheder et al. 2018)."""
    at = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(at).mean(dim=(1, 2)).sum(), at, create_graph=True)
    return 0.5 * gradient.square().sum(dim=(1, 2)).mean()


def wgan_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Mean squared distance of the gradient's norm from 1 between real and fake series."""
    share = torch.rand(real.shape[0], 1, 1, generator=rng)
    at = (share * real + (1 - share) * fake).detach().requires_grad_(True)
    scores = critic(at)
    (gradient,) = torch.autograd.grad(scores, at, torch.ones_like(scores), create_graph=True)
    return (gradient.norm(2, dim=1) - 1).square().mean()


def r_t(real: Tensor) -> float:
    """The logistic critic's heuristic, from its scores of training series."""
    return float(real.sign().mean())


def r_v(real: Tensor, held_out: Tensor, fake: Tensor) -> float:
    """The Wasserstein critic's heuristic; 0 while it cannot tell real from synthetic at all."""
    distance = float(real.mean() - fake.mean())
    return float(real.mean() - held_out.mean()) / distance if distance > 1e-6 else 0.0
