"""An interrupted audit goes on where it was, and says what it would have said (AUD-5)."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.adapters.chain.json_rpc import Question
from backend.domain.audit_report import AuditReport
from backend.domain.errors import ChainUnavailable, ContentStoreUnavailable, VitalMintError
from backend.domain.identifiers import Cid
from backend.use_cases.audit import walk
from tests.use_cases.audit.conftest import FixedClock, Recorded, ShelfOfBytes
from tests.use_cases.audit.replay import Answers, ReplayingNode

SEED = 20261122


class CheckpointInMemory:
    """`CheckpointFile`, which can be told that the process is dead."""

    def __init__(self, content: bytes | None = None) -> None:
        self.content = content
        self.dead = False

    def load(self) -> bytes | None:
        return self.content

    def save(self, content: bytes) -> None:
        if not self.dead:
            self.content = content

    def remove(self) -> None:
        if not self.dead:
            self.content = None


class FailingNode(ReplayingNode):
    """Answers a few times, then no more."""

    def __init__(self, answers: Answers, patience: int) -> None:
        super().__init__(answers)
        self._left = patience

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        self._left -= 1
        if self._left < 0:
            raise ChainUnavailable("the node is gone")
        return super().ask(questions)


class FailingStore(ShelfOfBytes):
    """Hands out a few contents, then no more; counts what was asked for."""

    def __init__(self, recorded: Recorded, patience: int = 1000) -> None:
        super().__init__(recorded.contents)
        self._left = patience
        self.asked: list[Cid] = []

    def get(self, cid: Cid, *, limit: int) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ContentStoreUnavailable("the store is gone")
        self.asked.append(cid)
        return super().get(cid, limit=limit)


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers in portions of ten, so that there is something in between to be interrupted in."""
    monkeypatch.setattr(walk, "HEADERS_AT_ONCE", 10)


def test_an_audit_interrupted_at_any_question_says_the_same(recorded: Recorded) -> None:
    whole = same(recorded.audit())
    interrupted = 0
    for patience in range(40):
        file = CheckpointInMemory()
        node = FailingNode(recorded.answers, patience)
        try:
            recorded.audit(evidence=recorded.evidence(node), checkpoint_file=file)
        except ChainUnavailable:
            interrupted += 1
        else:
            break
        assert same(recorded.audit(checkpoint_file=file)) == whole
        assert file.content is None, "the next audit looks at everything again"
    assert interrupted > 10


def test_what_has_passed_is_not_looked_at_again(recorded: Recorded) -> None:
    file = CheckpointInMemory()
    first = FailingStore(recorded, patience=8)
    with pytest.raises(ContentStoreUnavailable):
        recorded.audit(store=first, checkpoint_file=file)
    passed = set(json.loads(file.content or b"")["body"]["contents"])
    second = FailingStore(recorded)
    report = recorded.audit(store=second, checkpoint_file=file)
    assert len(passed) >= 4
    assert report.resumption is not None
    assert report.resumption.contents == len(passed)
    assert len(second.asked) == len(recorded.contents) + len(recorded.erased) - len(passed)
    assert same(report) == same(recorded.audit())


def test_a_killed_audit_goes_on_from_what_it_saved_last(recorded: Recorded) -> None:
    class Hurrying(FixedClock):
        def now(self) -> Any:
            self.moment += timedelta(seconds=3)
            return self.moment

    file = CheckpointInMemory()

    class KilledStore(FailingStore):
        def get(self, cid: Cid, *, limit: int) -> bytes:
            if len(self.asked) == 6:
                file.dead = True
            return super().get(cid, limit=limit)

    clock = Hurrying()
    recorded.audit(store=KilledStore(recorded), checkpoint_file=file, clock=clock)
    file.dead = False
    assert file.content is not None
    report = recorded.audit(checkpoint_file=file, clock=clock)
    assert report.resumption is not None
    assert same(report) == same(recorded.audit())


def test_a_breach_seen_before_the_interruption_is_seen_after_it(recorded: Recorded) -> None:
    file = CheckpointInMemory()
    lost = next(iter(recorded.contents))
    store = FailingStore(recorded, patience=10)
    store.shelf.pop(next(iter(store.shelf)))
    with pytest.raises(ContentStoreUnavailable):
        recorded.audit(store=store, checkpoint_file=file)
    again = FailingStore(recorded)
    again.shelf.pop(next(iter(again.shelf)))
    breaches = recorded.audit(store=again, checkpoint_file=file).breaches
    assert [lost.hex in breach.expected for breach in breaches] == [True]


def test_a_checkpoint_of_another_deployment_or_store_is_thrown_away(recorded: Recorded) -> None:
    content = half_done(recorded)
    respaced = json.dumps(json.loads(recorded.deployment_file)).encode()
    for changes in ({"deployment_file": respaced}, {"name": "another store"}):
        report = recorded.audit(checkpoint_file=CheckpointInMemory(content), **changes)  # type: ignore[arg-type]
        assert report.resumption is None
        assert report.holds


def test_a_checkpoint_older_than_a_day_is_thrown_away(recorded: Recorded) -> None:
    clock = FixedClock()
    clock.moment += timedelta(days=1)
    file = CheckpointInMemory(half_done(recorded))
    assert recorded.audit(checkpoint_file=file, clock=clock).resumption is None


def test_a_checkpoint_of_another_chain_is_thrown_away(recorded: Recorded) -> None:
    content = half_done(recorded)
    body = json.loads(content)["body"]
    assert body["walked"] is not None and body["bearing"]
    number = body["walked"][0]
    reorganised = dict(recorded.answers)
    for key, answer in recorded.answers.items():
        if json.loads(key)[0] == "eth_getBlockByNumber" and int(answer["number"], 16) == number:
            reorganised[key] = answer | {"extraData": "0x01"}
    node = ReplayingNode(reorganised)
    file = CheckpointInMemory(content)
    report = recorded.audit(evidence=recorded.evidence(node), checkpoint_file=file)
    assert report.resumption is None
    assert not report.holds


def test_no_change_to_a_checkpoint_makes_a_broken_history_pass(recorded: Recorded) -> None:
    source = random.Random(SEED)
    content = half_done(recorded)
    store = ShelfOfBytes(recorded.contents)
    missing = [cid for cid in store.shelf if digest_hex(recorded, cid) not in passed(content)]
    for cid in missing:
        del store.shelf[cid]
    for at in source.sample(range(len(content)), 40):
        changed = bytearray(content)
        changed[at] ^= 1 << source.randrange(8)
        file = CheckpointInMemory(bytes(changed))
        report = recorded.audit(store=store, checkpoint_file=file)
        assert len(report.breaches) == len(missing)
        assert report.resumption is None


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"\xff", b"[]", b'{"body": 1}'])
def test_what_is_no_checkpoint_is_thrown_away(recorded: Recorded, content: bytes) -> None:
    report = recorded.audit(checkpoint_file=CheckpointInMemory(content))
    assert report.holds and report.resumption is None


def half_done(recorded: Recorded) -> bytes:
    """The checkpoint of an audit that was interrupted among the contents."""
    file = CheckpointInMemory()
    with pytest.raises(VitalMintError):
        recorded.audit(store=FailingStore(recorded, patience=7), checkpoint_file=file)
    assert file.content is not None
    return file.content


def passed(content: bytes) -> set[str]:
    return set(json.loads(content)["body"]["contents"])


def digest_hex(recorded: Recorded, cid: Cid) -> str:
    shelf = zip(ShelfOfBytes(recorded.contents).shelf, recorded.contents, strict=True)
    return next(digest.sha256.hex() for name, digest in shelf if name == cid)


def same(report: AuditReport) -> AuditReport:
    """The report but for where it went on from."""
    return replace(report, resumption=None)
