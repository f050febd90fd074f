import pytest
from conftest import RATES, digest
from messages import CGM
from refusals import refused


@pytest.mark.parametrize("who", ["deployer", "recorder", "stranger", "alice"])
def test_nobody_but_the_operator_can_pause(registry, people, who):
    caller = getattr(people, who)
    with refused("ContributionRegistry_CallerNotOperator", caller):
        registry.pause({"from": caller})


def test_pausing_twice_is_refused(registry, people):
    registry.pause({"from": people.operator})
    with refused("ContributionRegistry_AlreadyPaused"):
        registry.pause({"from": people.operator})


def test_pausing_is_announced(registry, people):
    transaction = registry.pause({"from": people.operator})
    assert registry.paused() is True
    assert [dict(event) for event in transaction.events["Paused"]] == [
        {"schemaVersion": 1, "account": people.operator}
    ]


def test_pausing_keeps_the_recorder_and_what_was_paid(registry, people, consent):
    consent(people.alice)
    registry.register(digest(1), 0x55, CGM, people.alice, 10_000, {"from": people.recorder})
    registry.pause({"from": people.operator})
    assert registry.recorder() == people.recorder
    assert registry.epochMinted() == RATES[CGM]
