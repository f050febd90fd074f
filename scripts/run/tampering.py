"""A copy of the content with one byte changed, served by an IPFS node of its own."""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.adapters.content_store.kubo import KuboContentStore
from backend.domain.identifiers import Cid
from scripts.devnet.ipfs_node import IpfsServer, choose_server_kind

LARGEST = 64 * 1024 * 1024


class BlockMissing(Exception):
    """The copy does not hold what was copied into it."""


@dataclass(frozen=True)
class TamperedCopy:
    """Where the copy is served, and what of it was changed."""

    api_url: str
    changed: Cid


@contextmanager
def tampered_copy(live_api_url: str, folder: Path, *, timeout_s: float) -> Iterator[TamperedCopy]:
    """A node holding everything that is pinned, one byte of one content changed.

    The live node is only read. Folder and node are gone afterwards.
    """
    shutil.rmtree(folder, ignore_errors=True)
    node = choose_server_kind()(folder)
    source = random.Random()
    try:
        node.start(source)
        with (
            closing(KuboContentStore(live_api_url, timeout_s=timeout_s)) as live,
            closing(KuboContentStore(node.address.url, timeout_s=timeout_s)) as copy,
        ):
            cids = sorted(live.pinned())
            if not cids:
                raise BlockMissing("nothing is stored yet that could be tampered with")
            for cid in cids:
                content = live.get(cid, limit=LARGEST)
                copy.add(content)
        node.stop()
        _flip_one_byte(node, content)
        node.start(source)
        yield TamperedCopy(node.address.url, cids[-1])
    finally:
        node.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _flip_one_byte(node: IpfsServer, content: bytes) -> None:
    """Change the middle byte of the file that holds `content` (or its first chunk)."""
    beginning = content[:64]
    for file in (node.repo / "blocks").rglob("*.data"):
        stored = bytearray(file.read_bytes())
        if stored.startswith(beginning):
            stored[len(stored) // 2] ^= 1
            file.write_bytes(stored)
            return
    raise BlockMissing(f"no block in {node.repo} begins like the content that was added to it")
