"""A deployment as its file describes it: three contracts and the terms they were made with."""

from dataclasses import dataclass
from enum import StrEnum

from backend.domain.evidence import Address


class ContractName(StrEnum):
    CONSENTS = "ConsentRegistry"
    TOKEN = "RewardToken"
    REGISTRY = "ContributionRegistry"


@dataclass(frozen=True)
class DeployedContract:
    """Where a contract stands, and the transaction and block that made it."""

    address: Address
    transaction: bytes
    block: int


@dataclass(frozen=True)
class Terms:
    """What can never change on chain, in base units and seconds; `rates` by kind number."""

    operator: Address
    rates: tuple[int, ...]
    daily_cap: int
    epoch_cap: int
    epoch_length: int


@dataclass(frozen=True)
class Deployment:
    """`recorder` is the first one; the chain says who it is now. `sha256` is of the file.

    `evaluator` signs certificates of releases; None where nothing is released.
    """

    chain_id: int
    deployer: Address
    contracts: dict[ContractName, DeployedContract]
    recorder: Address
    terms: Terms
    sha256: bytes
    evaluator: Address | None = None

    def address(self, name: ContractName) -> Address:
        return self.contracts[name].address

    @property
    def first_block(self) -> int:
        return min(contract.block for contract in self.contracts.values())
