"""Deploys the three contracts and writes the deployment file that service and audit read.

    python scripts/brownie.py run deploy --rpc URL recorder=0x… operator=0x… out=FILE [TERM=VALUE …]

`evaluator=0x…` names whose signature certificates of releases carry; without it none is valid.

The terms, in tokens (VMR) and seconds, with what they are unless given:

    cgm=100 vitals=20 motion=30 image=50  paid for a record of the kind at quality 1
    daily_cap=300                         most that one contributor is paid in a UTC day
    epoch_cap=100000 epoch_length=604800  most that all are paid in an epoch, and its length

The deployer is the account whose key VITALMINT_DEPLOYER_KEY holds, else `deployer=0x…`, else the
first account that the node itself signs for. It has no role afterwards.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from brownie import (
    ConsentRegistry,
    Contract,
    ContributionRegistry,
    RewardToken,
    accounts,
    web3,
)

UNITS_PER_TOKEN = 10**6
ZERO = "0x" + "00" * 20
KINDS = ("cgm", "vitals", "motion", "image")
DEFAULTS = {
    "cgm": "100",
    "vitals": "20",
    "motion": "30",
    "image": "50",
    "daily_cap": "300",
    "epoch_cap": "100000",
    "epoch_length": str(7 * 86_400),
}


class DeploymentRefused(Exception):
    """Nothing was written; the message says what to change."""


@dataclass(frozen=True)
class Plan:
    """What to deploy, in base units and seconds, and where to write it down."""

    recorder: str
    operator: str
    out: Path
    deployer: str | None
    rates: tuple[int, ...]
    daily_cap: int
    epoch_cap: int
    epoch_length: int
    evaluator: str | None = None


@dataclass(frozen=True)
class Deployed:
    """A contract, and the transaction that made it."""

    contract: Any
    transaction: str
    block: int


def main(*arguments: str) -> None:
    """Deploys, makes sure that the deployer holds nothing, and only then writes the file."""
    plan = read_plan(arguments)
    deployer = _deployer(plan)
    if deployer.address in (plan.recorder, plan.operator, plan.evaluator):
        raise DeploymentRefused(
            f"{deployer.address} deploys and must hold nothing afterwards: "
            "name other accounts as recorder, operator and evaluator"
        )
    if deployer.balance() == 0:
        raise DeploymentRefused(f"{deployer.address} has no ether to deploy with: send it some")
    deployed = deploy(plan, deployer)
    verify(plan, deployer.address, deployed)
    write_atomically(plan.out, record(plan, deployer.address, deployed))
    print(f"Deployment written to {plan.out}")


def read_plan(arguments: tuple[str, ...]) -> Plan:
    """The plan that `name=value` arguments describe, or a refusal that names the fault."""
    given = dict(argument.partition("=")[::2] for argument in arguments)
    known = {field.name for field in fields(Plan)} - {"rates"} | DEFAULTS.keys()
    if unknown := sorted(given.keys() - known):
        raise DeploymentRefused(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    if missing := [name for name in ("recorder", "operator", "out") if not given.get(name)]:
        raise DeploymentRefused(f"missing: {', '.join(f'{name}=…' for name in missing)}")
    out = Path(given["out"])
    if out.exists():
        raise DeploymentRefused(
            f"{out} exists already, and is the only record of what it names: "
            "choose another out=, or move it away"
        )
    terms = DEFAULTS | given
    rates = tuple(_units(terms, kind) for kind in KINDS)
    daily_cap, epoch_cap = _units(terms, "daily_cap"), _units(terms, "epoch_cap")
    if not max(rates) <= daily_cap <= epoch_cap < 2**56:
        raise DeploymentRefused(
            "some records could never be paid: the daily cap must be at least the highest rate, "
            "the epoch cap at least the daily cap, and no more than 72 thousand million tokens"
        )
    return Plan(
        recorder=_address(given, "recorder"),
        operator=_address(given, "operator"),
        out=out,
        deployer=_address(given, "deployer") if "deployer" in given else None,
        rates=rates,
        daily_cap=daily_cap,
        epoch_cap=epoch_cap,
        epoch_length=_seconds(terms, "epoch_length"),
        evaluator=_address(given, "evaluator") if "evaluator" in given else None,
    )


def deploy(plan: Plan, deployer: Any) -> dict[str, Deployed]:
    """Consent registry, token and contribution registry, in this order.

    The token must know its minter before that exists, so the registry's address is foretold from
    the deployer's nonce, and compared in the end.
    """
    consents = _create(ConsentRegistry, deployer)
    foretold = deployer.get_deployment_address(deployer.nonce + 1)
    token = _create(RewardToken, deployer, foretold)
    registry = _create(
        ContributionRegistry,
        deployer,
        [
            token.contract.address,
            consents.contract.address,
            plan.operator,
            plan.recorder,
            list(plan.rates),
            plan.daily_cap,
            plan.epoch_cap,
            plan.epoch_length,
        ],
    )
    if registry.contract.address != foretold:
        raise DeploymentRefused(
            f"the registry came to lie at {registry.contract.address}, while the token is minted "
            f"by {foretold}: {deployer.address} must send nothing else meanwhile; deploy again"
        )
    return {
        "ConsentRegistry": consents,
        "RewardToken": token,
        "ContributionRegistry": registry,
    }


def _create(container: Any, deployer: Any, *arguments: Any) -> Deployed:
    """One contract on chain.

    Sent as a plain transaction: on a live network Brownie 1.22's `deploy` then fails in a thread
    of its own, where it files the contract in a database that nobody reads here.
    """
    receipt = deployer.transfer(data=container.deploy.encode_input(*arguments), silent=True)
    contract = Contract.from_abi(
        container._name, receipt.contract_address, container.abi, persist=False
    )
    print(f"{container._name} at {contract.address}, {receipt.gas_used:,} gas", flush=True)
    return Deployed(contract, receipt.txid, receipt.block_number)


def verify(plan: Plan, deployer: str, deployed: Mapping[str, Deployed]) -> None:
    """The chain must say what was planned, and the deployer must hold no role and no token."""
    token, registry = (deployed[name].contract for name in ("RewardToken", "ContributionRegistry"))
    held = {
        "minter": (token.minter(), registry.address),
        "token": (registry.token(), token.address),
        "consents": (registry.consents(), deployed["ConsentRegistry"].contract.address),
        "recorder": (registry.recorder(), plan.recorder),
        "operator": (registry.operator(), plan.operator),
        "proposed recorder": (registry.proposedRecorder(), ZERO),
        "deployer's tokens": (token.balanceOf(deployer), 0),
        "total supply": (token.totalSupply(), 0),
        "rates": (tuple(registry.rateOf(kind) for kind in range(len(KINDS))), plan.rates),
        "daily cap": (registry.dailyCap(), plan.daily_cap),
        "epoch cap": (registry.epochCap(), plan.epoch_cap),
        "epoch length": (registry.epochLength(), plan.epoch_length),
    }
    for what, (found, planned) in held.items():
        if found != planned:
            raise DeploymentRefused(f"{what}: the chain says {found}, planned was {planned}")


def record(plan: Plan, deployer: str, deployed: Mapping[str, Deployed]) -> dict[str, Any]:
    """The deployment file's content."""
    return {
        "schema": 1,
        "chainId": web3.eth.chain_id,
        "deployer": deployer,
        "contracts": {
            name: {
                "address": each.contract.address,
                "transaction": each.transaction,
                "block": each.block,
            }
            for name, each in deployed.items()
        },
        "recorder": plan.recorder,
        "operator": plan.operator,
        **({} if plan.evaluator is None else {"evaluator": plan.evaluator}),
        "rates": {kind: str(rate) for kind, rate in zip(KINDS, plan.rates, strict=True)},
        "dailyCap": str(plan.daily_cap),
        "epochCap": str(plan.epoch_cap),
        "epochLength": plan.epoch_length,
    }


def write_atomically(path: Path, content: dict[str, Any]) -> None:
    """Either the whole file is there afterwards, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    written = Path(file.name)
    written.chmod(0o644)
    written.replace(path)


def _deployer(plan: Plan) -> Any:
    """An account that Brownie can send from."""
    if key := os.environ.get("VITALMINT_DEPLOYER_KEY"):
        return accounts.add(key)
    if not accounts:
        raise DeploymentRefused(
            "the node signs for no account: put the deployer's key into VITALMINT_DEPLOYER_KEY"
        )
    if plan.deployer is None:
        return accounts[0]
    return accounts.at(plan.deployer)


def _address(given: Mapping[str, str], name: str) -> str:
    value = given[name]
    if not web3.is_address(value) or value.lower() == ZERO:
        raise DeploymentRefused(f"{name}={value} is not the address of an account")
    return str(web3.to_checksum_address(value))


def _units(terms: Mapping[str, str], name: str) -> int:
    """Base units of an amount of tokens; at most six decimals."""
    try:
        units = Decimal(terms[name]) * UNITS_PER_TOKEN
    except InvalidOperation:
        units = Decimal("NaN")
    if not units.is_finite() or units < 0 or units != units.to_integral_value():
        raise DeploymentRefused(f"{name}={terms[name]} is not an amount of tokens")
    return int(units)


def _seconds(terms: Mapping[str, str], name: str) -> int:
    value = terms[name]
    if not value.isdecimal() or not 0 < int(value) < 2**32:
        raise DeploymentRefused(f"{name}={value} is not a number of seconds")
    return int(value)
