"""What every content store promises, held by the fake, the folder and a real IPFS node."""

import random
import threading
from pathlib import Path

import pytest

from backend.adapters.content_store.folder import FolderContentStore
from backend.adapters.content_store.kubo import KuboContentStore
from backend.crypto.cid import CHUNK, content_cid
from backend.domain.errors import ContentMissing, InvalidField, PayloadTooLarge
from backend.domain.identifiers import Cid
from backend.ports.content_store import ContentStore
from tests.fakes.content_store import InMemoryContentStore

_SIZES = [0, 1, 100, 100_000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17]
_NOT_OURS = [
    "",
    "b",
    "QmRaaUwTNfwgFZpeUy8qrZwrp2dY4kCKmmB5xEqvH3vtD1",
    "zb2rhXhwsHNH1X1hdh7whCR3FpxatyTKrxZMRY8EWi31e5nCW",
    "BAFKREIGH2AKISCAILDCQABSYG3DFR6CHU3FGPREGIYMSCK7E7AQA4S52ZY",
    "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52z",
    "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy/../../etc",
    "../../../../etc/passwd",
    "bafkqaaa",
]


@pytest.fixture(params=["fake", "folder", "kubo"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
    if request.param == "fake":
        return InMemoryContentStore()
    if request.param == "folder":
        return FolderContentStore(tmp_path / "content")
    node = request.getfixturevalue("ipfs_node")
    return KuboContentStore(node.api_url, timeout_s=20)


def _content(size: int) -> bytes:
    return random.randbytes(size)


@pytest.mark.parametrize("size", _SIZES)
def test_content_comes_back_under_the_cid_that_we_compute(store: ContentStore, size: int) -> None:
    content = _content(size)
    cid = store.add(content)
    assert cid == content_cid(content)
    assert store.get(cid, limit=size) == content


def test_added_content_is_pinned_and_stays_when_garbage_is_collected(store: ContentStore) -> None:
    content = _content(5_000)
    cid = store.add(content)
    store.collect_garbage()
    assert cid in store.pinned()
    assert store.get(cid, limit=5_000) == content


@pytest.mark.parametrize("size", [5_000, 2 * CHUNK])
def test_unpinned_content_is_gone_when_garbage_is_collected(store: ContentStore, size: int) -> None:
    cid = store.add(_content(size))
    store.unpin(cid)
    assert cid not in store.pinned()
    store.collect_garbage()
    with pytest.raises(ContentMissing, match=cid):
        store.get(cid, limit=size)


def test_adding_twice_is_one_pin_and_one_unpin_lets_go(store: ContentStore) -> None:
    content = _content(700)
    assert store.add(content) == store.add(content)
    store.unpin(content_cid(content))
    store.collect_garbage()
    with pytest.raises(ContentMissing):
        store.get(content_cid(content), limit=700)


def test_unpinning_what_is_not_pinned_is_fine(store: ContentStore) -> None:
    cid = store.add(_content(300))
    store.unpin(cid)
    store.unpin(cid)
    store.unpin(content_cid(_content(300)))


def test_content_can_be_added_again_after_it_was_collected(store: ContentStore) -> None:
    content = _content(40_000)
    cid = store.add(content)
    store.unpin(cid)
    store.collect_garbage()
    assert store.add(content) == cid
    store.collect_garbage()
    assert store.get(cid, limit=40_000) == content


@pytest.mark.parametrize("size", [101, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_content_larger_than_the_limit_is_refused(store: ContentStore, size: int) -> None:
    cid = store.add(_content(size))
    with pytest.raises(PayloadTooLarge, match=str(size - 1)):
        store.get(cid, limit=size - 1)
    assert len(store.get(cid, limit=size)) == size


@pytest.mark.parametrize("size", [9, 2 * CHUNK])
def test_content_never_added_is_missing(store: ContentStore, size: int) -> None:
    cid = content_cid(_content(size))
    with pytest.raises(ContentMissing, match=cid):
        store.get(cid, limit=size)


@pytest.mark.parametrize("name", _NOT_OURS)
def test_a_name_that_is_no_cid_of_ours_is_refused_before_use(
    store: ContentStore, name: str
) -> None:
    with pytest.raises(InvalidField):
        store.get(Cid(name), limit=100)
    with pytest.raises(InvalidField):
        store.unpin(Cid(name))


def test_threads_share_one_store(store: ContentStore) -> None:
    contents = [_content(30_000) for _ in range(24)]
    found: list[bool] = []

    def put_and_read(mine: list[bytes]) -> None:
        for content in mine:
            found.append(store.get(store.add(content), limit=30_000) == content)

    threads = [threading.Thread(target=put_and_read, args=(contents[at::6],)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 24
    assert {content_cid(content) for content in contents} <= store.pinned()


def test_content_being_added_survives_garbage_collection(store: ContentStore) -> None:
    added: list[tuple[Cid, bytes]] = []
    done = threading.Event()

    def collect() -> None:
        while not done.is_set():
            store.collect_garbage()

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for size in [1_000, 100_000, 2 * CHUNK] * 6:
            content = _content(size)
            added.append((store.add(content), content))
    finally:
        done.set()
        collector.join()
    assert all(store.get(cid, limit=len(content)) == content for cid, content in added)


def test_a_store_that_is_there_answers_a_ping(store: ContentStore) -> None:
    store.ping()
