"""Named tensors as safetensors bytes and back."""

from collections.abc import Mapping

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ml.artifacts import BrokenArtifact


def to_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """`tensors` as safetensors; equal tensors give equal bytes."""
    return save({name: tensors[name].detach().clone().contiguous() for name in sorted(tensors)})


def from_bytes(data: bytes) -> dict[str, Tensor]:
    """The tensors of `to_bytes`, or `BrokenArtifact`."""
    try:
        return load(data)
    except SafetensorError as fault:
        raise BrokenArtifact("the model's weights are unreadable: train it again") from fault


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` with `prefix.` before every name."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix.`, without it."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): tensor
        for name, tensor in tensors.items()
        if name.startswith(start)
    }
