"""A reorganisation: what the undone blocks had settled is on its way again, in one unit of work."""

from dataclasses import replace

from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Contribution, Status
from backend.domain.identifiers import ContributionId, JobId, random_id_text
from backend.domain.transaction import Transaction, TxPurpose, TxStatus
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.relay_transactions import AFTERWARDS


def undo_blocks(standing: int, *, ports: Ports) -> None:
    """Forget every block after `standing`; its transactions are SENT again, their subjects too."""
    with ports.database.write() as unit:
        unit.cursor.rewind(standing)
        for transaction in unit.transactions.settled_since(standing + 1):
            unit.transactions.settle(transaction.id, TxStatus.SENT, None)
            _undo(unit, transaction)
            _queue(unit, AFTERWARDS[transaction.purpose], transaction.subject, ports)
        for row in unit.contributions.with_status([Status.ANCHORED]):
            if row.transaction_id is None:  # taken over from the chain: see if it still stands
                _undo_anchor(unit, row)
                _queue(unit, AFTERWARDS[TxPurpose.REGISTER], row.id, ports)


def _queue(unit: UnitOfWork, job: str, key: str, ports: Ports) -> None:
    job_id = JobId(random_id_text(ports.random_bytes(16)))
    unit.jobs.enqueue(job_id, job, key, ports.clock.now())


def _undo(unit: UnitOfWork, transaction: Transaction) -> None:
    """What the transaction had brought about is on its way again."""
    if transaction.purpose is TxPurpose.REGISTER:
        row = unit.contributions.by_id(ContributionId(transaction.subject))
        if row is not None:
            _undo_anchor(unit, row)
    elif transaction.purpose is TxPurpose.GRANT_CONSENT:
        _undo_consent(unit, transaction, ConsentStatus.IN_FORCE, ConsentStatus.SUBMITTED)
    elif transaction.purpose is TxPurpose.REVOKE_CONSENT:
        _undo_consent(unit, transaction, ConsentStatus.REVOKED, ConsentStatus.REVOKING)


def _undo_anchor(unit: UnitOfWork, row: Contribution) -> None:
    """An erasure or rejection stays: nothing brings the record back."""
    if row.status is Status.ANCHORED:
        submitted = row.moved(Status.SUBMITTED, anchored_at=None, reward=None)
        unit.contributions.update(submitted, expected=Status.ANCHORED)


def _undo_consent(
    unit: UnitOfWork, transaction: Transaction, reached: ConsentStatus, before: ConsentStatus
) -> None:
    record = unit.consents.by_id(transaction.subject)
    if record is not None and record.status is reached:
        unit.consents.update(replace(record, status=before))
