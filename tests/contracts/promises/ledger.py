"""Reads the promises REC-1 to REC-6 off the events alone, as an auditor would."""

from collections import Counter
from typing import Any

from brownie import web3
from conftest import DAILY_CAP, EPOCH_CAP, EPOCH_LENGTH, RATES, Contracts
from messages import ONE_DAY, TRAINING


def events_of(contract: Any, name: str, since: int) -> list[Any]:
    """Events of one name since a block, in the order of the chain."""
    event = getattr(web3.eth.contract(address=contract.address, abi=contract.abi).events, name)
    return event().get_logs(from_block=since)


def check_history(contracts: Contracts, since: int) -> int:
    """Holds everything that happened since a block to the promises; the number of registrations."""
    registrations = events_of(contracts.registry, "ContributionRegistered", since)
    consents = sorted(
        events_of(contracts.consents, "ConsentGranted", since)
        + events_of(contracts.consents, "ConsentRevoked", since),
        key=lambda event: (event.blockNumber, event.logIndex),
    )
    _check_once(registrations)
    _check_rewards_and_consents(registrations, consents)
    _check_caps(registrations)
    _check_supply(contracts, registrations, since)
    return len(registrations)


def _check_once(registrations: list[Any]) -> None:
    """REC-1."""
    times = Counter(event.args.digest for event in registrations)
    assert all(count == 1 for count in times.values())


def _check_rewards_and_consents(registrations: list[Any], consents: list[Any]) -> None:
    """REC-2: a consent was in force; REC-6: the reward is what schedule and purposes say."""
    for event in registrations:
        said = event.args
        latest = [
            consent
            for consent in consents
            if consent.args.contributor == said.contributor
            and consent.blockNumber < event.blockNumber
        ][-1]
        assert latest.event == "ConsentGranted"
        assert latest.args.kinds >> said.kind & 1
        assert _moment(event) < latest.args.expiresAt
        paid = latest.args.purposes & TRAINING
        assert said.reward == (RATES[said.kind] * said.quality // 10_000 if paid else 0)


def _check_caps(registrations: list[Any]) -> None:
    """REC-3 and REC-4."""
    daily: Counter[tuple[str, int]] = Counter()
    by_epoch: Counter[int] = Counter()
    for event in registrations:
        moment = _moment(event)
        daily[event.args.contributor, moment // ONE_DAY] += event.args.reward
        by_epoch[moment // EPOCH_LENGTH] += event.args.reward
    assert all(amount <= DAILY_CAP for amount in daily.values())
    assert all(amount <= EPOCH_CAP for amount in by_epoch.values())


def _check_supply(contracts: Contracts, registrations: list[Any], since: int) -> None:
    """REC-5: what exists is what was announced, and it was minted to whom it was announced for."""
    rewards = [event for event in registrations if event.args.reward]
    mints = events_of(contracts.token, "Transfer", since)
    assert [(mint.transactionHash, mint.args.to, mint.args.value) for mint in mints] == [
        (event.transactionHash, event.args.contributor, event.args.reward) for event in rewards
    ]
    total = sum(event.args.reward for event in rewards)
    assert contracts.token.totalSupply() == total


def _moment(event: Any) -> int:
    return web3.eth.get_block(event.blockNumber)["timestamp"]
