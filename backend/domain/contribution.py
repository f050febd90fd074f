"""A contribution: one sealed record on its way from a person to the chain, and back by erasure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from backend.domain.consent import Kind
from backend.domain.errors import IllegalTransition
from backend.domain.identifiers import (
    AccountId,
    Cid,
    ContentDigest,
    ContributionId,
    KeyId,
    TransactionId,
    WalletAddress,
)
from backend.domain.money import TokenAmount

OWNERLESS = AccountId("")
"""Whose a contribution is once its account was erased: nobody's."""


class Status(StrEnum):
    """RESERVED → SEALED → SUBMITTED → ANCHORED → ERASING → ERASED.

    REJECTED (the chain said no) and ABANDONED (the upload died) end early.
    """

    RESERVED = "reserved"
    SEALED = "sealed"
    SUBMITTED = "submitted"
    ANCHORED = "anchored"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    ERASING = "erasing"
    ERASED = "erased"


_ALLOWED: dict[Status, frozenset[Status]] = {
    Status.RESERVED: frozenset({Status.SEALED, Status.ABANDONED, Status.ERASING}),
    Status.SEALED: frozenset({Status.SUBMITTED, Status.ANCHORED, Status.REJECTED, Status.ERASING}),
    Status.SUBMITTED: frozenset({Status.SEALED, Status.ANCHORED, Status.REJECTED, Status.ERASING}),
    Status.ANCHORED: frozenset({Status.SUBMITTED, Status.ERASING}),
    Status.REJECTED: frozenset({Status.ERASING}),
    Status.ABANDONED: frozenset({Status.ERASING}),
    Status.ERASING: frozenset({Status.ERASED}),
    Status.ERASED: frozenset(),
}


@dataclass(frozen=True)
class Contribution:
    """The row of one contribution: nothing in it says anything about the person's health."""

    id: ContributionId
    account_id: AccountId
    contributor: WalletAddress
    kind: Kind
    status: Status
    key_id: KeyId
    cid: Cid
    digest: ContentDigest
    size: int
    quality: int
    sealed_summary: bytes
    created_at: datetime
    lease_until: datetime
    custodial: bool
    transaction_id: TransactionId | None = None
    anchored_at: datetime | None = None
    reward: TokenAmount | None = None
    reason: str | None = None

    def moved(self, status: Status, **changes: object) -> "Contribution":
        """The same contribution in the next status, or `IllegalTransition`."""
        if status not in _ALLOWED[self.status]:
            raise IllegalTransition(
                f"contribution {self.id} is {self.status} and cannot become {status}"
            )
        return replace(self, status=status, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class RecordSummary:
    """What was understood of a record, never its readings; kept sealed, shown to its owner."""

    kind: Kind
    fields: dict[str, str | int | float | None]
    quality: int
    """Basis points, 0 to 10,000: the number that scales the reward."""
    quality_parts: dict[str, float]


@dataclass(frozen=True)
class Schedule:
    """What one record of each kind earns at quality 1, and the caps; all immutable on chain."""

    rates: dict[Kind, TokenAmount]
    daily_cap: TokenAmount
    epoch_cap: TokenAmount
    epoch_length_s: int

    def reward(self, kind: Kind, quality: int, *, training: bool) -> TokenAmount:
        """Rate × quality, rounded down; a care-only contribution is anchored unpaid."""
        if not training:
            return TokenAmount(0)
        return TokenAmount(self.rates[kind].base_units * quality // 10_000)
