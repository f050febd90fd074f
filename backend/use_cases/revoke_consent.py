"""A person takes their consent back: relayed at once, and whatever was granted before dies with it.

An own wallet can also call the registry's `revoke()` itself, without this service; the indexer
then brings the news. A kept wallet's revocation is written down first and signed when it can be
relayed, so it outlives a chain that is down and a grant that is still on its way.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from backend.crypto.typed_data import TypedData, revocation_typed_data
from backend.domain.account import Account
from backend.domain.consent import ConsentRevocation
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.errors import (
    ChainUnavailable,
    Conflict,
    ConsentRefused,
    InvalidField,
    NotFound,
)
from backend.domain.identifiers import AccountId
from backend.domain.transaction import Transaction, TxPurpose
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.consent_records import (
    account_of,
    queue_settling,
    sign_with_kept_wallet,
    uncounted,
    whole_second,
)
from backend.use_cases.forget_runs import take_back
from backend.use_cases.forget_trainings import CONSENT_ENDED, end_unfinished
from backend.use_cases.relay_transactions import latest_under_way, submit
from backend.use_cases.wallet_signature import (
    WalletSignature,
    check_deadline,
    check_nonce,
    check_signer,
    normal_signature,
)

REVOCABLE = (ConsentStatus.SUBMITTED, ConsentStatus.IN_FORCE, ConsentStatus.REVOKING)


@dataclass(frozen=True)
class RevokeConsent:
    """`signed` by an own wallet; None for a wallet that the service keeps."""

    account_id: AccountId
    signed: WalletSignature | None = None


@dataclass(frozen=True)
class PreparedRevocation:
    """The message for a wallet to sign, whole as `eth_signTypedData_v4` takes it."""

    revocation: ConsentRevocation
    typed_data: TypedData


def prepare_revocation(account_id: AccountId, *, ports: Ports) -> PreparedRevocation:
    """The revocation message for this account's wallet, with the nonce the registry is at."""
    return _prepared(account_of(account_id, ports=ports), ports)


def revoke_consent(
    command: RevokeConsent, *, ports: Ports, before_relaying: Callable[[], None] = uncounted
) -> ConsentRecord:
    """The consent that is being revoked; safe to repeat.

    `before_relaying` is called before anything is kept or sent, and not for a repetition or where
    nothing can be revoked; it may refuse.
    """
    account = account_of(command.account_id, ports=ports)
    record = _revocable(account, ports)
    if record.status is ConsentStatus.REVOKING:
        _stop_learning(account.id, ports)
        return record
    if account.custodial:
        if command.signed is not None:
            raise InvalidField("signature", "the service keeps this wallet and signs: send none")
        before_relaying()
        revoking = _revoke_for_kept(account, record, ports)
        _stop_learning(account.id, ports)
        return revoking
    revocation, signature = _as_signed(account, record, command.signed, ports)
    before_relaying()
    _relay(record, revocation, signature, ports)
    _stop_learning(account.id, ports)
    return replace(record, status=ConsentStatus.REVOKING)


def _stop_learning(account_id: AccountId, ports: Ports) -> None:
    """Of everything that learns from this person: their own model, and cohorts."""
    end_unfinished(account_id, CONSENT_ENDED, ports=ports)
    take_back(account_id, ports=ports)


def relay_kept_revocation(account: Account, record: ConsentRecord, *, ports: Ports) -> None:
    """Sign with the kept wallet at the nonce of this moment, and relay."""
    prepared = _prepared(account, ports)
    signature = sign_with_kept_wallet(
        account, prepared.typed_data, "signed a revocation", ports=ports
    )
    _relay(record, prepared.revocation, signature, ports)


def _revocable(account: Account, ports: Ports) -> ConsentRecord:
    with ports.database.read() as unit:
        records = unit.consents.of_account(account.id)
    found = [record for record in records if record.status in REVOCABLE]
    if not found:
        raise NotFound("there is no consent to revoke: nothing is in force or on its way")
    return max(found, key=lambda record: record.grant.nonce)


def _revoke_for_kept(account: Account, record: ConsentRecord, ports: Ports) -> ConsentRecord:
    """Write the wish first; relay it now if it can be, else the job does."""
    revoking = replace(record, status=ConsentStatus.REVOKING)
    with ports.database.write() as unit:
        unit.consents.update(revoking)
        queue_settling(unit, revoking, ports)
    if latest_under_way(TxPurpose.GRANT_CONSENT, record.id, ports=ports) is not None:
        return revoking
    try:
        relay_kept_revocation(account, revoking, ports=ports)
    except (ChainUnavailable, ConsentRefused):  # down, or another request took the nonce
        return revoking
    return revoking


def _as_signed(
    account: Account, record: ConsentRecord, signed: WalletSignature | None, ports: Ports
) -> tuple[ConsentRevocation, bytes]:
    """The message that an own wallet says it signed, and its signature, both checked."""
    if signed is None:
        raise InvalidField(
            "signature", "sign the prepared message with your wallet and send the signature"
        )
    if record.status is ConsentStatus.SUBMITTED:
        raise Conflict(
            "the consent is still being recorded on chain: revoke it in a few seconds, or call "
            "revoke() of the consent registry with your wallet now"
        )
    prepared = _prepared(account, ports)
    deadline = whole_second("deadline", signed.deadline)
    check_deadline(deadline, ports)
    check_nonce(expected=prepared.revocation.nonce, given=signed.nonce)
    revocation = replace(prepared.revocation, deadline=deadline)
    check_signer(_typed(revocation, ports), signed.signature, account.wallet)
    return revocation, normal_signature(signed.signature)


def _relay(
    record: ConsentRecord, revocation: ConsentRevocation, signature: bytes, ports: Ports
) -> None:
    """Store that it is being revoked in the unit that allocates its transaction; then send."""

    def keep(unit: UnitOfWork, transaction: Transaction) -> None:
        revoking = replace(
            record, status=ConsentStatus.REVOKING, transaction_id=transaction.id, reason=None
        )
        unit.consents.update(revoking)
        queue_settling(unit, revoking, ports)

    submit(
        TxPurpose.REVOKE_CONSENT,
        record.id,
        lambda: ports.chain.revoke_call(revocation, signature),
        ports=ports,
        also=keep,
    )


def _prepared(account: Account, ports: Ports) -> PreparedRevocation:
    deadline = ports.clock.now() + timedelta(seconds=ports.policy.consent_deadline_s)
    revocation = ConsentRevocation(
        contributor=account.wallet,
        nonce=ports.chain.consent_nonce(account.wallet),
        deadline=deadline.replace(microsecond=0),
    )
    return PreparedRevocation(revocation, _typed(revocation, ports))


def _typed(revocation: ConsentRevocation, ports: Ports) -> TypedData:
    return revocation_typed_data(
        revocation, chain_id=ports.chain.chain_id, registry=ports.chain.consent_registry
    )
