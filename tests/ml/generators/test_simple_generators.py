"""The baseline and the copier: one keeps every promise of a generator, the other copies."""

from dataclasses import replace

import numpy as np
import pytest
from simulated_days import cohort_days

from ml.artifacts import pack, unpack
from ml.evaluation.distances import copied_rows
from ml.generators.block_bootstrap import BlockBootstrap
from ml.generators.gaussian_days import GaussianDays
from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent


@pytest.fixture(scope="module")
def days() -> GlucoseDays:
    made = cohort_days(people=6, days=8, step_minutes=15)
    return replace(made, mg_dl=np.clip(made.mg_dl, LOWEST, HIGHEST))


def fit(generator: GaussianDays | BlockBootstrap, days: GlucoseDays) -> None:
    rng = np.random.default_rng(1)
    generator.fit(days, rng=rng, progress=silent, checkpoints=NoCheckpoints())


def test_gaussian_days_keep_mean_spread_and_neighbourhood_of_every_step(
    days: GlucoseDays,
) -> None:
    rng = np.random.default_rng(3)
    wander = np.cumsum(rng.normal(0, 3, (400, 96)), axis=1) + rng.normal(0, 10, (400, 1))
    learnt = GlucoseDays(
        15, (150 + wander).astype(np.float32), np.repeat("a", 400), np.repeat(days.day[:1], 400)
    )
    generator = GaussianDays()
    fit(generator, learnt)
    made = generator.sample(4000, rng=rng).mg_dl
    spread = learnt.mg_dl.std(axis=0)
    assert np.abs((made.mean(axis=0) - learnt.mg_dl.mean(axis=0)) / spread).max() < 0.15
    assert np.abs(made.std(axis=0) / spread - 1).max() < 0.15
    rates = np.diff(made, axis=1).std() / np.diff(learnt.mg_dl, axis=1).std()
    assert abs(rates - 1) < 0.1


def test_a_bootstrap_of_whole_days_copies_days_and_one_of_blocks_copies_blocks(
    days: GlucoseDays,
) -> None:
    whole, blocks = BlockBootstrap(), BlockBootstrap(360)
    for generator in (whole, blocks):
        fit(generator, days)
    rng = np.random.default_rng(4)
    assert copied_rows(whole.sample(50, rng=rng).mg_dl, days.mg_dl) == 50
    made = blocks.sample(50, rng=rng).mg_dl
    assert copied_rows(made, days.mg_dl) < 10
    assert copied_rows(made[:, :24], days.mg_dl[:, :24]) == 50


def test_a_block_must_divide_a_day() -> None:
    with pytest.raises(ValueError, match="does not divide a day"):
        BlockBootstrap(500)


def test_a_saved_bootstrap_says_that_it_holds_readings(days: GlucoseDays) -> None:
    generator = BlockBootstrap(720)
    fit(generator, days)
    artifact = unpack(pack(generator.to_artifact()))
    assert "real readings" in artifact.card["warning"]
    loaded = BlockBootstrap.from_artifact(artifact)
    rng, again = np.random.default_rng(5), np.random.default_rng(5)
    assert np.array_equal(loaded.sample(9, rng=rng).mg_dl, generator.sample(9, rng=again).mg_dl)


def test_synthetic_days_are_of_nobody_and_none_are_joined(days: GlucoseDays) -> None:
    generator = GaussianDays()
    fit(generator, days)
    made = generator.sample(30, rng=np.random.default_rng(6))
    assert np.unique(made.person).size == 30
    assert not np.isin(made.person, days.person).any()
