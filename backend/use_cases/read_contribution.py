"""What an owner sees of their contributions: the list, one trace, the proof of its integrity."""

import json
from dataclasses import dataclass

from backend.crypto.sealing import SealContext, open_sealed, open_summary
from backend.domain.chain_events import ContributionRegistered
from backend.domain.contribution import Contribution, RecordSummary, Status
from backend.domain.errors import (
    ContentMismatch,
    IllegalTransition,
    KeyDestroyed,
    NotFound,
    PayloadTooLarge,
)
from backend.domain.identifiers import AccountId, ContributionId, TxHash, WalletAddress
from backend.domain.transaction import Transaction, TxStatus
from backend.ports import Ports
from backend.use_cases.note_access import NoteAccess, note_access

READABLE = (Status.SEALED, Status.SUBMITTED, Status.ANCHORED)
SUMMARIES = "summaries"
"""The access log's subject when the summaries of a whole list are opened."""
SUMMARY_SHOWN = "summary shown"


@dataclass(frozen=True)
class ReadContribution:
    """`actor` and `purpose` go into the access log of the person whose record it is."""

    account_id: AccountId
    contribution_id: ContributionId
    actor: str
    purpose: str


@dataclass(frozen=True)
class ContributionView:
    """A contribution with its summary opened; the summary is gone once it is erased."""

    contribution: Contribution
    summary: RecordSummary | None
    transaction: TxHash | None


@dataclass(frozen=True)
class IntegrityProof:
    """Everything somebody without an account needs to check this contribution themselves."""

    contribution: Contribution
    transaction: TxHash
    block_number: int
    chain_id: int
    registry: WalletAddress


def list_contributions(
    account_id: AccountId, *, ports: Ports, purpose: str = SUMMARY_SHOWN
) -> list[ContributionView]:
    """Everything of this account, newest first; reservations are not yet contributions.

    One line in the access log, before the first summary is opened, stands for all of them.
    """
    with ports.database.read() as unit:
        rows = unit.contributions.of_account(account_id)
    shown = [row for row in rows if row.status not in (Status.RESERVED, Status.ABANDONED)]
    if any(_has_summary(row) for row in shown):
        note_access(NoteAccess(account_id, account_id, SUMMARIES, purpose), ports=ports)
    newest_first = sorted(shown, key=lambda row: row.created_at, reverse=True)
    return [_view(row, ports) for row in newest_first]


def show_contribution(
    account_id: AccountId, contribution_id: ContributionId, *, ports: Ports
) -> ContributionView:
    """One of them, or `NotFound`, also for another person's; its opening is in the access log."""
    row = _own(account_id, contribution_id, ports)
    if _has_summary(row):
        note_access(NoteAccess(account_id, account_id, row.id, SUMMARY_SHOWN), ports=ports)
    return _view(row, ports)


def read_contribution(command: ReadContribution, *, ports: Ports) -> bytes:
    """The canonical trace as CSV; the access is written down before anything is opened."""
    row = _own(command.account_id, command.contribution_id, ports)
    if row.status not in READABLE:
        raise IllegalTransition(f"this contribution is {row.status}: there is nothing to read")
    note_access(NoteAccess(row.account_id, command.actor, row.id, command.purpose), ports=ports)
    key = ports.keys.open(row.key_id)
    trace = open_sealed(_envelope(row, ports), key=key, context=_context(row))
    return ports.records.export(trace, row.kind)


def prove_integrity(
    account_id: AccountId, contribution_id: ContributionId, *, ports: Ports
) -> IntegrityProof:
    """Digest, transaction and block of an anchored contribution, as the chain tells them now."""
    row = _own(account_id, contribution_id, ports)
    if row.status is not Status.ANCHORED:
        raise IllegalTransition(f"this contribution is {row.status}, not anchored")
    event = _registration(row, ports)
    if event is None:
        raise IllegalTransition("its registration is being reorganised: try in a minute")
    return IntegrityProof(
        contribution=row,
        transaction=event.place.transaction,
        block_number=event.place.block_number,
        chain_id=ports.chain.chain_id,
        registry=ports.chain.contribution_registry,
    )


def _own(account_id: AccountId, contribution_id: ContributionId, ports: Ports) -> Contribution:
    with ports.database.read() as unit:
        row = unit.contributions.by_id(contribution_id)
    if row is None or row.account_id != account_id or row.status is Status.RESERVED:
        raise NotFound("you have no contribution of this id: list yours at /api/contributions")
    return row


def _envelope(row: Contribution, ports: Ports) -> bytes:
    """As long as it was sealed: more bytes are other bytes."""
    try:
        return ports.content.get(row.cid, limit=row.size)
    except PayloadTooLarge as larger:
        raise ContentMismatch(
            f"the content store has more bytes for {row.cid} than were sealed: do not trust it"
        ) from larger


def _registration(row: Contribution, ports: Ports) -> ContributionRegistered | None:
    """By our own transaction, which is quick; by the digest where another one registered it."""
    transaction = _confirmed(row, ports)
    if transaction is not None and transaction.confirmed_hash is not None:
        event = ports.chain.registered_in(transaction.confirmed_hash)
        if event is not None and event.digest == row.digest:
            return event
    return ports.chain.registration_event(row.digest)


def _confirmed(row: Contribution, ports: Ports) -> Transaction | None:
    """The row's transaction once it succeeded: one that was reverted registered nothing."""
    if row.transaction_id is None:
        return None
    with ports.database.read() as unit:
        found = unit.transactions.by_id(row.transaction_id)
    return found if found is not None and found.status is TxStatus.CONFIRMED else None


def _view(row: Contribution, ports: Ports) -> ContributionView:
    transaction = _confirmed(row, ports)
    confirmed = None if transaction is None else transaction.confirmed_hash
    return ContributionView(row, _summary(row, ports), confirmed)


def _has_summary(row: Contribution) -> bool:
    """Whether there is something to open: erasing and rejecting end that."""
    return row.status in READABLE and bool(row.sealed_summary)


def _summary(row: Contribution, ports: Ports) -> RecordSummary | None:
    """None once the record's key is destroyed, also if the row does not say so yet."""
    if not _has_summary(row):
        return None
    try:
        key = ports.keys.open(row.key_id)
    except KeyDestroyed:
        return None
    content = json.loads(open_summary(row.sealed_summary, key=key, context=_context(row)))
    return RecordSummary(row.kind, content["fields"], row.quality, content["quality_parts"])


def _context(row: Contribution) -> SealContext:
    return SealContext(row.id, row.account_id, row.kind)
