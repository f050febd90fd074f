"""Says which custom error a contract must answer with, arguments included."""

import contextlib
from collections.abc import Iterator
from typing import Any

from brownie.exceptions import VirtualMachineError


@contextlib.contextmanager
def refused(error: str, *arguments: Any) -> Iterator[None]:
    """The block must end in exactly this custom error with exactly these arguments."""
    try:
        yield
    except VirtualMachineError as refusal:
        assert refusal.revert_msg == spelled(error, *arguments)
        return
    raise AssertionError(f"not refused, though {spelled(error, *arguments)} was expected")


def spelled(error: str, *arguments: Any) -> str:
    """A custom error as Brownie writes it."""
    return f"{error}: {', '.join(_spelled(argument) for argument in arguments)}"


def _spelled(argument: Any) -> str:
    if isinstance(argument, bytes | bool | int):
        return str(argument)
    return str(argument).lower()
