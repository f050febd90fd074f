"""The loop that every network on tables is trained in, and its way back after an interruption."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.artifacts import Artifact, pack, require, unpack
from ml.generators.tensors import from_bytes, part, prefixed, to_bytes
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

KIND = "table-training"
VERSION = 1
_STATE = "state.safetensors"
_REPORTS = 200
_KEPT = 10


class Steps(Protocol):
    """A training that is done step by step.

    Attributes:
        networks, optimizers: everything that a step changes, by name.
        rng: everything that a step draws from.
    """

    networks: Mapping[str, nn.Module]
    optimizers: Mapping[str, Optimizer]
    rng: torch.Generator

    def step(self, number: int, *, figures: bool) -> dict[str, float]:
        """Do one step; its losses by name when `figures` is set, else nothing."""
        ...


def run(
    steps: Steps,
    total: int,
    *,
    identity: Mapping[str, Any],
    progress: ProgressSink,
    checkpoints: Checkpoints,
) -> None:
    """Do `total` steps, from the last checkpoint of this very training on.

    Args:
        identity: JSON that tells this training from others; a checkpoint of another one, with
            other data, settings or seed, is not taken up.
    """
    done = _resume(steps, checkpoints.load(), identity)
    if done:
        progress(Progress("training", done, total))
    report, keep = max(1, total // _REPORTS), max(1, total // _KEPT)
    for number in range(done, total):
        last = number + 1 == total
        told = last or (number + 1) % report == 0
        figures = steps.step(number, figures=told)
        if last or (number + 1) % keep == 0:
            checkpoints.save(_state(steps, number + 1, identity))
        if told:
            progress(Progress("training", number + 1, total, tuple(figures.items())))


def blend(average: nn.Module, latest: nn.Module, decay: float) -> None:
    """Move every tensor of `average` towards `latest`; 0 copies them."""
    with torch.no_grad():
        pairs = zip(average.state_dict().values(), latest.state_dict().values(), strict=True)
        floats = [(a, b) for a, b in pairs if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1.0 - decay)


def _state(steps: Steps, done: int, identity: Mapping[str, Any]) -> bytes:
    tensors: dict[str, Tensor] = {"rng": steps.rng.get_state()}
    for name, network in steps.networks.items():
        tensors |= prefixed(name, network.state_dict())
    for name, optimizer in steps.optimizers.items():
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= prefixed(f"{name}.{index}", moments)
    card = {"identity": dict(identity), "done": done}
    return pack(Artifact(KIND, VERSION, card, {_STATE: to_bytes(tensors)}))


def _resume(steps: Steps, state: bytes | None, identity: Mapping[str, Any]) -> int:
    """How many steps `state` has done, loaded into `steps`; 0 when it is of another training."""
    if state is None:
        return 0
    artifact = unpack(state)
    require(artifact, KIND, VERSION)
    if artifact.card["identity"] != dict(identity):
        return 0
    tensors = from_bytes(artifact.files[_STATE])
    for name, network in steps.networks.items():
        network.load_state_dict(part(tensors, name))
    for name, optimizer in steps.optimizers.items():
        moments = part(tensors, name)
        indices = sorted({int(key.partition(".")[0]) for key in moments})
        optimizer.load_state_dict(
            {
                "state": {index: part(moments, str(index)) for index in indices},
                "param_groups": optimizer.state_dict()["param_groups"],
            }
        )
    steps.rng.set_state(tensors["rng"])
    return int(artifact.card["done"])
