"""The pool and the blocks of a chain in memory."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.domain.chain_events import Block, ChainEvent
from backend.domain.errors import ChainRejected, ConsentRefused
from backend.domain.identifiers import TxHash, WalletAddress
from backend.domain.transaction import Fees
from tests.fakes.contracts import Action, Contracts


@dataclass(frozen=True)
class Waiting:
    """A signed transaction in the pool."""

    hash: TxHash
    signer: WalletAddress
    nonce: int
    fees: Fees
    action: Action


@dataclass
class Mined:
    """A block, what ended in it, and the contracts' state after it."""

    block: Block
    contracts: Contracts
    nonces: dict[WalletAddress, int]
    """Each account's nonce after this block; 0 where none is named."""
    outcomes: dict[TxHash, ChainRejected | ConsentRefused | None] = field(default_factory=dict)
    events: list[ChainEvent] = field(default_factory=list)


def outbids(later: Waiting, earlier: Waiting) -> bool:
    """Nodes ask 10 % more of a replacement, of both fees."""
    return (
        later.fees.max_fee * 10 >= earlier.fees.max_fee * 11
        and later.fees.priority_fee * 10 >= earlier.fees.priority_fee * 11
    )


def mineable(pool: Iterable[Waiting], mined: Mined, base_fee: int) -> Waiting | None:
    """What comes next of some account and pays enough."""
    for waiting in pool:
        due = waiting.nonce == mined.nonces.get(waiting.signer, 0)
        if due and waiting.fees.max_fee >= base_fee:
            return waiting
    return None


def block_hash(salt: int, parent: str) -> str:
    return "0x" + hashlib.sha256(f"{salt} {parent}".encode()).hexdigest()
