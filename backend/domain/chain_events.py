"""What the contracts said, decoded: past-tense facts with the place where each was said."""

from dataclasses import dataclass
from datetime import datetime

from backend.domain.consent import Kind, Purpose
from backend.domain.identifiers import ContentDigest, TxHash, WalletAddress
from backend.domain.money import TokenAmount


@dataclass(frozen=True)
class Block:
    """One block as the node names it; a reorganisation shows as another hash at a number."""

    number: int
    hash: str
    parent_hash: str
    time: datetime


@dataclass(frozen=True)
class Place:
    """Where an event stands on chain."""

    block_number: int
    block_hash: str
    transaction: TxHash
    log_index: int


@dataclass(frozen=True)
class ConsentGranted:
    place: Place
    schema_version: int
    contributor: WalletAddress
    kinds: frozenset[Kind]
    purposes: Purpose
    custodial: bool
    expires_at: datetime
    nonce: int


@dataclass(frozen=True)
class ConsentRevoked:
    place: Place
    schema_version: int
    contributor: WalletAddress
    nonce: int


@dataclass(frozen=True)
class ContributionRegistered:
    place: Place
    schema_version: int
    digest: ContentDigest
    contributor: WalletAddress
    kind: Kind
    quality: int
    reward: TokenAmount


@dataclass(frozen=True)
class ContributionErased:
    place: Place
    schema_version: int
    sha256: bytes
    contributor: WalletAddress


@dataclass(frozen=True)
class TokensMoved:
    """ERC-20 `Transfer`; a mint comes from the zero address."""

    place: Place
    sender: WalletAddress
    recipient: WalletAddress
    amount: TokenAmount


@dataclass(frozen=True)
class UnreadableEvent:
    """A log of a contract of ours that this release cannot read; `reason` says why."""

    place: Place
    contract: WalletAddress
    reason: str


ChainEvent = (
    ConsentGranted
    | ConsentRevoked
    | ContributionRegistered
    | ContributionErased
    | TokensMoved
    | UnreadableEvent
)


@dataclass(frozen=True)
class Registration:
    """What the registry holds of one digest."""

    contributor: WalletAddress
    kind: Kind
    registered_at: datetime
    erased: bool
