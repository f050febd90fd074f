"""A consent or its revocation on the way to the chain, as the person's list shows it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.consent import ConsentGrant
from backend.domain.identifiers import AccountId, TransactionId


class ConsentStatus(StrEnum):
    SUBMITTED = "submitted"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    REVOKING = "revoking"
    REVOKED = "revoked"
    REPLACED = "replaced"


@dataclass(frozen=True)
class ConsentRecord:
    """One signed grant; the chain, not this row, decides whether it is in force."""

    id: str
    account_id: AccountId
    grant: ConsentGrant
    signature: bytes
    status: ConsentStatus
    created_at: datetime
    transaction_id: TransactionId | None
    reason: str | None = None
