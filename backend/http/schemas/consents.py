"""Consents, as requests and responses."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, JsonValue

from backend.crypto.wallets import checksum_address
from backend.domain.consent import Kind, Purpose
from backend.domain.consent_record import ConsentRecord
from backend.domain.errors import InvalidField
from backend.http.schemas.base import Address, Asked, Custodial, KindName, Moment, PurposeName, Told
from backend.http.schemas.remains import HERE, ON_CHAIN
from backend.use_cases.grant_consent import ConsentTerms, PreparedConsent
from backend.use_cases.revoke_consent import PreparedRevocation
from backend.use_cases.wallet_signature import WalletSignature

CONSENT_TEXT = (
    "You allow the named kinds of your records to be used for the named purposes until the named "
    "end: care (shown to you and to those you choose), training (models and synthetic data "
    "learn from them, and you are rewarded), sale (synthetic datasets made with their help are "
    "sold; your records themselves never are). The consent is recorded on a public chain under "
    "your wallet's address. You can revoke it at any time; from then on nothing new is "
    "contributed or trained. You can erase what you contributed: its key is destroyed, and once "
    "the backups of the keys have run out, on the day that the receipt names, no copy of the "
    f"sealed record can be opened any more. What stays is {ON_CHAIN}; and {HERE}, so that the same "
    "readings, erased and contributed again, are refused as known and earn nothing."
)
_TERMS: dict[str, JsonValue] = {
    "kinds": ["cgm"],
    "purposes": ["care", "training"],
    "expires_at": "2027-11-22T00:00:00Z",
}
_SIGNATURE = "0x and 65 bytes in hexadecimal"


class Terms(Asked):
    """What one consents to, and until when."""

    model_config = ConfigDict(json_schema_extra={"examples": [dict(_TERMS)]})

    kinds: list[KindName]
    purposes: list[PurposeName]
    expires_at: datetime

    def terms(self) -> ConsentTerms:
        """As the use case takes them, or `InvalidField`."""
        purposes = Purpose(0)
        for name in self.purposes:
            purposes |= _purpose(name)
        return ConsentTerms(frozenset(map(_kind, self.kinds)), purposes, self.expires_at)


class Signed(Asked):
    """An own wallet sends the nonce and deadline of the prepared message with its signature."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    nonce: int | None = None
    deadline: datetime | None = None
    signature: Annotated[str | None, Field(description=_SIGNATURE)] = None

    def signed(self) -> WalletSignature | None:
        """What an own wallet signed; None for a kept one, which sends none of the three."""
        if self.signature is None and self.nonce is None and self.deadline is None:
            return None
        if self.signature is None or self.nonce is None or self.deadline is None:
            raise InvalidField(
                "signature", "send nonce, deadline and signature of the signed message together"
            )
        return WalletSignature(self.nonce, self.deadline, _signature_bytes(self.signature))


class GrantRequest(Terms, Signed):
    """The terms; an own wallet adds what it signed."""

    model_config = ConfigDict(json_schema_extra={"examples": [dict(_TERMS)]})


class PreparedView(Told):
    """For an own wallet: sign `typed_data` (eth_signTypedData_v4) and send it back to grant."""

    text: Annotated[str, Field(description="what is consented to, in words")]
    nonce: int
    deadline: Moment
    custodial: bool
    typed_data: dict[str, Any]

    @staticmethod
    def of(prepared: PreparedConsent) -> "PreparedView":
        return PreparedView(
            text=CONSENT_TEXT,
            nonce=prepared.grant.nonce,
            deadline=prepared.grant.deadline,
            custodial=prepared.grant.custodial,
            typed_data=dict(prepared.typed_data),
        )


class PreparedRevocationView(Told):
    """For an own wallet: sign `typed_data` (eth_signTypedData_v4) and send it back to revoke."""

    nonce: int
    deadline: Moment
    typed_data: dict[str, Any]

    @staticmethod
    def of(prepared: PreparedRevocation) -> "PreparedRevocationView":
        return PreparedRevocationView(
            nonce=prepared.revocation.nonce,
            deadline=prepared.revocation.deadline,
            typed_data=dict(prepared.typed_data),
        )


class ConsentShown(Told):
    consent_id: str
    status: Annotated[str, Field(description="submitted, in_force, refused, revoking, …")]
    reason: Annotated[str | None, Field(description="why the registry refused it, if it did")]
    wallet: Address
    custodial: Custodial
    kinds: list[KindName]
    purposes: list[PurposeName]
    nonce: int
    expires_at: Moment
    created_at: Moment

    @staticmethod
    def of(record: ConsentRecord) -> "ConsentShown":
        grant = record.grant
        return ConsentShown(
            consent_id=record.id,
            status=record.status,
            reason=record.reason,
            wallet=checksum_address(grant.contributor),
            custodial=grant.custodial,
            kinds=[kind.name.lower() for kind in sorted(grant.kinds)],
            purposes=[str(flag.name).lower() for flag in Purpose if flag in grant.purposes],
            nonce=grant.nonce,
            expires_at=grant.expires_at,
            created_at=record.created_at,
        )


class ConsentList(Told):
    consents: list[ConsentShown]


def _signature_bytes(text: str) -> bytes:
    """The 65 bytes of a wallet's signature, or `InvalidField`."""
    try:
        signature = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise InvalidField("signature", f"a signature is {_SIGNATURE}") from error
    if len(signature) != 65:
        raise InvalidField("signature", f"a signature is {_SIGNATURE}")
    return signature


def _kind(name: str) -> Kind:
    kinds = {kind.name.lower(): kind for kind in Kind}
    if name not in kinds:
        raise InvalidField("kinds", f"a kind is one of {', '.join(kinds)}")
    return kinds[name]


def _purpose(name: str) -> Purpose:
    purposes = {str(flag.name).lower(): flag for flag in Purpose}
    if name not in purposes:
        raise InvalidField("purposes", f"a purpose is one of {', '.join(purposes)}")
    return purposes[name]
