"""A sealed contribution's way onto the chain: SEALED → SUBMITTED → ANCHORED | REJECTED.

The chain decides. A contribution becomes SUBMITTED in the same unit of work that allocates its
transaction, so a registration can be on its way only for a contribution that says so: erasing one
that is still SEALED needs no mark, erasing one that is SUBMITTED waits for the transaction to
settle (`finish_erasure`), and this job leaves both alone. Where the registry already holds the
digest (a restored database, a transaction sent twice), it is taken over instead of registered
again.

A refusal for want of consent destroys the record, so it must be the chain's last word. A reverted
transaction is; a simulation is not, for a node may lag behind the grant.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from backend.domain.chain_events import ContributionRegistered, Registration
from backend.domain.contribution import Contribution, Status
from backend.domain.errors import (
    AlreadyRegistered,
    ChainRejected,
    ConsentNotInForceOnChain,
    DailyCapReached,
    EpochCapReached,
    IllegalTransition,
    RegistryPaused,
    VitalMintError,
)
from backend.domain.identifiers import ContributionId
from backend.domain.job import Again
from backend.domain.transaction import Transaction, TxPurpose, TxStatus
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.erase_contribution import begin_erasure
from backend.use_cases.forget_trainings import forget_learnt_from
from backend.use_cases.relay_transactions import (
    UNDER_WAY,
    latest_under_way,
    refusal,
    settle,
    submit,
)

POLL = timedelta(seconds=1)
PAUSE = timedelta(seconds=60)
GRACE = timedelta(seconds=60)
"""How far the chain's clock may lag behind ours when a new day or epoch begins."""
NODES_AGREE = timedelta(seconds=60)
"""After this long, every node tells of the grant that the upload was accepted under."""


def run(key: str, *, ports: Ports) -> Again | None:
    """The job `anchor_contribution`; safe to repeat from any point."""
    with ports.database.read() as unit:
        row = unit.contributions.by_id(ContributionId(key))
    if row is None:
        return None
    try:
        if row.status is Status.SEALED:
            return _anchor_sealed(row, ports)
        if row.status is Status.SUBMITTED:
            return _anchor_submitted(row, ports)
    except IllegalTransition:
        return Again(ports.clock.now(), "it was changed meanwhile, by an erasure perhaps")
    if row.status is Status.REJECTED:
        _remove_what_was_rejected(row, ports)
    return None


def _anchor_sealed(row: Contribution, ports: Ports) -> Again | None:
    under_way = latest_under_way(TxPurpose.REGISTER, row.id, ports=ports)
    if under_way is not None:  # a reorganisation undid its end
        with ports.database.write() as unit:
            _write_submitted(unit, row, under_way)
        return Again(ports.clock.now())
    registration = ports.chain.registration_of(row.digest)
    if registration is not None:
        return _take_over(row, registration, ports)
    try:
        submit(
            TxPurpose.REGISTER,
            row.id,
            lambda: ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality),
            ports=ports,
            also=lambda unit, transaction: _write_submitted(unit, row, transaction),
        )
    except ConsentNotInForceOnChain as refused:
        if not _is_surely_without_consent(row, ports):
            return Again(ports.clock.now() + POLL, refused.message)
        return _refused(row, refused, ports)
    except ChainRejected as refused:
        return _refused(row, refused, ports)
    return Again(ports.clock.now() + POLL)


def _is_surely_without_consent(row: Contribution, ports: Ports) -> bool:
    """Whether a refusal before sending can be believed: old enough, and the consents agree."""
    now = ports.clock.now()
    if now < row.created_at + NODES_AGREE:
        return False
    held = ports.chain.consent_of(row.contributor)
    return held is None or row.kind not in held.kinds or now >= held.expires_at


def _anchor_submitted(row: Contribution, ports: Ports) -> Again | None:
    transaction = _transaction_of(row, ports)
    if transaction is None:
        _write(row.moved(Status.SEALED), row, ports)
        return Again(ports.clock.now())
    transaction = settle(transaction, ports=ports)
    if transaction.status in UNDER_WAY:
        return Again(ports.clock.now() + POLL)
    if transaction.status is TxStatus.CONFIRMED:
        return _anchor_confirmed(row, transaction, ports)
    return _refused(row, refusal(transaction, ports=ports), ports)


def _transaction_of(row: Contribution, ports: Ports) -> Transaction | None:
    if row.transaction_id is None:
        return None
    with ports.database.read() as unit:
        return unit.transactions.by_id(row.transaction_id)


def _anchor_confirmed(row: Contribution, transaction: Transaction, ports: Ports) -> Again | None:
    """The receipt alone is not believed: the event and the registry's state have to say so too."""
    event = ports.chain.registered_in(transaction.confirmed_hash or transaction.versions[-1].hash)
    registration = ports.chain.registration_of(row.digest)
    if event is None or event.digest != row.digest or registration is None:
        return Again(
            ports.clock.now() + POLL,
            "its transaction is confirmed, but the registry does not hold the digest",
            failed=True,
        )
    _write_anchored(row, event, registration, ports)
    return None


def _take_over(row: Contribution, registration: Registration, ports: Ports) -> Again | None:
    """The digest is on chain already: keep what is ours, refuse what is not.

    What was taken over names no transaction: one of ours that was refused is not where it stands.
    """
    if registration.contributor != row.contributor or registration.kind is not row.kind:
        return _reject(row, "its digest is registered for somebody else", ports)
    if registration.erased:
        with ports.database.write() as unit:
            begin_erasure(unit, row, ports.clock.now(), ports)
        return None
    event = ports.chain.registration_event(row.digest)
    if event is None:
        return Again(ports.clock.now() + POLL, "its registration is being reorganised", failed=True)
    _write_anchored(replace(row, transaction_id=None), event, registration, ports)
    return None


def _refused(row: Contribution, error: VitalMintError, ports: Ports) -> Again | None:
    """What follows from the chain's refusal, before or after it was sent."""
    if isinstance(error, ConsentNotInForceOnChain):
        return _reject(row, error.message, ports)
    waiting = replace(row, status=Status.SEALED, reason=error.message)
    if waiting != row:
        _write(waiting, row, ports)
    if isinstance(error, AlreadyRegistered):
        return Again(ports.clock.now())
    run_at = _retry_at(error, ports)
    if run_at is not None:
        return Again(run_at, error.message)
    structlog.get_logger("anchor").warning(
        "registration_refused", contribution=row.id, code=error.code
    )
    return Again(ports.clock.now() + PAUSE, error.message, failed=True)


def _retry_at(error: VitalMintError, ports: Ports) -> datetime | None:
    """When the chain may say yes without anybody doing anything; None when it never will."""
    now = ports.clock.now()
    if isinstance(error, RegistryPaused):
        return now + PAUSE
    if isinstance(error, DailyCapReached):
        return _next_multiple(now, 86_400)
    if isinstance(error, EpochCapReached):
        return _next_multiple(now, ports.chain.schedule().epoch_length_s)
    return None


def _next_multiple(now: datetime, length_s: int) -> datetime:
    """Where the next day or epoch begins, and a little more."""
    start = (int(now.timestamp()) // length_s + 1) * length_s
    return datetime.fromtimestamp(start, UTC) + min(GRACE, timedelta(seconds=length_s / 10))


def _reject(row: Contribution, reason: str, ports: Ports) -> Again | None:
    """Write the end first, then remove: a kill in between leaves a job that removes."""
    rejected = row.moved(Status.REJECTED, reason=reason, sealed_summary=b"")
    with ports.database.write() as unit:
        unit.contributions.update(rejected, expected=row.status)
        unit.fingerprints.release(row.id)
        derived = forget_learnt_from(unit, row.id, ports.clock.now(), ports)
    for key_id in derived:
        ports.keys.destroy(key_id)
    _remove_what_was_rejected(rejected, ports)
    return None


def _remove_what_was_rejected(row: Contribution, ports: Ports) -> None:
    """Key and content of a rejected contribution go; its row stays with the reason."""
    ports.keys.destroy(row.key_id)
    ports.content.unpin(row.cid)
    ports.content.collect_garbage()


def _write_submitted(unit: UnitOfWork, row: Contribution, transaction: Transaction) -> None:
    submitted = row.moved(Status.SUBMITTED, transaction_id=transaction.id, reason=None)
    unit.contributions.update(submitted, expected=row.status)


def _write_anchored(
    row: Contribution, event: ContributionRegistered, registration: Registration, ports: Ports
) -> None:
    anchored = row.moved(
        Status.ANCHORED,
        anchored_at=registration.registered_at,
        reward=event.reward,
        reason=None,
    )
    _write(anchored, row, ports)


def _write(changed: Contribution, row: Contribution, ports: Ports) -> None:
    with ports.database.write() as unit:
        unit.contributions.update(changed, expected=row.status)
