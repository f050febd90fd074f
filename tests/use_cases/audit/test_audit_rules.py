"""Rules that no history on the real contracts can break, and moments that are hard to hit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from backend.adapters.chain.json_rpc import Question
from backend.domain.audit_checks import Check
from backend.domain.audit_report import ContentState
from backend.domain.deployment import Terms
from backend.domain.errors import ChainUnavailable
from backend.domain.evidence import BlockHeader
from backend.domain.identifiers import RAW
from backend.domain.ledger import (
    Cause,
    ConsentGranted,
    ContributionErased,
    ContributionRegistered,
    Entry,
    Place,
)
from backend.use_cases.audit.audit_consents import ConsentBook, Standing
from backend.use_cases.audit.audit_content import ContentSources
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.audit_rewards import DAY_S, audit_rewards
from backend.use_cases.audit.checkpoint import Checkpoint
from backend.use_cases.audit.contents import GRACE_S, Contents
from backend.use_cases.audit.tally import Tally
from tests.use_cases.audit.conftest import FixedClock, Recorded, ShelfOfBytes
from tests.use_cases.audit.replay import ReplayingNode

ALICE, BOB = b"a" * 20, b"b" * 20
TERMS = Terms(BOB, rates=(100, 20, 30, 50), daily_cap=200, epoch_cap=300, epoch_length=7 * DAY_S)
EVERYTHING = ConsentGranted(1, ALICE, 15, 7, True, 2**48 - 1, 0)


def paid(contributor: bytes, day: int, reward: int, quality: int = 10_000) -> Registered:
    """A registration of a CGM record on a day."""
    event = ContributionRegistered(1, b"d" * 32, contributor, 0, RAW, quality, reward)
    return Registered(0, Place(day, day * DAY_S, b"t" * 32, 0), event, EVERYTHING)


def breached(registered: Sequence[Registered]) -> list[Check]:
    tally = Tally()
    audit_rewards(registered, TERMS, tally)
    return [breach.check for breach in tally.breaches()]


def test_rewards_up_to_both_caps_hold() -> None:
    assert breached([paid(ALICE, 0, 100), paid(ALICE, 0, 100), paid(BOB, 0, 100)]) == []


def test_a_contributor_paid_above_the_daily_cap_is_found() -> None:
    assert breached([paid(ALICE, 0, 100)] * 3) == [Check.DAILY_CAP]


def test_the_daily_cap_starts_afresh_on_the_next_day() -> None:
    assert breached([paid(ALICE, 0, 100)] * 2 + [paid(ALICE, 1, 100)]) == []


def test_an_epoch_paid_above_its_cap_is_found() -> None:
    one_a_day = [paid(ALICE, day, 100) for day in range(4)]
    assert breached(one_a_day) == [Check.EPOCH_CAP]


def test_the_epoch_cap_starts_afresh_in_the_next_epoch() -> None:
    assert breached([paid(ALICE, day, 100) for day in (0, 1, 2, 7)]) == []


@pytest.mark.parametrize("reward", [49, 51, 0, 100])
def test_a_reward_off_the_schedule_is_found(reward: int) -> None:
    assert breached([paid(ALICE, 0, reward, quality=5_000)]) == [Check.REWARD]


def test_pay_for_a_care_only_contribution_is_found() -> None:
    care_only = replace(EVERYTHING, purposes=1)
    assert breached([replace(paid(ALICE, 0, 100), consent=care_only)]) == [Check.REWARD]


@pytest.mark.parametrize(
    ("order", "time", "kind", "covered"),
    [
        (5, 100, 0, False),  # the very entry that granted it
        (6, 100, 0, True),
        (6, 100, 1, False),  # a kind it does not name
        (6, 199, 0, True),
        (6, 200, 0, False),  # the first second after
        (9, 150, 0, False),  # revoked at 8
    ],
)
def test_a_consent_covers_what_it_names_from_its_grant_to_its_end(
    order: int, time: int, kind: int, covered: bool
) -> None:
    book = ConsentBook()
    grant = replace(EVERYTHING, kinds=1, expires_at=200)
    book.standings[ALICE] += [Standing(5, 100, grant), Standing(8, 150, None)]
    assert (book.in_force(ALICE, kind, order=order, time=time) is not None) == covered
    assert book.in_force(BOB, kind, order=order, time=time) is None


@pytest.mark.parametrize(
    ("seconds", "by_recorder", "breach"),
    [(0, True, True), (0, False, False), (GRACE_S - 1, False, False), (GRACE_S, False, True)],
)
def test_a_contributors_own_mark_gives_the_service_an_hour_to_delete(
    recorded: Recorded, seconds: int, by_recorder: bool, breach: bool
) -> None:
    digest, content = next(iter(recorded.contents.items()))
    one = paid(ALICE, 0, 100)
    event = replace(one.event, digest=digest.sha256, codec=digest.codec)
    mark = Mark(one.place, ALICE, by_recorder)
    shelf = ContentSources(ShelfOfBytes({digest: content}))  # type: ignore[arg-type]
    contents = Contents(no_checkpoint(recorded), shelf, workers=1)
    said = [event, ContributionErased(1, digest.sha256, ALICE)]
    contents.offer([Entry(one.place, Cause(None, None, b""), each) for each in said])
    contents.collect(lambda done, total: None)
    tally = Tally()
    head = replace(head_of(recorded), time=one.place.time + seconds)
    contents.judge(head, {digest.sha256: mark}, lambda: [], tally)
    assert bool(tally.breaches()) == breach
    assert bool(tally.notes()) != breach
    assert contents.state(digest.sha256) is ContentState.HELD_AFTER_ERASURE


def test_a_chain_reorganised_meanwhile_gives_no_verdict(recorded: Recorded) -> None:
    head = head_of(recorded)

    class Reorganised(ReplayingNode):
        asked = 0

        def ask(self, questions: Sequence[Question]) -> list[Any]:
            answers = super().ask(questions)
            for at, question in enumerate(questions):
                if question.params and question.params[0] == hex(head.number):
                    self.asked += 1
                    if self.asked > 1 and question.method == "eth_getBlockByNumber":
                        answers[at] = answers[at] | {"hash": "0x" + "77" * 32}
            return answers

    node = Reorganised(recorded.answers)
    with pytest.raises(ChainUnavailable, match="reorganised"):
        recorded.audit(evidence=recorded.evidence(node))


def head_of(recorded: Recorded) -> BlockHeader:
    return recorded.evidence().head()


def no_checkpoint(recorded: Recorded) -> Checkpoint:
    return Checkpoint(None, recorded.deployment, "", clock=FixedClock())
