"""A keyring in memory, which can be told to fail as real ones do."""

import threading
from collections.abc import Callable, Iterator

from backend.domain.errors import (
    InvalidField,
    KeyDestroyed,
    KeyringUnavailable,
    KeyUnavailable,
    KeyUnknown,
)
from backend.domain.identifiers import KeyId
from backend.ports.keys import KeyState


class InMemoryKeyring:
    """`Keyring` without files. `copy_back` is what restoring an old backup does."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._guard = threading.Lock()
        self._keys: dict[KeyId, bytes] = {}
        self._destroyed: set[KeyId] = set()
        self._service: dict[str, bytes] = {}
        self.down = False
        """Every call fails, nothing changes."""
        self.full = False
        """Nothing can be stored."""

    def backup(self) -> dict[KeyId, bytes]:
        """A copy of the keys, as an operator's backup holds them."""
        return dict(self._keys)

    def copy_back(self, backup: dict[KeyId, bytes], *, with_marks_lost: bool = True) -> None:
        """Restore a backup; what was destroyed since is back, and forgotten to be destroyed."""
        self._keys.update(backup)
        if with_marks_lost:
            self._destroyed -= backup.keys()

    def store(self, key_id: KeyId, key: bytes) -> None:
        self._check(key_id)
        if len(key) != 32:
            raise InvalidField("key", "a data key has 32 bytes")
        with self._guard:
            if key_id in self._destroyed:
                raise KeyDestroyed(f"key {key_id} was destroyed and never comes back")
            if self.full:
                raise KeyringUnavailable("the disk of the keyring is full: free some space")
            if self._keys.setdefault(key_id, key) != key:
                raise KeyUnavailable(f"key {key_id} is kept already, and never replaced")

    def open(self, key_id: KeyId) -> bytes:
        state = self.state(key_id)
        if state == "destroyed":
            raise KeyDestroyed(f"key {key_id} was destroyed")
        if state == "unknown":
            raise KeyUnknown(f"key {key_id} is not in this keyring")
        return self._keys[key_id]

    def destroy(self, key_id: KeyId) -> None:
        self._check(key_id)
        with self._guard:
            self._destroyed.add(key_id)
            self._keys.pop(key_id, None)

    def state(self, key_id: KeyId) -> KeyState:
        self._check(key_id)
        with self._guard:
            if key_id in self._destroyed:
                self._keys.pop(key_id, None)
                return "destroyed"
            return "live" if key_id in self._keys else "unknown"

    def live(self) -> Iterator[KeyId]:
        self._answer()
        yield from sorted(self._keys.keys() - self._destroyed)

    def destroyed(self) -> Iterator[KeyId]:
        self._answer()
        yield from sorted(self._destroyed)

    def service_key(self, name: str) -> bytes:
        self._answer()
        if not name:
            raise InvalidField("service key", "a service key has a name")
        with self._guard:
            return self._service.setdefault(name, self._random_bytes(32))

    def rotate(self, progress: Callable[[int, int], None]) -> int:
        self._answer()
        total = len(self._keys) + len(self._service)
        for done in range(total):
            progress(done + 1, total)
        return total

    def _check(self, key_id: KeyId) -> None:
        self._answer()
        if len(key_id) != 32 or set(key_id) - set("0123456789abcdef"):
            raise InvalidField("key id", "a key id has 32 lower-case hexadecimal digits")

    def _answer(self) -> None:
        if self.down:
            raise KeyringUnavailable("the keyring is down: mount its disk")
