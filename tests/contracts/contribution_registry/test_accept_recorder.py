import pytest
from brownie import ZERO_ADDRESS
from conftest import RATES, digest
from messages import CGM
from refusals import refused


@pytest.fixture
def proposed(registry, people):
    """The stranger, proposed as recorder."""
    registry.proposeRecorder(people.stranger, {"from": people.operator})
    return people.stranger


@pytest.mark.parametrize("who", ["deployer", "operator", "recorder", "alice"])
def test_nobody_but_the_proposed_recorder_can_accept(registry, people, proposed, who):
    caller = getattr(people, who)
    with refused("ContributionRegistry_CallerNotProposedRecorder", caller):
        registry.acceptRecorder({"from": caller})


def test_nobody_can_accept_when_nobody_is_proposed(registry, people):
    with refused("ContributionRegistry_CallerNotProposedRecorder", people.stranger):
        registry.acceptRecorder({"from": people.stranger})


def test_the_hand_over_is_announced(registry, people, proposed):
    transaction = registry.acceptRecorder({"from": proposed})
    assert (registry.recorder(), registry.proposedRecorder()) == (proposed, ZERO_ADDRESS)
    assert [dict(event) for event in transaction.events["RecorderChanged"]] == [
        {"schemaVersion": 1, "previous": people.recorder, "current": proposed}
    ]


def test_the_new_recorder_registers_and_the_old_one_does_not(registry, people, consent, proposed):
    consent(people.alice)
    registry.acceptRecorder({"from": proposed})
    arguments = (digest(1), 0x55, CGM, people.alice, 10_000)
    with refused("ContributionRegistry_CallerNotRecorder", people.recorder):
        registry.register(*arguments, {"from": people.recorder})
    registry.register(*arguments, {"from": proposed})


def test_a_proposal_is_accepted_once(registry, proposed):
    registry.acceptRecorder({"from": proposed})
    with refused("ContributionRegistry_CallerNotProposedRecorder", proposed):
        registry.acceptRecorder({"from": proposed})


def test_what_was_paid_in_the_epoch_still_counts(registry, people, consent, proposed):
    consent(people.alice)
    registry.register(digest(1), 0x55, CGM, people.alice, 10_000, {"from": people.recorder})
    registry.acceptRecorder({"from": proposed})
    assert registry.epochMinted() == RATES[CGM]
