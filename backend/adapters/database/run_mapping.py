"""Between rows of generation runs and the frozen values of the domain, both ways."""

from dataclasses import asdict
from typing import Any

from backend.adapters.database.run_tables import DatasetRow, LedgerEntryRow, RunMemberRow, RunRow
from backend.crypto.certificates import certificate_of
from backend.domain.consent import Kind
from backend.domain.contribution import OWNERLESS
from backend.domain.generation import Dataset, LedgerEntry, Member, Run, RunPlan, RunState
from backend.domain.identifiers import AccountId, Cid, ContributionId, KeyId, RunId


def run_columns(run: Run) -> dict[str, Any]:
    """The plan's fields are columns of the run."""
    columns = {name: value for name, value in vars(run).items() if name != "plan"}
    plan = {**asdict(run.plan), "kind": int(run.plan.kind)}
    owner = run.requested_by or None
    return {**columns, **plan, "requested_by": owner, "state": run.state.value}


def run_of(row: RunRow) -> Run:
    plan = RunPlan(
        kind=Kind(row.kind),
        generator=row.generator,
        setting=row.setting,
        rows=row.rows,
        title=row.title,
        description=row.description,
        epsilon=row.epsilon,
        delta=row.delta,
    )
    return Run(
        id=RunId(row.id),
        requested_by=_account(row.requested_by),
        plan=plan,
        seed=row.seed,
        salt=row.salt,
        key_id=KeyId(row.key_id),
        state=RunState(row.state),
        requested_at=row.requested_at,
        stage=row.stage,
        progress=row.progress,
        attempts=row.attempts,
        started_at=row.started_at,
        ended_at=row.ended_at,
        reason=row.reason,
        message=row.message,
    )


def member_columns(run_id: RunId, member: Member) -> dict[str, Any]:
    return {**vars(member), "run_id": run_id, "account_id": member.account_id or None}


def member_of(row: RunMemberRow) -> Member:
    return Member(
        contribution_id=ContributionId(row.contribution_id),
        account_id=_account(row.account_id),
        person=row.person,
        windows=row.windows,
        withdrawn_at=row.withdrawn_at,
    )


def dataset_columns(dataset: Dataset) -> dict[str, Any]:
    """The certificate is kept as it was signed, and nothing beside it that could contradict it."""
    columns = {name: value for name, value in vars(dataset).items() if name != "certificate"}
    return {**columns, "passes": dataset.certificate.passes}


def dataset_of(row: DatasetRow) -> Dataset:
    return Dataset(
        run_id=RunId(row.run_id),
        certificate=certificate_of(row.signed),
        signed=row.signed,
        signature=row.signature,
        certificate_cid=None if row.certificate_cid is None else Cid(row.certificate_cid),
        package_key_id=KeyId(row.package_key_id),
        package_size=row.package_size,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )


def ledger_columns(entry: LedgerEntry) -> dict[str, Any]:
    return {**vars(entry), "account_id": entry.account_id or None}


def ledger_entry_of(row: LedgerEntryRow) -> LedgerEntry:
    return LedgerEntry(
        account_id=_account(row.account_id),
        run_id=RunId(row.run_id),
        epsilon=row.epsilon,
        delta=row.delta,
        membership_high=row.membership_high,
        at=row.at,
    )


def _account(stored: str | None) -> AccountId:
    return OWNERLESS if stored is None else AccountId(stored)
