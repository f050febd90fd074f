"""A file keyring for tests, and a way to run a forked child that is killed where one likes."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.adapters.keys.file_keyring import FileKeyring, create_keyring_and_master
from backend.adapters.keys.master_keys import FolderMasterKeys
from backend.domain.identifiers import KeyId


@dataclass(frozen=True)
class KeyringFolders:
    """Where a keyring and its master keys lie, apart as they should."""

    keyring: Path
    masters: Path

    @classmethod
    def make(cls, folder: Path) -> "KeyringFolders":
        made = cls(folder / "disk" / "keyring", folder / "other disk" / "masters")
        create_keyring_and_master(made.keyring, made.masters)
        return made

    def open(self) -> FileKeyring:
        """The keyring, as a process that has just started sees it."""
        return FileKeyring(self.keyring, FolderMasterKeys(self.masters))

    def entry(self, key_id: KeyId) -> Path:
        return self.keyring / "keys" / key_id[:2] / f"{key_id}.key"

    def master_files(self) -> list[Path]:
        return sorted(self.masters.iterdir())

    def files_of(self, key_id: KeyId) -> list[str]:
        """Names of all files that belong to a key."""
        return sorted(path.name for path in self.entry(key_id).parent.glob(f"{key_id}*"))


def in_child(work: Callable[[], object], *, stop_before: int | None = None) -> int:
    """Do the work in a forked process; returns how many file-changing operations it began, or
    -1 when it was killed before the one that `stop_before` numbers (from 0)."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(told)
            count = _count_operations(stop_before)
            work()
            os.write(tell, str(count()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(tell)
    _, status = os.waitpid(child, 0)
    counted = os.read(told, 20)
    os.close(told)
    if os.WIFSIGNALED(status):
        return -1
    assert status == 0, "the child failed"
    return int(counted)


def _count_operations(stop_before: int | None) -> Callable[[], int]:
    """Wrap the system calls that change files, so that a kill can fall between any two."""
    begun = 0

    def wrapped(real: Callable[..., object]) -> Callable[..., object]:
        def operation(*args: Any, **kwargs: Any) -> object:
            nonlocal begun
            if real is _open and not args[1] & os.O_CREAT:
                return real(*args, **kwargs)
            if begun == stop_before:
                os.kill(os.getpid(), signal.SIGKILL)
            begun += 1
            return real(*args, **kwargs)

        return operation

    for name in ("open", "write", "fsync", "mkdir", "replace", "unlink"):
        setattr(os, name, wrapped(getattr(os, name)))
    return lambda: begun


_open = os.open
