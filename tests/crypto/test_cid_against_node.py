"""CIDs recomputed by our own lines are those of a real IPFS node, from 0 B to 60 MB."""

import random
import threading

import pytest

from backend.adapters.content_store.kubo import KuboContentStore
from backend.crypto.cid import CHUNK, WIDTH, content_cid, digest_of, digest_of_cid
from backend.domain.identifiers import DAG_PB, RAW
from tests.devnet_fixtures import IpfsNodeUnderTest

_SIZES = [
    0,
    1,
    255,
    256,
    65_537,
    CHUNK - 1,
    CHUNK,
    CHUNK + 1,
    2 * CHUNK,
    2 * CHUNK + 1,
    10_000_000,
    60_000_000,
]
_TWO_LEVELS = WIDTH * CHUNK + 1


@pytest.fixture
def store(ipfs_node: IpfsNodeUnderTest) -> KuboContentStore:
    return KuboContentStore(ipfs_node.api_url, timeout_s=120)


@pytest.mark.parametrize("size", _SIZES)
def test_our_cid_is_the_one_that_the_node_names(store: KuboContentStore, size: int) -> None:
    content = random.Random(size).randbytes(size)
    named = store.add(content)
    store.unpin(named)
    assert content_cid(content) == named
    assert digest_of(content) == digest_of_cid(named)
    assert digest_of(content).codec == (RAW if size <= CHUNK else DAG_PB)


@pytest.mark.slow
def test_our_cid_is_the_nodes_when_the_dag_has_two_levels(store: KuboContentStore) -> None:
    content = bytes(_TWO_LEVELS)
    named = store.add(content)
    assert content_cid(content) == named
    assert store.get(named, limit=_TWO_LEVELS) == content
    store.unpin(named)


def test_repeated_chunks_count_once_for_each_place(store: KuboContentStore) -> None:
    content = bytes(3 * CHUNK)
    named = store.add(content)
    assert content_cid(content) == named
    assert store.get(named, limit=len(content)) == content
    store.unpin(named)


def test_many_contents_at_once_keep_their_names(store: KuboContentStore) -> None:
    contents = [random.Random(at).randbytes(at * 997) for at in range(40)]
    wrong: list[int] = []

    def compare(mine: list[bytes]) -> None:
        wrong.extend(len(content) for content in mine if store.add(content) != content_cid(content))

    threads = [threading.Thread(target=compare, args=(contents[at::4],)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    for content in contents:
        store.unpin(content_cid(content))
