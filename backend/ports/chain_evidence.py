"""What an auditor asks of a node, and how to read it: no key, nothing is taken for granted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.domain.deployment import ContractName
from backend.domain.evidence import AccountProof, BlockBody, BlockHeader, LogEvidence
from backend.domain.ledger import Call, Event

Value = int | bool | bytes | str


@dataclass(frozen=True)
class View:
    """A question to a contract; bytes of 20 are addresses, of 32 digests."""

    contract: ContractName
    function: str
    arguments: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Creation:
    """The transaction data that makes one of our contracts: which code, made with which words."""

    code: str | None
    """The release whose code this is, None for code that no release has."""
    arguments: tuple[int, ...]


class ChainEvidence(Protocol):
    """Every call ends within its time limit or raises `ChainUnavailable`.

    What is returned is what the node said, whole and untested. Calls may come from two threads.
    """

    def chain_id(self) -> int: ...

    def head(self) -> BlockHeader:
        """The newest block."""
        ...

    def headers(self, numbers: Sequence[int]) -> list[BlockHeader]:
        """The headers now standing at these numbers; all are at most the newest one's."""
        ...

    def bodies(self, headers: Sequence[BlockHeader]) -> list[BlockBody]:
        """What is inside these blocks, asked for by their hashes."""
        ...

    def views(self, views: Sequence[View], *, block: int) -> list[tuple[Value, ...] | None]:
        """What the contracts answered at the end of `block`; None for a refusal."""
        ...

    def proof(self, contract: ContractName, slots: Sequence[bytes], *, block: int) -> AccountProof:
        """The contract's account and these words of its storage at the end of `block`."""
        ...

    def event(self, contract: ContractName, log: LogEvidence) -> Event | None:
        """The event that a log of this contract is; None when it is none of the contract's."""
        ...

    def call(self, contract: ContractName, data: bytes) -> Call | None:
        """The call that transaction data makes; None when it is none of those that are audited."""
        ...

    def calls_within(self, contract: ContractName, data: bytes) -> list[Call]:
        """The calls that lie anywhere in the data, as a relaying contract passes them on."""
        ...

    def creation(self, contract: ContractName, data: bytes) -> Creation:
        """What the data of a creating transaction would make."""
        ...
