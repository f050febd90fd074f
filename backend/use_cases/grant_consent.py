"""A person consents: a signed message is checked here as the registry will, stored, and relayed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.crypto.typed_data import TypedData, consent_typed_data
from backend.domain.account import Account
from backend.domain.consent import ConsentGrant, Kind, Purpose
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.errors import Conflict, ConsentNonceMismatch, InvalidField
from backend.domain.identifiers import AccountId, random_id_text
from backend.domain.transaction import Transaction, TxPurpose
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.consent_records import (
    ON_THE_WAY,
    account_of,
    queue_settling,
    sign_with_kept_wallet,
    uncounted,
    whole_second,
)
from backend.use_cases.relay_transactions import submit
from backend.use_cases.wallet_signature import (
    WalletSignature,
    check_deadline,
    check_nonce,
    check_signer,
    normal_signature,
)


@dataclass(frozen=True)
class ConsentTerms:
    """What a person consents to, and until when."""

    kinds: frozenset[Kind]
    purposes: Purpose
    expires_at: datetime


@dataclass(frozen=True)
class GrantConsent:
    """`signed` by an own wallet; None for a wallet that the service keeps."""

    account_id: AccountId
    terms: ConsentTerms
    signed: WalletSignature | None = None


@dataclass(frozen=True)
class PreparedConsent:
    """The message for a wallet to sign, whole as `eth_signTypedData_v4` takes it."""

    grant: ConsentGrant
    typed_data: TypedData


def prepare_consent(account_id: AccountId, terms: ConsentTerms, *, ports: Ports) -> PreparedConsent:
    """The consent message for this account's wallet, with the nonce the registry is at."""
    account = account_of(account_id, ports=ports)
    now = ports.clock.now()
    deadline = now + timedelta(seconds=ports.policy.consent_deadline_s)
    grant = ConsentGrant(
        contributor=account.wallet,
        kinds=terms.kinds,
        purposes=terms.purposes,
        custodial=account.custodial,
        expires_at=_checked(terms, now),
        nonce=ports.chain.consent_nonce(account.wallet),
        deadline=deadline.replace(microsecond=0),
    )
    return PreparedConsent(grant, _typed(grant, ports))


def grant_consent(
    command: GrantConsent, *, ports: Ports, before_relaying: Callable[[], None] = uncounted
) -> ConsentRecord:
    """The consent on its way to the chain, or why the registry would refuse it; safe to repeat.

    `before_relaying` is called before anything is kept or sent, and not for a repetition; it may
    refuse.
    """
    account = account_of(command.account_id, ports=ports)
    prepared = prepare_consent(account.id, command.terms, ports=ports)
    if account.custodial:
        if command.signed is not None:
            raise InvalidField("signature", "the service keeps this wallet and signs: send none")
        grant = prepared.grant
    else:
        grant = _as_signed(prepared.grant, command.signed, ports)
    with ports.database.read() as unit:
        repeated = _same_on_the_way(unit, grant, account)
    if repeated is not None:
        return repeated
    before_relaying()
    signature = _signature(account, command.signed, prepared, ports)
    try:
        return _relay(account, grant, signature, ports)
    except ConsentNonceMismatch as mismatch:
        return _overtaken(account, grant, mismatch, ports)


def _overtaken(
    account: Account, grant: ConsentGrant, mismatch: ConsentNonceMismatch, ports: Ports
) -> ConsentRecord:
    """Another request took the nonce just now: with the same terms it is this one's consent."""
    with ports.database.read() as unit:
        repeated = _same_on_the_way(unit, grant, account)
    if repeated is None:
        raise _on_the_way() from mismatch
    return repeated


def _checked(terms: ConsentTerms, now: datetime) -> datetime:
    """The end of the consent, once the terms can be granted at all."""
    if not terms.kinds:
        raise InvalidField("kinds", "name at least one kind of record")
    if not terms.purposes:
        raise InvalidField("purposes", "name at least one purpose: care, training or sale")
    expires_at = whole_second("expires_at", terms.expires_at)
    if expires_at <= now:
        raise InvalidField("expires_at", "the consent would have ended already: choose a later end")
    return expires_at


def _as_signed(grant: ConsentGrant, signed: WalletSignature | None, ports: Ports) -> ConsentGrant:
    """The message that an own wallet says it signed, checked in the registry's own order."""
    if signed is None:
        raise InvalidField(
            "signature", "sign the prepared message with your wallet and send the signature"
        )
    deadline = whole_second("deadline", signed.deadline)
    check_deadline(deadline, ports)
    check_nonce(expected=grant.nonce, given=signed.nonce)
    grant = replace(grant, nonce=signed.nonce, deadline=deadline)
    check_signer(_typed(grant, ports), signed.signature, grant.contributor)
    return grant


def _signature(
    account: Account, signed: WalletSignature | None, prepared: PreparedConsent, ports: Ports
) -> bytes:
    if signed is not None:
        return normal_signature(signed.signature)
    return sign_with_kept_wallet(account, prepared.typed_data, "signed a consent", ports=ports)


def _relay(account: Account, grant: ConsentGrant, signature: bytes, ports: Ports) -> ConsentRecord:
    """Store the record in the unit that allocates its transaction; then send."""
    record = ConsentRecord(
        id=random_id_text(ports.random_bytes(16)),
        account_id=account.id,
        grant=grant,
        signature=signature,
        status=ConsentStatus.SUBMITTED,
        created_at=ports.clock.now(),
        transaction_id=None,
    )

    def keep(unit: UnitOfWork, transaction: Transaction) -> None:
        if _same_on_the_way(unit, grant, account) is not None:
            raise _on_the_way()
        unit.consents.add(replace(record, transaction_id=transaction.id))
        queue_settling(unit, record, ports)

    transaction = submit(
        TxPurpose.GRANT_CONSENT,
        record.id,
        lambda: ports.chain.grant_call(grant, signature),
        ports=ports,
        also=keep,
    )
    return replace(record, transaction_id=transaction.id)


def _same_on_the_way(
    unit: UnitOfWork, grant: ConsentGrant, account: Account
) -> ConsentRecord | None:
    """This very grant when it is on its way already; `Conflict` when another message is."""
    for record in unit.consents.of_account(account.id):
        if record.status not in ON_THE_WAY:
            continue
        same = replace(record.grant, deadline=grant.deadline) == grant
        if record.status is ConsentStatus.SUBMITTED and same:
            return record
        raise _on_the_way()
    return None


def _on_the_way() -> Conflict:
    return Conflict(
        "an earlier consent or revocation is still being recorded on chain: "
        "try again in a few seconds"
    )


def _typed(grant: ConsentGrant, ports: Ports) -> TypedData:
    return consent_typed_data(
        grant, chain_id=ports.chain.chain_id, registry=ports.chain.consent_registry
    )
