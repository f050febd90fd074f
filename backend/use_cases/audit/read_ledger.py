"""Reads opened blocks as a ledger: what our contracts said, in order, and how they were made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from backend.crypto.block_hashes import sender_of
from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName, Deployment
from backend.domain.evidence import Address, LogEvidence, TransactionEvidence
from backend.domain.ledger import Approval, Cause, Entry, Event, Place, Transfer
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.tally import Tally, where
from backend.use_cases.audit.walk import OpenedBlock

EVENT_SCHEMA = 1


@dataclass(frozen=True)
class CreatingTransaction:
    """The transaction of the deployment file, as it stands in its block."""

    block: int
    succeeded: bool
    transaction: TransactionEvidence
    sender: Address | None


@dataclass
class Ledger:
    """Everything that happened at the audited contracts, and the three that made them."""

    deployment: Deployment
    entries: list[Entry] = field(default_factory=list)
    creations: dict[ContractName, CreatingTransaction] = field(default_factory=dict)
    blocks: int = 0

    def read(self, block: OpenedBlock, *, evidence: ChainEvidence, tally: Tally) -> list[Entry]:
        """Take a block in, in whatever order they come; returns its entries.

        A log of ours that is no known event is a breach.
        """
        contracts = {one.address: name for name, one in self.deployment.contracts.items()}
        told: set[tuple[bytes, type]] = set()
        entries = []
        for place, cause, log in _own_logs(block, contracts):
            event = evidence.event(contracts[log.address], log)
            subject = f"{contracts[log.address]} log ({where(place)})"
            if _is_event(subject, log, event, tally) and event is not None:
                if cause.to in contracts:
                    _check_said_once(subject, place, event, told, tally)
                entries.append(Entry(place, cause, event))
        self._keep_creations(block)
        self.entries += entries
        self.blocks += 1
        return entries

    def in_order(self) -> list[Entry]:
        """The entries as the chain has them."""
        return sorted(self.entries, key=lambda entry: (entry.place.block, entry.place.log_index))

    def _keep_creations(self, block: OpenedBlock) -> None:
        creating = {one.transaction: name for name, one in self.deployment.contracts.items()}
        for transaction, receipt in zip(block.body.transactions, block.body.receipts, strict=False):
            name = creating.get(transaction.claimed_hash)
            if name is not None:
                self.creations[name] = CreatingTransaction(
                    block.header.number, receipt.succeeded, transaction, sender_of(transaction)
                )


def _is_event(subject: str, log: LogEvidence, event: Event | None, tally: Tally) -> bool:
    """Whether the log is an event of this release's schema; counted."""
    schema = EVENT_SCHEMA
    if event is not None and not isinstance(event, Transfer | Approval):
        schema = event.schema_version
    return tally.same(
        Check.EVENTS,
        subject,
        {"is an event of the contract": True, "schema version": EVENT_SCHEMA},
        {"is an event of the contract": event is not None, "schema version": schema},
    )


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
