"""Every registered content, from the offer to look at it to its verdict."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from backend.domain.audit_checks import Check
from backend.domain.audit_report import ContentState
from backend.domain.errors import VitalMintError
from backend.domain.evidence import BlockHeader
from backend.domain.identifiers import DAG_PB, RAW, ContentDigest
from backend.domain.ledger import ContributionErased, ContributionRegistered, Entry
from backend.use_cases.audit.audit_content import (
    ContentSources,
    Inspection,
    Seen,
    Wanted,
    judge,
    judge_keys,
)
from backend.use_cases.audit.audit_registrations import Mark
from backend.use_cases.audit.checkpoint import Checkpoint, HeldContent
from backend.use_cases.audit.tally import Tally, hexed

GRACE_S = 3600
"""How long the service may take to delete what a contributor marked as erased by themselves."""

Later = Callable[[], Sequence[Entry]]
"""Reads the ledger on, from the audited block to the newest one."""


class Contents:
    """Every registered content, fetched while the chain is still being read.

    Those that an earlier run of this audit has passed are not fetched again.
    """

    def __init__(self, checkpoint: Checkpoint, sources: ContentSources, workers: int) -> None:
        self._checkpoint = checkpoint
        self._inspection = Inspection(sources, workers)
        self._seen: dict[bytes, Seen] = {}
        self._wanted: dict[bytes, Wanted] = {}
        self._marked: set[bytes] = set()
        self.passed_before = 0

    def offer(self, entries: Sequence[Entry]) -> None:
        """Fetch what these entries register. The newest come first: a mark before what it marks."""
        for entry in reversed(entries):
            event = entry.event
            if isinstance(event, ContributionErased):
                self._marked.add(event.digest)
            if isinstance(event, ContributionRegistered):
                self._want(event)
        for seen in self._inspection.ready():
            self._keep(seen)

    def collect(self, progressed: Callable[[int, int], None]) -> None:
        """Wait for every content that was offered."""
        progressed(len(self._seen), len(self._wanted))
        for seen in self._inspection.results():
            self._keep(seen)
            progressed(len(self._seen), len(self._wanted))

    def stop(self) -> None:
        """Begin no further fetch, and keep what has passed."""
        self._inspection.stop()
        with suppress(VitalMintError):
            for seen in self._inspection.ready():
                self._keep(seen)

    def judge(
        self, head: BlockHeader, marks: Mapping[bytes, Mark], later: Later, tally: Tally
    ) -> None:
        """Count every content; `later` is read only when one is missing without a mark."""
        erased_since: frozenset[bytes] = frozenset()
        if any(seen.state is ContentState.MISSING for seen in self._seen.values()):
            erased_since = frozenset(
                entry.event.digest
                for entry in later()
                if isinstance(entry.event, ContributionErased)
            )
        for digest, seen in self._seen.items():
            if seen.wanted.erased:
                _judge_erased(seen, marks[digest], head, tally)
            elif seen.state is ContentState.MISSING and digest in erased_since:
                self._seen[digest] = Seen(seen.wanted, ContentState.ERASED)
                tally.note(
                    Check.CONTENT, f"content {hexed(digest)}", "was erased while the audit ran"
                )
            else:
                judge(seen, tally)
        judge_keys(self.held(), tally)

    def held(self) -> dict[bytes, HeldContent]:
        """What is there and is as promised, by digest."""
        return {digest: seen.held for digest, seen in self._seen.items() if seen.held is not None}

    def state(self, digest: bytes) -> ContentState:
        """What became of a registered content; one that no CID can name is missing."""
        seen = self._seen.get(digest)
        return ContentState.MISSING if seen is None else seen.state

    def _want(self, event: ContributionRegistered) -> None:
        """Have a content looked at, once; what no CID can name was a breach already."""
        if event.digest in self._wanted or event.codec not in (RAW, DAG_PB):
            return
        digest = ContentDigest(event.digest, event.codec)
        wanted = Wanted(digest, erased=event.digest in self._marked)
        self._wanted[event.digest] = wanted
        held = self._checkpoint.progress.contents.get(event.digest)
        if held is None or wanted.erased:
            self._inspection.offer(wanted)
        else:
            self._seen[event.digest] = Seen(wanted, ContentState.HELD, held)
            self.passed_before += 1

    def _keep(self, seen: Seen) -> None:
        digest = seen.wanted.digest.sha256
        self._seen[digest] = seen
        if seen.state is ContentState.HELD and seen.held is not None:
            self._checkpoint.held(digest, seen.held)


def _judge_erased(seen: Seen, mark: Mark, head: BlockHeader, tally: Tally) -> None:
    """Erased content must be gone from the node that is audited."""
    subject = f"erased content {hexed(seen.wanted.digest.sha256)}"
    held = seen.state is ContentState.HELD_AFTER_ERASURE
    in_grace = not mark.by_recorder and head.time < mark.place.time + GRACE_S
    if held and in_grace:
        tally.note(
            Check.ERASED_GONE, subject, "marked by its contributor within the last hour, held"
        )
        return
    tally.that(Check.ERASED_GONE, subject, not held, expected="nothing", found=seen.found)
