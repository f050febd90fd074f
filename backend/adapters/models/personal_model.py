"""A person's model as bytes: one packed artifact that holds everything an answer needs.

It holds the last fifteen days of readings: it is as telling as the records it was made from, and
is sealed by whoever keeps it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from backend.domain.errors import ModelUnusable
from ml.artifacts import Artifact, BrokenArtifact, NewerArtifact, pack, require, unpack
from ml.records.cgm.grid import GlucoseGrid

KIND = "personal_glucose"
VERSION = 1
_CONTEXT = "context.safetensors"
_TOLD = "told.json"
_PARTS = ("served", "linear")


@dataclass(frozen=True, eq=False)
class PersonalModel:
    """What a training leaves.

    Attributes:
        context: the last days of readings, from which forecasts start.
        served: the forecaster that won on the person's last days.
        linear: least squares of the person's own, to print beside it.
        factors: on the half-widths below and above the middle, float64, shape (2, steps).
        told: plain JSON: ``assessment``, ``winner``, ``reason``, ``candidates``, ``quarter`` (or
            None), ``quarter_reason``, ``setting``, ``seed``.
    """

    context: GlucoseGrid
    served: Artifact
    linear: Artifact
    factors: npt.NDArray[np.float64]
    told: Mapping[str, Any]


def to_bytes(model: PersonalModel) -> bytes:
    """The model packed; equal models give equal bytes."""
    parts = dict(zip(_PARTS, (model.served, model.linear), strict=True))
    files = {
        f"{name}.{file}": content
        for name, part in parts.items()
        for file, content in part.files.items()
    }
    files[_CONTEXT] = _context_bytes(model)
    files[_TOLD] = json.dumps(dict(model.told), sort_keys=True).encode()
    card = {
        name: {"kind": part.kind, "version": part.version, "card": dict(part.card)}
        for name, part in parts.items()
    }
    return pack(Artifact(KIND, VERSION, card, files))


def from_bytes(content: bytes) -> PersonalModel:
    """The model as it was, or `ModelUnusable` with what to do."""
    try:
        artifact = unpack(content)
        require(artifact, KIND, VERSION)
        tensors = load(artifact.files[_CONTEXT])
        return PersonalModel(
            context=_context_of(tensors),
            served=_part(artifact, "served"),
            linear=_part(artifact, "linear"),
            factors=tensors["factors"],
            told=json.loads(artifact.files[_TOLD]),
        )
    except NewerArtifact as fault:
        raise ModelUnusable(
            "your model was made by a newer release of this service than the one that answers: "
            "ask the operator to upgrade, or train it again with a POST to /api/forecast/trainings"
        ) from fault
    except (BrokenArtifact, KeyError, ValueError, TypeError, SafetensorError) as fault:
        raise ModelUnusable(
            "your model is damaged and cannot be read: train it again with a POST to "
            "/api/forecast/trainings"
        ) from fault


def _part(artifact: Artifact, name: str) -> Artifact:
    kept = artifact.card[name]
    start = f"{name}."
    files = {
        file.removeprefix(start): content
        for file, content in artifact.files.items()
        if file.startswith(start)
    }
    return Artifact(kept["kind"], kept["version"], kept["card"], files)


def _context_bytes(model: PersonalModel) -> bytes:
    grid = model.context
    return bytes(
        save(
            {
                "factors": model.factors.astype(np.float64),
                "mg_dl": grid.mg_dl,
                "minute_of_day": grid.minute_of_day.astype(np.int16),
                "observed": grid.observed.astype(np.uint8),
                "seconds": grid.moments.astype(np.int64),
            }
        )
    )


def _context_of(tensors: Mapping[str, npt.NDArray[Any]]) -> GlucoseGrid:
    seconds = tensors["seconds"]
    return GlucoseGrid(
        person="you",
        step_minutes=int(seconds[1] - seconds[0]) // 60,
        moments=seconds.astype("datetime64[s]"),
        minute_of_day=tensors["minute_of_day"],
        mg_dl=tensors["mg_dl"],
        observed=tensors["observed"].astype(bool),
    )
