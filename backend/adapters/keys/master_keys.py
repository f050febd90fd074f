"""Master keys: what wraps every key of the keyring."""

import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from backend.adapters.keys.durable import (
    COMING,
    failures_named,
    locked,
    make_private_folder,
    read_private,
    require_private_folder,
    sync_folder,
    wipe,
    write_private,
)
from backend.adapters.keys.wrapping import (
    KEY_BYTES,
    LocalMasterKey,
    MasterUnknown,
    master_id,
)
from backend.domain.errors import KeyringUnavailable, MisconfiguredService

_NAME = re.compile(r"[0-9a-f]{32}\.key")


class MasterKeys(Protocol):
    """Wraps keys without showing the master keys themselves.

    This is the seam for a KMS or HSM: `wrap` and `unwrap` become its Encrypt and Decrypt with
    `context` as their encryption context, `begin_rotation` makes a key version there, and
    `retire_all_but` schedules the older ones for deletion.
    """

    @property
    def kept_in(self) -> Path | None:
        """The folder that the master keys lie in, None when they lie in none."""
        ...

    def current(self) -> bytes:
        """The id of the master for new entries, as of now."""
        ...

    def wrap(self, master: bytes, key: bytes, context: bytes) -> bytes:
        """`key` under `master`, bound to `context`; or `MasterUnknown`."""
        ...

    def unwrap(self, master: bytes, wrapped: bytes, context: bytes) -> bytes:
        """The key, or `MasterUnknown` or `WrapBroken`."""
        ...

    def begin_rotation(self) -> bytes:
        """The id of a fresh master, or of the one that an unfinished rotation made."""
        ...

    def retire_all_but(self, master: bytes) -> None:
        """Forget every other master for good; nothing names them any more."""
        ...


class FolderMasterKeys:
    """Master keys as files, `<id>.key` of 64 hexadecimal digits, in a folder of their own.

    The folder belongs on another disk, and in another backup, than the keyring. The highest
    id is the current one; more than one file means that a rotation is not finished.
    """

    def __init__(self, folder: Path, *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._folder = folder
        self._random_bytes = random_bytes
        self._seen = -1
        self._loaded: dict[bytes, LocalMasterKey] = {}
        with failures_named(folder):
            if not folder.is_dir() or not _files(folder):
                raise MisconfiguredService(
                    (f"there is no master key in {folder}: restore it, or make a new keyring",)
                )
            require_private_folder(folder, "the master key folder")
        self._load()

    @classmethod
    def create(cls, folder: Path, *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        """Make the folder and its first master key, unless there is one."""
        with failures_named(folder):
            make_private_folder(folder)
            with locked(folder):
                if not _files(folder):
                    _make(folder, 1, random_bytes)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._folder)!r})"

    @property
    def kept_in(self) -> Path | None:
        return self._folder

    def current(self) -> bytes:
        self._load()
        return max(self._loaded)

    def wrap(self, master: bytes, key: bytes, context: bytes) -> bytes:
        return self._master(master).wrap(key, context, self._random_bytes)

    def unwrap(self, master: bytes, wrapped: bytes, context: bytes) -> bytes:
        return self._master(master).unwrap(wrapped, context)

    def begin_rotation(self) -> bytes:
        with failures_named(self._folder), locked(self._folder):
            files = _files(self._folder)
            if len(files) == 1:
                newest = bytes.fromhex(files[-1].stem)
                _make(self._folder, int.from_bytes(newest[:4], "big") + 1, self._random_bytes)
        return self.current()

    def retire_all_but(self, master: bytes) -> None:
        with failures_named(self._folder), locked(self._folder):
            for path in _files(self._folder):
                if path.stem != master.hex():
                    wipe(path)
            _wipe_unfinished(self._folder)
        self._load()

    def _master(self, master: bytes) -> LocalMasterKey:
        with failures_named(self._folder):
            changed = self._folder.stat().st_mtime_ns != self._seen
        if changed or master not in self._loaded:
            self._load()
        try:
            return self._loaded[master]
        except KeyError as error:
            raise MasterUnknown(master.hex()) from error

    def _load(self) -> None:
        """Read the folder again, so that a retired master leaves this process's memory too."""
        with failures_named(self._folder):
            seen = self._folder.stat().st_mtime_ns
            loaded = dict(_read_all(self._folder))
            if not loaded.keys() <= self._loaded.keys():
                sync_folder(self._folder)  # before anything is wrapped under a new master
        if not loaded:
            raise KeyringUnavailable(
                f"there is no master key in {self._folder} any more: restore it from its backup"
            )
        self._loaded, self._seen = loaded, seen


class InsecureDevelopmentMasterKeys(FolderMasterKeys):
    """Master keys beside the keyring they protect: for development and demonstrations only.

    Whoever copies the one folder copies the other: such a keyring protects nothing.
    """

    def __init__(self, folder: Path, *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        super().__init__(folder, random_bytes=random_bytes)
        warnings.warn(
            f"the master key in {folder} lies beside the keyring it protects: "
            "never keep real people's records like this",
            InsecureKeysWarning,
            stacklevel=2,
        )


class InsecureKeysWarning(UserWarning):
    """The keys of this service are protected by nothing."""


class SecretMasterKeys:
    """Master keys given from outside, as a secret of the environment: the first one is current.

    To rotate: put a fresh secret before the present one, start again, run the rotation, then
    take the old secret away.
    """

    def __init__(
        self, secrets: Sequence[bytes], *, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        if not secrets or any(len(secret) != KEY_BYTES for secret in secrets):
            raise MisconfiguredService(("a master secret has 32 bytes, and there is at least one",))
        self._ids = [master_id(0, secret) for secret in secrets]
        self._masters = {master_id(0, secret): LocalMasterKey(secret) for secret in secrets}
        self._random_bytes = random_bytes

    @property
    def kept_in(self) -> Path | None:
        return None

    def current(self) -> bytes:
        return self._ids[0]

    def wrap(self, master: bytes, key: bytes, context: bytes) -> bytes:
        return self._master(master).wrap(key, context, self._random_bytes)

    def unwrap(self, master: bytes, wrapped: bytes, context: bytes) -> bytes:
        return self._master(master).unwrap(wrapped, context)

    def begin_rotation(self) -> bytes:
        if len(self._masters) == 1:
            raise MisconfiguredService(
                ("to rotate, give a fresh master secret before the present one, and both",)
            )
        return self.current()

    def retire_all_but(self, master: bytes) -> None:
        """Nothing to do here: the operator takes the old secret out of the environment."""

    def _master(self, master: bytes) -> LocalMasterKey:
        try:
            return self._masters[master]
        except KeyError as error:
            raise MasterUnknown(master.hex()) from error


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _make(folder: Path, generation: int, random_bytes: Callable[[int], bytes]) -> None:
    _wipe_unfinished(folder)
    key = random_bytes(KEY_BYTES)
    name = master_id(generation, key).hex()
    write_private(folder / f"{name}.key", f"{key.hex()}\n".encode())


def _wipe_unfinished(folder: Path) -> None:
    for path in folder.glob(f"*{COMING}"):
        wipe(path)


def _read_all(folder: Path) -> Iterator[tuple[bytes, LocalMasterKey]]:
    for path in _files(folder):
        master = _read(path)
        if master is not None:
            yield bytes.fromhex(path.stem), master


def _read(path: Path) -> LocalMasterKey | None:
    """The master key, if it is the one that its file's name tells; None once it is retired."""
    content = read_private(path)
    if content is None:
        return None
    try:
        key = bytes.fromhex(content.decode())
    except ValueError:
        key = b""
    if len(key) == KEY_BYTES and master_id(int(path.stem[:8], 16), key).hex() == path.stem:
        return LocalMasterKey(key)
    if not path.exists():
        return None
    raise KeyringUnavailable(f"the master key {path} is damaged: restore it from its backup")
