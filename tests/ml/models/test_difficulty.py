"""Calm hours of the lively are harder than those of the calm; strangers are reckoned with."""

from dataclasses import replace

import numpy as np
import pytest

from ml.artifacts import BrokenArtifact, pack, unpack
from ml.models.baselines import LastValue
from ml.models.conformal import FORMAT, Conformal, ordered
from ml.models.difficulty import FEATURES, Difficulty
from ml.models.forecaster import QUANTILES
from ml.models.onnx_forecaster import served
from ml.models.point import packed_tensors, tensors_of
from ml.records.cgm.windows import HORIZON, ForecastWindows
from ml.training.progress import silent
from tests.ml.models.forecast_people import windows_of_people

USUAL = FEATURES.index("last_14_days")


def _people(count: int, seed: int, *, power: float, each: int = 120) -> ForecastWindows:
    """Windows alike but for how much their person usually varies, which errors grow with."""
    rng = np.random.default_rng(seed)
    source = windows_of_people(0, 6)
    windows = source.take(rng.integers(0, len(source), count * each))
    who = np.arange(len(windows)) % count
    usual = np.exp(rng.normal(np.log(25.0), 0.6, count))[who]
    noise = rng.normal(0, 8, (len(windows), HORIZON)) * (usual[:, None] / 25.0) ** power
    return replace(
        windows,
        person=np.array([f"{seed}-{number}" for number in who]),
        moment=windows.moment + rng.integers(0, 20, len(windows)).astype("timedelta64[D]"),
        day_spread=np.full(len(windows), 25.0, np.float32),
        usual_spread=usual.astype(np.float32),
        target=(windows.history[:, -1:] + noise).astype(np.float32),
    )


def _constant(windows: ForecastWindows) -> np.ndarray:
    last = np.repeat(windows.history[:, -1:], HORIZON, axis=1)
    away = np.linspace(-9, 9, len(QUANTILES), dtype=np.float32)
    return ordered(last[:, :, None] + away, last)


def _covered(conformal: Conformal, windows: ForecastWindows) -> np.ndarray:
    quantiles = conformal.apply(_constant(windows), windows)
    return (windows.target >= quantiles[:, :, 0]) & (windows.target <= quantiles[:, :, -1])


def test_people_who_usually_vary_more_are_covered_like_the_others() -> None:
    learnt, new = _people(40, 1, power=0.8), _people(40, 2, power=0.8)
    conformal = Conformal.fit(_constant(learnt), learnt)
    covered, blind = (
        _covered(one, new) for one in (conformal, replace(conformal, difficulty=Difficulty.none()))
    )
    for rows in (new.usual_spread < 20, new.usual_spread > 32):
        assert covered[rows].mean() == pytest.approx(0.9, abs=0.03)
    assert blind[new.usual_spread > 32].mean() < 0.87 < 0.93 < blind[new.usual_spread < 20].mean()


def test_the_power_that_errors_grow_by_is_found() -> None:
    windows = _people(60, 3, power=0.8)
    errors = windows.target - windows.history[:, -1:]
    found = Difficulty.fit(errors, windows).exponents
    assert found[:, USUAL] == pytest.approx(0.8, abs=0.12)
    assert np.abs(np.delete(found, USUAL, axis=1)).max() < 0.1


def test_one_person_teaches_hardly_anything_of_how_people_differ() -> None:
    windows = _people(1, 4, power=0.8, each=600)
    usual = windows.usual_spread * np.exp(np.linspace(-0.1, 0.1, len(windows)))
    windows = replace(windows, usual_spread=usual.astype(np.float32))
    trend = np.linspace(0.5, 1.5, len(windows))[:, None]
    found = Difficulty.fit(trend * (windows.target - windows.history[:, -1:]), windows).exponents
    assert np.abs(found[:, USUAL]).max() < 0.1


def test_a_step_that_nobody_knows_is_as_hard_as_its_neighbours() -> None:
    windows = _people(20, 5, power=0.8)
    errors = windows.target - windows.history[:, -1:]
    errors[:, [step for step in range(HORIZON) if step % 3 != 2]] = np.nan
    found = Difficulty.fit(errors, windows).exponents
    assert found[3] == pytest.approx(found[2] * 2 / 3 + found[5] / 3, rel=1e-4)
    assert (Difficulty.fit(np.full_like(errors, np.nan), windows).exponents == 0).all()


def test_no_interval_is_stretched_without_bound() -> None:
    windows = replace(_people(2, 6, power=0.0), usual_spread=np.full(240, 500.0, np.float32))
    steep = Difficulty(np.full((HORIZON, len(FEATURES)), 3.0, np.float32))
    assert steep.factors(windows).max() <= np.float32(np.e)


def _biased(count: int, seed: int) -> ForecastWindows:
    """People who each lie above or below what is forecast by something of their own."""
    windows = _people(count, seed, power=0.0, each=60)
    _, who = np.unique(windows.person, return_inverse=True)
    bias = np.random.default_rng(seed).normal(0, 4, count)[who]
    return replace(windows, target=windows.target + bias[:, None].astype(np.float32))


def test_people_who_did_not_make_the_tables_are_covered_as_promised() -> None:
    shares = []
    for seed in range(4):
        learnt, new = _biased(20, 100 + seed), _biased(40, 200 + seed)
        shares.append(_covered(Conformal.fit(_constant(learnt), learnt), new).mean())
    assert np.mean(shares) == pytest.approx(0.9, abs=0.012)


def _last_value() -> LastValue:
    model, windows = LastValue(), windows_of_people(0, 4)
    model.fit(windows, windows, rng=np.random.default_rng(0), progress=silent)
    return model


def test_a_model_of_the_first_format_forecasts_as_it_did() -> None:
    artifact, test = _last_value().to_artifact(), windows_of_people(6, 8)
    tensors = tensors_of(artifact)
    tensors.pop("conformal.difficulty")
    first = replace(artifact, version=1, files={"weights.safetensors": packed_tensors(tensors)})
    before = Conformal(Difficulty.none(), Conformal.from_tensors(tensors, 1).shifts)
    model = LastValue.from_artifact(unpack(pack(first)))
    raw = model._residuals.quantiles(model.point(test), test)
    assert np.array_equal(model.predict(test), before.apply(raw, test))
    assert np.array_equal(served(first).predict(test), model.predict(test))
    again = LastValue.from_artifact(model.to_artifact())
    assert model.to_artifact().version == FORMAT
    assert np.array_equal(again.predict(test), model.predict(test))


@pytest.mark.parametrize("fault", ["missing", "of another shape"])
def test_a_model_of_this_format_without_its_difficulty_is_refused(fault: str) -> None:
    artifact = _last_value().to_artifact()
    tensors = tensors_of(artifact)
    table = tensors.pop("conformal.difficulty")
    if fault != "missing":
        tensors["conformal.difficulty"] = table[:, :2]
    broken = replace(artifact, files={"weights.safetensors": packed_tensors(tensors)})
    with pytest.raises(BrokenArtifact, match="difficulty"):
        LastValue.from_artifact(broken)
