"""Networks: where they start, that they learn, stop, resume, and answer the same from ONNX."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import BrokenArtifact, pack, unpack
from ml.catalogue import find
from ml.models.baselines import LastValue
from ml.models.conformal import Residuals
from ml.models.forecaster import QUANTILES
from ml.models.linear import least_squares, linear_point
from ml.models.onnx_forecaster import OnnxForecaster, served
from ml.models.point import packed_tensors, tensors_of
from ml.models.quantile_network import QuantileNetwork, network_inputs
from ml.models.recurrent import Gru, bridged_targets
from ml.records.cgm.windows import HORIZON
from ml.training.checkpoints import MemoryCheckpoints
from ml.training.progress import Progress, TrainingCancelled, silent
from ml.training.quantiles import Settings
from tests.ml.models.forecast_people import rmse, windows_of_people

REPOSITORY = Path(__file__).resolve().parents[3]
FEW = Settings(epochs=2, batch=64)


def _fitted(name: str = "gru", settings: Settings = FEW):
    model = find(name)(settings)
    train, validation = windows_of_people(0, 4), windows_of_people(4, 6)
    model.fit(train, validation, rng=np.random.default_rng(3), progress=silent)
    return model


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_an_untrained_network_is_the_linear_forecast_with_its_residual_quantiles(cell: str) -> None:
    windows = windows_of_people(0, 3)
    coefficients = least_squares(windows.history, windows.target)
    point = linear_point(coefficients, windows.history)
    residuals = Residuals.fit(point, windows)
    network = QuantileNetwork(cell, coefficients, residuals.table).eval()
    start = network(*network_inputs(windows)).detach().numpy()
    assert start[:, :, 4] == pytest.approx(point, abs=0.02)
    away = start - start[:, :, 4:5]
    expected = residuals.table - residuals.table[:, 4:5]
    spread = np.sqrt(windows.history.var(axis=1) + 16.0)[:, None, None]
    assert away / spread == pytest.approx(np.broadcast_to(expected, away.shape), abs=0.02)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_onnx_answers_what_the_network_answers(name: str) -> None:
    model, test = _fitted(name), windows_of_people(6, 8)
    stored = OnnxForecaster(unpack(pack(model.to_artifact())))
    assert stored.predict(test) == pytest.approx(model.predict(test), abs=0.01)


def test_a_network_learns_what_a_line_cannot() -> None:
    windows = windows_of_people(0, 4)
    # Glucose turns at 140: above it falls as much as it would have risen.
    bent = 140.0 - np.abs(windows.history[:, -1:] - 140.0)
    bent = replace(windows, target=np.repeat(bent, HORIZON, axis=1).astype(np.float32))
    everybody = bent.person == bent.person[0]
    train, test = bent.take(~everybody), bent.take(everybody)
    model = Gru(Settings(epochs=20, batch=32, patience=20, rate=6e-3))
    model.fit(train, test, rng=np.random.default_rng(0), progress=silent)
    linear = linear_point(least_squares(train.history, train.target), test.history)
    straight = np.sqrt(np.mean((linear - test.target) ** 2))
    assert rmse(model.predict(test), test.target).mean() < 0.7 * straight


def test_shuffled_outcomes_give_no_skill_over_the_simple_baselines() -> None:
    train, validation, test = (windows_of_people(*p) for p in ((0, 4), (4, 6), (6, 9)))
    rng = np.random.default_rng(0)
    mixed = replace(train, target=train.target[rng.permutation(len(train))])
    also = replace(validation, target=validation.target[rng.permutation(len(validation))])
    model, simple = Gru(FEW), LastValue()
    model.fit(mixed, also, rng=rng, progress=silent)
    simple.fit(train, validation, rng=rng, progress=silent)
    ours, theirs = (rmse(m.predict(test), test.target) for m in (model, simple))
    assert (ours >= theirs)[:12].all()


def test_an_interrupted_training_ends_in_the_same_model_as_one_that_was_not() -> None:
    train, validation = windows_of_people(0, 4), windows_of_people(4, 6)
    settings = Settings(epochs=3, batch=64)
    whole = Gru(settings)
    whole.fit(train, validation, rng=np.random.default_rng(3), progress=silent)
    checkpoints = MemoryCheckpoints()

    def stop(progress: Progress) -> None:
        if progress.done == 2 and not progress.figures:
            raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        Gru(settings, checkpoints=checkpoints).fit(
            train, validation, rng=np.random.default_rng(3), progress=stop
        )
    resumed = Gru(settings, checkpoints=checkpoints)
    resumed.fit(train, validation, rng=np.random.default_rng(3), progress=silent)
    assert pack(resumed.to_artifact()) == pack(whole.to_artifact())


def _checkpoint(people: tuple[int, int] = (0, 4)) -> MemoryCheckpoints:
    """What a training of two epochs on these people leaves behind."""
    kept = MemoryCheckpoints()
    train, validation = windows_of_people(*people), windows_of_people(4, 6)
    Gru(FEW, checkpoints=kept).fit(train, validation, rng=np.random.default_rng(3), progress=silent)
    return kept


@pytest.mark.parametrize(
    ("people", "seed", "settings"),
    [((1, 4), 3, FEW), ((0, 4), 4, FEW), ((0, 4), 3, replace(FEW, rate=1e-3))],
    ids=["other data", "another seed", "other settings"],
)
def test_the_checkpoint_of_another_training_is_left_unused(
    people: tuple[int, int], seed: int, settings: Settings
) -> None:
    train, validation = windows_of_people(*people), windows_of_people(4, 6)
    packed = []
    for checkpoints in (None, _checkpoint()):
        model = Gru(settings, checkpoints=checkpoints)
        model.fit(train, validation, rng=np.random.default_rng(seed), progress=silent)
        packed.append(pack(model.to_artifact()))
    assert packed[0] == packed[1]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_truncated_checkpoint_is_refused(share: float) -> None:
    kept = _checkpoint()
    assert kept.state is not None
    kept.state = kept.state[: int(share * len(kept.state))]
    with pytest.raises(BrokenArtifact):
        Gru(FEW, checkpoints=kept).fit(
            windows_of_people(0, 4),
            windows_of_people(4, 6),
            rng=np.random.default_rng(3),
            progress=silent,
        )


def test_training_stops_when_validation_no_longer_gains() -> None:
    train, validation = windows_of_people(0, 4), windows_of_people(4, 6)
    rng = np.random.default_rng(1)
    noise = replace(validation, target=validation.target[rng.permutation(len(validation))])
    model = Gru(Settings(epochs=40, batch=64, patience=2, rate=1e-2))
    model.fit(train, noise, rng=rng, progress=silent)
    training = model.to_artifact().card["training"]
    assert training["epochs"] < 40
    assert training["validation_loss"] <= training["loss_before"]


def test_targets_of_a_15_minute_sensor_are_bridged_for_learning_alone() -> None:
    windows = windows_of_people(0, 1)
    coarse = windows.target.copy()
    coarse[:, [step for step in range(HORIZON) if step % 3 != 2]] = np.nan
    bridged = bridged_targets(replace(windows, target=coarse))
    known = np.isfinite(coarse)
    assert np.array_equal(bridged[known], coarse[known])
    three = np.isfinite(coarse[:, 2])
    first = windows.history[three, -1] * 2 / 3 + coarse[three, 2] / 3
    assert bridged[three, 0] == pytest.approx(first, rel=1e-5)


def test_a_forecast_is_answered_without_torch(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(pack(_fitted().to_artifact()))
    code = (
        "import sys, pathlib, numpy as np\n"
        "from ml.artifacts import unpack\n"
        "from ml.models.onnx_forecaster import served\n"
        "from ml.records.cgm.windows import forecast_windows\n"
        "from ml.simulation.grids import simulated_grids\n"
        "model = served(unpack(pathlib.Path(sys.argv[1]).read_bytes()))\n"
        "grid = simulated_grids(np.random.default_rng(0), 1, days=2)[0]\n"
        "print(model.predict(forecast_windows(grid, stride=50)).shape[1:])\n"
        "loaded = {'torch', 'tensorflow', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str((HORIZON, len(QUANTILES)))


def test_a_network_that_is_missing_or_damaged_is_refused() -> None:
    artifact = _fitted().to_artifact()
    files = dict(artifact.files)
    network = files.pop("network.onnx")
    with pytest.raises(BrokenArtifact, match="no network"):
        OnnxForecaster(replace(artifact, files=files))
    with pytest.raises(BrokenArtifact, match="readable network"):
        OnnxForecaster(replace(artifact, files=files | {"network.onnx": network[:1000]}))
    cut = artifact.files["weights.safetensors"][:-900]
    with pytest.raises(BrokenArtifact, match=r"^the 'gru' model has no readable weights$"):
        OnnxForecaster(replace(artifact, files=artifact.files | {"weights.safetensors": cut}))


def test_a_network_of_the_first_format_is_answered_as_one_without_difficulty() -> None:
    artifact, windows = _fitted().to_artifact(), windows_of_people(6, 8)
    tensors = tensors_of(artifact)
    learnt = tensors.pop("conformal.difficulty")
    files = artifact.files | {"weights.safetensors": packed_tensors(tensors)}
    first = unpack(pack(replace(artifact, version=1, files=files)))
    tensors["conformal.difficulty"] = np.zeros_like(learnt)
    files = artifact.files | {"weights.safetensors": packed_tensors(tensors)}
    plain = OnnxForecaster(replace(artifact, files=files)).predict(windows)
    assert np.array_equal(OnnxForecaster(first).predict(windows), plain)
    assert not np.array_equal(OnnxForecaster(artifact).predict(windows), plain)
    again = Gru.from_artifact(first).to_artifact()
    assert np.array_equal(OnnxForecaster(again).predict(windows), plain)


def test_simple_forecasters_are_served_too_and_strangers_are_not() -> None:
    windows = windows_of_people(0, 2)
    model = LastValue()
    model.fit(windows, windows, rng=np.random.default_rng(0), progress=silent)
    artifact = model.to_artifact()
    assert np.array_equal(served(artifact).predict(windows), model.predict(windows))
    with pytest.raises(BrokenArtifact, match="no forecaster is called 'singan'"):
        served(replace(artifact, kind="singan"))
