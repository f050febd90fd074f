"""The content folder under kills, a full disk, damage and a second process."""

import os
import random
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.adapters.content_store.folder import FolderContentStore
from backend.crypto.cid import content_cid
from backend.domain.errors import ContentMismatch, ContentMissing, ContentStoreUnavailable

_CONTENT = random.Random(4).randbytes(30_000)
_CID = content_cid(_CONTENT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "content"


def _in_child(work: Callable[[], None]) -> int:
    """Do the work in a forked process; its wait status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def test_an_add_killed_at_any_moment_leaves_whole_content_or_none(folder: Path) -> None:
    FolderContentStore(folder)

    def add_for_ever() -> None:
        store = FolderContentStore(folder)
        while True:
            store.add(_CONTENT)
            store.unpin(_CID)
            store.collect_garbage()

    for delay in (0.001, 0.002, 0.003, 0.005, 0.008, 0.013, 0.02, 0.03):
        child = os.fork()
        if child == 0:
            add_for_ever()
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        store = FolderContentStore(folder)
        if _CID in store.pinned():
            assert store.get(_CID, limit=30_000) == _CONTENT
        store.unpin(_CID)
        store.collect_garbage()
        assert [path for path in folder.rglob("*") if path.is_file()] == [folder / "lock"]


def test_a_full_disk_ends_in_one_error_and_leaves_nothing(folder: Path) -> None:
    store = FolderContentStore(folder)
    store.add(b"before")

    def add_on_a_full_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        with pytest.raises(ContentStoreUnavailable, match="not full"):
            FolderContentStore(folder).add(_CONTENT)

    assert _in_child(add_on_a_full_disk) == 0
    assert list((folder / "coming").iterdir()) == []
    assert store.pinned() == {content_cid(b"before")}
    store.add(_CONTENT)
    assert store.get(_CID, limit=30_000) == _CONTENT


def test_changed_bytes_are_a_mismatch_and_adding_again_repairs_them(folder: Path) -> None:
    store = FolderContentStore(folder)
    store.add(_CONTENT)
    path = folder / "content" / _CID[-2:] / _CID
    path.write_bytes(_CONTENT[:-1])
    with pytest.raises(ContentMismatch, match=_CID):
        store.get(_CID, limit=30_000)
    store.add(_CONTENT)
    assert store.get(_CID, limit=30_000) == _CONTENT


def test_a_lost_file_is_missing_although_it_is_pinned(folder: Path) -> None:
    store = FolderContentStore(folder)
    store.add(_CONTENT)
    (folder / "content" / _CID[-2:] / _CID).unlink()
    with pytest.raises(ContentMissing, match=_CID):
        store.get(_CID, limit=30_000)


def test_a_lock_held_by_another_process_is_not_waited_for_without_end(folder: Path) -> None:
    FolderContentStore(folder)
    held, tell = os.pipe()

    child = os.fork()
    if child == 0:
        with FolderContentStore(folder)._locked(2):
            os.write(tell, b"!")
            time.sleep(60)
    try:
        os.read(held, 1)
        with pytest.raises(ContentStoreUnavailable, match="lock"):
            FolderContentStore(folder, timeout_s=0.1).add(_CONTENT)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    FolderContentStore(folder, timeout_s=5).add(_CONTENT)


def test_a_folder_that_is_not_there_any_more_is_unavailable(folder: Path) -> None:
    store = FolderContentStore(folder)
    store.add(_CONTENT)
    folder.rename(folder.with_name("elsewhere"))
    for use in (store.ping, store.pinned, store.collect_garbage, lambda: store.add(_CONTENT)):
        with pytest.raises(ContentStoreUnavailable):
            use()
