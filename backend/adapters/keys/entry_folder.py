"""One folder of wrapped keys, every change under its lock.

    <name>.key        the entry
    <name>.new        an entry on its way in or out; nothing reads it
    <name>.destroyed  an empty file: this key was destroyed, and stays so

A key is destroyed by writing the third and wiping the other two, in this order, so that a
kill in between ends in a key that is destroyed already and wiped at the next look.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.adapters.keys.durable import (
    COMING,
    failures_named,
    locked,
    read_private,
    sync_folder,
    wipe,
    write_private,
)
from backend.adapters.keys.entries import master_of, unwrap_entry, wrap_entry
from backend.adapters.keys.master_keys import MasterKeys
from backend.adapters.keys.wrapping import MasterUnknown, WrapBroken
from backend.domain.errors import (
    KeyDestroyed,
    KeyringUnavailable,
    KeyUnavailable,
    KeyUnknown,
)
from backend.ports.keys import KeyState

_READS = 5
_ENTRY, _DESTROYED = ".key", ".destroyed"


class EntryFolder:
    """The keys of one folder; `kind` is what they are for and part of their wrapping."""

    def __init__(self, path: Path, kind: str, masters: MasterKeys, *, lock_wait_s: float) -> None:
        self.path = path
        self._kind = kind
        self._masters = masters
        self._lock_wait_s = lock_wait_s

    def keep(self, name: str, key: bytes) -> None:
        """Keep the key, on disk when this returns. The same again is fine, another is not."""
        with self._locked():
            if self._is_destroyed(name):
                raise KeyDestroyed(f"key {name} was destroyed and never comes back")
            if self._file(name, _ENTRY).exists():
                if self._read(name) != key:
                    raise KeyUnavailable(f"key {name} is kept already, and never replaced")
                return
            self._write(name, key, self._masters.current())

    def keep_first(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The key of this name, made now if there is none; one for all processes."""
        with self._locked():
            if not self._file(name, _ENTRY).exists():
                self._write(name, make(), self._masters.current())
            return self._read(name)

    def open(self, name: str) -> bytes:
        """The key, or `KeyDestroyed` / `KeyUnknown`."""
        with failures_named(self.path):
            if self._is_destroyed(name):
                self._finish_destroying(name)
                raise KeyDestroyed(f"key {name} was destroyed")
            return self._read(name)

    def destroy(self, name: str) -> None:
        """Forget the key and remember that; whatever state it is in."""
        with self._locked():
            try:
                self._mark_destroyed(name)
            finally:  # a full disk must not keep a key alive
                self._wipe(name)

    def state(self, name: str) -> KeyState:
        """Whether the key is here, was destroyed, or was never seen."""
        with failures_named(self.path):
            if self._is_destroyed(name):
                self._finish_destroying(name)
                return "destroyed"
            if self._file(name, _ENTRY).exists():
                return "live"
            self.path.stat()  # a folder that is not there knows nothing about its keys
            return "unknown"

    def live(self) -> Iterator[str]:
        """The names of all keys that are here, in order."""
        names = self._names()
        yield from sorted(_ending(names, _ENTRY) - _ending(names, _DESTROYED))

    def destroyed(self) -> Iterator[str]:
        """The names of all keys that were destroyed, in order."""
        yield from sorted(_ending(self._names(), _DESTROYED))

    def tidy(self) -> None:
        """Wipe what killed processes left: unfinished entries, and keys already destroyed."""
        with self._locked(sync=False):
            left = list(self.path.glob(f"*{COMING}"))
            marks = self.path.glob(f"*{_DESTROYED}")
            left += [file for mark in marks if (file := mark.with_suffix(_ENTRY)).exists()]
            for file in left:
                wipe(file)
            if left:
                sync_folder(self.path)

    def rewrap(self, name: str, master: bytes) -> bool:
        """Put the key under `master`; False when it is there already or is gone.

        Raises `WrapBroken` or `MasterUnknown` for an entry that does not open.
        """
        with self._locked(sync=False):
            entry = read_private(self._file(name, _ENTRY))
            if entry is None or self._is_destroyed(name) or master_of(entry) == master:
                return False
            self._write(name, unwrap_entry(entry, self._kind, name, self._masters), master)
            return True

    def sync(self) -> None:
        """Put every entry of the folder on disk."""
        with failures_named(self.path):
            sync_folder(self.path)

    @contextmanager
    def _locked(self, *, sync: bool = True) -> Iterator[None]:
        with (
            failures_named(self.path),
            locked(self.path, sync=sync, wait_s=self._lock_wait_s),
        ):
            yield

    def _names(self) -> list[str]:
        with failures_named(self.path):
            return [path.name for path in self.path.iterdir()]

    def _file(self, name: str, ending: str) -> Path:
        return self.path / f"{name}{ending}"

    def _is_destroyed(self, name: str) -> bool:
        return self._file(name, _DESTROYED).exists()

    def _read(self, name: str) -> bytes:
        seen = b""
        for _ in range(_READS):
            entry = read_private(self._file(name, _ENTRY))
            if entry is None and self._is_destroyed(name):
                raise KeyDestroyed(f"key {name} was destroyed")
            if entry is None:
                raise KeyUnknown(f"key {name} is not in this keyring: restore it from its backup")
            if entry == seen:
                break
            seen = entry
            try:
                return unwrap_entry(entry, self._kind, name, self._masters)
            except (WrapBroken, MasterUnknown):
                continue  # perhaps it was being rewrapped or destroyed: look again
        raise KeyringUnavailable(
            f"the file of key {name} does not open: it is damaged, misplaced or wrapped under "
            "a master key that is not here; restore it, or that master key, from its backup"
        )

    def _write(self, name: str, key: bytes, master: bytes) -> None:
        entry = wrap_entry(key, self._kind, name, master, self._masters)
        write_private(self._file(name, _ENTRY), entry)

    def _mark_destroyed(self, name: str) -> None:
        if not self._is_destroyed(name):
            self._file(name, _DESTROYED).touch(mode=0o600)
        sync_folder(self.path)

    def _finish_destroying(self, name: str) -> None:
        """A kill or a restored backup may have left the key of a destroyed name."""
        if self._file(name, _ENTRY).exists() or self._file(name, COMING).exists():
            with self._locked():
                self._wipe(name)

    def _wipe(self, name: str) -> None:
        wipe(self._file(name, _ENTRY))


def _ending(names: list[str], ending: str) -> set[str]:
    return {name.removesuffix(ending) for name in names if name.endswith(ending)}
