"""Content in a folder, for tests and for a service on one machine without an IPFS node.

    content/ab/<cid>   the bytes, written beside and moved into place
    pins/ab/<cid>      an empty file for everything held on purpose
    coming/            what is being written

Adds share a lock that a garbage collection takes alone, across processes.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.crypto.cid import content_cid, digest_of_cid
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    ContentStoreUnavailable,
    PayloadTooLarge,
)
from backend.domain.identifiers import Cid

_RETRY_S = 0.01


class FolderContentStore:
    """`ContentStore` over a directory of one file system that honours fsync and flock."""

    def __init__(self, folder: Path, *, timeout_s: float = 60.0) -> None:
        self._folder = folder
        self._timeout_s = timeout_s
        with self._failures_named():
            for part in ("content", "pins", "coming"):
                (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)

    def __repr__(self) -> str:
        return f"FolderContentStore({str(self._folder)!r})"

    def add(self, content: bytes) -> Cid:
        """Keep `content`; content and pin are on disk when this returns."""
        cid = content_cid(content)
        with self._failures_named(), self._locked(fcntl.LOCK_SH):
            if not self._is_whole(cid, content):
                _write(self._folder / "coming", self._path("content", cid), content)
            _write(self._folder / "coming", self._path("pins", cid), b"")
        return cid

    def get(self, cid: Cid, *, limit: int) -> bytes:
        """The content, hashed again; see the port for what else may come."""
        path = self._path("content", cid)
        with self._failures_named():
            try:
                with path.open("rb") as file:
                    content = file.read(limit + 1)
            except FileNotFoundError as error:
                raise ContentMissing(
                    f"the content folder does not hold {cid}: restore it from a copy"
                ) from error
        if len(content) > limit:
            raise PayloadTooLarge(f"the content {cid} is larger than {limit} bytes")
        if content_cid(content) != cid:
            raise ContentMismatch(
                f"the file of {cid} holds other bytes: restore it from a copy and check the disk"
            )
        return content

    def unpin(self, cid: Cid) -> None:
        """Let go of the content. Not pinned already is fine."""
        pin = self._path("pins", cid)
        with self._failures_named():
            pin.unlink(missing_ok=True)
            if pin.parent.is_dir():
                _sync(pin.parent)

    def pinned(self) -> frozenset[Cid]:
        """Every CID with a pin."""
        with self._failures_named():
            return frozenset(Cid(path.name) for path in self._all("pins"))

    def collect_garbage(self) -> None:
        """Delete whatever has no pin, and what killed adds left behind."""
        with self._failures_named(), self._locked(fcntl.LOCK_EX):
            for path in (self._folder / "coming").iterdir():
                path.unlink()
            for path in self._all("content"):
                if not self._path("pins", Cid(path.name)).exists():
                    path.unlink()
                    _sync(path.parent)

    def ping(self) -> None:
        """Return when the folder can be read."""
        with self._failures_named():
            next((self._folder / "content").iterdir(), None)

    def _path(self, part: str, cid: Cid) -> Path:
        digest_of_cid(cid)  # the name of a file must be a CID of ours, and nothing else
        return self._folder / part / cid[-2:] / cid

    def _all(self, part: str) -> Iterator[Path]:
        for shard in (self._folder / part).iterdir():
            yield from shard.iterdir()

    def _is_whole(self, cid: Cid, content: bytes) -> bool:
        try:
            return self._path("content", cid).read_bytes() == content
        except FileNotFoundError:
            return False

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        until = time.monotonic() + self._timeout_s
        with (self._folder / "lock").open("ab") as file:
            while not _lock(file.fileno(), how):
                if time.monotonic() > until:
                    raise ContentStoreUnavailable(
                        "another process held the content folder's lock too long: "
                        "see whether a garbage collection hangs, then try again"
                    )
                time.sleep(_RETRY_S)
            yield

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ContentStoreUnavailable(
                f"the content folder {self._folder} cannot be used ({error.strerror}): "
                "check that the disk is mounted, writable and not full"
            ) from error


def _lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(coming: Path, path: Path, content: bytes) -> None:
    """Write beside, sync, move into place, sync the folder."""
    opened, name = tempfile.mkstemp(dir=coming)
    beside = Path(name)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True, mode=0o700)
            _sync(path.parent.parent)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
