"""RNN, LSTM and GRU quantile forecasters: trained here, answered from ONNX elsewhere."""

import io
import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.models.conformal import FORMAT, Conformal, Residuals, ordered
from ml.models.forecaster import MEDIAN, QUANTILES
from ml.models.linear import least_squares, linear_point
from ml.models.point import packed_tensors, require_enough, tensors_of, training_card
from ml.models.quantile_network import INPUTS, QuantileNetwork, network_inputs
from ml.records.cgm.windows import HISTORY, HORIZON, ForecastWindows
from ml.training.checkpoints import Checkpoints, NoCheckpoints
from ml.training.progress import ProgressSink
from ml.training.quantiles import Examples, Settings, train_quantiles
from ml.training.seeds import seeded_initialisation

WEIGHTS = "weights.safetensors"
NETWORK = "network.onnx"
_OPSET = 18
_AT_ONCE = 4096
Floats = npt.NDArray[np.float32]


class Recurrent:
    """A quantile network over a recurrent cell; `Rnn`, `Lstm` and `Gru` name the cell.

    Args:
        settings: of the training.
        checkpoints: where an interrupted training finds its way back.
    """

    kind: str

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._checkpoints = checkpoints or NoCheckpoints()
        self.network: QuantileNetwork | None = None
        self.conformal: Conformal | None = None
        self.card: dict[str, object] = {}

    def fit(
        self,
        train: ForecastWindows,
        validation: ForecastWindows,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
    ) -> None:
        """As `Forecaster.fit`."""
        require_enough(train, validation)
        coefficients = least_squares(train.history, train.target)
        point = linear_point(coefficients, train.history)
        residuals = Residuals.fit(point, train).table
        with seeded_initialisation(rng):
            network = QuantileNetwork(self.kind, coefficients, residuals)
        self.learn(network, train, validation, rng=rng, progress=progress)

    def learn(
        self,
        network: QuantileNetwork,
        train: ForecastWindows,
        validation: ForecastWindows,
        *,
        prior: Conformal | None = None,
        rng: np.random.Generator,
        progress: ProgressSink,
    ) -> None:
        """Train `network` from the weights it has, then calibrate on `validation`.

        With a `prior` calibration, which others made, `validation` only corrects it.
        """
        require_enough(train, validation)
        seed = int(rng.integers(2**31))
        coefficients = network.coefficients.numpy().astype(np.float64)
        figures = train_quantiles(
            network,
            examples(train, coefficients),
            examples(validation, coefficients),
            levels=QUANTILES,
            settings=self.settings,
            seed=seed,
            progress=progress,
            checkpoints=self._checkpoints,
        )
        self.network = network
        self.conformal = Conformal.fit(self._raw(validation), validation, prior=prior)
        self.card = training_card(train, validation) | {
            "training": figures | {"seed": seed, "batch": self.settings.batch},
            "middle": "trained by pinball and squared loss: between median and mean",
        }

    def predict(self, windows: ForecastWindows) -> Floats:
        """As `Forecaster.predict`."""
        if self.conformal is None:
            raise ValueError(f"the {self.kind!r} forecaster was not fitted")
        return self.conformal.apply(self._raw(windows), windows)

    def to_artifact(self) -> Artifact:
        """As `Forecaster.to_artifact`: weights and tables, and the network as ONNX."""
        if self.network is None or self.conformal is None:
            raise ValueError(f"the {self.kind!r} forecaster was not fitted")
        own = {f"network.{n}": v.numpy() for n, v in self.network.state_dict().items()}
        files = {
            WEIGHTS: packed_tensors(own | self.conformal.to_tensors()),
            NETWORK: onnx_bytes(self.network),
        }
        return Artifact(self.kind, FORMAT, self.card, files)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "Recurrent":
        """As `Forecaster.from_artifact`."""
        require(artifact, cls.kind, FORMAT)
        tensors = tensors_of(artifact)
        model = cls()
        try:
            model.network = _restored(cls.kind, tensors)
            model.conformal = Conformal.from_tensors(tensors, artifact.version)
        except (KeyError, ValueError, RuntimeError) as fault:
            raise BrokenArtifact(f"the {cls.kind!r} model lacks a table: {fault}") from fault
        model.card = dict(artifact.card)
        return model

    def _raw(self, windows: ForecastWindows) -> Floats:
        """The network's quantiles before calibration."""
        if self.network is None:
            raise ValueError(f"the {self.kind!r} forecaster was not fitted")
        self.network.eval()
        parts = []
        with torch.no_grad():
            for start in range(0, len(windows), _AT_ONCE):
                part = windows.take(np.arange(start, min(start + _AT_ONCE, len(windows))))
                parts.append(self.network(*network_inputs(part)).numpy())
        raw = np.concatenate(parts or [np.empty((0, HORIZON, len(QUANTILES)), np.float32)])
        return ordered(raw, raw[:, :, MEDIAN])


class Rnn(Recurrent):
    """An Elman network."""

    kind = "rnn"


class Lstm(Recurrent):
    """Long short-term memory."""

    kind = "lstm"


class Gru(Recurrent):
    """Gated recurrent units."""

    kind = "gru"


def examples(windows: ForecastWindows, coefficients: npt.NDArray[np.float64]) -> Examples:
    """Windows as the loop takes them, errors in units of what linear forecasts err.

    A person's error counts by the geometric mean of their own scale and everybody's, so that
    people with little variation are learnt from, too.
    """
    target = bridged_targets(windows)
    known = np.isfinite(target)
    error = np.where(known, target - linear_point(coefficients, windows.history), 0.0)
    step = np.sqrt((error**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1) + 1.0)
    _, who = np.unique(windows.person, return_inverse=True)
    squares = np.bincount(who, ((error / step) ** 2).sum(axis=1))
    counts = np.maximum(np.bincount(who, known.sum(axis=1)), 1)
    person = np.sqrt(np.sqrt(squares / counts) + 0.05)
    unit = (person[who][:, None] * step).astype(np.float32)
    return Examples(network_inputs(windows), torch.from_numpy(target), torch.from_numpy(unit))


def bridged_targets(windows: ForecastWindows) -> Floats:
    """Targets with up to two unknown steps between known ones on a straight line.

    That is what a 15-minute sensor leaves out. It is learnt from, and never scored.
    """
    values = np.concatenate([windows.history[:, -1:], windows.target], axis=1)
    for gap in (2, 3):
        for offset in range(1, gap):
            left, right = values[:, :-gap], values[:, gap:]
            inner = values[:, offset : offset + left.shape[1]]
            line = left + (right - left) * np.float32(offset / gap)
            inner[np.isnan(inner)] = line[np.isnan(inner)]
    return np.ascontiguousarray(values[:, 1:])


def onnx_bytes(network: QuantileNetwork) -> bytes:
    """The network as ONNX; any number of windows at once."""
    network.eval()
    unknown = torch.full((2, HORIZON), float("nan"))
    sample = (torch.full((2, HISTORY), 120.0), torch.zeros(2), unknown, unknown)
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            sample,
            out,
            input_names=list(INPUTS),
            output_names=["quantiles"],
            dynamic_axes={name: {0: "n"} for name in (*INPUTS, "quantiles")},
            opset_version=_OPSET,
            dynamo=False,
        )
    return out.getvalue()


def _restored(kind: str, tensors: Mapping[str, npt.NDArray[np.floating]]) -> QuantileNetwork:
    own = {n.removeprefix("network."): v for n, v in tensors.items() if n.startswith("network.")}
    residuals = np.tile(np.linspace(-1.65, 1.65, len(QUANTILES)), (HORIZON, 1))
    network = QuantileNetwork(kind, own["coefficients"], residuals)
    network.load_state_dict({n: torch.from_numpy(v.copy()) for n, v in own.items()})
    return network.eval()
