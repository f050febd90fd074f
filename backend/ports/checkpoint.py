"""Where an interrupted audit keeps its place."""

from typing import Protocol


class CheckpointFile(Protocol):
    def load(self) -> bytes | None:
        """What was saved last, or None."""
        ...

    def save(self, content: bytes) -> None:
        """Replace what was saved; after a crash the old or the new is there, whole."""
        ...

    def remove(self) -> None:
        """Forget it. Not being there already is fine."""
        ...
