"""What a node shows of its blocks, kept in the form in which it can be checked against a hash."""

from dataclasses import dataclass

Address = bytes
"""20 bytes."""


@dataclass(frozen=True)
class BlockHeader:
    """A header's own fields in the order of their encoding; later forks append to it.

    `claimed_hash` is what the node calls the block; the fields decide what it really is.
    """

    claimed_hash: bytes
    parent_hash: bytes
    uncles_hash: bytes
    miner: Address
    state_root: bytes
    transactions_root: bytes
    receipts_root: bytes
    bloom: bytes
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    time: int
    """Unix seconds: the `block.timestamp` of the contracts."""
    extra: bytes
    mix_hash: bytes
    nonce: bytes
    appended: tuple[int | bytes, ...]
    """Base fee, withdrawals root, blob gas used, excess blob gas, beacon root, requests hash:
    as many of them as the block's fork has."""


@dataclass(frozen=True)
class SetCode:
    """One entry of an EIP-7702 authorisation list."""

    chain_id: int
    address: Address
    nonce: int
    parity: int
    r: int
    s: int


@dataclass(frozen=True)
class TransactionEvidence:
    """A signed transaction, whole: its hash and its sender follow from these fields."""

    claimed_hash: bytes
    type: int
    chain_id: int
    nonce: int
    fees: tuple[int, ...]
    """(gas price), or (priority fee, maximum fee) from type 2 on."""
    gas: int
    to: Address | None
    value: int
    input: bytes
    access_list: tuple[tuple[Address, tuple[bytes, ...]], ...]
    blob_fee: int
    blob_hashes: tuple[bytes, ...]
    set_codes: tuple[SetCode, ...]
    v: int
    r: int
    s: int


@dataclass(frozen=True)
class LogEvidence:
    """One log as the receipt carries it; `stated` is what the node says about its place."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    stated: "LogPlace"


@dataclass(frozen=True)
class LogPlace:
    """Where a log stands. `removed` is true in a node's answer about an abandoned block."""

    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    transaction_index: int
    log_index: int
    removed: bool


@dataclass(frozen=True)
class ReceiptEvidence:
    """What a transaction left behind."""

    transaction_hash: bytes
    type: int
    succeeded: bool
    cumulative_gas: int
    bloom: bytes
    logs: tuple[LogEvidence, ...]


@dataclass(frozen=True)
class BlockBody:
    """Everything inside one block, in order; receipt `n` belongs to transaction `n`.

    `header` is the one that came with it.
    """

    header: BlockHeader
    transactions: tuple[TransactionEvidence, ...]
    receipts: tuple[ReceiptEvidence, ...]


@dataclass(frozen=True)
class SlotProof:
    """A word of a contract's storage, and the path of nodes that leads to it."""

    slot: bytes
    value: int
    nodes: tuple[bytes, ...]


@dataclass(frozen=True)
class AccountProof:
    """A contract's account with some of its storage, as `eth_getProof` answers (EIP-1186)."""

    address: Address
    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes
    nodes: tuple[bytes, ...]
    slots: tuple[SlotProof, ...]
