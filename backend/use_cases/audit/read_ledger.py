"""Reads opened blocks as a ledger: what our contracts said, in order, and how they were made."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from backend.crypto.block_hashes import sender_of
from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName, Deployment
from backend.domain.evidence import Address, LogEvidence, TransactionEvidence
from backend.domain.ledger import Approval, Cause, Entry, Event, Place, Transfer
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.tally import Tally, hexed, where
from backend.use_cases.audit.walk import OpenedBlock

EVENT_SCHEMA = 1


@dataclass(frozen=True)
class CreatingTransaction:
    """The transaction of the deployment file, as it stands in its block."""

    block: int
    succeeded: bool
    transaction: TransactionEvidence
    sender: Address | None


@dataclass(frozen=True)
class Ledger:
    """Everything that happened at the audited contracts, and the three that made them."""

    entries: list[Entry] = field(default_factory=list)
    creations: dict[ContractName, CreatingTransaction] = field(default_factory=dict)


def read_ledger(
    blocks: Iterable[OpenedBlock],
    deployment: Deployment,
    *,
    evidence: ChainEvidence,
    tally: Tally,
) -> Ledger:
    """The ledger of these blocks; a log of ours that is no known event is a breach."""
    ledger = Ledger()
    told: set[tuple[bytes, type]] = set()
    contracts = {one.address: name for name, one in deployment.contracts.items()}
    creating = {one.transaction: name for name, one in deployment.contracts.items()}
    for block in blocks:
        _keep_creations(block, creating, ledger)
        for place, cause, log in _own_logs(block, contracts):
            event = evidence.event(contracts[log.address], log)
            subject = f"{contracts[log.address]} log ({where(place)})"
            if not tally.that(
                Check.EVENTS,
                subject,
                event is not None,
                expected="an event of the contract",
                found=tuple(hexed(topic) for topic in log.topics),
            ):
                continue
            assert event is not None
            if not isinstance(event, Transfer | Approval):
                tally.same(
                    Check.EVENTS,
                    subject,
                    {"schema version": EVENT_SCHEMA},
                    {"schema version": event.schema_version},
                )
            if cause.to in contracts:
                _check_said_once(subject, place, event, told, tally)
            ledger.entries.append(Entry(place, cause, event))
    return ledger


def _check_said_once(
    subject: str, place: Place, event: Event, told: set[tuple[bytes, type]], tally: Tally
) -> None:
    """A direct call says each of its things once."""
    thing = (place.transaction, type(event))
    tally.that(Check.EVENTS, subject, thing not in told, expected="said once", found="said again")
    told.add(thing)


def _own_logs(
    block: OpenedBlock, contracts: Mapping[Address, ContractName]
) -> Iterator[tuple[Place, Cause, LogEvidence]]:
    position = 0
    for transaction, receipt in zip(block.body.transactions, block.body.receipts, strict=False):
        cause: Cause | None = None
        for log in receipt.logs:
            if log.address in contracts:
                cause = cause or Cause(sender_of(transaction), transaction.to, transaction.input)
                place = Place(
                    block.header.number, block.header.time, transaction.claimed_hash, position
                )
                yield place, cause, log
            position += 1


def _keep_creations(
    block: OpenedBlock, creating: Mapping[bytes, ContractName], ledger: Ledger
) -> None:
    for transaction, receipt in zip(block.body.transactions, block.body.receipts, strict=False):
        name = creating.get(transaction.claimed_hash)
        if name is not None:
            ledger.creations[name] = CreatingTransaction(
                block.header.number, receipt.succeeded, transaction, sender_of(transaction)
            )
