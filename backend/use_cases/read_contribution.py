"""What an owner sees of their contributions: the list, one trace, the proof of its integrity."""

import json
from dataclasses import dataclass

from backend.crypto.sealing import SealContext, open_sealed, open_summary
from backend.domain.contribution import Contribution, RecordSummary, Status
from backend.domain.errors import IllegalTransition, KeyDestroyed, NotFound
from backend.domain.identifiers import AccountId, ContributionId, TxHash, WalletAddress
from backend.ports import Ports

READABLE = (Status.SEALED, Status.SUBMITTED, Status.ANCHORED)


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


def list_contributions(account_id: AccountId, *, ports: Ports) -> list[ContributionView]:
    """Everything of this account, newest first; reservations are not yet contributions."""
    with ports.database.read() as unit:
        rows = unit.contributions.of_account(account_id)
    shown = [row for row in rows if row.status not in (Status.RESERVED, Status.ABANDONED)]
    newest_first = sorted(shown, key=lambda row: row.created_at, reverse=True)
    return [_view(row, ports) for row in newest_first]


def show_contribution(
    account_id: AccountId, contribution_id: ContributionId, *, ports: Ports
) -> ContributionView:
    """One of them, or `NotFound`, also for another person's."""
    return _view(_own(account_id, contribution_id, ports), ports)


def read_contribution(command: ReadContribution, *, ports: Ports) -> bytes:
    """The canonical trace as CSV; the access is written down before anything is opened."""
    row = _own(command.account_id, command.contribution_id, ports)
    if row.status not in READABLE:
        raise IllegalTransition(f"this contribution is {row.status}: there is nothing to read")
    with ports.database.write() as unit:
        unit.access_log.append(
            row.account_id,
            at=ports.clock.now(),
            actor=command.actor,
            subject=row.id,
            purpose=command.purpose,
        )
    key = ports.keys.open(row.key_id)
    envelope = ports.content.get(row.cid, limit=row.size)
    return ports.records.export(open_sealed(envelope, key=key, context=_context(row)), row.kind)


def prove_integrity(
    account_id: AccountId, contribution_id: ContributionId, *, ports: Ports
) -> IntegrityProof:
    """Digest, transaction and block of an anchored contribution."""
    row = _own(account_id, contribution_id, ports)
    if row.transaction_id is None or row.status is not Status.ANCHORED:
        raise IllegalTransition(f"this contribution is {row.status}, not yet anchored")
    with ports.database.read() as unit:
        transaction = unit.transactions.by_id(row.transaction_id)
    if transaction is None or transaction.confirmed_hash is None:
        raise IllegalTransition("its transaction is not confirmed yet: try in a minute")
    return IntegrityProof(
        contribution=row,
        transaction=transaction.confirmed_hash,
        block_number=transaction.block_number or 0,
        chain_id=ports.chain.chain_id,
        registry=transaction.call.to,
    )


def _own(account_id: AccountId, contribution_id: ContributionId, ports: Ports) -> Contribution:
    with ports.database.read() as unit:
        row = unit.contributions.by_id(contribution_id)
    if row is None or row.account_id != account_id or row.status is Status.RESERVED:
        raise NotFound("you have no contribution of this id: list yours at /api/contributions")
    return row


def _view(row: Contribution, ports: Ports) -> ContributionView:
    transaction = None
    if row.transaction_id is not None:
        with ports.database.read() as unit:
            found = unit.transactions.by_id(row.transaction_id)
        transaction = found.confirmed_hash if found else None
    return ContributionView(row, _summary(row, ports), transaction)


def _summary(row: Contribution, ports: Ports) -> RecordSummary | None:
    """None once the record's key is destroyed, also if the row does not say so yet."""
    if not row.sealed_summary:
        return None
    try:
        key = ports.keys.open(row.key_id)
    except KeyDestroyed:
        return None
    content = json.loads(open_summary(row.sealed_summary, key=key, context=_context(row)))
    return RecordSummary(row.kind, content["fields"], row.quality, content["quality_parts"])


def _context(row: Contribution) -> SealContext:
    return SealContext(row.id, row.account_id, row.kind)
