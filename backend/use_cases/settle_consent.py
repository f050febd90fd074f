"""The job that follows a consent or its revocation to the end that the chain gives it.

The registry's nonce tells what became of a message signed for nonce n: it waits while the registry
is at n, was the latest to count at n + 1, and has been overtaken beyond.
"""

from dataclasses import replace
from datetime import timedelta

from backend.domain.consent import Consent, ConsentGrant
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.errors import ConsentRefused
from backend.domain.job import Again
from backend.domain.transaction import Transaction, TxPurpose, TxStatus
from backend.ports import Ports
from backend.use_cases.consent_records import account_of, put_in_force
from backend.use_cases.forget_runs import withdraw_person
from backend.use_cases.relay_transactions import UNDER_WAY, refusal, settle, submit
from backend.use_cases.revoke_consent import relay_kept_revocation

POLL = timedelta(seconds=1)


def run(key: str, *, ports: Ports) -> Again | None:
    """The job `settle_consent`; safe to repeat from any point."""
    with ports.database.read() as unit:
        record = unit.consents.by_id(key)
    if record is not None and record.status is ConsentStatus.SUBMITTED:
        return _settle_grant(record, ports)
    if record is not None and record.status is ConsentStatus.REVOKING:
        return _settle_revocation(record, ports)
    return None


def _settle_grant(record: ConsentRecord, ports: Ports) -> Again | None:
    transaction = _taken_further(TxPurpose.GRANT_CONSENT, record, ports)
    if transaction is not None and transaction.status in UNDER_WAY:
        return _later(ports)
    if transaction is None or transaction.status is TxStatus.DISPLACED:
        return _grant_again(record, ports)
    nonce = ports.chain.consent_nonce(record.grant.contributor)
    standing = ports.chain.consent_of(record.grant.contributor)
    latest = nonce == record.grant.nonce + 1
    if latest and standing is not None and _is(standing, record.grant):
        return _end(record, ConsentStatus.IN_FORCE, None, ports)
    if transaction.status is TxStatus.REVERTED:
        reason = refusal(transaction, ports=ports).message
        return _end(record, ConsentStatus.REFUSED, reason, ports)
    if nonce <= record.grant.nonce + 1:  # confirmed, yet not there: it is being reorganised
        return _later(ports)
    overtaken = ConsentStatus.REVOKED if standing is None else ConsentStatus.REPLACED
    return _end(record, overtaken, None, ports)


def _grant_again(record: ConsentRecord, ports: Ports) -> Again | None:
    """The same signed message in another transaction, as long as the registry takes it."""
    try:
        submit(
            TxPurpose.GRANT_CONSENT,
            record.id,
            lambda: ports.chain.grant_call(record.grant, record.signature),
            ports=ports,
            also=lambda unit, transaction: unit.consents.update(
                replace(record, transaction_id=transaction.id)
            ),
        )
    except ConsentRefused as refused:
        return _end(record, ConsentStatus.REFUSED, refused.message, ports)
    return _later(ports)


def _settle_revocation(record: ConsentRecord, ports: Ports) -> Again | None:
    granting = _taken_further(TxPurpose.GRANT_CONSENT, record, ports)
    if granting is not None and granting.status in UNDER_WAY:
        return _later(ports)
    revoking = _taken_further(TxPurpose.REVOKE_CONSENT, record, ports)
    if revoking is not None and revoking.status in UNDER_WAY:
        return _later(ports)
    if revoking is not None and revoking.status is TxStatus.CONFIRMED:
        return _end(record, ConsentStatus.REVOKED, None, ports)
    spent = ports.chain.consent_nonce(record.grant.contributor) > record.grant.nonce
    if spent and ports.chain.consent_of(record.grant.contributor) is None:
        return _end(record, ConsentStatus.REVOKED, None, ports)  # another way, or by another
    account = account_of(record.account_id, ports=ports)
    if account.custodial:
        relay_kept_revocation(account, record, ports=ports)
        return _later(ports)
    reason = None if revoking is None else refusal(revoking, ports=ports).message
    return _end(record, ConsentStatus.IN_FORCE, f"not revoked: {reason}", ports)


def _taken_further(purpose: TxPurpose, record: ConsentRecord, ports: Ports) -> Transaction | None:
    with ports.database.read() as unit:
        transaction = unit.transactions.latest(purpose, record.id)
    return None if transaction is None else settle(transaction, ports=ports)


def _is(standing: Consent, grant: ConsentGrant) -> bool:
    """Whether the registry holds just what was signed."""
    return (standing.kinds, standing.purposes, standing.custodial, standing.expires_at) == (
        grant.kinds,
        grant.purposes,
        grant.custodial,
        grant.expires_at,
    )


def _end(
    record: ConsentRecord, status: ConsentStatus, reason: str | None, ports: Ports
) -> Again | None:
    """Write how it ended; look again if the person did something about it meanwhile."""
    with ports.database.write() as unit:
        current = unit.consents.by_id(record.id)
        if current is None:
            return None
        if current.status is not record.status:
            return Again(ports.clock.now())
        if status is ConsentStatus.IN_FORCE:
            put_in_force(unit, current, reason)
        else:
            unit.consents.update(replace(current, status=status, reason=reason))
        if status is ConsentStatus.REVOKED:  # who revoked may have died before datasets were told
            withdraw_person(unit, record.account_id, ports.clock.now(), ports)
    return None


def _later(ports: Ports) -> Again:
    return Again(ports.clock.now() + POLL)
