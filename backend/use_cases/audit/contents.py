"""Every registered content, from the start of its inspection to its verdict."""

from collections.abc import Callable, Mapping, Sequence

from backend.domain.audit_checks import Check
from backend.domain.audit_report import ContentState
from backend.domain.evidence import BlockHeader
from backend.domain.identifiers import DAG_PB, RAW, ContentDigest
from backend.domain.ledger import ContributionErased, Entry
from backend.use_cases.audit.audit_content import (
    ContentSources,
    Inspection,
    Seen,
    Wanted,
    judge,
    judge_keys,
)
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.checkpoint import Checkpoint, HeldContent
from backend.use_cases.audit.tally import Tally, hexed

GRACE_S = 3600
"""How long the service may take to delete what a contributor marked as erased by themselves."""

Later = Callable[[], Sequence[Entry]]
"""Reads the ledger on, from the audited block to the newest one."""


class Contents:
    """The contents of all registrations; those that an earlier run has passed are not fetched."""

    def __init__(
        self,
        registered: Sequence[Registered],
        marks: Mapping[bytes, Mark],
        checkpoint: Checkpoint,
    ) -> None:
        self._marks = marks
        self._checkpoint = checkpoint
        self._seen: dict[bytes, Seen] = {}
        self._wanted = _wanted(registered, marks)
        passed = checkpoint.progress.contents
        for wanted in self._wanted:
            held = passed.get(wanted.digest.sha256)
            if held is not None and not wanted.erased:
                self._seen[wanted.digest.sha256] = Seen(wanted, ContentState.HELD, held)
        self.passed_before = len(self._seen)
        self._inspection: Inspection | None = None

    def start(self, sources: ContentSources, workers: int) -> None:
        """Begin to fetch; the results wait to be collected."""
        left = [one for one in self._wanted if one.digest.sha256 not in self._seen]
        self._inspection = Inspection(left, sources, workers)
        self._inspection.start()

    def collect(self, progressed: Callable[[int, int], None]) -> None:
        """Wait for every content."""
        assert self._inspection is not None
        total = len(self._wanted)
        progressed(len(self._seen), total)
        for seen in self._inspection.results():
            digest = seen.wanted.digest.sha256
            self._seen[digest] = seen
            if seen.state is ContentState.HELD and seen.held is not None:
                self._checkpoint.held(digest, seen.held)
            progressed(len(self._seen), total)

    def stop(self) -> None:
        """Begin no further fetch."""
        if self._inspection is not None:
            self._inspection.stop()

    def judge(self, head: BlockHeader, later: Later, tally: Tally) -> None:
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
                self._judge_erased(seen, head, tally)
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

    def _judge_erased(self, seen: Seen, head: BlockHeader, tally: Tally) -> None:
        """Erased content must be gone from the node that is audited."""
        mark = self._marks[seen.wanted.digest.sha256]
        subject = f"erased content {hexed(seen.wanted.digest.sha256)}"
        held = seen.state is ContentState.HELD_AFTER_ERASURE
        in_grace = not mark.by_recorder and head.time < mark.place.time + GRACE_S
        if held and in_grace:
            tally.note(
                Check.ERASED_GONE, subject, "marked by its contributor within the last hour, held"
            )
            return
        tally.that(Check.ERASED_GONE, subject, not held, expected="nothing", found=seen.found)


def _wanted(registered: Sequence[Registered], marks: Mapping[bytes, Mark]) -> list[Wanted]:
    """Each digest once; what has no CID was a breach already."""
    by_digest = {
        one.event.digest: one.event.codec for one in registered if one.event.codec in (RAW, DAG_PB)
    }
    return [
        Wanted(ContentDigest(digest, codec), erased=digest in marks)
        for digest, codec in by_digest.items()
    ]
