"""Where an interrupted training finds its way back: one blob, replaced as a whole.

A checkpoint is as telling as the data it was made from; whoever keeps one seals it.
"""

import os
from pathlib import Path
from typing import Protocol


class Checkpoints(Protocol):
    """The last state of one training."""

    def load(self) -> bytes | None:
        """The last state saved, whole, or None."""
        ...

    def save(self, state: bytes) -> None:
        """Replace the last state; a kill leaves the old one or the new one."""
        ...


class NoCheckpoints:
    """For a training that is short enough to start again."""

    def load(self) -> bytes | None:
        return None

    def save(self, state: bytes) -> None:
        """Forgets it."""


class MemoryCheckpoints:
    """For tests, and for a training inside a longer one."""

    def __init__(self) -> None:
        self.state: bytes | None = None

    def load(self) -> bytes | None:
        return self.state

    def save(self, state: bytes) -> None:
        self.state = state


class FileCheckpoints:
    """A file, for experiments on data that may lie on this disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> bytes | None:
        return self._path.read_bytes() if self._path.exists() else None

    def save(self, state: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_name(self._path.name + ".part")
        with part.open("wb") as out:
            out.write(state)
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._path)
