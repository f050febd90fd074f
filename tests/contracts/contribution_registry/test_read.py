import pytest
from brownie import chain
from conftest import EPOCH_LENGTH, RATES, digest, move_to
from messages import CGM, ONE_DAY
from refusals import refused


@pytest.fixture
def paid(registry, people, consent):
    """Alice was paid once, early on the first day of an epoch."""
    move_to((chain.time() // EPOCH_LENGTH + 1) * EPOCH_LENGTH + 60)
    consent(people.alice)
    registry.register(digest(1), 0x55, CGM, people.alice, 10_000, {"from": people.recorder})
    return people.alice


def test_nobody_has_earned_anything_before_the_first_contribution(registry, people):
    assert registry.mintedToday(people.alice) == registry.epochMinted() == 0


def test_what_was_earned_yesterday_does_not_count_as_earned_today(registry, paid):
    assert registry.mintedToday(paid) == RATES[CGM]
    move_to((chain.time() // ONE_DAY + 1) * ONE_DAY)
    assert registry.mintedToday(paid) == 0
    assert registry.epochMinted() == RATES[CGM]


def test_what_was_paid_in_the_last_epoch_does_not_count_in_this_one(registry, paid):
    epoch = chain.time() // EPOCH_LENGTH
    assert (registry.currentEpoch(), registry.epochMinted()) == (epoch, RATES[CGM])
    move_to((epoch + 1) * EPOCH_LENGTH)
    assert (registry.currentEpoch(), registry.epochMinted()) == (epoch + 1, 0)


@pytest.mark.parametrize("kind", [4, 255])
def test_a_kind_that_does_not_exist_has_no_rate(registry, kind):
    with refused("ContributionRegistry_KindUnknown", kind):
        registry.rateOf(kind)
