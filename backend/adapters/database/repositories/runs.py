"""Generation runs, and the cohort of each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlmodel import col, exists, func, select

from backend.adapters.database.repositories.run_contents import SqlRunContents
from backend.adapters.database.rows import Rows
from backend.adapters.database.run_mapping import (
    member_columns,
    member_of,
    run_columns,
    run_of,
)
from backend.adapters.database.run_tables import RunLeftOutRow, RunMemberRow, RunRow
from backend.adapters.database.tables import ConsentRow, ContributionRow
from backend.domain.consent import Purpose
from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Status
from backend.domain.errors import IllegalTransition
from backend.domain.generation import UNFINISHED, CohortSize, LeftOut, Member, Run, RunState
from backend.domain.identifiers import AccountId, Cid, ContributionId, KeyId, RunId

_CHANGING = (
    "state",
    "stage",
    "progress",
    "attempts",
    "started_at",
    "ended_at",
    "reason",
    "message",
)
_KEPT = (Status.SUBMITTED.value, Status.ANCHORED.value)
"""A cohort's record is anchored; a reorganisation may send it back for a while."""


class SqlRuns:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._contents = SqlRunContents(rows)

    def add(self, run: Run) -> None:
        self._rows.insert(RunRow, run_columns(run))

    def by_id(self, run_id: RunId) -> Run | None:
        row = self._rows.one(select(RunRow).where(col(RunRow.id) == run_id))
        return None if row is None else run_of(row)

    def by_key(self, key_id: KeyId) -> Run | None:
        row = self._rows.one(select(RunRow).where(col(RunRow.key_id) == key_id))
        return None if row is None else run_of(row)

    def page(self, limit: int, *, after: tuple[datetime, RunId] | None = None) -> list[Run]:
        at, run_id = col(RunRow.requested_at), col(RunRow.id)
        found = select(RunRow).order_by(at.desc(), run_id).limit(limit)
        if after is not None:
            moment, last = after
            found = found.where(or_(at < moment, and_(at == moment, run_id > last)))
        return [run_of(row) for row in self._rows.all(found)]

    def unfinished(self) -> list[Run]:
        rows = self._rows.all(
            select(RunRow)
            .where(col(RunRow.state).in_([state.value for state in UNFINISHED]))
            .order_by(col(RunRow.requested_at), col(RunRow.id))
        )
        return [run_of(row) for row in rows]

    def update(self, run: Run, *, expected: RunState) -> None:
        columns = run_columns(run)
        changes = {name: columns[name] for name in _CHANGING}
        if not self._rows.update(RunRow, changes, where={"id": run.id, "state": expected.value}):
            raise IllegalTransition(f"run {run.id} is not {expected} any more: look at it again")

    def set_members(self, run_id: RunId, members: Sequence[Member]) -> None:
        self._rows.change(delete(RunMemberRow).where(col(RunMemberRow.run_id) == run_id))
        self._rows.change(delete(RunLeftOutRow).where(col(RunLeftOutRow.run_id) == run_id))
        for member in sorted(members, key=lambda one: one.contribution_id):
            self._rows.insert(RunMemberRow, member_columns(run_id, member))

    def members(self, run_id: RunId) -> list[Member]:
        rows = self._rows.all(
            select(RunMemberRow)
            .where(col(RunMemberRow.run_id) == run_id)
            .order_by(col(RunMemberRow.person), col(RunMemberRow.contribution_id))
        )
        return [member_of(row) for row in rows]

    def size(self, run_id: RunId) -> CohortSize:
        person = col(RunMemberRow.person)
        counted = select(func.count(func.distinct(person)), func.count()).where(
            col(RunMemberRow.run_id) == run_id
        )
        ((people, contributions),) = self._rows.pairs(counted)
        return CohortSize(people, contributions)

    def leave_out(self, run_id: RunId, records: Sequence[LeftOut]) -> None:
        for record in sorted(records, key=lambda one: one.contribution_id):
            self._rows.change(
                delete(RunMemberRow).where(
                    col(RunMemberRow.run_id) == run_id,
                    col(RunMemberRow.contribution_id) == record.contribution_id,
                )
            )
            self._rows.insert_new(RunLeftOutRow, {"run_id": run_id, **vars(record)})

    def left_out(self, run_id: RunId, *, most: int) -> list[LeftOut]:
        rows = self._rows.all(
            select(RunLeftOutRow)
            .where(col(RunLeftOutRow.run_id) == run_id)
            .order_by(col(RunLeftOutRow.contribution_id))
            .limit(most)
        )
        return [LeftOut(ContributionId(row.contribution_id), row.reason) for row in rows]

    def how_many_left_out(self, run_id: RunId) -> int:
        of_run = col(RunLeftOutRow.run_id) == run_id
        (counted,) = self._rows.all(select(func.count()).select_from(RunLeftOutRow).where(of_run))
        return counted

    def set_windows(self, run_id: RunId, windows: Mapping[ContributionId, int]) -> None:
        for contribution_id, count in sorted(windows.items()):
            where = {"run_id": run_id, "contribution_id": contribution_id}
            self._rows.update(RunMemberRow, {"windows": count}, where=where)

    def learning_from(self, contribution_id: ContributionId) -> list[Run]:
        return self._with_member(col(RunMemberRow.contribution_id) == contribution_id)

    def of_account(self, account_id: AccountId) -> list[Run]:
        return self._with_member(col(RunMemberRow.account_id) == account_id)

    def _with_member(self, wanted: ColumnElement[bool]) -> list[Run]:
        members = select(col(RunMemberRow.run_id)).where(wanted)
        rows = self._rows.all(
            select(RunRow)
            .where(col(RunRow.id).in_(members))
            .order_by(col(RunRow.requested_at), col(RunRow.id))
        )
        return [run_of(row) for row in rows]

    def withdraw_contribution(self, contribution_id: ContributionId, at: datetime) -> None:
        self._withdraw(col(RunMemberRow.contribution_id) == contribution_id, at)

    def withdraw_account(self, account_id: AccountId, at: datetime) -> None:
        self._withdraw(col(RunMemberRow.account_id) == account_id, at)

    def _withdraw(self, wanted: ColumnElement[bool], at: datetime) -> None:
        flagged = update(RunMemberRow).where(wanted, col(RunMemberRow.withdrawn_at).is_(None))
        self._rows.change(flagged.values(withdrawn_at=at))

    def withdrawn(self, run_id: RunId) -> int:
        return self._people(run_id, col(RunMemberRow.withdrawn_at).is_not(None))

    def not_covered(self, run_id: RunId, at: datetime) -> int:
        consents = select(col(ConsentRow.id)).where(
            col(ConsentRow.account_id) == col(RunMemberRow.account_id)
        )
        both = int(Purpose.TRAINING | Purpose.SALE)
        covering = consents.where(
            col(ConsentRow.status) == ConsentStatus.IN_FORCE.value,
            col(ConsentRow.purposes).bitwise_and(both) == both,
            col(ConsentRow.kinds).bitwise_and(self._kind_bit(run_id)) != 0,
            col(ConsentRow.expires_at) > at,
        )
        revoking = consents.where(col(ConsentRow.status) == ConsentStatus.REVOKING.value)
        record = select(col(ContributionRow.id)).where(
            col(ContributionRow.id) == col(RunMemberRow.contribution_id),
            col(ContributionRow.status).in_(_KEPT),
        )
        return self._people(
            run_id,
            or_(
                col(RunMemberRow.account_id).is_(None),
                ~exists(covering),
                exists(revoking),
                ~exists(record),
            ),
        )

    def _kind_bit(self, run_id: RunId) -> int:
        kind = self._rows.one(select(col(RunRow.kind)).where(col(RunRow.id) == run_id))
        return 0 if kind is None else 1 << kind

    def _people(self, run_id: RunId, wanted: ColumnElement[bool]) -> int:
        people = select(func.count(func.distinct(col(RunMemberRow.person)))).where(
            col(RunMemberRow.run_id) == run_id, wanted
        )
        (count,) = self._rows.all(people)
        return count

    def name_contents(self, run_id: RunId, cids: Collection[Cid]) -> None:
        self._contents.name(run_id, cids)

    def own_contents(self, run_id: RunId) -> list[Cid]:
        return self._contents.own(run_id)
