"""Consent: which kinds of record, for which purposes, until when, signed by whom."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag

from backend.domain.errors import ConsentExpired, ConsentNotGranted
from backend.domain.identifiers import WalletAddress


class Kind(IntEnum):
    """Kinds of record; the numbers are those of the contracts."""

    CGM = 0
    VITALS = 1
    MOTION = 2
    IMAGE = 3

    @property
    def bit(self) -> int:
        return 1 << int(self)


class Purpose(IntFlag):
    """What a record may be used for; the bits are those of the contracts."""

    CARE = 1
    TRAINING = 2
    SALE = 4


ALL_PURPOSES = Purpose.CARE | Purpose.TRAINING | Purpose.SALE


@dataclass(frozen=True)
class ConsentGrant:
    """The message a contributor signs (EIP-712 `Consent`); times are UTC, whole seconds."""

    contributor: WalletAddress
    kinds: frozenset[Kind]
    purposes: Purpose
    custodial: bool
    expires_at: datetime
    nonce: int
    deadline: datetime

    @property
    def kind_mask(self) -> int:
        return sum(kind.bit for kind in self.kinds)


@dataclass(frozen=True)
class ConsentRevocation:
    """The message that takes a consent back (EIP-712 `Revocation`)."""

    contributor: WalletAddress
    nonce: int
    deadline: datetime


@dataclass(frozen=True)
class Consent:
    """A consent as the chain holds it."""

    contributor: WalletAddress
    kinds: frozenset[Kind]
    purposes: Purpose
    custodial: bool
    granted_at: datetime
    expires_at: datetime

    def in_force(self, moment: datetime) -> bool:
        return self.granted_at <= moment < self.expires_at


def require_consent(consent: Consent | None, kind: Kind, moment: datetime) -> Consent:
    """The consent when it covers `kind` at `moment`; otherwise the reason as an error."""
    if consent is None or kind not in consent.kinds:
        raise ConsentNotGranted(
            f"no consent for {kind.name.lower()} records is on chain for this wallet: "
            "grant one at /api/consents first"
        )
    if moment >= consent.expires_at:
        raise ConsentExpired(
            f"the consent ended on {consent.expires_at:%Y-%m-%d %H:%M} UTC: grant a new one",
            expired_at=consent.expires_at,
        )
    if not consent.in_force(moment):
        raise ConsentNotGranted("the consent is not yet in force: wait for its transaction")
    return consent


def require_purpose(
    consent: Consent | None, kind: Kind, purpose: Purpose, moment: datetime
) -> Consent:
    """The consent when it covers `kind` for `purpose` at `moment`; otherwise why not."""
    held = require_consent(consent, kind, moment)
    if purpose not in held.purposes:
        name = (purpose.name or "").lower()
        raise ConsentNotGranted(
            f"the consent on chain does not cover {name}: grant one at /api/consents that does"
        )
    return held


def kinds_of_mask(mask: int) -> frozenset[Kind]:
    """The kinds whose bits are set in `mask`."""
    return frozenset(kind for kind in Kind if mask & kind.bit)
