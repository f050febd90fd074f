import pytest
from brownie import ZERO_ADDRESS
from refusals import refused


@pytest.mark.parametrize("who", ["deployer", "recorder", "stranger", "alice"])
def test_nobody_but_the_operator_can_propose_a_recorder(registry, people, who):
    caller = getattr(people, who)
    with refused("ContributionRegistry_CallerNotOperator", caller):
        registry.proposeRecorder(caller, {"from": caller})


def test_a_proposal_is_announced(registry, people):
    transaction = registry.proposeRecorder(people.stranger, {"from": people.operator})
    assert [dict(event) for event in transaction.events["RecorderProposed"]] == [
        {"schemaVersion": 1, "current": people.recorder, "proposed": people.stranger}
    ]


def test_the_present_recorder_stays_until_the_proposed_one_accepts(registry, people):
    registry.proposeRecorder(people.stranger, {"from": people.operator})
    assert registry.recorder() == people.recorder
    assert registry.proposedRecorder() == people.stranger


def test_a_later_proposal_replaces_the_earlier_one(registry, people):
    registry.proposeRecorder(people.stranger, {"from": people.operator})
    registry.proposeRecorder(people.relayer, {"from": people.operator})
    with refused("ContributionRegistry_CallerNotProposedRecorder", people.stranger):
        registry.acceptRecorder({"from": people.stranger})


def test_a_proposal_can_be_withdrawn(registry, people):
    registry.proposeRecorder(people.stranger, {"from": people.operator})
    registry.proposeRecorder(ZERO_ADDRESS, {"from": people.operator})
    with refused("ContributionRegistry_CallerNotProposedRecorder", people.stranger):
        registry.acceptRecorder({"from": people.stranger})
