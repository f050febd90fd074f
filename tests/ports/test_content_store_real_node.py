"""A real IPFS node that is stopped, killed, frozen or damaged."""

import random
import threading
from pathlib import Path

import pytest

from backend.adapters.content_store.kubo import KuboContentStore
from backend.crypto.cid import CHUNK
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    ContentStoreUnavailable,
)
from tests.devnet_fixtures import IpfsNodeFactory, IpfsNodeUnderTest

_SMALL = random.Random(1).randbytes(20_000)
_LARGE = random.Random(2).randbytes(2 * CHUNK + 5)


def _store(node: IpfsNodeUnderTest, *, timeout_s: float = 20) -> KuboContentStore:
    return KuboContentStore(node.api_url, timeout_s=timeout_s)


@pytest.fixture
def node(ipfs_node_factory: IpfsNodeFactory) -> IpfsNodeUnderTest:
    return ipfs_node_factory()


def test_one_store_outlives_stop_kill_and_restart_of_its_node(node: IpfsNodeUnderTest) -> None:
    store = _store(node)
    cids = {store.add(_SMALL), store.add(_LARGE)}
    for end in (node.stop, node.kill):
        end()
        with pytest.raises(ContentStoreUnavailable):
            store.ping()
        with pytest.raises(ContentStoreUnavailable):
            store.add(_SMALL)
        with pytest.raises(ContentStoreUnavailable):
            store.get(next(iter(cids)), limit=len(_LARGE))
        node.start()
        assert cids <= store.pinned()
        assert {store.get(cid, limit=len(_LARGE)) for cid in cids} == {_SMALL, _LARGE}


def test_a_frozen_node_is_unavailable_and_then_works_on(node: IpfsNodeUnderTest) -> None:
    store = _store(node)
    cid = store.add(_SMALL)
    impatient = _store(node, timeout_s=0.5)
    node.suspend()
    try:
        with pytest.raises(ContentStoreUnavailable, match="within"):
            impatient.get(cid, limit=len(_SMALL))
        with pytest.raises(ContentStoreUnavailable, match="within"):
            impatient.add(_SMALL)
    finally:
        node.resume()
    assert store.get(cid, limit=len(_SMALL)) == _SMALL


def test_a_node_killed_during_adds_holds_every_answered_one(node: IpfsNodeUnderTest) -> None:
    store = _store(node)
    answered = []
    killer = threading.Timer(0.5, node.kill)
    killer.start()
    source = random.Random(3)
    with pytest.raises(ContentStoreUnavailable):
        while True:
            content = source.randbytes(50_000)
            answered.append((store.add(content), content))
    killer.join()
    node.start()
    assert {cid for cid, _ in answered} <= store.pinned()
    assert all(store.get(cid, limit=50_000) == content for cid, content in answered)


@pytest.mark.parametrize("content", [_SMALL, _LARGE], ids=["one block", "three blocks"])
def test_a_changed_block_is_a_mismatch_and_a_lost_one_is_missing(
    node: IpfsNodeUnderTest, content: bytes
) -> None:
    store = _store(node, timeout_s=4)
    cid = store.add(content)
    node.stop()
    block = _block_file(node.repo, content[-5:])
    kept = block.read_bytes()
    block.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    node.start()
    with pytest.raises(ContentMismatch):
        store.get(cid, limit=len(content))
    block.unlink()
    with pytest.raises(ContentMissing):
        store.get(cid, limit=len(content))
    block.write_bytes(kept)
    assert store.get(cid, limit=len(content)) == content


def test_what_others_pinned_under_other_cids_is_left_out(node: IpfsNodeUnderTest) -> None:
    store = _store(node)
    ours = store.add(_SMALL)
    store._node.call(
        lambda client, options: client.add_bytes(_LARGE, **options), seconds=20, limit=10_000
    )
    assert store.pinned() == {ours}


def _block_file(repo: Path, ending: bytes) -> Path:
    """The file of the block that ends in these bytes."""
    files = (path for path in (repo / "blocks").rglob("*") if path.is_file())
    return next(path for path in files if path.read_bytes().endswith(ending))
