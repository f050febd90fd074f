"""What a SinGAN's artifact holds of the data, and what it is refused for."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ml.artifacts import Artifact, BrokenArtifact
from ml.generators.singan import COHORT_TAIL, SinGan
from ml.generators.singan_pyramid import scaled
from ml.generators.singan_settings import TINY
from ml.generators.tensors import from_bytes, to_bytes
from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent
from tests.ml.generators.simulated_days import cohort_days

WEIGHTS = "pyramid.safetensors"


@pytest.fixture(scope="module")
def cohort() -> GlucoseDays:
    return cohort_days(people=20, days=6, step_minutes=60)


@pytest.fixture(scope="module")
def fitted(cohort: GlucoseDays) -> SinGan:
    generator = SinGan(TINY)
    rng = np.random.default_rng(0)
    generator.fit(cohort, rng=rng, progress=silent, checkpoints=NoCheckpoints())
    return generator


def _holds_a_day(artifact: Artifact, days: GlucoseDays) -> bool:
    """Whether some stretch of a tensor follows a training day, whatever its unit and level.

    Both are brought to mean 0 and length 1, and compared at every place of every tensor.
    """
    known = np.concatenate([days.mg_dl, scaled(days.mg_dl)]).astype(np.float64)
    known -= known.mean(axis=1, keepdims=True)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    steps = known.shape[1]
    for tensor in from_bytes(artifact.files[WEIGHTS]).values():
        values = tensor.double().numpy()
        for order in (values.ravel(), np.moveaxis(values, 0, -1).ravel() if values.ndim else None):
            if order is None or order.size < steps:
                continue
            part = np.lib.stride_tricks.sliding_window_view(order, steps)
            part = part - part.mean(axis=1, keepdims=True)
            part = part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9)
            if (part @ known.T).max() > 0.995:
                return True
    return False


def _with(artifact: Artifact, **tensors: torch.Tensor) -> Artifact:
    content = from_bytes(artifact.files[WEIGHTS]) | tensors
    return replace(artifact, files={WEIGHTS: to_bytes(content)})


def test_no_tensor_of_a_cohorts_artifact_holds_a_training_day(
    fitted: SinGan, cohort: GlucoseDays
) -> None:
    artifact = fitted.to_artifact()
    assert set(artifact.files) == {WEIGHTS}
    assert not _holds_a_day(artifact, cohort)
    assert not any(name in str(artifact.card) for name in np.unique(cohort.person))


@pytest.mark.parametrize("unit", [lambda days: days, scaled, lambda days: days / 400 + 3])
def test_a_day_hidden_in_a_weight_would_be_found(fitted, cohort, unit) -> None:
    day = torch.from_numpy(unit(cohort.mg_dl[7:8]).astype(np.float32))
    name = "scale.2.generator"
    noisy = day * (1 + 1e-4 * torch.randn(day.shape, generator=torch.Generator().manual_seed(0)))
    assert _holds_a_day(_with(fitted.to_artifact(), **{name: noisy}), cohort)


def test_a_cohorts_artifact_is_as_large_whoever_and_however_many_taught_it(
    fitted: SinGan,
) -> None:
    many = SinGan(TINY)
    days = cohort_days(people=30, days=9, step_minutes=60)
    rng = np.random.default_rng(1)
    many.fit(days, rng=rng, progress=silent, checkpoints=NoCheckpoints())
    sizes = [
        {name: tuple(kept.shape) for name, kept in from_bytes(found.files[WEIGHTS]).items()}
        for found in (fitted.to_artifact(), many.to_artifact())
    ]
    assert sizes[0] == sizes[1]


def test_nobodys_extreme_reading_is_in_a_cohorts_map(cohort: GlucoseDays) -> None:
    mg_dl = 80 + cohort.mg_dl / 2
    mg_dl[3, 5], mg_dl[9, 8] = 395, 45
    generator = SinGan(replace(TINY, iterations=1))
    rng = np.random.default_rng(0)
    days = replace(cohort, mg_dl=mg_dl)
    generator.fit(days, rng=rng, progress=silent, checkpoints=NoCheckpoints())
    kept = from_bytes(generator.to_artifact().files[WEIGHTS])["quantile_map"][1].numpy()
    readings = np.sort(scaled(mg_dl).ravel())
    assert readings[0] < readings[1] <= kept[0] and kept[-1] <= readings[-2] < readings[-1]
    ends = np.quantile(readings, [COHORT_TAIL, 1 - COHORT_TAIL])
    assert kept[[0, -1]] == pytest.approx(ends)


def test_days_before_the_map_are_those_that_it_moves(fitted: SinGan) -> None:
    plain, mapped = (
        fitted.sample(30, rng=np.random.default_rng(5), mapped=on).mg_dl for on in (False, True)
    )
    within = (plain > LOWEST) & (plain < HIGHEST)
    order = np.argsort(plain[within])
    assert (np.diff(mapped[within][order]) > -0.1).all()
    assert not np.allclose(plain, mapped)


@pytest.mark.parametrize("missing", ["longest", "seed", "scales", "settings"])
def test_a_card_without_what_drawing_needs_is_refused(fitted: SinGan, missing: str) -> None:
    artifact = fitted.to_artifact()
    card = {name: value for name, value in artifact.card.items() if name != missing}
    with pytest.raises(BrokenArtifact, match="train it again"):
        SinGan.from_artifact(replace(artifact, card=card))


@pytest.mark.parametrize(
    "wrong",
    [
        {"longest": 25},
        {"longest": 0},
        {"longest": "24"},
        {"longest": 48},
        {"scales": []},
        {"scales": 3},
        {"seed": "none"},
        {"settings": []},
    ],
)
def test_a_card_that_does_not_fit_is_refused(fitted: SinGan, wrong: dict[str, object]) -> None:
    artifact = fitted.to_artifact()
    with pytest.raises(BrokenArtifact, match="train it again"):
        SinGan.from_artifact(replace(artifact, card={**artifact.card, **wrong}))


def test_a_last_scale_that_is_missing_is_refused(fitted: SinGan) -> None:
    artifact = fitted.to_artifact()
    card = {**artifact.card, "scales": artifact.card["scales"][:-1]}
    with pytest.raises(BrokenArtifact):
        SinGan.from_artifact(replace(artifact, card=card))


def test_a_map_that_is_missing_short_or_descends_is_refused(fitted: SinGan) -> None:
    artifact = fitted.to_artifact()
    tensors = from_bytes(artifact.files[WEIGHTS])
    kept = tensors.pop("quantile_map")
    with pytest.raises(BrokenArtifact):
        SinGan.from_artifact(replace(artifact, files={WEIGHTS: to_bytes(tensors)}))
    for wrong in (kept[:, :9], kept.flip(1), kept * float("nan"), kept[0]):
        with pytest.raises(BrokenArtifact):
            SinGan.from_artifact(_with(artifact, quantile_map=wrong))


def test_weights_that_are_no_numbers_are_refused(fitted: SinGan) -> None:
    artifact = fitted.to_artifact()
    name, kept = next(
        (name, kept)
        for name, kept in from_bytes(artifact.files[WEIGHTS]).items()
        if name.endswith("weight")
    )
    with pytest.raises(BrokenArtifact):
        SinGan.from_artifact(_with(artifact, **{name: kept * float("inf")}))
