"""Says which custom error a contract must answer with, arguments included."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from brownie.exceptions import VirtualMachineError

SOMEBODY = re.compile("0x[0-9a-f]{40}")
"""Stands for an address that cannot be foretold: who a signature over other words recovers to."""


@contextlib.contextmanager
def refused(error: str, *arguments: Any) -> Iterator[None]:
    """The block must end in exactly this custom error with exactly these arguments."""
    try:
        yield
    except VirtualMachineError as refusal:
        expected = f"{error}: {', '.join(_pattern(argument) for argument in arguments)}"
        assert re.fullmatch(expected, refusal.revert_msg), f"{refusal.revert_msg} is not {expected}"
        return
    raise AssertionError(f"not refused, though {error} was expected")


def spelled(error: str, *arguments: Any) -> str:
    """A custom error as Brownie writes it."""
    return f"{error}: {', '.join(_spelled(argument) for argument in arguments)}"


def _pattern(argument: Any) -> str:
    return argument.pattern if isinstance(argument, re.Pattern) else re.escape(_spelled(argument))


def _spelled(argument: Any) -> str:
    if isinstance(argument, bytes | bool | int):
        return str(argument)
    return str(argument).lower()
