"""The people, and the three contracts deployed as scripts/deploy.py does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from brownie import ConsentRegistry, ContributionRegistry, RewardToken, accounts, chain
from brownie.network.account import LocalAccount
from brownie.network.contract import ProjectContract
from messages import consent_by, fields, sign_consent

VMR = 10**6
RATES = (100 * VMR, 20 * VMR, 30 * VMR, 50 * VMR)
DAILY_CAP = 300 * VMR
EPOCH_CAP = 500 * VMR
EPOCH_LENGTH = 7 * 86_400


@dataclass(frozen=True)
class People:
    """Who plays which part; only contributors sign, so only they have keys here."""

    deployer: Any
    operator: Any
    recorder: Any
    relayer: Any
    stranger: Any
    alice: LocalAccount
    bob: LocalAccount


@dataclass(frozen=True)
class Contracts:
    """One deployment."""

    consents: ProjectContract
    token: ProjectContract
    registry: ProjectContract


@pytest.fixture(autouse=True)
def isolation(fn_isolation: None) -> None:
    """Every test starts from the same chain."""


@pytest.fixture(scope="module")
def people(module_isolation: None) -> People:
    contributors = [accounts.add(bytes([i] * 32).hex()) for i in (0xA1, 0xB0)]
    for contributor in contributors:
        accounts[9].transfer(contributor, "10 ether")
    return People(*accounts[:5], *contributors)


@pytest.fixture(scope="module")
def contracts(people: People) -> Contracts:
    return deploy_contracts(people)


@pytest.fixture(scope="module")
def consents(contracts: Contracts) -> ProjectContract:
    return contracts.consents


@pytest.fixture(scope="module")
def token(contracts: Contracts) -> ProjectContract:
    return contracts.token


@pytest.fixture(scope="module")
def registry(contracts: Contracts) -> ProjectContract:
    return contracts.registry


def deploy_contracts(people: People, **changes: Any) -> Contracts:
    """Deploys all three; `changes` replace terms of the contribution registry by name."""
    by_deployer = {"from": people.deployer}
    consents = ConsentRegistry.deploy(by_deployer)
    registry_address = people.deployer.get_deployment_address(people.deployer.nonce + 1)
    token = RewardToken.deploy(registry_address, by_deployer)
    terms = {
        "token": token,
        "consents": consents,
        "operator": people.operator,
        "recorder": people.recorder,
        "rates": RATES,
        "dailyCap": DAILY_CAP,
        "epochCap": EPOCH_CAP,
        "epochLength": EPOCH_LENGTH,
    }
    assert not changes.keys() - terms.keys()
    registry = ContributionRegistry.deploy(list((terms | changes).values()), by_deployer)
    assert registry.address == registry_address
    return Contracts(consents, token, registry)


@pytest.fixture
def consent(consents: ProjectContract, people: People) -> Callable[..., Any]:
    """Puts a consent by a contributor on chain; keywords change what it says."""

    def grant(contributor: LocalAccount, **changes: Any) -> Any:
        message = consent_by(contributor, nonce=consents.nonceOf(contributor), **changes)
        signature = sign_consent(message, contributor, consents)
        return consents.grant(fields(message), signature, {"from": people.relayer})

    return grant


def digest(number: int) -> bytes:
    """A content digest that nobody can mistake for another's."""
    return number.to_bytes(32, "big")


def move_to(moment: int) -> None:
    """Mines a block at exactly this second; calls that follow are answered as of it."""
    chain.mine(timestamp=moment)
    assert chain[-1].timestamp == moment
