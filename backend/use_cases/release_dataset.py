"""What was made is judged, certified, and published when it passes.

First everybody's consent is asked for again. A dataset that passes is sealed and lies on IPFS with
its certificate, lineage and policy before its row says so; row, ledger and the run's end are one
unit of work. One that fails leaves its certificate, for operators, and nothing else.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from backend.crypto.certificates import (
    certificate_content,
    certificate_typed_data,
    lineage_document,
    read_lineage,
    release_document,
    seed_commitment,
)
from backend.crypto.cid import content_cid
from backend.crypto.run_seals import RunPart, seal_of_run
from backend.domain.consistency import LearntFrom, against_lineage, contradictions
from backend.domain.errors import ContentMismatch, InvalidField
from backend.domain.generation import (
    WHOLE,
    Dataset,
    LedgerEntry,
    LineageLeaf,
    Member,
    Run,
    RunState,
)
from backend.domain.identifiers import AccountId, Cid, JobId, random_id_text
from backend.domain.release import (
    CURRENT_POLICY,
    Certificate,
    Finding,
    passes,
)
from backend.ports import Ports
from backend.ports.generators import Generated
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.cohort import CohortChanged, pseudonym, require_budget, require_cohort
from backend.use_cases.forget_runs import CONSENT_ENDED, LET_GO_OF_RUN, forget_what_it_keeps
from backend.use_cases.watch_run import RunStopped, require_same_cohort

GATE = "not_let_out"
MEMBERSHIP = "membership_auc"


@dataclass(frozen=True, repr=False)
class _Made:
    """A certificate, and everything that would be published with it."""

    dataset: Dataset
    leaves: list[LineageLeaf]
    contents: dict[Cid, bytes]
    findings: tuple[Finding, ...]


def release_dataset(
    run: Run, members: Sequence[Member], generated: Generated, key: bytes, *, ports: Ports
) -> Dataset:
    """The dataset's row, released or withheld.

    Raises `CohortChanged` when a consent is no longer in force, `RunStopped` when the run has
    ended elsewhere, `AnotherCohort` when it goes on elsewhere over others; then nothing of it
    stays.
    """
    _require_spent(run, generated)
    asked_at = require_cohort(run, members, ports=ports)
    made = _certified(run, members, generated, key, asked_at, ports)
    if made.dataset.certificate.passes:
        _publish(run, made, ports)
        _store(run, made, generated, ports)
    else:
        _withhold(run, made, ports)
    return made.dataset


def _require_spent(run: Run, generated: Generated) -> None:
    """What was promised of differential privacy must have been kept, or nothing is certified."""
    asked, spent = run.plan.epsilon, generated.evidence.privacy
    if asked is None:
        if spent is not None:
            raise InvalidField("epsilon", "the generator claims an (ε, δ) that was not asked for")
        return
    if spent is None or spent.epsilon > asked * (1 + 1e-6) or spent.delta != run.plan.delta:
        raise InvalidField(
            "epsilon", "the generator did not stay within the (ε, δ) that was asked for"
        )


def _certified(
    run: Run,
    members: Sequence[Member],
    generated: Generated,
    key: bytes,
    asked_at: datetime,
    ports: Ports,
) -> _Made:
    """`asked_at` is when everybody was last asked: what is certified was allowed then,
    whatever is taken back while it is sealed and signed."""
    chain_id, registry = ports.chain.chain_id, ports.chain.contribution_registry
    leaves = _leaves(run, members, generated, ports)
    lineage = lineage_document(leaves, chain_id=chain_id, registry=registry, kind=run.plan.kind)
    evidence = replace(generated.evidence, largest_share=_largest_share(generated, leaves))
    findings = CURRENT_POLICY.judge(evidence)
    sealed = seal_of_run(generated.package, RunPart.PACKAGE, key=key, run_id=run.id)
    now = ports.clock.now()
    certificate = Certificate(
        run_id=run.id,
        chain_id=chain_id,
        registry=registry,
        kind=run.plan.kind,
        title=run.plan.title,
        dataset_digest=generated.dataset_digest,
        package_digest=sha256(generated.package).digest(),
        sealed_package=content_cid(sealed) if passes(findings) else None,
        report_digest=generated.report_digest,
        lineage_root=read_lineage(lineage).root,
        lineage=content_cid(lineage),
        policy_digest=CURRENT_POLICY.digest,
        generator=generated.card,
        seed_commitment=seed_commitment(run.id, run.seed, run.salt),
        evidence=evidence,
        cohort_at=(run.started_at or asked_at).replace(microsecond=0),
        issued_at=asked_at.replace(microsecond=0),
    )
    _require_consistent(certificate, leaves)
    content = certificate_content(certificate)
    typed = certificate_typed_data(content, chain_id=chain_id, registry=registry)
    signature = ports.evaluator.sign(typed)
    document = release_document(content, signature, CURRENT_POLICY)
    dataset = Dataset(
        run_id=run.id,
        certificate=certificate,
        signed=content,
        signature=signature,
        certificate_cid=content_cid(document) if passes(findings) else None,
        package_key_id=run.key_id,
        package_size=len(generated.package),
        created_at=now,
    )
    public = (sealed, lineage, CURRENT_POLICY.content, document)
    return _Made(dataset, leaves, {content_cid(one): one for one in public}, findings)


def _require_consistent(certificate: Certificate, leaves: Sequence[LineageLeaf]) -> None:
    """Nothing is signed that cannot be true: then the evaluator is at fault, and not the data."""
    evidence = certificate.evidence
    of_person = _windows_of_people(leaves)
    learning = sum(windows > 0 for windows in of_person.values())
    learnt = LearntFrom(len(of_person), learning, of_person.total())
    found = (*contradictions(certificate), *against_lineage(evidence, learnt))
    if found:
        raise InvalidField(
            "evidence",
            "nothing is certified, because what was measured contradicts itself: "
            f"{'; '.join(found)}. The measuring is at fault: tell whoever maintains it",
        )


def _leaves(
    run: Run, members: Sequence[Member], generated: Generated, ports: Ports
) -> list[LineageLeaf]:
    """One of each contribution, in the order in which they were handed over."""
    with ports.database.read() as unit:
        rows = {
            member.contribution_id: unit.contributions.by_id(member.contribution_id)
            for member in members
        }
    seen: dict[int, int] = {}
    leaves = []
    for member in members:
        row = rows[member.contribution_id]
        if row is None:
            raise CohortChanged(CONSENT_ENDED)
        place = seen.get(member.person, 0)
        seen[member.person] = place + 1
        windows = generated.windows.get(pseudonym(run, member.account_id), ())
        count = windows[place] if place < len(windows) else 0
        digest = row.digest
        leaves.append(LineageLeaf(row.id, member.account_id, digest.sha256, digest.codec, count))
    return leaves


def _largest_share(generated: Generated, leaves: Sequence[LineageLeaf]) -> float:
    """Of one person: in all windows as they were measured, or in those learnt from, which anybody
    can count; the larger."""
    of_person = _windows_of_people(leaves)
    learnt = max(of_person.values(), default=0) / max(1, of_person.total())
    return max(generated.evidence.largest_share, learnt)


def _windows_of_people(leaves: Sequence[LineageLeaf]) -> Counter[AccountId]:
    """How many of the windows learnt from are each person's, none included."""
    of_person: Counter[AccountId] = Counter()
    for leaf in leaves:
        of_person[leaf.account_id] += leaf.windows
    return of_person


def _publish(run: Run, made: _Made, ports: Ports) -> None:
    """Written down first, so that whatever is killed or called off is let go of again."""
    with ports.database.write() as unit:
        _require_running(unit, run, made, ports)
        unit.runs.name_contents(run.id, made.contents.keys())
    for cid, content in made.contents.items():
        named = ports.content.add(content)
        if named != cid:
            ports.content.unpin(named)
            raise ContentMismatch(
                f"the content store named {named} what is {cid}: check its settings"
            )
        if ports.content.get(cid, limit=len(content)) != content:
            raise ContentMismatch(
                f"the content store returned other bytes for {cid}: do not trust it"
            )


def _store(run: Run, made: _Made, generated: Generated, ports: Ports) -> None:
    now = made.dataset.created_at
    spent = generated.evidence.privacy
    accounts = sorted({leaf.account_id for leaf in made.leaves})
    with ports.database.write() as unit:
        for other in unit.runs.unfinished():  # held: releases are charged one after the other
            unit.runs.by_id(other.id)
        row = _require_running(unit, run, made, ports)
        require_budget(unit, row, accounts, ports=ports)
        unit.datasets.add(made.dataset)
        unit.runs.set_windows(run.id, {leaf.contribution_id: leaf.windows for leaf in made.leaves})
        for account_id in accounts:
            unit.privacy_ledger.add(
                LedgerEntry(
                    account_id=account_id,
                    run_id=run.id,
                    epsilon=None if spent is None else spent.epsilon,
                    delta=None if spent is None else spent.delta,
                    membership_high=generated.evidence.measures[MEMBERSHIP].high,
                    at=now,
                )
            )
        released = row.ended(RunState.RELEASED, now, progress=WHOLE, stage=None)
        unit.runs.update(released, expected=RunState.RUNNING)
        unit.run_checkpoints.delete(run.id)
        job_id = JobId(random_id_text(ports.random_bytes(16)))
        unit.jobs.enqueue(job_id, LET_GO_OF_RUN, run.id, now)


def _withhold(run: Run, made: _Made, ports: Ports) -> None:
    """The certificate is kept and explained; the package is gone with its key."""
    now = made.dataset.created_at
    with ports.database.write() as unit:
        row = _require_running(unit, run, made, ports)
        unit.datasets.add(made.dataset)
        unit.runs.set_windows(run.id, {leaf.contribution_id: leaf.windows for leaf in made.leaves})
        withheld = row.ended(
            RunState.WITHHELD,
            now,
            progress=WHOLE,
            stage=None,
            reason=GATE,
            message=explained(made.findings),
        )
        unit.runs.update(withheld, expected=RunState.RUNNING)
        key_id = forget_what_it_keeps(unit, row, now, ports)
    ports.keys.destroy(key_id)


def explained(findings: Sequence[Finding]) -> str:
    """Why the gate kept a dataset in, one sentence for each rule that was broken."""
    broken = [finding.text() for finding in findings if not finding.holds]
    many = "1 rule was" if len(broken) == 1 else f"{len(broken)} rules were"
    return f"The gate did not let this dataset out, because {many} broken. " + " ".join(
        f"{sentence}." for sentence in broken
    )


def _require_running(unit: UnitOfWork, run: Run, made: _Made, ports: Ports) -> Run:
    """The row as it is now, while it runs, over whom the lineage names and nobody else, and by
    this database everybody still consents."""
    row = unit.runs.by_id(run.id)
    if row is None or row.state is not RunState.RUNNING:
        raise RunStopped(run.id)
    require_same_cohort(unit, run.id, [leaf.contribution_id for leaf in made.leaves])
    if unit.runs.not_covered(run.id, ports.clock.now()):
        raise CohortChanged(CONSENT_ENDED)
    return row
