"""Names of things: random 128-bit ids, wallet addresses, transaction hashes, content digests."""

import re
from dataclasses import dataclass
from typing import NewType

from backend.domain.errors import InvalidField

AccountId = NewType("AccountId", str)
ContributionId = NewType("ContributionId", str)
KeyId = NewType("KeyId", str)
JobId = NewType("JobId", str)
TrainingId = NewType("TrainingId", str)
GlucoseModelId = NewType("GlucoseModelId", str)
RunId = NewType("RunId", str)
TransactionId = NewType("TransactionId", str)
JournalEntryId = NewType("JournalEntryId", str)
WalletAddress = NewType("WalletAddress", str)
TxHash = NewType("TxHash", str)
Cid = NewType("Cid", str)

RAW = 0x55
DAG_PB = 0x70

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_ID = re.compile(r"[0-9a-f]{32}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class ContentDigest:
    """What the chain holds of a content: SHA-256 of its root block and that block's codec."""

    sha256: bytes
    codec: int

    def __post_init__(self) -> None:
        if len(self.sha256) != 32:
            raise InvalidField("digest", "a content digest has 32 bytes")
        if self.codec not in (RAW, DAG_PB):
            raise InvalidField("codec", "a content codec is 0x55 (raw) or 0x70 (dag-pb)")

    @property
    def hex(self) -> str:
        return "0x" + self.sha256.hex()


def wallet_address(value: str) -> WalletAddress:
    """An address in the form used everywhere inside: lower case, 0x, 40 digits."""
    if not _ADDRESS.fullmatch(value):
        raise InvalidField("wallet", "a wallet address is 0x followed by 40 hexadecimal digits")
    return WalletAddress(value.lower())


def tx_hash(value: str) -> TxHash:
    """A transaction hash, lower case with 0x."""
    if not _HASH.fullmatch(value):
        raise InvalidField("transaction", "a transaction hash is 0x and 64 hexadecimal digits")
    return TxHash(value.lower())


def random_id_text(value: bytes) -> str:
    """32 hexadecimal digits for 16 random bytes."""
    if len(value) != 16:
        raise InvalidField("id", "an id has 16 bytes")
    return value.hex()


def training_id(value: str) -> TrainingId:
    """A training's id as a person or a machine sends it back."""
    if not _ID.fullmatch(value):
        raise InvalidField("training", "a training id has 32 hexadecimal digits")
    return TrainingId(value)


def run_id(value: str) -> RunId:
    """A run's id as a person or a machine sends it back."""
    if not _ID.fullmatch(value):
        raise InvalidField("run", "a run id has 32 hexadecimal digits")
    return RunId(value)


def contribution_id(value: str) -> ContributionId:
    """A contribution id as a person or a machine sends it back."""
    if not _ID.fullmatch(value):
        raise InvalidField("contribution", "a contribution id has 32 hexadecimal digits")
    return ContributionId(value)


def journal_entry_id(value: str) -> JournalEntryId:
    """The id of a journal entry as a person or a machine sends it back."""
    if not _ID.fullmatch(value):
        raise InvalidField("entry", "the id of a journal entry has 32 hexadecimal digits")
    return JournalEntryId(value)
