"""The pool and the blocks of a chain in memory."""

import hashlib
from dataclasses import dataclass, field

from backend.domain.chain_events import Block, ChainEvent
from backend.domain.errors import ChainRejected, ConsentRefused
from backend.domain.identifiers import TxHash
from backend.domain.transaction import Fees
from tests.fakes.contracts import Action, Contracts


@dataclass(frozen=True)
class Waiting:
    """A signed transaction in the pool."""

    hash: TxHash
    nonce: int
    fees: Fees
    action: Action


@dataclass
class Mined:
    """A block, what ended in it, and the contracts' state after it."""

    block: Block
    contracts: Contracts
    next_nonce: int
    outcomes: dict[TxHash, ChainRejected | ConsentRefused | None] = field(default_factory=dict)
    events: list[ChainEvent] = field(default_factory=list)


def outbids(later: Waiting, earlier: Waiting) -> bool:
    """Nodes ask 10 % more of a replacement, of both fees."""
    return (
        later.fees.max_fee * 10 >= earlier.fees.max_fee * 11
        and later.fees.priority_fee * 10 >= earlier.fees.priority_fee * 11
    )


def block_hash(salt: int, parent: str) -> str:
    return "0x" + hashlib.sha256(f"{salt} {parent}".encode()).hexdigest()
