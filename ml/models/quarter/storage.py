"""A fitted three-month forecaster as an artifact, and back."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.models.quarter.candidates import Candidate
from ml.models.quarter.choice import Route
from ml.models.quarter.forecast import Choice
from ml.models.quarter.intervals import Intervals
from ml.models.quarter.learnt import Learnt, new_candidates

KIND = "quarter"
VERSION = 1
_WEIGHTS, _TEXT = "quarter.safetensors", "quarter.json"

Arrays = dict[str, npt.NDArray[Any]]


def to_artifact(learnt: Learnt, card: Mapping[str, Any]) -> Artifact:
    """Arrays in safetensors; the route and its reasons in JSON."""
    arrays: Arrays = {"residuals": learnt.residuals}
    for kind, candidate in learnt.candidates.items():
        arrays |= {f"candidate:{kind}:{n}": a for n, a in candidate.arrays().items()}
    for key, intervals in learnt.intervals.items():
        arrays |= {f"interval:{key}:{n}": a for n, a in intervals.arrays().items()}
    text = {
        "route": list(learnt.route.source),
        "candidates": list(learnt.candidates),
        "choices": [asdict(choice) for choice in learnt.choices],
    }
    packed = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    return Artifact(
        KIND,
        VERSION,
        card,
        {_WEIGHTS: save(packed), _TEXT: json.dumps(text, indent=1, sort_keys=True).encode()},
    )


def from_artifact(artifact: Artifact) -> Learnt:
    """What was learnt; `BrokenArtifact` or `NewerArtifact` when it cannot be read."""
    require(artifact, KIND, VERSION)
    try:
        arrays = load(artifact.files[_WEIGHTS])
        text = json.loads(artifact.files[_TEXT])
        return Learnt(
            candidates=_candidates(text["candidates"], arrays),
            route=Route(tuple(text["route"])),
            choices=tuple(Choice(**choice) for choice in text["choices"]),
            intervals=_intervals(arrays),
            residuals=arrays["residuals"],
        )
    except (KeyError, ValueError, TypeError, SafetensorError) as fault:
        raise BrokenArtifact("the three-month model is not whole: train it again") from fault


def _candidates(kinds: list[str], arrays: Arrays) -> dict[str, Candidate]:
    found = {c.kind: c for c in new_candidates(recurrent=True) if c.kind in kinds}
    for kind, candidate in found.items():
        start = f"candidate:{kind}:"
        candidate.restore({n[len(start) :]: a for n, a in arrays.items() if n.startswith(start)})
    return found


def _intervals(arrays: Arrays) -> dict[str, Intervals]:
    keys = dict.fromkeys(n.split(":")[1] for n in arrays if n.startswith("interval:"))
    return {
        key: Intervals.restored(
            key.split("/")[0],
            {n: arrays[f"interval:{key}:{n}"] for n in ("centre", "scale", "weights", "bounds")},
        )
        for key in keys
    }
