"""The keyring as files: one small file for each key, wrapped under a master key kept elsewhere.

    keyring           says that this folder is a keyring, and of which format
    keys/00 … keys/ff data keys by the first byte of their id, so that a million of them
                      make folders of a few thousand files
    service           the service's own secrets

Reading takes no lock; writing takes that of one folder. Works between any number of threads
and processes on one file system that honours fsync, rename and flock (no network share).
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.adapters.keys.durable import (
    failures_named,
    locked,
    make_private_folder,
    require_private_folder,
    sync_folder,
    write_private,
)
from backend.adapters.keys.entry_folder import EntryFolder
from backend.adapters.keys.master_keys import (
    FolderMasterKeys,
    InsecureDevelopmentMasterKeys,
    MasterKeys,
)
from backend.adapters.keys.rotation import rotate
from backend.adapters.keys.wrapping import KEY_BYTES
from backend.domain.errors import InvalidField, KeyUnknown, MisconfiguredService
from backend.domain.identifiers import KeyId
from backend.ports.keys import KeyState

_MARKER = "keyring"
_FORMAT = b"VitalMint keyring, format 1\n"
_ID = re.compile(r"[0-9a-f]{32}")
_SERVICE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class FileKeyring:
    """`Keyring` over a folder that `create_keyring` made."""

    def __init__(
        self,
        folder: Path,
        masters: MasterKeys,
        *,
        random_bytes: Callable[[int], bytes] = os.urandom,
        lock_wait_s: float = 10.0,
    ) -> None:
        if not (folder / _MARKER).is_file():
            raise MisconfiguredService(
                (f"there is no keyring in {folder}: mount it, restore it, or make a new one",)
            )
        require_private_folder(folder, "the keyring")
        _require_apart(folder, masters)
        self._folder = folder
        self._masters = masters
        self._random_bytes = random_bytes
        self._service = EntryFolder(folder / "service", "service", masters, lock_wait_s=lock_wait_s)
        self._shards = [
            EntryFolder(path, "data", masters, lock_wait_s=lock_wait_s) for path in _shards(folder)
        ]

    def __repr__(self) -> str:
        return f"FileKeyring({str(self._folder)!r}, {self._masters!r})"

    def store(self, key_id: KeyId, key: bytes) -> None:
        """Keep a fresh 32-byte key; it is on disk when this returns. A destroyed id stays so."""
        if len(key) != KEY_BYTES:
            raise InvalidField("key", f"a data key has {KEY_BYTES} bytes")
        self._shard(key_id).keep(key_id, key)

    def open(self, key_id: KeyId) -> bytes:
        """The key, or `KeyDestroyed` / `KeyUnknown`."""
        return self._shard(key_id).open(key_id)

    def destroy(self, key_id: KeyId) -> None:
        """Forget the key for good, and remember that it was destroyed. Safe to repeat."""
        self._shard(key_id).destroy(key_id)

    def state(self, key_id: KeyId) -> KeyState:
        """Whether the key is here, was destroyed, or was never seen.

        A key that came back although it was destroyed is wiped by the look.
        """
        return self._shard(key_id).state(key_id)

    def live(self) -> Iterator[KeyId]:
        """Every key that can be opened."""
        for shard in self._shards:
            for name in shard.live():
                yield KeyId(name)

    def destroyed(self) -> Iterator[KeyId]:
        """Every key that this keyring remembers to have destroyed."""
        for shard in self._shards:
            for name in shard.destroyed():
                yield KeyId(name)

    def service_key(self, name: str) -> bytes:
        """A 32-byte secret of the service itself, made on first use, the same ever after."""
        if not _SERVICE_NAME.fullmatch(name):
            raise InvalidField("service key", "a name has lower-case letters, digits, - and _")
        try:
            return self._service.open(name)
        except KeyUnknown:
            return self._service.keep_first(name, lambda: self._random_bytes(KEY_BYTES))

    def rotate(self, progress: Callable[[int, int], None]) -> int:
        """Re-wrap every key under a fresh master key; resumable; returns how many."""
        return rotate(self._folder, [self._service, *self._shards], self._masters, progress)

    def _shard(self, key_id: KeyId) -> EntryFolder:
        if not _ID.fullmatch(key_id):
            raise InvalidField("key id", "a key id has 32 lower-case hexadecimal digits")
        return self._shards[int(key_id[:2], 16)]


def create_keyring(folder: Path) -> None:
    """Make an empty keyring in the folder, unless there is one; safe to repeat after a kill."""
    with failures_named(folder):
        make_private_folder(folder)
        with locked(folder):
            if (folder / _MARKER).exists():
                return
            for path in [folder / "keys", folder / "service", *_shards(folder)]:
                path.mkdir(exist_ok=True, mode=0o700)
            sync_folder(folder / "keys")
            write_private(folder / _MARKER, _FORMAT)


def create_keyring_and_master(
    folder: Path, master_folder: Path, *, random_bytes: Callable[[int], bytes] = os.urandom
) -> None:
    """Make both where neither is; refused when one of the two is lost, because a new one
    would open nothing and hide the loss."""
    has_keyring = (folder / _MARKER).exists()
    has_master = master_folder.is_dir() and any(master_folder.glob("*.key"))
    if has_master and not has_keyring:
        raise MisconfiguredService(
            (f"there are master keys in {master_folder} and no keyring in {folder}: restore it",)
        )
    if has_keyring and not has_master and any(folder.glob("**/*.key")):
        raise MisconfiguredService(
            (f"the keyring {folder} has keys, but no master is in {master_folder}: restore it",)
        )
    create_keyring(folder)
    FolderMasterKeys.create(master_folder, random_bytes=random_bytes)


def _shards(folder: Path) -> list[Path]:
    return [folder / "keys" / f"{first:02x}" for first in range(256)]


def _require_apart(folder: Path, masters: MasterKeys) -> None:
    """Refuse master keys beside the keyring, unless they are called what they are then."""
    if masters.kept_in is None or isinstance(masters, InsecureDevelopmentMasterKeys):
        return
    keys, master = folder.resolve(), masters.kept_in.resolve()
    if keys.parent == master.parent or keys in master.parents or master in keys.parents:
        raise MisconfiguredService(
            (
                f"the master keys in {master} lie beside the keyring {keys}, so that one copy "
                "takes both: keep them on another disk, or call them insecure development keys",
            )
        )
