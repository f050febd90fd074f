"""Answers forecasts from a stored network with onnxruntime and numpy alone: no torch is loaded."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.models.baselines import LastValue, SameTimeYesterday, TimeOfDayMedian
from ml.models.conformal import FORMAT, Conformal, ordered
from ml.models.forecaster import MEDIAN, QUANTILES
from ml.models.linear import Linear
from ml.models.point import tensors_of
from ml.models.quiet_onnxruntime import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    onnxruntime,
)
from ml.records.cgm.windows import HORIZON, ForecastWindows

NETWORKS = ("rnn", "lstm", "gru")
_NETWORK = "network.onnx"
_INPUTS = ("history", "minute", "yesterday", "typical")
_AT_ONCE = 4096
_UNREADABLE = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf)
Floats = npt.NDArray[np.float32]


class Predictor(Protocol):
    """Anything that forecasts from windows."""

    kind: str

    def predict(self, windows: ForecastWindows) -> Floats:
        """As `Forecaster.predict`."""
        ...


def served(artifact: Artifact) -> Predictor:
    """The forecaster of any artifact of the catalogue, loaded without torch.

    Raises:
        BrokenArtifact, NewerArtifact: it is none, is damaged, or is too new.
    """
    if artifact.kind in NETWORKS:
        return OnnxForecaster(artifact)
    for family in (LastValue, SameTimeYesterday, TimeOfDayMedian, Linear):
        if family.kind == artifact.kind:
            return family.from_artifact(artifact)
    raise BrokenArtifact(f"no forecaster is called {artifact.kind!r}: train the model again")


class OnnxForecaster:
    """A trained recurrent forecaster, ready to predict; it cannot be fitted.

    Args:
        artifact: of an `rnn`, `lstm` or `gru`.
        threads: that a forecast may use.

    Raises:
        BrokenArtifact: the artifact is of another kind, or a part is missing or unreadable.
        NewerArtifact: it was written by a newer release.
    """

    def __init__(self, artifact: Artifact, *, threads: int = 1) -> None:
        if artifact.kind not in NETWORKS:
            raise BrokenArtifact(f"a {artifact.kind!r} model is not answered from ONNX")
        require(artifact, artifact.kind, FORMAT)
        self.kind = artifact.kind
        self.card = dict(artifact.card)
        self._session = _session(artifact, threads)
        tensors = tensors_of(artifact)
        try:
            self._conformal = Conformal.from_tensors(tensors, artifact.version)
        except (KeyError, ValueError) as fault:
            raise BrokenArtifact(f"the {self.kind!r} model lacks a table: {fault}") from fault

    def predict(self, windows: ForecastWindows) -> Floats:
        """As `Forecaster.predict`."""
        parts = [
            self._run(windows.take(np.arange(start, min(start + _AT_ONCE, len(windows)))))
            for start in range(0, len(windows), _AT_ONCE)
        ]
        raw = np.concatenate(parts or [np.empty((0, HORIZON, len(QUANTILES)), np.float32)])
        return self._conformal.apply(ordered(raw, raw[:, :, MEDIAN]), windows)

    def _run(self, windows: ForecastWindows) -> Floats:
        arrays = (windows.history, windows.minute_of_day, windows.yesterday, windows.typical)
        feed = {n: a.astype(np.float32) for n, a in zip(_INPUTS, arrays, strict=True)}
        return np.asarray(self._session.run(None, feed)[0], dtype=np.float32)


def _session(artifact: Artifact, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        content = artifact.files[_NETWORK]
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except KeyError as fault:
        raise BrokenArtifact(f"the {artifact.kind!r} model holds no network") from fault
    except _UNREADABLE as fault:
        raise BrokenArtifact(f"the {artifact.kind!r} model holds no readable network") from fault
