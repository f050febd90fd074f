"""What the service does about an event on chain, whoever caused it; safe to apply again.

Transactions of our own are settled by their jobs, so most events are no news. News are: a consent
granted or revoked past us, an erasure marked by the contributor, and a registration of something
that is not to be kept any more.
"""

from dataclasses import replace

import structlog

from backend.domain.chain_events import (
    ChainEvent,
    ConsentGranted,
    ConsentRevoked,
    ContributionErased,
    ContributionRegistered,
)
from backend.domain.consent import ConsentGrant
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.contribution import Contribution, Status
from backend.domain.errors import AlreadyErasedOnChain
from backend.domain.identifiers import DAG_PB, RAW, ContentDigest, random_id_text
from backend.domain.transaction import TxPurpose
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.consent_records import put_in_force
from backend.use_cases.erase_contribution import begin_erasure
from backend.use_cases.forget_runs import withdraw_person
from backend.use_cases.relay_transactions import submit

_GIVEN_UP = (Status.REJECTED, Status.ABANDONED)


def apply_chain_event(event: ChainEvent, *, ports: Ports) -> None:
    """Bring the database up to what the event says."""
    if isinstance(event, ConsentGranted):
        _consent_granted(event, ports)
    elif isinstance(event, ConsentRevoked):
        _consent_revoked(event, ports)
    elif isinstance(event, ContributionRegistered):
        _contribution_registered(event, ports)
    elif isinstance(event, ContributionErased):
        _contribution_erased(event, ports)


def _consent_granted(event: ConsentGranted, ports: Ports) -> None:
    """Keep a record of a grant that did not come through this service."""
    with ports.database.write() as unit:
        account = unit.accounts.by_wallet(event.contributor)
        if account is None:
            return
        records = unit.consents.of_account(account.id)
        if any(_is_of(record, event) for record in records):
            return
        overtaken = any(record.grant.nonce > event.nonce for record in records)
        record = ConsentRecord(
            id=random_id_text(ports.random_bytes(16)),
            account_id=account.id,
            grant=_granted(event),
            signature=b"",
            status=ConsentStatus.REPLACED if overtaken else ConsentStatus.SUBMITTED,
            created_at=ports.clock.now(),
            transaction_id=None,
        )
        unit.consents.add(record)
        if not overtaken:
            put_in_force(unit, record)


def _is_of(record: ConsentRecord, event: ConsentGranted) -> bool:
    """Whether this record is of the grant that the event tells of; only one has its nonce."""
    return replace(_granted(event), deadline=record.grant.deadline) == record.grant


def _granted(event: ConsentGranted) -> ConsentGrant:
    """The message behind the event; its deadline is not on chain, and does not matter any more."""
    return ConsentGrant(
        contributor=event.contributor,
        kinds=event.kinds,
        purposes=event.purposes,
        custodial=event.custodial,
        expires_at=event.expires_at,
        nonce=event.nonce,
        deadline=event.expires_at,
    )


def _consent_revoked(event: ConsentRevoked, ports: Ports) -> None:
    """Whatever was granted before is revoked, by whichever way it was."""
    with ports.database.write() as unit:
        account = unit.accounts.by_wallet(event.contributor)
        if account is None:
            return
        for record in unit.consents.of_account(account.id):
            held = record.status in (ConsentStatus.IN_FORCE, ConsentStatus.REVOKING)
            if held and record.grant.nonce < event.nonce:
                unit.consents.update(replace(record, status=ConsentStatus.REVOKED, reason=None))
                withdraw_person(unit, account.id, ports.clock.now(), ports)


def _contribution_registered(event: ContributionRegistered, ports: Ports) -> None:
    """What was given up or erased and came onto the chain all the same is marked as erased."""
    with ports.database.write() as unit:
        row = unit.contributions.by_digest(event.digest)
        if row is not None and row.status in _GIVEN_UP:
            begin_erasure(unit, row, ports.clock.now(), ports)
    if row is None:
        structlog.get_logger("indexer").warning(
            "registration_of_nothing_known", transaction=event.place.transaction
        )
    elif row.status is Status.ERASED:
        _mark_again(row, ports)


def _mark_again(row: Contribution, ports: Ports) -> None:
    """Its registration landed after its erasure had ended, in a reorganisation."""
    registration = ports.chain.registration_of(row.digest)
    if registration is None or registration.erased:
        return
    try:
        submit(
            TxPurpose.MARK_ERASED,
            row.id,
            lambda: ports.chain.mark_erased_call(row.digest),
            ports=ports,
        )
    except AlreadyErasedOnChain:
        return


def _contribution_erased(event: ContributionErased, ports: Ports) -> None:
    """A contributor can mark their record on chain without us: then it is erased here too."""
    with ports.database.write() as unit:
        row = _of_digest(unit, event.sha256)
        if row is not None and row.status not in (Status.ERASING, Status.ERASED):
            begin_erasure(unit, row, ports.clock.now(), ports)


def _of_digest(unit: UnitOfWork, sha256: bytes) -> Contribution | None:
    for codec in (RAW, DAG_PB):
        found = unit.contributions.by_digest(ContentDigest(sha256, codec))
        if found is not None:
            return found
    return None
