from typing import Any

import pytest
from brownie import ZERO_ADDRESS, chain
from conftest import DAILY_CAP, EPOCH_CAP, EPOCH_LENGTH, RATES, VMR, digest, move_to
from messages import CARE, CGM, IMAGE, MOTION, ONE_DAY, SALE, TRAINING, VITALS
from refusals import refused

RAW, DAG_PB = 0x55, 0x70
FULL = 10_000


@pytest.fixture
def consenting(people, consent):
    """Alice and Bob consented to everything, early on the first day of an epoch."""
    move_to(next_epoch() + 60)
    for contributor in (people.alice, people.bob):
        consent(contributor)
    return people


@pytest.fixture
def register(registry, people):
    """Registers as the recorder does, at full quality and for alice unless told otherwise."""

    def send(number: int, kind: int = CGM, contributor: Any = None, **changes: Any) -> Any:
        arguments = {
            "digest": digest(number),
            "codec": RAW,
            "kind": kind,
            "contributor": contributor or people.alice,
            "quality": FULL,
        }
        assert not changes.keys() - arguments.keys()
        return registry.register(*(arguments | changes).values(), {"from": people.recorder})

    return send


def next_epoch() -> int:
    return (chain.time() // EPOCH_LENGTH + 1) * EPOCH_LENGTH


def next_midnight() -> int:
    return (chain.time() // ONE_DAY + 1) * ONE_DAY


@pytest.mark.parametrize("who", ["deployer", "operator", "stranger", "alice"])
def test_nobody_but_the_recorder_can_register(registry, consenting, who):
    caller = getattr(consenting, who)
    with refused("ContributionRegistry_CallerNotRecorder", caller):
        registry.register(digest(1), RAW, CGM, consenting.alice, FULL, {"from": caller})


def test_nothing_is_registered_while_paused(registry, consenting, register):
    registry.pause({"from": consenting.operator})
    with refused("ContributionRegistry_Paused"):
        register(1)
    registry.unpause({"from": consenting.operator})
    register(1)


def test_an_empty_digest_is_refused(consenting, register):
    with refused("ContributionRegistry_DigestEmpty"):
        register(0)


@pytest.mark.parametrize("codec", [0, 0x54, 0x56, 0x71, 255])
def test_an_unknown_codec_is_refused(consenting, register, codec):
    with refused("ContributionRegistry_CodecUnknown", codec):
        register(1, codec=codec)


@pytest.mark.parametrize("kind", [4, 5, 255])
def test_an_unknown_kind_is_refused(consenting, register, kind):
    with refused("ContributionRegistry_KindUnknown", kind):
        register(1, kind)


@pytest.mark.parametrize("quality", [FULL + 1, 65_535])
def test_a_quality_above_one_is_refused(consenting, register, quality):
    with refused("ContributionRegistry_QualityOutOfRange", quality):
        register(1, quality=quality)


def test_a_digest_registered_for_the_same_contributor_is_refused(consenting, register):
    register(1)
    with refused("ContributionRegistry_AlreadyRegistered", digest(1)):
        register(1)


def test_a_digest_registered_for_another_contributor_is_refused(consenting, register):
    register(1, CGM, consenting.alice)
    with refused("ContributionRegistry_AlreadyRegistered", digest(1)):
        register(1, IMAGE, consenting.bob, codec=DAG_PB, quality=1)


def test_an_erased_digest_is_refused(registry, consenting, register):
    register(1)
    registry.markErased(digest(1), {"from": consenting.alice})
    with refused("ContributionRegistry_AlreadyRegistered", digest(1)):
        register(1)


def test_a_contribution_of_somebody_who_never_consented_is_refused(people, register):
    with refused("ContributionRegistry_ConsentNotInForce", people.alice, CGM):
        register(1)


def test_a_contribution_after_a_revoke_is_refused(consents, consenting, register):
    consents.revoke({"from": consenting.alice})
    with refused("ContributionRegistry_ConsentNotInForce", consenting.alice, CGM):
        register(1)


def test_a_contribution_after_the_expiry_is_refused(registry, people, consent, register):
    expires_at = chain.time() + 1_000
    consent(people.alice, expiresAt=expires_at)
    move_to(expires_at - 1)
    arguments = (digest(1), RAW, CGM, people.alice, FULL, {"from": people.recorder})
    registry.register.call(*arguments)
    move_to(expires_at)
    with refused("ContributionRegistry_ConsentNotInForce", people.alice, CGM):
        registry.register.call(*arguments)


def test_a_contribution_of_a_kind_not_consented_to_is_refused(people, consent, register):
    consent(people.alice, kinds=1 << CGM | 1 << MOTION)
    with refused("ContributionRegistry_ConsentNotInForce", people.alice, VITALS):
        register(1, VITALS)


def test_a_reward_above_the_daily_cap_is_refused(consenting, register):
    for number in (1, 2, 3):
        register(number)
    with refused(
        "ContributionRegistry_DailyCapExceeded", consenting.alice, DAILY_CAP + 2_000, DAILY_CAP
    ):
        register(4, VITALS, quality=1)


def test_a_reward_that_reaches_the_daily_cap_exactly_is_paid(registry, consenting, register):
    for number in (1, 2, 3):
        register(number)
    assert registry.mintedToday(consenting.alice) == DAILY_CAP


def test_a_reward_above_the_epoch_cap_is_refused(registry, consenting, register):
    fill_epoch(consenting, register)
    with refused(
        "ContributionRegistry_EpochCapExceeded",
        registry.currentEpoch(),
        EPOCH_CAP + 2_000,
        EPOCH_CAP,
    ):
        register(9, VITALS, consenting.bob, quality=1)


def test_a_reward_that_reaches_the_epoch_cap_exactly_is_paid(registry, consenting, register):
    fill_epoch(consenting, register)
    assert registry.epochMinted() == EPOCH_CAP


def test_the_daily_cap_starts_afresh_at_midnight(registry, consenting, register):
    for number in (1, 2, 3):
        register(number)
    arguments = (digest(4), RAW, CGM, consenting.alice, FULL, {"from": consenting.recorder})
    midnight = next_midnight()
    move_to(midnight - 1)
    with refused(
        "ContributionRegistry_DailyCapExceeded", consenting.alice, DAILY_CAP + 100 * VMR, DAILY_CAP
    ):
        registry.register.call(*arguments)
    move_to(midnight)
    registry.register.call(*arguments)
    register(4)
    assert registry.mintedToday(consenting.alice) == 100 * VMR


def test_the_epoch_cap_starts_afresh_with_the_epoch(registry, consenting, register):
    fill_epoch(consenting, register)
    arguments = (digest(9), RAW, CGM, consenting.bob, FULL, {"from": consenting.recorder})
    beginning = next_epoch()
    move_to(beginning - 1)
    with refused(
        "ContributionRegistry_EpochCapExceeded",
        registry.currentEpoch(),
        EPOCH_CAP + 100 * VMR,
        EPOCH_CAP,
    ):
        registry.register.call(*arguments)
    move_to(beginning)
    registry.register.call(*arguments)
    register(9, CGM, consenting.bob)
    assert registry.epochMinted() == 100 * VMR


@pytest.mark.parametrize("purposes", [CARE, SALE, CARE | SALE])
def test_a_contribution_for_care_only_is_anchored_and_not_paid(
    registry, token, people, consent, register, purposes
):
    consent(people.alice, purposes=purposes)
    transaction = register(1)
    assert transaction.events["ContributionRegistered"]["reward"] == 0
    assert "Transfer" not in transaction.events
    assert token.balanceOf(people.alice) == 0
    assert registry.recordOf(digest(1))["contributor"] == people.alice


def test_an_unpaid_contribution_counts_against_no_cap(registry, consenting, consent, register):
    for number in (1, 2, 3):
        register(number)
    consent(consenting.alice, purposes=CARE)
    register(4)
    assert registry.mintedToday(consenting.alice) == registry.epochMinted() == DAILY_CAP


def test_a_worthless_contribution_is_anchored_and_not_paid(registry, token, consenting, register):
    transaction = register(1, quality=0)
    assert transaction.events["ContributionRegistered"]["reward"] == 0
    assert token.totalSupply() == 0
    assert registry.recordOf(digest(1))["contributor"] == consenting.alice


@pytest.mark.parametrize("kind", [CGM, VITALS, MOTION, IMAGE])
def test_each_kind_is_paid_at_its_own_rate(token, consenting, register, kind):
    register(1, kind)
    assert token.balanceOf(consenting.alice) == RATES[kind]


@pytest.mark.parametrize("quality, reward", [(1, 2_000), (7_333, 14_666_000), (FULL, 20 * VMR)])
def test_the_reward_is_the_rate_times_the_quality_rounded_down(
    token, consenting, register, quality, reward
):
    register(1, VITALS, quality=quality)
    assert token.balanceOf(consenting.alice) == reward


def test_the_contribution_can_be_read_back(registry, consenting, register):
    assert tuple(registry.recordOf(digest(1))) == (ZERO_ADDRESS, 0, 0, 0, False)
    transaction = register(1, MOTION, consenting.bob)
    record = (consenting.bob, MOTION, RAW, transaction.timestamp, False)
    assert tuple(registry.recordOf(digest(1))) == record


def test_the_contribution_is_announced_with_its_reward(consenting, register):
    transaction = register(1, IMAGE, consenting.bob, codec=DAG_PB, quality=2_500)
    assert [dict(event) for event in transaction.events["ContributionRegistered"]] == [
        {
            "schemaVersion": 1,
            "digest": "0x" + digest(1).hex(),
            "contributor": consenting.bob,
            "kind": IMAGE,
            "codec": DAG_PB,
            "quality": 2_500,
            "reward": RATES[IMAGE] // 4,
        }
    ]


def test_the_reward_is_minted_in_the_same_transaction(token, consenting, register):
    transaction = register(1, CGM, consenting.bob)
    assert [dict(event) for event in transaction.events["Transfer"]] == [
        {"from": ZERO_ADDRESS, "to": consenting.bob, "value": RATES[CGM]}
    ]
    assert token.balanceOf(consenting.bob) == token.totalSupply() == RATES[CGM]


def test_a_root_of_a_tree_can_be_registered_as_well(registry, consenting, register):
    register(1, codec=DAG_PB)
    assert registry.recordOf(digest(1))["codec"] == DAG_PB


def test_the_consent_of_a_kept_wallet_counts_as_one_of_the_contributor_s_own(
    token, people, consent, register
):
    consent(people.alice, custodial=True, purposes=TRAINING)
    register(1)
    assert token.balanceOf(people.alice) == RATES[CGM]


def fill_epoch(people: Any, register: Any) -> None:
    """Pays out the whole epoch cap: 300 to alice, 200 to bob."""
    for number, contributor in enumerate([people.alice] * 3 + [people.bob] * 2, start=1):
        register(number, CGM, contributor)
