"""Audits a deployment from its chain, its content store and its file, and trusts no service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backend.domain.audit_checks import Check
from backend.domain.audit_report import AuditReport, ReleaseLine, Resumption
from backend.domain.deployment import ContractName, Deployment
from backend.domain.errors import ChainUnavailable
from backend.domain.evidence import BlockHeader
from backend.domain.ledger import Entry
from backend.ports.chain_evidence import ChainEvidence
from backend.ports.checkpoint import CheckpointFile
from backend.ports.clock import Clock
from backend.use_cases.audit.audit_consents import ConsentBook, audit_consents
from backend.use_cases.audit.audit_content import ContentSources
from backend.use_cases.audit.audit_desk import audit_desk
from backend.use_cases.audit.audit_registrations import (
    Books,
    audit_erasures,
    audit_registrations,
)
from backend.use_cases.audit.audit_releases import NamedRelease, ReleaseAudit
from backend.use_cases.audit.audit_rewards import audit_rewards
from backend.use_cases.audit.audit_tokens import audit_tokens
from backend.use_cases.audit.check_deployment import check_creations, check_views
from backend.use_cases.audit.check_state import Reckoning, check_state
from backend.use_cases.audit.checkpoint import Checkpoint
from backend.use_cases.audit.contents import Contents
from backend.use_cases.audit.read_ledger import Ledger
from backend.use_cases.audit.report import Replayed, compose
from backend.use_cases.audit.resume import resumed_stretch
from backend.use_cases.audit.tally import Tally
from backend.use_cases.audit.walk import Stretch, bears, open_blocks, walk_headers

FRESH_BLOCKS = 32
"""A node that prunes forgets the state of an older head; a long walk goes on to a newer one."""

Progressed = Callable[[str, int, int], None]
"""Told (stage, done, of how many)."""


@dataclass(frozen=True)
class Audit:
    """What to audit. `store` names the content store, so that a checkpoint belongs to it."""

    deployment: Deployment
    store: str
    workers: int = 4
    releases: tuple[NamedRelease, ...] = ()


@dataclass(frozen=True)
class Sources:
    """Where the evidence comes from."""

    chain: ChainEvidence
    content: ContentSources


def audit(
    command: Audit,
    *,
    sources: Sources,
    checkpoint_file: CheckpointFile | None,
    clock: Clock,
    progressed: Progressed,
) -> AuditReport:
    """Look at everything and report; an interrupted audit leaves its checkpoint behind."""
    checkpoint = Checkpoint(checkpoint_file, command.deployment, command.store, clock=clock)
    try:
        report = _Run(command, sources, checkpoint, progressed).report()
    except BaseException:
        checkpoint.save()
        raise
    checkpoint.finish()
    return report


class _Run:
    """One audit from its first question to its report."""

    def __init__(
        self,
        command: Audit,
        sources: Sources,
        checkpoint: Checkpoint,
        progressed: Progressed,
    ) -> None:
        self._command = command
        self._deployment = command.deployment
        self._chain = sources.chain
        self._content = sources.content
        self._checkpoint = checkpoint
        self._progressed = progressed
        self._tally = Tally()

    def report(self) -> AuditReport:
        """Chain and contents side by side, then state, then the verdict."""
        contents = Contents(self._checkpoint, self._content, self._command.workers)
        try:
            head, ledger = self._read_chain(contents)
            replayed, consents = self._replay(ledger)
            supply = self._check_state(head, replayed, consents)
            contents.collect(lambda done, total: self._progressed("contents", done, total))
        finally:
            contents.stop()
        contents.judge(head, replayed.marks, lambda: self._later(head), self._tally)
        releases = self._releases(replayed, consents)
        self._require_same_head(head)
        resumption = self._resumption(contents)
        report = compose(
            self._deployment, head, replayed, supply, contents, resumption, self._tally
        )
        return replace(report, releases=releases)

    def _releases(self, replayed: Replayed, consents: ConsentBook) -> tuple[ReleaseLine, ...]:
        """Every certificate that was named."""
        auditing = ReleaseAudit(
            self._deployment,
            replayed.registered,
            replayed.marks,
            consents,
            self._content,
            self._tally,
        )
        named, lines = self._command.releases, []
        for done, one in enumerate(named, start=1):
            lines.append(auditing.audit(one))
            self._progressed("certificates", done, len(named))
        return tuple(line for line in lines if line is not None)

    def _read_chain(self, contents: Contents) -> tuple[BlockHeader, Ledger]:
        chain, deployment, tally = self._chain, self._deployment, self._tally
        tally.same(
            Check.CHAIN_ID,
            "the node's chain",
            {"chain id": deployment.chain_id},
            {"chain id": chain.chain_id()},
        )
        claimed = chain.head()
        stretch, bearing = resumed_stretch(
            claimed, deployment, self._checkpoint, evidence=chain, tally=tally
        )
        found, head = self._walk(stretch)
        bearing += found
        while (newest := chain.head()).number > head.number + FRESH_BLOCKS:
            found, head = self._walk(Stretch(head.number + 1, newest, after=head))
            bearing += found
        ledger = Ledger(deployment)
        for block in open_blocks(bearing, evidence=chain, tally=tally):
            contents.offer(ledger.read(block, evidence=chain, tally=tally))
        return head, ledger

    def _walk(self, stretch: Stretch) -> tuple[list[BlockHeader], BlockHeader]:
        first, last = stretch.first, stretch.head.number

        def passed(header: BlockHeader, bearing: Sequence[BlockHeader]) -> None:
            self._checkpoint.walked(header, [(one.number, one.claimed_hash) for one in bearing])
            self._progressed("blocks", header.number - first + 1, last - first + 1)

        contracts = self._deployment.contracts.values()
        wanted = bears([one.address for one in contracts], [one.block for one in contracts])
        return walk_headers(stretch, wanted, evidence=self._chain, tally=self._tally, passed=passed)

    def _replay(self, ledger: Ledger) -> tuple[Replayed, ConsentBook]:
        deployment, chain, tally = self._deployment, self._chain, self._tally
        entries = ledger.in_order()
        release = check_creations(deployment, ledger, evidence=chain, tally=tally)
        consents = audit_consents(entries, deployment, evidence=chain, tally=tally)
        desk = audit_desk(entries, deployment, evidence=chain, tally=tally)
        registered = audit_registrations(
            entries, Books(consents, desk), deployment, evidence=chain, tally=tally
        )
        marks = audit_erasures(entries, registered, desk, deployment, evidence=chain, tally=tally)
        audit_rewards(registered, deployment.terms, tally)
        holdings = audit_tokens(entries, deployment, evidence=chain, tally=tally)
        replayed = Replayed(entries, registered, marks, desk, holdings, ledger.blocks, release)
        return replayed, consents

    def _check_state(
        self, head: BlockHeader, replayed: Replayed, consents: ConsentBook
    ) -> int | None:
        chain, tally, deployment = self._chain, self._tally, self._deployment
        check_views(deployment, block=head.number, evidence=chain, tally=tally)
        reckoning = Reckoning(
            consents, replayed.desk, replayed.registered, replayed.marks, replayed.holdings
        )
        return check_state(reckoning, deployment.terms, head, evidence=chain, tally=tally)

    def _later(self, head: BlockHeader) -> Sequence[Entry]:
        """The ledger from the audited block on to the newest; judged by the next audit."""
        newest = self._chain.head()
        if newest.number <= head.number:
            return []
        registry = self._deployment.address(ContractName.REGISTRY)
        found, _ = walk_headers(
            Stretch(head.number + 1, newest, after=head),
            bears([registry], []),
            evidence=self._chain,
            tally=self._tally,
            passed=lambda header, bearing: None,
        )
        ledger = Ledger(self._deployment)
        for block in open_blocks(found, evidence=self._chain, tally=self._tally):
            ledger.read(block, evidence=self._chain, tally=self._tally)
        return ledger.entries

    def _require_same_head(self, head: BlockHeader) -> None:
        """An audit of a chain that was rewound meanwhile says nothing."""
        now = self._chain.headers([head.number])[0]
        if now.claimed_hash != head.claimed_hash:
            self._checkpoint.discard()
            raise ChainUnavailable(
                f"the chain was reorganised below block {head.number} while it was audited: "
                "run the audit again"
            )

    def _resumption(self, contents: Contents) -> Resumption | None:
        earlier = self._checkpoint.earlier
        if earlier is None:
            return None
        blocks = earlier.last_block - self._deployment.first_block + 1
        return Resumption(earlier.begun_at, blocks, contents.passed_before)
