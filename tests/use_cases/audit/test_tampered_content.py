"""Content that was changed, cut, swapped, lost or kept too long (CNT-1 to CNT-4)."""

import random
from collections.abc import Callable

import pytest

from backend.crypto.cid import cid_of, digest_of
from backend.domain.audit_checks import Check
from backend.domain.audit_report import AuditReport, ContentState
from backend.domain.errors import ContentMismatch, PayloadTooLarge, VitalMintError
from backend.domain.identifiers import Cid, ContentDigest
from backend.use_cases.audit.audit_content import ContentSources, Wanted, judge_keys, look_at
from backend.use_cases.audit.checkpoint import HeldContent
from backend.use_cases.audit.tally import Tally
from tests.use_cases.audit.conftest import Recorded, ShelfOfBytes

SEED = 20261122


def one_bit_flipped(content: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << source.randrange(8)]) + content[at + 1 :]


def first_byte_flipped(content: bytes, source: random.Random) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def last_byte_flipped(content: bytes, source: random.Random) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def cut_short(content: bytes, source: random.Random) -> bytes:
    return content[: source.randrange(len(content))]


def one_byte_short(content: bytes, source: random.Random) -> bytes:
    return content[:-1]


def emptied(content: bytes, source: random.Random) -> bytes:
    return b""


def appended(content: bytes, source: random.Random) -> bytes:
    return content + source.randbytes(1 + source.randrange(40))


def two_bytes_swapped(content: bytes, source: random.Random) -> bytes:
    changed = bytearray(content)
    while bytes(changed) == content:
        one, other = source.sample(range(len(content)), 2)
        changed[one], changed[other] = changed[other], changed[one]
    return bytes(changed)


@pytest.mark.parametrize(
    "change",
    [
        one_bit_flipped,
        first_byte_flipped,
        last_byte_flipped,
        cut_short,
        one_byte_short,
        emptied,
        appended,
        two_bytes_swapped,
    ],
)
def test_every_changed_content_is_found(
    recorded: Recorded, change: Callable[[bytes, random.Random], bytes]
) -> None:
    source = random.Random(SEED)
    for digest, content in recorded.contents.items():
        report = audit_with(recorded, {digest: change(content, source)})
        assert [breach.check for breach in report.breaches] == [Check.CONTENT]
        assert digest.hex in report.breaches[0].expected


def test_contents_in_each_others_places_are_found(recorded: Recorded) -> None:
    one, other = list(recorded.contents)[2:4]
    report = audit_with(recorded, {one: recorded.contents[other], other: recorded.contents[one]})
    assert len(report.breaches) == 2


def test_every_lost_content_is_found(recorded: Recorded) -> None:
    for digest in recorded.contents:
        report = audit_with(recorded, {digest: None})
        assert [breach.check for breach in report.breaches] == [Check.CONTENT]
        line = next(one for one in report.contributions if one.digest == digest.sha256)
        assert line.state is ContentState.MISSING


def test_content_still_served_after_the_recorder_marked_it_is_a_breach(recorded: Recorded) -> None:
    by_recorder, _ = recorded.erased
    report = audit_with(recorded, {by_recorder: recorded.erased[by_recorder]})
    assert [breach.check for breach in report.breaches] == [Check.ERASED_GONE]


def test_content_still_served_days_after_its_contributor_marked_it_is_a_breach(
    recorded: Recorded,
) -> None:
    _, by_contributor = recorded.erased
    report = audit_with(recorded, {by_contributor: recorded.erased[by_contributor]})
    assert [breach.check for breach in report.breaches] == [Check.ERASED_GONE]


def test_other_bytes_under_an_erased_digest_are_as_good_as_none(recorded: Recorded) -> None:
    digest = next(iter(recorded.erased))
    assert audit_with(recorded, {digest: b"something else"}).holds


@pytest.mark.parametrize("error", [ContentMismatch("other bytes"), PayloadTooLarge("endless")])
def test_a_store_that_refuses_what_it_has_is_found(
    recorded: Recorded, error: VitalMintError
) -> None:
    class Refusing(ShelfOfBytes):
        def get(self, cid: Cid, *, limit: int) -> bytes:
            if cid == cid_of(next(iter(recorded.contents))):
                raise error
            return super().get(cid, limit=limit)

    report = recorded.audit(store=Refusing(recorded.contents))
    assert [breach.check for breach in report.breaches] == [Check.CONTENT]


@pytest.mark.parametrize("junk", [b"", b"VMS1", b"VMS2" + bytes(200), b"VMS1\x02" + bytes(200),
                                  b"plain text, not sealed at all" * 10])  # fmt: skip
def test_content_that_is_no_sealed_envelope_is_malformed(junk: bytes) -> None:
    digest = digest_of(junk)
    sources = ContentSources(ShelfOfBytes({digest: junk}))  # type: ignore[arg-type]
    assert look_at(Wanted(digest, erased=False), sources).state is ContentState.MALFORMED


def test_a_content_found_only_in_the_network_is_held(recorded: Recorded) -> None:
    digest = next(iter(recorded.contents))
    empty, network = ShelfOfBytes({}), ShelfOfBytes(recorded.contents)
    sources = ContentSources(empty, network)  # type: ignore[arg-type]
    assert look_at(Wanted(digest, erased=False), sources).state is ContentState.HELD


def test_an_erased_content_is_looked_for_on_the_audited_node_only(recorded: Recorded) -> None:
    digest = next(iter(recorded.contents))
    empty, network = ShelfOfBytes({}), ShelfOfBytes(recorded.contents)
    sources = ContentSources(empty, network)  # type: ignore[arg-type]
    assert look_at(Wanted(digest, erased=True), sources).state is ContentState.ERASED


def test_two_contents_under_one_key_are_found() -> None:
    for first, second in (
        (HeldContent(1, "a", b"1"), HeldContent(1, "a", b"2")),
        (HeldContent(1, "a", b"1"), HeldContent(1, "b", b"1")),
    ):
        tally = Tally()
        judge_keys({b"one": first, b"two": second}, tally)
        assert [breach.check for breach in tally.breaches()] == [Check.FRESH_KEYS]


def audit_with(recorded: Recorded, changes: dict[ContentDigest, bytes | None]) -> AuditReport:
    """The audit with other bytes, or none, under some digests."""
    contents = {
        digest: content
        for digest, content in (recorded.contents | changes).items()
        if content is not None
    }
    return recorded.audit(store=ShelfOfBytes(contents))
