"""SinGAN keeps what every generator promises, and its own facts."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from ml.artifacts import NewerArtifact, pack, unpack
from ml.checks.generators import check_generator
from ml.generators.generator import TooLittleData
from ml.generators.singan import SinGan
from ml.generators.singan_networks import ScaleCritic, ScaleGenerator, resized
from ml.generators.singan_pyramid import (
    Pyramid,
    corpus_of,
    fixed_of_cohort,
    latents_of_cohort,
    scale_lengths,
    scale_widths,
    scaled,
    unscaled,
)
from ml.generators.singan_scale import ScaleGroup, ScaleTraining
from ml.generators.singan_settings import COHORT, DEMO, PAPER, SETTINGS, TINY, SinGanSettings
from ml.generators.singan_training import PyramidTraining
from ml.records.cgm.days import HIGHEST, LOWEST
from ml.training.checkpoints import MemoryCheckpoints, NoCheckpoints
from ml.training.progress import TrainingCancelled, silent
from tests.ml.generators.simulated_days import cohort_days

PERSONAL = replace(
    TINY,
    name="tiny-personal",
    mode="personal",
    least_days=6,
    least_people=1,
    latents=0,
    telling=0.0,
    batch=2,
    coarsest=48,
)


@pytest.fixture(scope="module")
def cohort():
    return cohort_days(people=4, days=6, step_minutes=60)


@pytest.fixture(scope="module")
def person():
    return cohort_days(people=1, days=8, step_minutes=60)


def _fitted(settings, data, seed=0, checkpoints=None, progress=silent):
    generator = SinGan(settings)
    generator.fit(
        data,
        rng=np.random.default_rng(seed),
        progress=progress,
        checkpoints=checkpoints or NoCheckpoints(),
    )
    return generator


def test_one_persons_generator_keeps_every_promise(person):
    check_generator(lambda: SinGan(PERSONAL), person, rng=np.random.default_rng(1))


def test_a_wasserstein_generator_keeps_every_promise(person):
    paper = replace(
        PERSONAL, loss="wgan-gp", critic_norm=True, average=0.0, batch=1, steps=(2, 1), iterations=4
    )
    check_generator(lambda: SinGan(paper), person, rng=np.random.default_rng(2))


def test_fourteen_days_at_five_minutes_make_eighteen_scales_from_length_32():
    lengths = scale_lengths(14 * 288, PAPER.coarsest, PAPER.ratio)
    assert len(lengths) == 18
    assert (lengths[0], lengths[-1]) == (32, 4032)
    assert all(abs(coarse - 0.75 * fine) < 0.01 * fine + 1 for coarse, fine in pairwise(lengths))


def test_channels_double_every_four_scales_from_32_to_128():
    widths = scale_widths(PAPER, 18)
    assert widths[:9] == (32,) * 4 + (64,) * 4 + (128,)
    assert max(widths) == 128


def test_five_layers_see_11_points_with_kernel_3_and_41_with_kernel_9():
    assert 2 * PAPER.reach + 1 == 11
    assert 2 * replace(PAPER, kernel=9).reach + 1 == 41


def test_the_published_setting_is_that_of_the_publication():
    assert (PAPER.iterations, PAPER.loss, PAPER.penalty) == (2000, "wgan-gp", 0.1)
    assert (PAPER.reconstruction, PAPER.noise, PAPER.steps) == (10.0, 0.1, (3, 3))
    assert (PAPER.learning_rate, PAPER.beta1, PAPER.decay_at * PAPER.iterations) == (
        5e-4,
        0.5,
        1600,
    )
    critic_steps = PAPER.steps[0]
    assert critic_steps * PAPER.iterations / (1000 * PAPER.ada_kimg) > PAPER.ada_most


def test_a_cohorts_coarsest_critic_sees_a_whole_day_but_for_one_point():
    assert 2 * COHORT.reach + 1 >= COHORT.coarsest - 1


def test_settings_survive_their_card():
    for settings in SETTINGS.values():
        assert SinGanSettings.from_json(settings.as_json()) == settings


def test_scaling_glucose_is_undone_and_ends_at_what_sensors_show():
    mg_dl = np.array([LOWEST, 70.0, 125.0, 180.0, HIGHEST], np.float32)
    assert scaled(mg_dl)[[0, -1]] == pytest.approx([-1, 1])
    assert unscaled(scaled(mg_dl)) == pytest.approx(mg_dl, rel=1e-5)
    assert unscaled(np.array([-9.0, 9.0], np.float32)) == pytest.approx([LOWEST, HIGHEST])


def test_fixed_noise_gives_the_training_series_back_within_the_reported_error(person):
    settings = replace(PERSONAL, iterations=40, quantile_map=False, average=0.5)
    generator = _fitted(settings, person)
    rebuilt = generator.reconstructed(person)
    error = scaled(rebuilt.mg_dl) - scaled(person.mg_dl)
    rmse = float(np.sqrt((error**2).mean()))
    assert rmse == pytest.approx(generator.card["scales"][-1]["rmse"], rel=1e-3)
    assert rmse < 0.6 * scaled(person.mg_dl).std()


def test_noise_amplitudes_are_those_of_the_missing_detail(person):
    generator = _fitted(replace(PERSONAL, noise=0.1), person)
    scales = generator.card["scales"]
    assert scales[0]["noise"] == 1.0
    for coarse, fine in pairwise(scales):
        # What is missing at the finer scale: the coarser scale's error and the detail between.
        assert 0.05 * coarse["rmse"] < fine["noise"] < 0.1 * (coarse["rmse"] + 0.5)


def test_scales_of_one_width_start_from_the_weights_below(cohort):
    still = replace(TINY, iterations=1, learning_rate=0.0, generator_norm=False, quantile_map=False)
    scales = _fitted(replace(still, double_every=2), cohort)._fitted().scales
    first, second, third = (scale.generator.state_dict() for scale in scales)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert first["layers.1.0.weight"].shape != third["layers.1.0.weight"].shape


def _p_against_real_days(days_learnt):
    """p while a critic learns `days_learnt` from days of other people of the same kind.

    Nothing but knowing its days by heart can tell the two apart.
    """
    settings = replace(
        TINY,
        steps=(1, 0),
        penalty=0.0,
        channels=32,
        learning_rate=2e-3,
        latents=0,
        telling=0.0,
        kernel=3,
        change=False,
        ada_kimg=1.0,
        iterations=500,
    )
    days = cohort_days(people=80, days=10, step_minutes=60)
    values = torch.from_numpy(scaled(days.mg_dl))[:, None]
    values = values[torch.from_numpy(np.random.default_rng(0).permutation(len(values)))]
    real, others = values[:days_learnt], values[400:]
    untold = torch.zeros(len(others), 0, 1)
    group = ScaleGroup(
        days=1.0,
        real=real,
        rebuilt=real,
        fixed=torch.zeros_like(real),
        told=untold[:days_learnt],
        pool=others,
        pool_told=untold,
        pool_of=torch.zeros(len(others), dtype=torch.long),
        held_out=real[:0],
        held_out_days=1.0,
    )
    generator, critic = ScaleGenerator(settings, 32), ScaleCritic(settings, 32)
    torch.nn.init.zeros_(generator.layers[-1].weight)
    torch.nn.init.zeros_(generator.layers[-1].bias)
    training = ScaleTraining(settings, [group], 0.0, (generator, critic), seed=1, scale=0)
    return [training.iterate()["p"] for _ in range(320)]


def test_p_rises_when_the_critic_learns_a_few_days_by_heart():
    assert max(_p_against_real_days(6)) > 0.25


def test_p_stays_at_zero_when_there_are_too_many_days_to_learn_by_heart():
    p = _p_against_real_days(400)
    assert np.median(p) == 0.0
    assert np.mean(p) < 0.02


def test_augmentation_can_be_switched_off(cohort):
    generator = _fitted(TINY.without_ada(), cohort)
    assert [scale["ada"]["highest"] for scale in generator.card["scales"]] == [0.0] * 3
    assert generator.card["settings"]["name"] == "tiny-without-ada"


def test_what_is_told_of_a_cohorts_days_is_normal_and_uncorrelated():
    days = cohort_days(people=40, days=8, step_minutes=60)
    told = latents_of_cohort(torch.from_numpy(scaled(days.mg_dl))[:, None], 4)[:, :, 0].numpy()
    assert told.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-3)
    assert told.std(axis=0) == pytest.approx(np.ones(4), abs=0.02)
    assert np.abs(np.corrcoef(told, rowvar=False) - np.eye(4)).max() < 0.2


def test_fixed_noise_of_a_cohort_is_normal_and_tells_days_apart():
    days = cohort_days(people=40, days=8, step_minutes=60)
    coarse = resized(torch.from_numpy(scaled(days.mg_dl))[:, None], 12)
    z = fixed_of_cohort(coarse, 0)[:, 0].numpy()
    assert z.std(axis=0) == pytest.approx(np.ones(12), abs=0.02)
    assert np.abs(np.corrcoef(z, rowvar=False) - np.eye(12)).max() < 0.25
    assert len(np.unique(z.round(4), axis=0)) == len(days)


def test_new_days_are_told_numbers_spread_as_those_learnt():
    told = Pyramid(COHORT, (12,)).latents(50, torch.Generator().manual_seed(0))[:, :, 0]
    assert told.shape == (50, 4)
    assert told.mean(dim=0).abs().max() < 0.05
    assert (told.std(dim=0) - 1).abs().max() < 0.06


def test_latents_are_refused_where_they_have_no_meaning():
    with pytest.raises(ValueError, match="cohort's days"):
        replace(DEMO, latents=4)
    with pytest.raises(ValueError, match="only where it was told"):
        replace(DEMO, telling=1.0)


def test_days_of_a_person_follow_each_other_and_a_cohorts_are_of_a_new_person_each(person, cohort):
    made = _fitted(PERSONAL, person).sample(11, rng=np.random.default_rng(0))
    assert np.unique(made.person).size == 2
    assert (np.diff(made.day[:8]) == np.timedelta64(1, "D")).all()
    made = _fitted(TINY, cohort).sample(11, rng=np.random.default_rng(0))
    assert np.unique(made.person).size == 11


def test_days_apart_are_learnt_as_runs_of_their_own(person):
    gap = person.take(np.arange(len(person)) != 4)
    made = _fitted(PERSONAL, gap).sample(7, rng=np.random.default_rng(0))
    assert len(made) == 7 and np.isfinite(made.mg_dl).all()


def test_a_demo_is_refused_nine_days_and_told_what_would_be_enough():
    nine = cohort_days(people=1, days=9, step_minutes=15)
    with pytest.raises(TooLittleData, match=r"9 whole days.*needs 10 days"):
        _fitted(DEMO, nine)


def test_a_cohort_of_a_few_people_is_refused():
    few = cohort_days(people=3, days=40, step_minutes=15)
    with pytest.raises(TooLittleData, match="3 people"):
        _fitted(COHORT, few)


def test_days_at_another_step_or_of_another_person_are_refused(cohort):
    with pytest.raises(ValueError, match="at 15 min"):
        _fitted(DEMO, cohort)
    with pytest.raises(ValueError, match="one person's days"):
        _fitted(PERSONAL, cohort)


def test_nobody_gives_more_days_than_the_setting_allows(cohort):
    capped = replace(TINY, most_days_a_person=3, iterations=1)
    assert _fitted(capped, cohort).card["days"] == 12


def test_the_wasserstein_heuristic_compares_stretches_as_long_as_the_held_out_day():
    settings = replace(PERSONAL, loss="wgan-gp", critic_norm=True, average=0.0, batch=1)
    days = cohort_days(people=1, days=10, step_minutes=60)
    training = PyramidTraining(settings, corpus_of(days, settings, np.random.default_rng(0)), 1)
    group = training._scale(0)._groups[0]
    assert group.days == 9
    assert group.held_out_days == 1
    assert group.held_out.shape[-1] == training.pyramid.length_at(0, 24)
    training.run(silent, NoCheckpoints())
    assert all(abs(scale.ada[2]) < 50 for scale in training.pyramid.scales)


def test_a_checkpoint_of_other_data_or_another_seed_is_left_unused(cohort, person):
    checkpoints = MemoryCheckpoints()
    _fitted(TINY, cohort, seed=1, checkpoints=checkpoints)
    fresh, resumed = _fitted(TINY, cohort), _fitted(TINY, cohort, checkpoints=checkpoints)
    assert pack(fresh.to_artifact()) == pack(resumed.to_artifact())


def test_a_checkpoint_of_a_newer_release_is_refused(cohort):
    checkpoints = MemoryCheckpoints()
    _fitted(TINY, cohort, checkpoints=checkpoints)
    state = unpack(checkpoints.state)
    checkpoints.save(pack(replace(state, version=state.version + 1)))
    with pytest.raises(NewerArtifact):
        _fitted(TINY, cohort, checkpoints=checkpoints)


@pytest.fixture(scope="module")
def uninterrupted(cohort):
    return pack(_fitted(TINY, cohort).to_artifact())


@pytest.mark.parametrize("at", [1, 5, 6, 8, 9, 17, 24])
def test_an_interruption_at_any_step_leaves_no_trace(cohort, uninterrupted, at):
    checkpoints = MemoryCheckpoints()

    def stop(progress):
        if progress.done >= at:
            raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        _fitted(TINY, cohort, checkpoints=checkpoints, progress=stop)
    assert pack(_fitted(TINY, cohort, checkpoints=checkpoints).to_artifact()) == uninterrupted
