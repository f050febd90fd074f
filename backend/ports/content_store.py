"""Content by its own digest: an IPFS node, or something that behaves like one."""

from typing import Protocol

from backend.domain.identifiers import Cid


class ContentStore(Protocol):
    """Every call ends within its time limit or raises `ContentStoreUnavailable`."""

    def add(self, content: bytes) -> Cid:
        """Keep `content`, pinned when this returns; returns the CID that the store names."""
        ...

    def get(self, cid: Cid, *, limit: int) -> bytes:
        """The content, checked against `cid`.

        Raises `ContentMissing`, `ContentMismatch`, or `PayloadTooLarge` beyond `limit` bytes.
        """
        ...

    def unpin(self, cid: Cid) -> None:
        """Let go of the content. Not pinned already is fine."""
        ...

    def pinned(self) -> frozenset[Cid]:
        """Everything held on purpose."""
        ...

    def collect_garbage(self) -> None:
        """Delete the blocks of whatever is not pinned; content being added is safe."""
        ...

    def ping(self) -> None:
        """Return when the store answers."""
        ...
