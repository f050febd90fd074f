"""The place an interrupted audit goes on from: only what has passed, bound to what it was about.

Headers are bound to the hash of the last one, which the node must still show; the blocks opened
are opened and judged again. Contents are bound to the content store by its address and to a day,
since what was held may be lost. A checkpoint for anything else, or with any byte changed, is
thrown away and the audit begins afresh. (Whoever may write the auditor's files may also replace
the auditor's program: the checkpoint guards against accident and mix-up, not against them.)
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.domain.deployment import Deployment
from backend.domain.evidence import BlockHeader
from backend.ports.checkpoint import CheckpointFile
from backend.ports.clock import Clock

SCHEMA = 1
GOOD_FOR_S = 86_400
SAVE_EVERY_S = 2


@dataclass(frozen=True)
class HeldContent:
    """A content that was fetched whole and is as promised."""

    size: int
    key_id: str
    commitment: bytes


@dataclass
class Progress:
    """What has passed so far; grows while the audit goes on."""

    begun_at: int
    walked: tuple[int, bytes] | None = None
    """Number and hash of the last header of the part of the chain that has passed."""
    bearing: list[tuple[int, bytes]] = field(default_factory=list)
    """The blocks up to there that have something of ours inside."""
    contents: dict[bytes, HeldContent] = field(default_factory=dict)


@dataclass(frozen=True)
class Earlier:
    """The run that a resumed audit goes on from: when it began, how far its headers reach."""

    begun_at: int
    last_block: int


class Checkpoint:
    """Keeps an audit's `progress` in a file, if there is one to keep it in."""

    def __init__(
        self, file: CheckpointFile | None, deployment: Deployment, store: str, *, clock: Clock
    ) -> None:
        self._file = file
        self._clock = clock
        self._binding = hashlib.sha256(deployment.sha256 + store.encode()).hexdigest()
        self._saved_at = clock.now()
        self.progress = self._load() or self._fresh()
        self.earlier = self._earlier()

    def discard(self) -> None:
        """Begin afresh: what the checkpoint was about is no longer there."""
        self.earlier = None
        self.progress = self._fresh()

    def walked(self, last: BlockHeader, bearing: list[tuple[int, bytes]]) -> None:
        """Headers up to `last` have passed."""
        self.progress.walked = (last.number, last.claimed_hash)
        self.progress.bearing += bearing
        self._save_now_and_then()

    def held(self, digest: bytes, content: HeldContent) -> None:
        """A content has passed."""
        self.progress.contents[digest] = content
        self._save_now_and_then()

    def save(self) -> None:
        """Keep everything that has passed until now."""
        if self._file is not None:
            self._file.save(_encoded(self._binding, self.progress))

    def finish(self) -> None:
        """The audit has its verdict: the next one looks at everything again."""
        if self._file is not None:
            self._file.remove()

    def _earlier(self) -> "Earlier | None":
        walked = self.progress.walked
        if walked is None:
            return None
        return Earlier(self.progress.begun_at, walked[0])

    def _save_now_and_then(self) -> None:
        now = self._clock.now()
        if (now - self._saved_at).total_seconds() >= SAVE_EVERY_S:
            self._saved_at = now
            self.save()

    def _fresh(self) -> Progress:
        return Progress(begun_at=_seconds(self._clock.now()))

    def _load(self) -> Progress | None:
        content = None if self._file is None else self._file.load()
        progress = None if content is None else _decoded(self._binding, content)
        if progress is None:
            return None
        age = _seconds(self._clock.now()) - progress.begun_at
        return progress if 0 <= age < GOOD_FOR_S else None


def _encoded(binding: str, progress: Progress) -> bytes:
    body = {
        "schema": SCHEMA,
        "binding": binding,
        "begunAt": progress.begun_at,
        "walked": None
        if progress.walked is None
        else [progress.walked[0], progress.walked[1].hex()],
        "bearing": [[number, block.hex()] for number, block in progress.bearing],
        "contents": {
            digest.hex(): [held.size, held.key_id, held.commitment.hex()]
            for digest, held in progress.contents.items()
        },
    }
    return json.dumps({"body": body, "sha256": _checksum(body)}).encode()


def _decoded(binding: str, content: bytes) -> Progress | None:
    """The progress, or None for a file that is damaged, or about something else."""
    try:
        whole = json.loads(content)
        body = whole["body"]
        if whole["sha256"] != _checksum(body):
            return None
        if (body["schema"], body["binding"]) != (SCHEMA, binding):
            return None
        walked = body["walked"]
        return Progress(
            begun_at=int(body["begunAt"]),
            walked=None if walked is None else (int(walked[0]), bytes.fromhex(walked[1])),
            bearing=[(int(number), bytes.fromhex(block)) for number, block in body["bearing"]],
            contents={
                bytes.fromhex(digest): HeldContent(int(size), str(key), bytes.fromhex(sealed))
                for digest, (size, key, sealed) in body["contents"].items()
            },
        )
    except (ValueError, KeyError, TypeError):
        return None


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
