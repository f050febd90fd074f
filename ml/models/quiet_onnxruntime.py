"""onnxruntime, told to send nothing: the one place that imports it.

Its official builds for Linux report sessions, with hashes of a model's graph and weights, to their
maker by default (since 1.29), and leave an identifier of the machine in the home folder. A service
of health data calls nobody up: the opt-out has to be in the environment before the library is
loaded, and holds for the life of the process.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
)

__all__ = ["Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "onnxruntime"]
