"""A content store in memory, which can be told to fail as real ones do."""

import threading

from backend.crypto.cid import content_cid, digest_of_cid
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    ContentStoreUnavailable,
    PayloadTooLarge,
)
from backend.domain.identifiers import Cid


class InMemoryContentStore:
    """`ContentStore` without a node. The attributes are the ways in which it can go wrong."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._content: dict[Cid, bytes] = {}
        self._pins: set[Cid] = set()
        self.down = False
        """Every call fails, nothing changes."""
        self.full = False
        """Nothing can be added."""
        self.loses_answers = False
        """What is asked for is done, and the answer never comes."""
        self.names_wrongly = False
        """What is added is kept under the CID of something else."""

    def corrupt(self, cid: Cid) -> None:
        """Change one byte of what is held."""
        content = bytearray(self._content[cid] or b"\0")
        content[len(content) // 2] ^= 1
        self._content[cid] = bytes(content)

    def lengthen(self, cid: Cid) -> None:
        """Add one byte to what is held."""
        self._content[cid] += b"\0"

    def lose(self, cid: Cid) -> None:
        """Lose the content and keep the pin."""
        del self._content[cid]

    def holds(self, cid: Cid) -> bool:
        """Whether the bytes are still there, pinned or not."""
        return cid in self._content

    def add(self, content: bytes) -> Cid:
        self._answer()
        if self.full:
            raise ContentStoreUnavailable("the disk of the content store is full: free some space")
        cid = content_cid(content + b"something else" if self.names_wrongly else content)
        with self._guard:
            self._content[cid] = content
            self._pins.add(cid)
        self._maybe_lose_answer()
        return cid

    def get(self, cid: Cid, *, limit: int) -> bytes:
        digest_of_cid(cid)
        self._answer()
        content = self._content.get(cid)
        if content is None:
            raise ContentMissing(f"the content store does not hold {cid}: restore it from a copy")
        if len(content) > limit:
            raise PayloadTooLarge(f"the content {cid} is larger than {limit} bytes")
        if content_cid(content) != cid:
            raise ContentMismatch(f"the content store returned other bytes for {cid}")
        return content

    def unpin(self, cid: Cid) -> None:
        digest_of_cid(cid)
        self._answer()
        with self._guard:
            self._pins.discard(cid)
        self._maybe_lose_answer()

    def pinned(self) -> frozenset[Cid]:
        self._answer()
        return frozenset(self._pins)

    def collect_garbage(self) -> None:
        self._answer()
        with self._guard:
            self._content = {cid: self._content[cid] for cid in self._content if cid in self._pins}
        self._maybe_lose_answer()

    def ping(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.down:
            raise ContentStoreUnavailable("the content store is down: start it")

    def _maybe_lose_answer(self) -> None:
        if self.loses_answers:
            raise ContentStoreUnavailable("the content store broke off: try again")
