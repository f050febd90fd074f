import pytest
from brownie import ZERO_ADDRESS
from conftest import DAILY_CAP, EPOCH_CAP, EPOCH_LENGTH, RATES, deploy_contracts
from messages import CGM
from refusals import refused


@pytest.mark.parametrize("party", ["token", "consents", "operator", "recorder"])
def test_a_registry_without_one_of_its_parties_is_refused(people, party):
    with refused("ContributionRegistry_AddressZero"):
        deploy_contracts(people, **{party: ZERO_ADDRESS})


@pytest.mark.parametrize("cap", ["dailyCap", "epochCap"])
def test_a_registry_that_could_never_pay_is_refused(people, cap):
    with refused("ContributionRegistry_CapZero"):
        deploy_contracts(people, **{cap: 0})


def test_a_registry_with_epochs_of_no_length_is_refused(people):
    with refused("ContributionRegistry_EpochLengthZero"):
        deploy_contracts(people, epochLength=0)


def test_the_terms_can_be_read_back(contracts, people):
    registry = contracts.registry
    assert registry.token() == contracts.token.address
    assert registry.consents() == contracts.consents.address
    assert registry.operator() == people.operator
    assert registry.recorder() == people.recorder
    assert registry.proposedRecorder() == ZERO_ADDRESS
    assert tuple(registry.rateOf(kind) for kind in range(4)) == RATES
    assert registry.dailyCap() == DAILY_CAP
    assert registry.epochCap() == EPOCH_CAP
    assert registry.epochLength() == EPOCH_LENGTH
    assert registry.paused() is False


def test_the_first_recorder_is_announced(registry, people):
    assert [dict(event) for event in registry.tx.events["RecorderChanged"]] == [
        {"schemaVersion": 1, "previous": ZERO_ADDRESS, "current": people.recorder}
    ]


def test_the_deployer_has_no_role(registry, people, consent):
    consent(people.alice)
    deployer = people.deployer
    by_deployer = {"from": deployer}
    with refused("ContributionRegistry_CallerNotRecorder", deployer):
        registry.register(b"\x01" * 32, 0x55, CGM, people.alice, 10_000, by_deployer)
    for only_operator in (registry.pause, registry.unpause):
        with refused("ContributionRegistry_CallerNotOperator", deployer):
            only_operator(by_deployer)
    with refused("ContributionRegistry_CallerNotOperator", deployer):
        registry.proposeRecorder(deployer, by_deployer)
    with refused("ContributionRegistry_CallerNotProposedRecorder", deployer):
        registry.acceptRecorder(by_deployer)
