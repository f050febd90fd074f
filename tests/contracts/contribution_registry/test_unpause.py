import pytest
from refusals import refused


@pytest.mark.parametrize("who", ["deployer", "recorder", "stranger", "alice"])
def test_nobody_but_the_operator_can_unpause(registry, people, who):
    registry.pause({"from": people.operator})
    caller = getattr(people, who)
    with refused("ContributionRegistry_CallerNotOperator", caller):
        registry.unpause({"from": caller})


def test_unpausing_what_is_not_paused_is_refused(registry, people):
    with refused("ContributionRegistry_NotPaused"):
        registry.unpause({"from": people.operator})


def test_unpausing_is_announced(registry, people):
    registry.pause({"from": people.operator})
    transaction = registry.unpause({"from": people.operator})
    assert registry.paused() is False
    assert [dict(event) for event in transaction.events["Unpaused"]] == [
        {"schemaVersion": 1, "account": people.operator}
    ]
