"""Small private files that survive a kill and a power cut, and files that do not come back."""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.domain.errors import KeyringUnavailable, MisconfiguredService

COMING = ".new"
"""The ending of a file that is being written; under the folder's lock there is no other."""

_LARGEST = 64 * 1024
_WAIT_S = 10.0
_RETRY_S = 0.002


@contextmanager
def locked(folder: Path, *, sync: bool = True, wait_s: float = _WAIT_S) -> Iterator[None]:
    """Hold the folder's lock, across threads and processes; a kill gives it back.

    With `sync`, what was made, renamed or removed in the folder is on disk when the block has
    ended well.
    """
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        until = time.monotonic() + wait_s
        while not _lock(opened):
            if time.monotonic() >= until:
                raise KeyringUnavailable(
                    f"another process holds the lock of {folder}: "
                    "wait until it is done, then try again"
                )
            time.sleep(_RETRY_S)
        yield
        if sync:
            os.fsync(opened)
    finally:
        os.close(opened)


def write_private(path: Path, content: bytes) -> None:
    """Write beside, sync, move into place. The caller holds the folder's lock."""
    coming = path.with_suffix(COMING)
    _overwrite_and_remove(coming)
    opened = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        _write_all(opened, content)
        os.fsync(opened)
    except BaseException:
        os.close(opened)
        _overwrite_and_remove(coming)
        raise
    os.close(opened)
    coming.replace(path)


def read_private(path: Path) -> bytes | None:
    """The file's content, None when there is none; refused when others may read it."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        if stat.S_IMODE(os.fstat(opened).st_mode) & 0o077:
            raise KeyringUnavailable(
                f"{path} may be read by others: find out who could, chmod 600 it, "
                "and rotate the master key"
            )
        return os.read(opened, _LARGEST)
    finally:
        os.close(opened)


def wipe(path: Path) -> None:
    """Take the file out of sight, overwrite it and remove it. None there is fine.

    File systems that copy on write and flash keep old blocks for a while: what was in them
    ends with the master key that wrapped it. The caller holds the folder's lock.
    """
    aside = path.with_suffix(COMING)
    _overwrite_and_remove(aside)
    try:
        path.replace(aside)
    except FileNotFoundError:
        return
    _overwrite_and_remove(aside)


def sync_folder(folder: Path) -> None:
    """Put what was made and removed in the folder on disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def make_private_folder(folder: Path) -> None:
    """Make the folder, for this user alone, on disk when this returns."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sync_folder(folder.parent)


def require_private_folder(folder: Path, what: str) -> None:
    """`MisconfiguredService` when others could look into the folder."""
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise MisconfiguredService((f"{what} {folder} is open to others: chmod 700 it",))


@contextmanager
def failures_named(what: Path) -> Iterator[None]:
    """Turn an error of the operating system into one of the keyring."""
    try:
        yield
    except OSError as error:
        raise KeyringUnavailable(
            f"{what} cannot be used ({error.strerror}): "
            "check that the disk is mounted, writable and not full"
        ) from error


def _overwrite_and_remove(path: Path) -> None:
    try:
        opened = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        _write_all(opened, bytes(os.fstat(opened).st_size))
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
    finally:
        os.close(opened)
    path.unlink(missing_ok=True)


def _lock(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_all(opened: int, content: bytes) -> None:
    while content:
        content = content[os.write(opened, content) :]
