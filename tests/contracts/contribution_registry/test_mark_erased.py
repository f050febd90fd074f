import pytest
from conftest import RATES, digest
from messages import CGM
from refusals import refused


@pytest.fixture
def registered(registry, people, consent):
    """A contribution of alice's."""
    consent(people.alice)
    consent(people.bob)
    registry.register(digest(1), 0x55, CGM, people.alice, 10_000, {"from": people.recorder})
    return digest(1)


def test_a_digest_that_was_never_registered_cannot_be_marked(registry, people, registered):
    with refused("ContributionRegistry_NotRegistered", digest(2)):
        registry.markErased(digest(2), {"from": people.recorder})


def test_a_digest_is_marked_once(registry, people, registered):
    registry.markErased(registered, {"from": people.alice})
    with refused("ContributionRegistry_AlreadyErased", registered):
        registry.markErased(registered, {"from": people.recorder})


@pytest.mark.parametrize("who", ["deployer", "operator", "relayer", "stranger", "bob"])
def test_nobody_but_recorder_and_contributor_can_mark_a_contribution(
    registry, people, registered, who
):
    caller = getattr(people, who)
    with refused("ContributionRegistry_CallerNotRecorderNorContributor", caller):
        registry.markErased(registered, {"from": caller})


def test_a_former_recorder_can_mark_nothing(registry, people, registered):
    registry.proposeRecorder(people.stranger, {"from": people.operator})
    registry.acceptRecorder({"from": people.stranger})
    with refused("ContributionRegistry_CallerNotRecorderNorContributor", people.recorder):
        registry.markErased(registered, {"from": people.recorder})
    registry.markErased(registered, {"from": people.stranger})


def test_the_recorder_can_mark_a_contribution(registry, people, registered):
    registry.markErased(registered, {"from": people.recorder})
    assert registry.recordOf(registered)["erased"] is True


def test_the_contributor_can_mark_their_contribution(registry, people, registered):
    registry.markErased(registered, {"from": people.alice})
    assert registry.recordOf(registered)["erased"] is True


def test_a_mark_is_announced_with_the_contributor(registry, people, registered):
    transaction = registry.markErased(registered, {"from": people.recorder})
    assert [dict(event) for event in transaction.events["ContributionErased"]] == [
        {"schemaVersion": 1, "digest": "0x" + registered.hex(), "contributor": people.alice}
    ]


def test_a_mark_changes_nothing_else(registry, token, people, registered):
    before = tuple(registry.recordOf(registered))
    registry.markErased(registered, {"from": people.recorder})
    assert tuple(registry.recordOf(registered)) == (*before[:4], True)
    assert token.balanceOf(people.alice) == token.totalSupply() == RATES[CGM]


def test_pausing_does_not_stop_a_mark(registry, people, registered):
    registry.pause({"from": people.operator})
    registry.markErased(registered, {"from": people.alice})
    assert registry.recordOf(registered)["erased"] is True


def test_a_contribution_can_be_marked_after_its_consent_was_revoked(
    registry, consents, people, registered
):
    consents.revoke({"from": people.alice})
    registry.markErased(registered, {"from": people.recorder})
    assert registry.recordOf(registered)["erased"] is True
