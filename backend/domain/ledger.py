"""What the contracts said and were told, word for word and not yet judged.

Numbers are as on chain: kinds and purposes as masks, times in Unix seconds, amounts in base
units. Each event's fields are those of the Solidity event of the same name, in its order.
"""

from dataclasses import dataclass

from backend.domain.evidence import Address


@dataclass(frozen=True)
class ConsentGranted:
    schema_version: int
    contributor: Address
    kinds: int
    purposes: int
    custodial: bool
    expires_at: int
    nonce: int


@dataclass(frozen=True)
class ConsentRevoked:
    schema_version: int
    contributor: Address
    nonce: int


@dataclass(frozen=True)
class ContributionRegistered:
    schema_version: int
    digest: bytes
    contributor: Address
    kind: int
    codec: int
    quality: int
    reward: int


@dataclass(frozen=True)
class ContributionErased:
    schema_version: int
    digest: bytes
    contributor: Address


@dataclass(frozen=True)
class Paused:
    schema_version: int
    account: Address


@dataclass(frozen=True)
class Unpaused:
    schema_version: int
    account: Address


@dataclass(frozen=True)
class RecorderProposed:
    schema_version: int
    current: Address
    proposed: Address


@dataclass(frozen=True)
class RecorderChanged:
    schema_version: int
    previous: Address
    current: Address


@dataclass(frozen=True)
class Transfer:
    sender: Address
    recipient: Address
    value: int


@dataclass(frozen=True)
class Approval:
    owner: Address
    spender: Address
    value: int


Event = (
    ConsentGranted
    | ConsentRevoked
    | ContributionRegistered
    | ContributionErased
    | Paused
    | Unpaused
    | RecorderProposed
    | RecorderChanged
    | Transfer
    | Approval
)


@dataclass(frozen=True)
class Grant:
    """`grant(consent, signature)`: the message that was signed, and its signature."""

    contributor: Address
    kinds: int
    purposes: int
    custodial: bool
    expires_at: int
    nonce: int
    deadline: int
    signature: bytes


@dataclass(frozen=True)
class Revoke:
    """`revoke()`: by the sender, for themselves."""


@dataclass(frozen=True)
class RevokeBySignature:
    contributor: Address
    deadline: int
    signature: bytes


@dataclass(frozen=True)
class Register:
    digest: bytes
    codec: int
    kind: int
    contributor: Address
    quality: int


@dataclass(frozen=True)
class MarkErased:
    digest: bytes


@dataclass(frozen=True)
class ProposeRecorder:
    next: Address


@dataclass(frozen=True)
class SentTokens:
    """`transfer`, or `transferFrom` with its `owner`."""

    owner: Address | None
    recipient: Address
    value: int


@dataclass(frozen=True)
class Approve:
    """`approve(spender, value)`: by the sender."""

    spender: Address
    value: int


@dataclass(frozen=True)
class Permit:
    """`permit(…)`: an allowance by the owner's signature (ERC-2612)."""

    owner: Address
    spender: Address
    value: int
    deadline: int
    signature: bytes


@dataclass(frozen=True)
class Plain:
    """A call without arguments that matter: `pause`, `unpause`, `acceptRecorder`."""

    function: str


Call = (
    Grant
    | Revoke
    | RevokeBySignature
    | Register
    | MarkErased
    | ProposeRecorder
    | SentTokens
    | Approve
    | Permit
    | Plain
)


@dataclass(frozen=True)
class Place:
    """Where an event stands, and when: `time` is its block's."""

    block: int
    time: int
    transaction: bytes
    log_index: int


@dataclass(frozen=True)
class Cause:
    """The transaction behind an event: who signed it, to whom, saying what."""

    sender: Address | None
    to: Address | None
    input: bytes


@dataclass(frozen=True)
class Entry:
    """One event in its order; entries of one audit are sorted by block and log."""

    place: Place
    cause: Cause
    event: Event
