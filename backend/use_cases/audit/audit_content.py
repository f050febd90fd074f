"""Fetches every content and judges it: there, unchanged, a sealed envelope under its own key."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from backend.crypto.cid import cid_of, digest_of
from backend.crypto.sealing import header_of
from backend.domain.audit_checks import Check
from backend.domain.audit_report import ContentState
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    PayloadTooLarge,
    SealBroken,
    VitalMintError,
)
from backend.domain.identifiers import ContentDigest
from backend.ports.content_store import ContentStore
from backend.use_cases.audit.checkpoint import HeldContent
from backend.use_cases.audit.tally import Tally, hexed

LARGEST_CONTENT = 128 * 1024 * 1024
"""Twice what an upload may have: anything above is no contribution of ours."""


@dataclass(frozen=True)
class Wanted:
    """A content to look at. Of an erased one nothing should be found."""

    digest: ContentDigest
    erased: bool


@dataclass(frozen=True)
class Seen:
    """What a content store showed under a digest."""

    wanted: Wanted
    state: ContentState
    held: HeldContent | None = None
    found: str = ""


@dataclass(frozen=True)
class ContentSources:
    """`held` is the node under audit, asked for its own blocks only; `network` also searches
    its peers for what the node lacks."""

    held: ContentStore
    network: ContentStore | None = None


class Inspection:
    """Looks at contents in a few threads, at most one a thread in memory, as they are offered."""

    def __init__(self, sources: ContentSources, workers: int) -> None:
        self._sources = sources
        self._stopped = threading.Event()
        self._waiting: SimpleQueue[Wanted | None] = SimpleQueue()
        self._results: SimpleQueue[Seen | BaseException] = SimpleQueue()
        self._left = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def offer(self, wanted: Wanted) -> None:
        """Have it looked at."""
        self._left += 1
        self._waiting.put(wanted)

    def results(self) -> Iterator[Seen]:
        """Each offered content's result as it comes; the first error is raised."""
        for _ in self._threads:
            self._waiting.put(None)
        while self._left:
            yield self._taken(self._results.get())

    def ready(self) -> Iterator[Seen]:
        """The results that are there already."""
        while True:
            try:
                result = self._results.get_nowait()
            except Empty:
                return
            yield self._taken(result)

    def stop(self) -> None:
        """Begin no further content."""
        self._stopped.set()
        for _ in self._threads:
            self._waiting.put(None)

    def _taken(self, result: Seen | BaseException) -> Seen:
        self._left -= 1
        if isinstance(result, BaseException):
            self.stop()
            raise result
        return result

    def _work(self) -> None:
        while (wanted := self._waiting.get()) is not None and not self._stopped.is_set():
            try:
                self._results.put(look_at(wanted, self._sources))
            except VitalMintError as error:
                self._results.put(error)
                return


def look_at(wanted: Wanted, sources: ContentSources) -> Seen:
    """Fetch one content and say what it is; an unavailable store is an error, not a result."""
    try:
        content = _fetch(wanted, sources)
    except ContentMissing:
        return Seen(wanted, ContentState.ERASED if wanted.erased else ContentState.MISSING)
    except (ContentMismatch, PayloadTooLarge) as error:
        return _other_bytes(wanted, error.message)
    computed = digest_of(content)
    if computed != wanted.digest:
        return _other_bytes(wanted, f"{len(content)} bytes with digest {computed.hex}")
    if wanted.erased:
        return Seen(wanted, ContentState.HELD_AFTER_ERASURE, found=f"{len(content)} bytes")
    try:
        header = header_of(content)
    except SealBroken as error:
        return Seen(wanted, ContentState.MALFORMED, found=error.message)
    held = HeldContent(len(content), header.key_id, header.commitment)
    return Seen(wanted, ContentState.HELD, held)


def _fetch(wanted: Wanted, sources: ContentSources) -> bytes:
    cid = cid_of(wanted.digest)
    try:
        return sources.held.get(cid, limit=LARGEST_CONTENT)
    except ContentMissing:
        if wanted.erased or sources.network is None:
            raise
    return sources.network.get(cid, limit=LARGEST_CONTENT)


def judge(seen: Seen, tally: Tally) -> None:
    """Count what was seen of a content that is not erased."""
    subject = f"content {cid_of(seen.wanted.digest)}"
    whole = seen.state in (ContentState.HELD, ContentState.MALFORMED)
    tally.that(
        Check.CONTENT,
        subject,
        whole,
        expected=f"bytes with digest {seen.wanted.digest.hex}",
        found=seen.found or "nothing, and no erasure mark",
    )
    if whole:
        tally.that(
            Check.ENVELOPE,
            subject,
            seen.state is ContentState.HELD,
            expected="a sealed envelope",
            found=seen.found,
        )


def judge_keys(contents: Mapping[bytes, HeldContent], tally: Tally) -> None:
    """Every envelope is sealed under a data key of its own."""
    for name, keys in (
        ("key id", [(digest, one.key_id) for digest, one in contents.items()]),
        ("key commitment", [(digest, hexed(one.commitment)) for digest, one in contents.items()]),
    ):
        for digest, key, first in _repeats(keys):
            tally.that(
                Check.FRESH_KEYS,
                f"{name} of content {hexed(digest)}",
                first is None,
                expected=f"a {name} of its own",
                found=f"{key}, as {hexed(first)} has",
            )


def _repeats(keys: Iterable[tuple[bytes, str]]) -> Iterator[tuple[bytes, str, bytes | None]]:
    """Each (digest, key) with the digest that had the key before it, if any."""
    first: dict[str, bytes] = {}
    for digest, key in keys:
        yield digest, key, first.get(key)
        first.setdefault(key, digest)


def _other_bytes(wanted: Wanted, found: str) -> Seen:
    """Bytes that are not the content: of an erased one this is as good as nothing."""
    state = ContentState.ERASED if wanted.erased else ContentState.ALTERED
    return Seen(wanted, state, found=found)
