"""One patient's forecast from a warm model beside the linear baseline's, and training speed.

The forecast is answered by onnxruntime and calibrated, as the API does it; the baseline is the
linear forecaster, calibrated too. Training is one epoch of the GRU by the project's loop beside a
bare torch loop: the same network, batches, loss and AdamW, and nothing else. Both pairs are taken
in turns on one thread.

    python -m benchmarks.forecasting
"""

import statistics
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.timing import seconds, verdict
from ml.models.forecaster import QUANTILES
from ml.models.linear import Linear
from ml.models.onnx_forecaster import OnnxForecaster
from ml.models.quantile_network import QuantileNetwork
from ml.models.recurrent import examples
from ml.models.shipped import shipped
from ml.records.cgm.windows import ForecastWindows, forecast_windows, joined
from ml.simulation.grids import simulated_grids
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent
from ml.training.quantiles import Examples, Settings, quantile_loss, train_quantiles

FORECAST_TARGET_MS = 20.0
_EPOCH = Settings(epochs=1)


@dataclass(frozen=True)
class ForecastingBenchmark:
    """Median seconds of a forecast for one patient, and windows a second of training."""

    forecast: float
    linear: float
    windows: int
    trained_a_second: float
    bare_a_second: float

    @property
    def ratio(self) -> float:
        return self.forecast / self.linear

    @property
    def training_ratio(self) -> float:
        return self.bare_a_second / self.trained_a_second


def measure_forecasting(
    *, rounds: int = 50, trainings: int = 3, seed: int = 7
) -> ForecastingBenchmark:
    """Both pairs in turns, after a warm-up of each, on simulated people."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        grids = simulated_grids(np.random.default_rng(seed), 6, days=5)
        windows = joined([forecast_windows(grid, stride=1) for grid in grids])
        forecast, linear = _forecasts(windows, rounds)
        trained, bare = _trainings(windows, trainings)
    finally:
        torch.set_num_threads(threads)
    return ForecastingBenchmark(forecast, linear, len(windows), trained, bare)


def report(result: ForecastingBenchmark) -> str:
    """The result in two lines for people."""
    forecast = result.forecast * 1e3
    return (
        f"one patient's forecast, warm: {forecast:.2f} ms "
        f"({verdict(forecast, FORECAST_TARGET_MS)}); linear {result.linear * 1e3:.2f} ms; "
        f"ratio {result.ratio:.1f}\n"
        f"training the GRU on {result.windows:,} windows: {result.trained_a_second:,.0f} windows "
        f"a second; bare torch loop {result.bare_a_second:,.0f}; "
        f"ratio {result.training_ratio:.2f} (averaged weights, clipping, validation, checkpoint)"
    )


def _forecasts(windows: ForecastWindows, rounds: int) -> tuple[float, float]:
    network, linear = OnnxForecaster(shipped()), Linear()
    linear.fit(windows, windows, rng=np.random.default_rng(0), progress=silent)
    one = windows.take(np.array([len(windows) // 2]))
    network.predict(one), linear.predict(one)
    pairs = [
        (seconds(lambda: network.predict(one)), seconds(lambda: linear.predict(one)))
        for _ in range(rounds)
    ]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def _trainings(windows: ForecastWindows, rounds: int) -> tuple[float, float]:
    coefficients = np.zeros((windows.history.shape[1] + 1, windows.target.shape[1]))
    coefficients[-2] = 1.0
    data = examples(windows, coefficients)
    few = examples(windows.take(np.arange(0, len(windows), 50)), coefficients)
    pairs = [
        (
            seconds(lambda: _by_our_loop(_network(coefficients), data, few)),
            seconds(lambda: _by_bare_loop(_network(coefficients), data)),
        )
        for _ in range(rounds + 1)
    ][1:]
    ours, bare = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    return len(windows) / ours, len(windows) / bare


def _network(coefficients: np.ndarray) -> QuantileNetwork:
    residuals = np.tile(np.linspace(-1.65, 1.65, len(QUANTILES)), (coefficients.shape[1], 1))
    return QuantileNetwork("gru", coefficients, residuals)


def _by_our_loop(network: QuantileNetwork, data: Examples, few: Examples) -> None:
    train_quantiles(
        network,
        data,
        few,
        levels=QUANTILES,
        settings=_EPOCH,
        seed=0,
        progress=silent,
        checkpoints=NoCheckpoints(),
    )


def _by_bare_loop(network: QuantileNetwork, data: Examples) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), lr=_EPOCH.rate)
    levels = torch.tensor(QUANTILES)
    order = torch.randperm(len(data))
    for start in range(0, len(data), _EPOCH.batch):
        batch = data.take(order[start : start + _EPOCH.batch])
        optimiser.zero_grad(set_to_none=True)
        quantile_loss(network(*batch.inputs), batch, levels, _EPOCH.squared).backward()
        optimiser.step()


if __name__ == "__main__":
    print(report(measure_forecasting()))
