"""The ends of a run that leaves nothing: key, checkpoint and published content go.

Like an erasure it is marked first: whoever starts after a kill or a restore destroys what is
still there. What a run has released stays released: later cohorts leave a person out who took
their consent back, and the earlier dataset says how many did.
"""

from datetime import datetime

from backend.crypto.cid import cid_of
from backend.domain.generation import Dataset, Run, RunState
from backend.domain.identifiers import (
    RAW,
    AccountId,
    Cid,
    ContentDigest,
    ContributionId,
    JobId,
    KeyId,
    RunId,
    random_id_text,
)
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.forget_trainings import mark_key

LET_GO_OF_RUN = "let_go_of_run"
CALLED_OFF = "cancelled_by_operator"
CONSENT_ENDED = "consent_ended"
RECORD_ERASED = "record_erased"
KEY_LOST = "key_destroyed"
MESSAGES = {
    CALLED_OFF: "An operator called the run off. Nothing of it was kept.",
    CONSENT_ENDED: (
        "While the run was under way somebody of its cohort took back their consent, or let it "
        "end. Nothing of it was kept. Request it again: it then learns from those who still "
        "consent, if they are enough."
    ),
    RECORD_ERASED: (
        "While the run was under way somebody of its cohort erased a record. Nothing of it was "
        "kept. Request it again: it then learns from what is left, if that is enough."
    ),
    "privacy_budget_spent": (
        "While the run was under way another release spent what releases may cost somebody of "
        "its cohort. Nothing of it was kept. Request it again: it then leaves them out."
    ),
    KEY_LOST: "The run's key was destroyed: the database was restored from before its end.",
}
"""Why a run was cancelled, for people."""


def cancel_run_row(unit: UnitOfWork, run: Run, reason: str, now: datetime, ports: Ports) -> KeyId:
    """The run is over and leaves nothing; the key to destroy is returned."""
    return end_run_row(unit, run, RunState.CANCELLED, reason, MESSAGES[reason], now, ports)


def end_run_row(
    unit: UnitOfWork,
    run: Run,
    state: RunState,
    reason: str,
    message: str,
    now: datetime,
    ports: Ports,
) -> KeyId:
    """The run is over without a release; the key to destroy is returned."""
    ended = run.ended(state, now, stage=None, reason=reason, message=message)
    unit.runs.update(ended, expected=run.state)
    return forget_what_it_keeps(unit, run, now, ports)


def forget_what_it_keeps(unit: UnitOfWork, run: Run, now: datetime, ports: Ports) -> KeyId:
    """Checkpoint now; key and content by jobs, whatever happens meanwhile."""
    unit.run_checkpoints.delete(run.id)
    job_id = JobId(random_id_text(ports.random_bytes(16)))
    unit.jobs.enqueue(job_id, LET_GO_OF_RUN, run.id, now)
    return mark_key(unit, run.key_id, now, ports)


def withdraw_record(
    unit: UnitOfWork, contribution_id: ContributionId, now: datetime, ports: Ports
) -> list[KeyId]:
    """A record is erased: runs over it end, datasets over it say so; keys are returned."""
    key_ids = _cancel(unit, unit.runs.learning_from(contribution_id), RECORD_ERASED, now, ports)
    unit.runs.withdraw_contribution(contribution_id, now)
    return key_ids


def withdraw_person(
    unit: UnitOfWork, account_id: AccountId, now: datetime, ports: Ports
) -> list[KeyId]:
    """A consent is taken back: runs over the person end, datasets say so; keys are returned."""
    key_ids = _cancel(unit, unit.runs.of_account(account_id), CONSENT_ENDED, now, ports)
    unit.runs.withdraw_account(account_id, now)
    return key_ids


def take_back(account_id: AccountId, *, ports: Ports) -> None:
    """Whatever is being learnt from this person stops, at once."""
    now = ports.clock.now()
    with ports.database.write() as unit:
        key_ids = withdraw_person(unit, account_id, now, ports)
    for key_id in key_ids:
        ports.keys.destroy(key_id)


def let_go_of_run(key: str, *, ports: Ports) -> None:
    """The job: of what an ended run put into the content store, what nobody may fetch any more
    is let go of; certificate, lineage and policy of a release stay, also once it is retired."""
    run_id = RunId(key)
    with ports.database.read() as unit:
        run, dataset = unit.runs.by_id(run_id), unit.datasets.by_run(run_id)
        own = unit.runs.own_contents(run_id)
    if run is None or run.unfinished:
        return
    kept = set() if dataset is None else _kept(dataset)
    dropped = [cid for cid in own if cid not in kept]
    for cid in dropped:
        ports.content.unpin(cid)
    if dropped:
        ports.content.collect_garbage()


def _kept(dataset: Dataset) -> set[Cid]:
    certificate = dataset.certificate
    if dataset.certificate_cid is None or certificate.sealed_package is None:
        return set()
    policy = cid_of(ContentDigest(certificate.policy_digest, RAW))
    public = {dataset.certificate_cid, certificate.lineage, policy}
    return public | ({certificate.sealed_package} if dataset.listed else set())


def _cancel(
    unit: UnitOfWork, runs: list[Run], reason: str, now: datetime, ports: Ports
) -> list[KeyId]:
    """Each is looked up again, and with that held: one that is just being released ends first."""
    held = [unit.runs.by_id(run.id) for run in runs if run.unfinished]
    return [
        cancel_run_row(unit, run, reason, now, ports)
        for run in held
        if run is not None and run.unfinished
    ]
