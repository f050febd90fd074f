"""Content on an IPFS node over the Kubo RPC API.

What is kept is what DESIGN fixes: CIDv1, sha2-256, raw leaves, chunks of 1 MiB. The node is
believed in nothing: what it names is compared and what it returns is hashed, block by block.
"""

import hashlib
import io
import time
from functools import partial
from typing import Any, TypeVar

from backend.adapters.content_store.dag import links, our_form
from backend.adapters.content_store.node_client import Ask, NodeClients, NodeSaid, node_address
from backend.adapters.content_store.transport import AnswerTooLarge
from backend.crypto.cid import CHUNK, digest_of, digest_of_cid
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    ContentStoreUnavailable,
    InvalidField,
    PayloadTooLarge,
)
from backend.domain.identifiers import DAG_PB, RAW, Cid

T = TypeVar("T")

_SMALL = 1024 * 1024
_BLOCK = 2 * 1024 * 1024
"""No IPFS node passes on a larger block."""
_LISTING = 512 * 1024 * 1024
_PATIENCE_S = 1.0
"""A node that holds a block returns it in milliseconds; after this we ask whether it does."""


class KuboContentStore:
    """`ContentStore` on a node; safe to share between threads.

    Every call ends within `timeout_s` (name look-ups of the operating system aside), a
    garbage collection within `collect_timeout_s`. With `offline` the node answers from its
    own blocks only; without, it may fetch from its peers, as an auditor's node has to.
    """

    def __init__(
        self,
        api_url: str,
        *,
        timeout_s: float,
        collect_timeout_s: float = 600.0,
        offline: bool = True,
    ) -> None:
        self._address = node_address(api_url)
        self._node = NodeClients(self._address)
        self._timeout_s = timeout_s
        self._collect_timeout_s = collect_timeout_s
        self._offline = offline

    def __repr__(self) -> str:
        return f"KuboContentStore({self._address.shown!r})"

    def add(self, content: bytes) -> Cid:
        """Keep `content`, pinned; returns the CID that the node names.

        A name that is no CID of ours (its settings overrule our parameters) is let go of
        again and ends in `ContentMismatch`.
        """
        named = str(self._ask(partial(_add, content)))
        if our_form(named) != named:
            self._let_go(named)
            raise ContentMismatch(
                "the IPFS node named the content by another kind of CID than was asked for: "
                "it must take cid-version, raw-leaves and chunker from the call"
            )
        return Cid(named)

    def get(self, cid: Cid, *, limit: int) -> bytes:
        """The content, every block hashed; see the port for what else may come."""
        digest = digest_of_cid(cid)
        until = time.monotonic() + self._timeout_s
        try:
            if digest.codec == RAW:
                return self._block(cid, limit, until, pin=cid)
            content = self._leaves(cid, limit, until)
        except AnswerTooLarge as error:
            raise PayloadTooLarge(f"the content {cid} is larger than {limit} bytes") from error
        if digest_of(content) != digest:
            raise ContentMismatch(
                f"the content {cid} is cut into blocks in another way than ours: "
                "it was not added by this service"
            )
        return content

    def unpin(self, cid: Cid) -> None:
        """Let go of the content. Not pinned already is fine."""
        digest_of_cid(cid)
        self._let_go(cid)

    def pinned(self) -> frozenset[Cid]:
        """Every recursive pin whose CID has our form; other people's other pins are left out."""
        return frozenset(self._ask(_pins, limit=_LISTING))

    def collect_garbage(self) -> None:
        """Let the node delete what is unpinned; it holds adds in flight back meanwhile."""
        self._ask(_collect, seconds=self._collect_timeout_s, limit=_LISTING)

    def ping(self) -> None:
        """Return when the node answers."""
        self._ask(lambda client, options: client.version(**options))

    def close(self) -> None:
        """Close the idle connections."""
        self._node.close()

    def _ask(self, ask: Ask[T], *, limit: int = _SMALL, seconds: float | None = None) -> T:
        try:
            return self._call(ask, limit=limit, seconds=seconds or self._timeout_s)
        except NodeSaid as said:
            raise self._refused(said) from said

    def _call(self, ask: Ask[T], *, limit: int, seconds: float) -> T:
        try:
            return self._node.call(ask, seconds=seconds, limit=limit)
        except AnswerTooLarge as error:
            raise ContentStoreUnavailable(
                f"the IPFS node at {self._address.shown} answered without end: check the address"
            ) from error

    def _let_go(self, name: str) -> None:
        try:
            self._call(
                lambda client, options: client.pin.rm(name, **options),
                limit=_SMALL,
                seconds=self._timeout_s,
            )
        except NodeSaid as said:
            if not said.not_pinned:
                raise self._refused(said) from said

    def _leaves(self, root: Cid, limit: int, until: float) -> bytes:
        """The leaves below a dag-pb block, in order. `cat` would hide which block is missing."""
        content = bytearray()
        waiting = [root]
        while waiting:
            cid = waiting.pop()
            block = self._block(cid, _BLOCK, until, pin=root)
            if digest_of_cid(cid).codec == DAG_PB:
                waiting.extend(reversed(_links(cid, block)))
            else:
                content += block
            if len(content) > limit:
                raise AnswerTooLarge
        return bytes(content)

    def _block(self, cid: Cid, limit: int, until: float, *, pin: Cid) -> bytes:
        block = self._searched(cid, limit, until, pin)
        if hashlib.sha256(block).digest() != digest_of_cid(cid).sha256:
            raise ContentMismatch(
                f"the IPFS node returned other bytes for {cid}: do not trust it, "
                "restore the content from a copy"
            )
        return block

    def _searched(self, cid: Cid, limit: int, until: float, pin: Cid) -> bytes:
        """A block as the node returns it, or `ContentMissing` once it has none.

        jsipfs searches for ever, even offline, so the search itself is given a time: a short
        one first, then, if the node says that it holds `pin`, all that is left.
        """
        held = False
        try:
            if self._offline:
                try:
                    return self._read(cid, limit, until, search_s=_PATIENCE_S)
                except NodeSaid as said:
                    if not said.nothing_found or not self._holds(pin, until):
                        raise
                    held = True
            return self._read(cid, limit, until, search_s=until - time.monotonic())
        except NodeSaid as said:
            if said.nothing_found and not (held and said.too_late):
                raise ContentMissing(
                    f"the IPFS node at {self._address.shown} does not hold {cid}: "
                    "restore it from a copy"
                ) from said
            raise self._refused(said) from said

    def _read(self, cid: Cid, limit: int, until: float, *, search_s: float) -> bytes:
        left = until - time.monotonic()
        search_ms = max(int(min(search_s, left * 0.8) * 1000), 1)

        def ask(client: Any, options: dict[str, Any]) -> bytes:
            opts = {"timeout": f"{search_ms}ms"}
            return bytes(client.block.get(cid, opts=opts, offline=self._offline, **options))

        return self._node.call(ask, seconds=left, limit=limit)

    def _holds(self, cid: Cid, until: float) -> bool:
        try:
            self._call(
                lambda client, options: client.pin.ls(cid, type="recursive", **options),
                limit=_SMALL,
                seconds=until - time.monotonic(),
            )
        except NodeSaid as said:
            if said.not_pinned:
                return False
            raise
        return True

    def _refused(self, said: NodeSaid) -> ContentStoreUnavailable:
        return ContentStoreUnavailable(
            f"the IPFS node at {self._address.shown} answered: {said}; see its log and its disk"
        )


def _add(content: bytes, client: Any, options: dict[str, Any]) -> object:
    answer = client.add(
        io.BytesIO(content),
        chunker=f"size-{CHUNK}",
        cid_version=1,
        raw_leaves=True,
        pin=True,
        opts={"cid-base": "base32"},
        **options,
    )
    return answer["Hash"]


def _links(cid: Cid, block: bytes) -> tuple[Cid, ...]:
    try:
        return links(block)
    except InvalidField as error:
        raise ContentMismatch(f"the content {cid} is no file of this service") from error


def _pins(client: Any, options: dict[str, Any]) -> set[Cid]:
    # In one answer: a streamed one tells of an error only in a trailer that nobody reads, and
    # with `cid-base` jsipfs fails on the first CIDv0 it meets.
    names = client.pin.ls(type="recursive", **options).as_json()["Keys"]
    return {cid for name in names if (cid := our_form(name)) is not None}


def _collect(client: Any, options: dict[str, Any]) -> None:
    with client.repo.gc(stream=True, **options) as removed:
        for item in removed:
            if item.get("Error"):
                raise NodeSaid(str(item["Error"])[:200])
