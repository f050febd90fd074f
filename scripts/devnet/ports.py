"""Ports nobody listens on."""

import random
import socket
from collections.abc import Container

from .errors import NetworkConflict

HOST = "127.0.0.1"

# Below the range from which systems lend ports to outgoing connections, so that a port that was
# chosen once is still free at the next start.
_RANGE = range(20_000, 30_000)
_ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(
    *, preferred: int | None, source: random.Random, excluding: Container[int] = ()
) -> int:
    """The preferred port if it is free, else another free one."""
    if preferred is not None and preferred not in excluding and is_free(preferred):
        return preferred
    for _ in range(_ATTEMPTS):
        port = source.choice(_RANGE)
        if port not in excluding and is_free(port):
            return port
    raise NetworkConflict(
        f"{_ATTEMPTS} ports tried between {_RANGE.start} and {_RANGE.stop} are all taken: "
        "stop what is listening there"
    )
