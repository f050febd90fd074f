"""The networks that judge synthetic days, on planted cases: nothing to find, and plenty."""

import numpy as np
import pytest
import torch

from ml.evaluation.synthesis import context_fid
from ml.records.cgm.days import GlucoseDays
from ml.scorers.channels import CHANNELS, channels, scale_of
from ml.scorers.discriminative import _folds, discriminative
from ml.scorers.embedding import FEATURES, day_encoder
from ml.scorers.predictive import CausalPredictor, errors_on, predictive


def wandering(seed: int, *, people: int = 16, days: int = 5, step: float = 6.0) -> GlucoseDays:
    """Smooth random days of people who are all alike, at half an hour."""
    rng = np.random.default_rng(seed)
    count = people * days
    rate = np.cumsum(rng.normal(0, step, (count, 48)), axis=1)
    walk = np.cumsum(rate - rate.mean(axis=1, keepdims=True), axis=1)
    walk = 30 * walk / walk.std() + rng.normal(0, 10, (count, 1))
    names = np.repeat([f"person-{seed}-{i}" for i in range(people)], days)
    dates = np.datetime64("2026-01-01") + np.tile(np.arange(days), people)
    return GlucoseDays(30, np.clip(150 + walk, 40, 400).astype(np.float32), names, dates)


def shuffled(days: GlucoseDays, seed: int = 9) -> GlucoseDays:
    rng = np.random.default_rng(seed)
    return GlucoseDays(days.step_minutes, rng.permuted(days.mg_dl, axis=1), days.person, days.day)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("network", ["cnn", "gru"])
def test_days_of_the_same_making_cannot_be_told_apart(network: str) -> None:
    found = discriminative(
        wandering(1),
        wandering(2),
        rng=np.random.default_rng(0),
        network=network,
        seeds=1,
        epochs=6,
        draws=200,
    )
    assert found.score.value < 0.15
    assert found.score.low < 0.05


def test_shuffled_days_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    found = discriminative(wandering(1), shuffled(wandering(2)), rng=rng, seeds=1, epochs=8)
    assert found.score.low > 0.35
    assert found.real_days == found.synthetic_days == 80


def test_all_days_of_a_person_are_judged_by_a_network_that_saw_none_of_them() -> None:
    days = wandering(3)
    fold = _folds(days.person, np.random.default_rng(1))
    for name in np.unique(days.person):
        assert np.unique(fold[days.person == name]).size == 1
    assert set(fold) == {0, 1, 2, 3}


def test_too_few_people_to_hold_some_out_are_refused() -> None:
    few = wandering(1, people=3)
    with pytest.raises(ValueError, match="too few to hold some out"):
        discriminative(few, few, rng=np.random.default_rng(0), seeds=1, epochs=1)


def test_days_of_two_steps_are_refused() -> None:
    days = wandering(1)
    hourly = GlucoseDays(60, days.mg_dl[:, ::2], days.person, days.day)
    with pytest.raises(ValueError, match="one step"):
        discriminative(days, hourly, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="one step"):
        errors_on(hourly, days, rng=np.random.default_rng(0))


def test_the_same_seed_gives_the_same_score_and_leaves_torchs_state_alone() -> None:
    before = torch.random.get_rng_state()
    first, second = (
        discriminative(
            wandering(1), wandering(2), rng=np.random.default_rng(5), seeds=1, epochs=2, draws=50
        )
        for _ in range(2)
    )
    assert first == second
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_predictor_sees_nothing_after_its_step() -> None:
    days = channels(wandering(1), scale_of(wandering(1)))
    changed = days.clone()
    changed[:, :2, 30:] = 0
    network = CausalPredictor().eval()
    with torch.inference_mode():
        before, after = network(days), network(changed)
    assert torch.equal(before[..., :30], after[..., :30])
    assert not torch.equal(before[..., 30:], after[..., 30:])


def test_days_of_the_same_making_teach_as_well_as_real_ones_and_shuffled_ones_do_not() -> None:
    real, test = wandering(1), wandering(2)
    seed = {"seeds": 1, "epochs": 12}
    taught = errors_on(real, test, rng=np.random.default_rng(0), **seed)
    alike = errors_on(wandering(3), test, rng=np.random.default_rng(0), **seed)
    noise = errors_on(shuffled(wandering(3)), test, rng=np.random.default_rng(0), **seed)
    rng = np.random.default_rng(1)
    good = predictive(alike, taught, test, training_days=80, rng=rng)
    bad = predictive(noise, taught, test, training_days=80, rng=rng)
    assert good.next_step_ratio.value < 1.2 < bad.next_step_ratio.low
    assert good.test_people == 16
    last_value = np.abs(np.diff(test.mg_dl, axis=1)).mean()
    assert good.real_next_step < last_value


def test_channels_are_level_change_and_clock_on_the_scale_of_the_real_days() -> None:
    days = wandering(1)
    made = channels(days, scale_of(days))
    assert made.shape == (80, CHANNELS, 48)
    assert abs(float(made[:, 0].mean())) < 1e-4
    assert float(made[:, 0].std()) == pytest.approx(1.0, rel=0.01)
    assert (made[:, 1, 0] == 0).all()
    assert torch.allclose(made[:, 2] ** 2 + made[:, 3] ** 2, torch.ones(80, 48))


def test_the_embedding_is_near_for_days_of_one_making_and_far_for_others() -> None:
    train, real = wandering(1), wandering(2)
    encoder = day_encoder(train, rng=np.random.default_rng(0), epochs=8)
    assert encoder(real).shape == (80, FEATURES)
    rng = np.random.default_rng(1)
    floor = context_fid(real, wandering(3), encoder, rng=rng, draws=30)
    far = context_fid(real, shuffled(wandering(3)), encoder, rng=rng, draws=30)
    assert floor.value < far.low


def test_the_same_days_and_seed_give_the_same_encoder() -> None:
    days = wandering(1)
    first, second = (day_encoder(days, rng=np.random.default_rng(4), epochs=1) for _ in range(2))
    assert np.array_equal(first(days), second(days))
