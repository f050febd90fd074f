"""What the critic sees: differentiable, off at p 0, and p follows the overfitting heuristic."""

import numpy as np
import pytest
import torch

from ml.generators.augmentation import AdaptiveProbability, augmented
from ml.generators.singan_losses import r_t, r_v


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _series(n: int = 64, length: int = 96) -> torch.Tensor:
    hours = torch.linspace(0, 6.28, length)
    return 0.4 * torch.sin(hours)[None, None] + 0.1 * torch.randn(n, 1, length, generator=_rng(7))


def test_nothing_is_augmented_at_probability_zero():
    x = _series()
    assert augmented(x, 0.0, days=1.0, rng=_rng()) is x


def test_more_series_change_as_the_probability_rises():
    x = _series(400)
    changed = [
        float((augmented(x, p, days=1.0, rng=_rng()) != x).any(dim=2).float().mean())
        for p in (0.05, 0.2, 0.6)
    ]
    assert changed[0] < changed[1] < changed[2]
    assert changed[0] == pytest.approx(1 - 0.95**5, abs=0.08)


@pytest.mark.parametrize("days", [1.0, 14.0])
def test_augmentations_let_the_gradient_through(days):
    x = _series(8).requires_grad_(True)
    weights = torch.randn(8, 1, 96, generator=_rng(3))
    (augmented(x, 0.8, days=days, rng=_rng()) * weights).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert (x.grad.abs().sum(dim=2) > 0).all()


def test_the_gradient_is_the_slope_of_what_is_seen():
    x = _series(4, 24).double().requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda series: augmented(series, 0.7, days=1.0, rng=_rng(5)), (x,), atol=1e-4
    )


def test_one_day_is_never_rolled_and_several_are_rolled_by_whole_days():
    marks = torch.zeros(200, 1, 96)
    marks[:, :, 10] = 5.0
    moved = augmented(marks, 0.5, days=1.0, rng=_rng(1))
    peak = moved.argmax(dim=2)[moved.amax(dim=2) > 2.5]
    assert peak.min() >= 8 and peak.max() <= 12
    rolled = augmented(marks, 0.5, days=4.0, rng=_rng(1))
    places = set((rolled.argmax(dim=2)[rolled.amax(dim=2) > 2.5]).tolist())
    assert {10, 34, 58, 82} <= places


def test_the_mean_of_augmented_series_is_that_of_the_series():
    x = _series(4000, 48)
    seen = augmented(x, 0.3, days=1.0, rng=_rng(2))
    assert float((seen.mean() - x.mean()).abs()) < 0.01


def test_p_rises_by_the_published_step_while_the_heuristic_is_above_its_target():
    ada = AdaptiveProbability()
    for _ in range(8):
        ada.observe(0.9, batch=64, target=0.6, kimg=500, most=0.8)
    assert ada.p == pytest.approx(2 * 64 * 4 / 500_000)
    assert ada.heuristic == pytest.approx(0.9)


def test_p_falls_back_to_zero_and_never_below_while_the_critic_does_not_overfit():
    ada = AdaptiveProbability(p=0.1)
    for _ in range(400):
        ada.observe(0.1, batch=64, target=0.6, kimg=10, most=0.8)
    assert ada.p == 0.0


def test_p_stays_under_its_most():
    ada = AdaptiveProbability()
    for _ in range(400):
        ada.observe(1.0, batch=64, target=0.6, kimg=1, most=0.8)
    assert ada.p == ada.highest == 0.8


def test_r_t_is_zero_for_a_critic_that_cannot_tell_and_one_for_one_that_knows_all():
    assert r_t(torch.tensor([1.0, -1.0, 2.0, -0.1])) == 0.0
    assert r_t(torch.tensor([0.1, 3.0])) == 1.0


def test_r_v_is_zero_where_unseen_days_score_as_learnt_ones_and_one_where_as_synthetic():
    real, fake = torch.full((4,), 100.0), torch.full((4,), 60.0)
    assert r_v(real, torch.full((4,), 100.0), fake) == 0.0
    assert r_v(real, torch.full((4,), 60.0), fake) == 1.0
    assert r_v(real, torch.full((4,), 80.0), fake) == pytest.approx(0.5)
    assert r_v(real, real, real) == 0.0


def test_the_same_random_numbers_augment_the_same_way():
    x = _series(16)
    first = augmented(x, 0.5, days=1.0, rng=_rng(9))
    assert np.array_equal(first, augmented(x, 0.5, days=1.0, rng=_rng(9)))
