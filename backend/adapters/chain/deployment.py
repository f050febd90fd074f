"""The deployment file: where the contracts are, and what they were deployed with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.adapters.chain.abi import CONTRACT_NAMES, ContractName
from backend.adapters.chain.answers import hexadecimal, octets, quantity
from backend.adapters.chain.node import Node
from backend.domain.consent import Kind
from backend.domain.contribution import Schedule
from backend.domain.errors import MisconfiguredService, VitalMintError
from backend.domain.identifiers import TxHash, WalletAddress, tx_hash, wallet_address
from backend.domain.money import TokenAmount

SCHEMA = 1


@dataclass(frozen=True)
class DeployedContract:
    """One contract, and the transaction and block in which it came to be."""

    address: WalletAddress
    transaction: TxHash
    block: int


@dataclass(frozen=True)
class Deployment:
    """One set of contracts that belong together."""

    chain_id: int
    deployer: WalletAddress
    contracts: Mapping[ContractName, DeployedContract]
    recorder: WalletAddress
    operator: WalletAddress
    schedule: Schedule
    evaluator: WalletAddress | None = None
    """Whose signature certificates of releases carry, where the file names one."""

    @property
    def first_block(self) -> int:
        return min(contract.block for contract in self.contracts.values())

    def address(self, name: ContractName) -> WalletAddress:
        return self.contracts[name].address


def read_deployment(path: Path) -> Deployment:
    """The deployment in `path`, or `MisconfiguredService` naming every fault of the file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _misconfigured(path, ["it does not exist: run scripts/deploy.py"]) from error
    except (OSError, ValueError) as error:
        raise _misconfigured(path, [f"it cannot be read as JSON ({error})"]) from error
    reader = _Reader(content if isinstance(content, dict) else {})
    deployment = reader.deployment()
    if deployment is None:
        raise _misconfigured(path, reader.faults)
    return deployment


def check_deployment(deployment: Deployment, node: Node) -> None:
    """Refuse a node on another chain, or one that has no code where the contracts should be."""
    chain_id = quantity(node.ask("eth_chainId"))
    if chain_id != deployment.chain_id:
        raise MisconfiguredService(
            (
                f"the node at {node.host} is on chain {chain_id}, the deployment file on chain "
                f"{deployment.chain_id}: set VITALMINT_RPC_URL or VITALMINT_DEPLOYMENT_FILE",
            )
        )
    bare = [
        f"{name}: the node at {node.host} has no contract at {contract.address}: "
        "the chain was reset, or the deployment file is of another one"
        for name, contract in deployment.contracts.items()
        if not octets(node.ask("eth_getCode", contract.address, "latest"))
    ]
    if bare:
        raise MisconfiguredService(tuple(bare))


def _misconfigured(path: Path, faults: list[str]) -> MisconfiguredService:
    return MisconfiguredService(tuple(f"deployment file {path.name}: {fault}" for fault in faults))


class _Reader:
    """Reads every field, so that all faults are told at once."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self.faults: list[str] = []

    def deployment(self) -> Deployment | None:
        if self._content.get("schema") != SCHEMA:
            self.faults.append(f"schema must be {SCHEMA}: write it anew with scripts/deploy.py")
            return None
        chain_id = self._field("chainId", _positive, self._content)
        deployer = self._field("deployer", _address, self._content)
        recorder = self._field("recorder", _address, self._content)
        operator = self._field("operator", _address, self._content)
        evaluator = None
        if "evaluator" in self._content:
            evaluator = self._field("evaluator", _address, self._content)
        contracts = {name: self._contract(name) for name in CONTRACT_NAMES}
        schedule = self._schedule()
        if self.faults:
            return None
        return Deployment(chain_id, deployer, contracts, recorder, operator, schedule, evaluator)

    def _contract(self, name: ContractName) -> DeployedContract:
        found = self._section("contracts").get(name)
        part = found if isinstance(found, dict) else {}
        return DeployedContract(
            address=self._field("address", _address, part, of=name),
            transaction=self._field("transaction", _transaction, part, of=name),
            block=self._field("block", _natural, part, of=name),
        )

    def _schedule(self) -> Schedule:
        rates = self._section("rates")
        return Schedule(
            rates={
                kind: self._field(kind.name.lower(), _amount, rates, of="rates") for kind in Kind
            },
            daily_cap=self._field("dailyCap", _amount, self._content),
            epoch_cap=self._field("epochCap", _amount, self._content),
            epoch_length_s=self._field("epochLength", _positive, self._content),
        )

    def _section(self, name: str) -> Mapping[str, Any]:
        found = self._content.get(name)
        return found if isinstance(found, dict) else {}

    def _field(
        self, name: str, read: Callable[[Any], Any], part: Mapping[str, Any], *, of: str = ""
    ) -> Any:
        label = f"{of}.{name}" if of else name
        if name not in part:
            self.faults.append(f"{label} is missing")
            return None
        try:
            return read(part[name])
        except (VitalMintError, ValueError, TypeError) as error:
            self.faults.append(f"{label}: {error}")
            return None


def _address(value: Any) -> WalletAddress:
    address = wallet_address(hexadecimal_text(value, 20))
    if int(address, 16) == 0:
        raise ValueError("the zero address is nobody's")
    return address


def _transaction(value: Any) -> TxHash:
    return tx_hash(hexadecimal_text(value, 32))


def hexadecimal_text(value: Any, size: int) -> str:
    """`size` bytes as 0x text, or ValueError saying so."""
    try:
        return hexadecimal(value, size=size)
    except VitalMintError as error:
        raise ValueError(f"must be 0x and {2 * size} hexadecimal digits") from error


def _amount(value: Any) -> TokenAmount:
    if not isinstance(value, str) or not value.isdecimal():
        raise ValueError('must be base units as text, as in "100000000"')
    return TokenAmount(int(value))


def _natural(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number, 0 or more")
    return value


def _positive(value: Any) -> int:
    if _natural(value) == 0:
        raise ValueError("must be a whole number above 0")
    return int(value)
