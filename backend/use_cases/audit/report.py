"""Puts together what an audit reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.domain.audit_report import (
    AuditedChain,
    AuditReport,
    ContentState,
    ContributionLine,
    Resumption,
    Totals,
)
from backend.domain.consent import Kind
from backend.domain.deployment import Deployment
from backend.domain.evidence import BlockHeader
from backend.domain.ledger import ConsentGranted, ConsentRevoked, Entry
from backend.use_cases.audit.audit_desk import NOBODY, DeskBook
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.audit_tokens import Holdings
from backend.use_cases.audit.contents import Contents
from backend.use_cases.audit.tally import Tally


@dataclass(frozen=True)
class Replayed:
    """Everything that the ledger was found to say."""

    entries: Sequence[Entry]
    registered: Sequence[Registered]
    marks: Mapping[bytes, Mark]
    desk: DeskBook
    holdings: Holdings
    blocks_opened: int
    release: str | None


def compose(
    deployment: Deployment,
    head: BlockHeader,
    replayed: Replayed,
    supply: int | None,
    contents: Contents,
    resumption: Resumption | None,
    tally: Tally,
) -> AuditReport:
    """The report of an audit that came to its end."""
    sizes = {digest: held.size for digest, held in contents.held().items()}
    lines = tuple(
        _line(
            one,
            replayed.marks.get(one.event.digest),
            contents.state(one.event.digest),
            sizes.get(one.event.digest),
        )
        for one in replayed.registered
    )
    recorder = replayed.desk.last.recorder
    return AuditReport(
        chain=AuditedChain(
            chain_id=deployment.chain_id,
            first_block=deployment.first_block,
            head_number=head.number,
            head_hash=head.claimed_hash,
            head_time=head.time,
            blocks_opened=replayed.blocks_opened,
            release=replayed.release,
            deployment_sha256=deployment.sha256,
            recorder=None if recorder == NOBODY else recorder,
        ),
        checks=tally.results(),
        breaches=tally.breaches(),
        notes=tally.notes(),
        totals=_totals(replayed, lines, supply),
        contributions=lines,
        resumption=resumption,
    )


def _line(
    one: Registered, mark: Mark | None, state: ContentState, size: int | None
) -> ContributionLine:
    event = one.event
    return ContributionLine(
        digest=event.digest,
        codec=event.codec,
        kind=event.kind,
        contributor=event.contributor,
        registered_at=one.place.time,
        block=one.place.block,
        transaction=one.place.transaction,
        quality=event.quality,
        reward=event.reward,
        custodial=None if one.consent is None else one.consent.custodial,
        erased_by=None if mark is None else mark.sender,
        state=state,
        size=size,
    )


def _totals(replayed: Replayed, lines: Sequence[ContributionLine], supply: int | None) -> Totals:
    events = [entry.event for entry in replayed.entries]
    grants = [event for event in events if isinstance(event, ConsentGranted)]
    gone = (ContentState.ERASED, ContentState.HELD_AFTER_ERASURE)
    return Totals(
        grants=len(grants),
        grants_custodial=sum(grant.custodial for grant in grants),
        revocations=sum(isinstance(event, ConsentRevoked) for event in events),
        contributions=len(lines),
        contributions_custodial=sum(line.custodial is True for line in lines),
        contributions_by_kind=tuple(sum(line.kind == kind for line in lines) for kind in Kind),
        unpaid=sum(line.reward == 0 for line in lines),
        erased=sum(line.state in gone for line in lines),
        minted=sum(replayed.holdings.minted),
        supply=supply,
        holders=sum(balance > 0 for balance in replayed.holdings.balances.values()),
        content_bytes=sum(line.size or 0 for line in lines),
    )
