"""The keyring: data keys, wrapped under a master key, outside the database."""

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from backend.domain.identifiers import KeyId

KeyState = Literal["live", "destroyed", "unknown"]


class Keyring(Protocol):
    def store(self, key_id: KeyId, key: bytes) -> None:
        """Keep a fresh 32-byte key; it is on disk when this returns. A destroyed id stays so."""
        ...

    def open(self, key_id: KeyId) -> bytes:
        """The key, or `KeyDestroyed` / `KeyUnknown`."""
        ...

    def destroy(self, key_id: KeyId) -> None:
        """Forget the key for good, and remember that it was destroyed. Safe to repeat."""
        ...

    def state(self, key_id: KeyId) -> KeyState:
        """Whether the key is here, was destroyed, or was never seen."""
        ...

    def live(self) -> Iterator[KeyId]:
        """Every key that can be opened."""
        ...

    def destroyed(self) -> Iterator[KeyId]:
        """Every key that this keyring remembers to have destroyed."""
        ...

    def service_key(self, name: str) -> bytes:
        """A 32-byte secret of the service itself, made on first use, the same ever after."""
        ...

    def rotate(self, progress: Callable[[int, int], None]) -> int:
        """Re-wrap every key under a fresh master key; resumable; returns how many."""
        ...
