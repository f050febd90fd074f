"""The access log: one hash chain per account, an entry for every decryption."""

from dataclasses import dataclass
from datetime import datetime

from backend.domain.identifiers import AccountId

GENESIS = bytes(32)


@dataclass(frozen=True)
class AccessEntry:
    """Who decrypted what of whom, when and for which purpose; `hash` covers `previous`."""

    account_id: AccountId
    sequence: int
    at: datetime
    actor: str
    subject: str
    purpose: str
    previous: bytes
    hash: bytes
