"""A contribution moves only along its states, and earns by schedule."""

from datetime import UTC, datetime

import pytest

from backend.domain.consent import Kind
from backend.domain.contribution import Contribution, Schedule, Status
from backend.domain.errors import IllegalTransition
from backend.domain.identifiers import (
    RAW,
    AccountId,
    Cid,
    ContentDigest,
    ContributionId,
    KeyId,
    wallet_address,
)
from backend.domain.money import ONE_TOKEN, TokenAmount

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FORWARD = {
    (Status.RESERVED, Status.SEALED),
    (Status.RESERVED, Status.ABANDONED),
    (Status.RESERVED, Status.ERASING),
    (Status.SEALED, Status.SUBMITTED),
    (Status.SEALED, Status.ANCHORED),
    (Status.SEALED, Status.REJECTED),
    (Status.SEALED, Status.ERASING),
    (Status.SUBMITTED, Status.SEALED),
    (Status.SUBMITTED, Status.ANCHORED),
    (Status.SUBMITTED, Status.REJECTED),
    (Status.SUBMITTED, Status.ERASING),
    (Status.ANCHORED, Status.SUBMITTED),
    (Status.ANCHORED, Status.ERASING),
    (Status.REJECTED, Status.ERASING),
    (Status.ABANDONED, Status.ERASING),
    (Status.ERASING, Status.ERASED),
}


def contribution(status: Status) -> Contribution:
    return Contribution(
        id=ContributionId("01" * 16),
        account_id=AccountId("02" * 16),
        contributor=wallet_address("0x" + "11" * 20),
        kind=Kind.CGM,
        status=status,
        key_id=KeyId("03" * 16),
        cid=Cid("bafk"),
        digest=ContentDigest(bytes(32), RAW),
        size=100,
        quality=9_000,
        sealed_summary=b"",
        created_at=NOW,
        lease_until=NOW,
        custodial=True,
    )


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_only_the_drawn_steps_are_possible(before: Status, after: Status) -> None:
    if (before, after) in FORWARD:
        assert contribution(before).moved(after).status is after
    else:
        with pytest.raises(IllegalTransition):
            contribution(before).moved(after)


def test_a_reward_is_rate_times_quality_rounded_down_and_nothing_without_training() -> None:
    rates = {kind: TokenAmount(0) for kind in Kind} | {Kind.CGM: TokenAmount(100 * ONE_TOKEN + 1)}
    schedule = Schedule(rates, TokenAmount(1), TokenAmount(1), 604_800)
    assert schedule.reward(Kind.CGM, 9_999, training=True).base_units == 99_990_000
    assert schedule.reward(Kind.CGM, 10_000, training=True) == rates[Kind.CGM]
    assert schedule.reward(Kind.CGM, 10_000, training=False).base_units == 0
