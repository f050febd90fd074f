"""A cohort's vital signs as one table: split by person, blunted, learnt, judged."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.adapters.generators.people import Mask, Names, at_most, held_out, most_rows
from backend.adapters.generators.recipe import Drawn
from backend.adapters.generators.settings import DRAWS, made, trainings
from backend.domain.errors import NotEnoughData, UnreadableRecord
from backend.domain.generation import RunPlan
from backend.ports.generators import CohortMember
from ml.evaluation.release.blunting import blunted, conformed
from ml.evaluation.release.evidence import ReleaseEvidence, Tell
from ml.evaluation.release.tables import TableRefit, table_evidence
from ml.generators.generator import Generator
from ml.publication.release import Release
from ml.records.errors import UnreadableRecord as Unreadable
from ml.records.tables.table import InvalidTable, Table, copies, joined
from ml.records.vitals.canonical import from_canonical_bytes
from ml.records.vitals.table import vitals_table
from ml.records.vitals.trace import VitalsTrace
from ml.training.checkpoints import Checkpoints, NoCheckpoints
from ml.training.progress import Progress, ProgressSink

FEWEST = 5
"""People behind every bound and category that a generator sees."""
ROUNDS = 20
TARGET = "status"


@dataclass(frozen=True)
class _Side:
    rows: Table
    person: Names

    def take(self, which: Mask) -> "_Side":
        return _Side(self.rows.take(which), self.person[which])


@dataclass(frozen=True)
class VitalsRecipe:
    """Implements `recipe.Recipe` for tables; see `of`."""

    plan: RunPlan
    training: _Side
    holdout: _Side
    windows: Mapping[str, tuple[int, ...]]
    most: int

    @property
    def people(self) -> int:
        return int(np.unique(self.training.person).size)

    @property
    def private(self) -> bool:
        """Whether bounds and copies must not be looked at in the training rows."""
        return self.plan.epsilon is not None

    @classmethod
    def of(
        cls, members: Sequence[CohortMember], plan: RunPlan, *, rng: np.random.Generator
    ) -> "VitalsRecipe":
        """The cohort's rows; `NotEnoughData` and `UnreadableRecord` as the port says."""
        traces, owner = _opened(members)
        table, person, trace = _table(traces, owner)
        out = held_out(person, rng=rng)
        most = most_rows(person[~out])
        kept = np.zeros(person.size, dtype=bool)
        for side in (~out, out):
            rows = np.flatnonzero(side)
            kept[rows[at_most(person[rows], most, rng=rng)]] = True
        learnt = np.bincount(trace[kept & ~out], minlength=len(traces))
        training = _Side(table.take(kept & ~out), person[kept & ~out])
        holdout = _Side(table.take(kept & out), person[kept & out])
        if plan.epsilon is None:
            training, holdout = _blunted(training, holdout)
        return cls(plan, training, holdout, _by_member(members, learnt), most)

    def fit(
        self, *, rng: np.random.Generator, progress: ProgressSink, checkpoints: Checkpoints
    ) -> Generator[Table]:
        return self._fitted(self.training, rng, progress, checkpoints)

    def draw(self, generator: Generator[Table], *, rng: np.random.Generator) -> Drawn[Table]:
        real = joined([self.training.rows, self.holdout.rows])
        return self._without_copies(generator, real, self.plan.rows, rng)

    def evidence(
        self, synthetic: Table, *, rng: np.random.Generator, tell: Tell
    ) -> ReleaseEvidence:
        return table_evidence(
            synthetic,
            self.training.rows,
            self.training.person,
            self.holdout.rows,
            self.holdout.person,
            refit=TableRefit(_Refitting(self, tell), models=trainings(self.plan)),
            rng=rng,
            progress=tell,
        )

    def report(
        self,
        synthetic: Table,
        evidence: ReleaseEvidence,
        *,
        rng: np.random.Generator,
        tell: Tell,
    ) -> dict[str, Any]:
        from ml.evaluation.tables.report import table_report
        from ml.scorers.table_learners import boosting, logistic

        return table_report(
            synthetic,
            self.training.rows,
            self.training.person,
            self.holdout.rows,
            self.holdout.person,
            learners={"boosting": boosting, "logistic": logistic},
            rng=rng,
            progress=tell,
            privacy={name: each.as_json() for name, each in evidence.measures.items()},
            real_counts="none" if self.private else "suppressed",
            draws=DRAWS[self.plan.setting],
        )

    def release(self, synthetic: Drawn[Table], **told: Any) -> Release:
        return Release(
            kind="vitals", data=synthetic.data, preparation=self._preparation(synthetic), **told
        )

    def pack(self, synthetic: Drawn[Table]) -> bytes:
        out = io.BytesIO()
        np.savez(out, values=synthetic.data.values, left_out=np.array(synthetic.left_out))
        return out.getvalue()

    def unpack(self, packed: bytes) -> Drawn[Table]:
        with np.load(io.BytesIO(packed), allow_pickle=False) as kept:
            return Drawn(Table(self.training.rows.schema, kept["values"]), int(kept["left_out"]))

    def again(
        self,
        rows: Table,
        person: Names,
        count: int,
        rng: np.random.Generator,
        progress: ProgressSink,
    ) -> Table:
        """All that was done for the release, on some of the people, in the release's schema."""
        side = _Side(rows, person)
        if not self.private:
            side = replace(side, rows=_blunt(side)[0])
        generator = self._fitted(side, rng, progress, NoCheckpoints())
        drawn = self._without_copies(generator, side.rows, count, rng).data
        return drawn if self.private else _under(drawn, self.training.rows)

    def _fitted(
        self,
        side: _Side,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> Generator[Table]:
        generator = made(self.plan, rows_per_person=self.most)
        named: dict[str, Any] = {"persons": side.person} if self.private else {}
        generator.fit(side.rows, rng=rng, progress=progress, checkpoints=checkpoints, **named)
        return generator

    def _without_copies(
        self, generator: Generator[Table], real: Table, count: int, rng: np.random.Generator
    ) -> Drawn[Table]:
        """Drawn again for every row that is a real one; a private release does not look."""
        found = generator.sample(count, rng=rng)
        if self.private:
            return Drawn(found, 0)
        left_out = 0
        for _ in range(ROUNDS):
            equal = copies(found, real)
            if not equal.any():
                return Drawn(found, left_out)
            left_out += int(equal.sum())
            fresh = generator.sample(int(equal.sum()), rng=rng)
            found = joined([found.take(~equal), fresh])
        equal = copies(found, real)
        if equal.all():
            raise NotEnoughData(
                "the table has so few different rows that every synthetic one is a real one",
                needs="records with more variables, or with finer ones",
                reasons=("nothing_but_copies",),
            )
        return Drawn(found.take(~equal), left_out + int(equal.sum()))

    def _preparation(self, synthetic: Drawn[Table]) -> tuple[str, ...]:
        said = [
            "Variables are those that at least half of the people have, in public ranges.",
            f"A third of the people were held out. Nobody has more than {self.most} rows on "
            "either side, a twentieth of the training rows at most; others were left out by lot.",
        ]
        if self.private:
            said.append("Ranges and categories are public ones; none was read off the records.")
        else:
            said.append(
                f"Bounds and categories with fewer than {FEWEST} training people behind them were "
                f"moved, merged or filled. {synthetic.left_out} drawn rows were equal to a real "
                "one and were drawn again."
            )
        return tuple(said)


@dataclass
class _Refitting:
    """A generator trained anew, and the work stopped when it is to be."""

    recipe: VitalsRecipe
    tell: Tell
    done: int = 0

    def __call__(self, rows: Table, person: Names, count: int, rng: np.random.Generator) -> Table:
        drawn = self.recipe.again(rows, person, count, rng, self._step)
        self.done += 1
        return drawn

    def _step(self, _: Progress) -> None:
        self.tell("membership by refitting", self.done, trainings(self.recipe.plan))


def _opened(members: Sequence[CohortMember]) -> tuple[list[VitalsTrace], list[str]]:
    traces, owner = [], []
    for member in members:
        for canonical in member.canonicals:
            try:
                traces.append(from_canonical_bytes(canonical))
            except Unreadable as fault:
                raise UnreadableRecord(f"a record of the cohort cannot be read: {fault}") from fault
            owner.append(member.pseudonym)
    return traces, owner


def _table(
    traces: list[VitalsTrace], owner: list[str]
) -> tuple[Table, Names, npt.NDArray[np.intp]]:
    """Rows of everybody, whose each is, and of which trace."""
    try:
        table, _ = vitals_table(traces, owner)
    except InvalidTable as fault:
        raise NotEnoughData(
            f"the cohort's records make no table: {fault}",
            needs="people with vital signs in common",
            reasons=("no_table",),
        ) from fault
    names = table.schema.names
    rows = [_rows(trace, names) for trace in traces]
    trace = np.repeat(np.arange(len(traces)), rows)
    person = np.array(owner, dtype=np.str_)[trace]
    target = TARGET if TARGET in names else None
    if target is not None:
        known = ~np.isnan(table.column(target))
        table, person, trace = table.take(known), person[known], trace[known]
        columns = tuple(
            replace(column, missing=False) if column.name == target else column
            for column in table.schema.columns
        )
        table = Table(replace(table.schema, columns=columns, target=target), table.values)
    return table, person, trace


def _rows(trace: VitalsTrace, names: Sequence[str]) -> int:
    """How many rows of the table are the trace's: those with any of its columns."""
    known = [~np.isnan(trace.column(name)) for name in names if name in trace.variables]
    return int(np.any(known, axis=0).sum()) if known else 0


def _blunted(training: _Side, holdout: _Side) -> tuple[_Side, _Side]:
    training = _with_target_that_holds(training)
    rows, _ = _blunt(training)
    others = holdout.rows.with_target(training.rows.schema.target)
    return replace(training, rows=rows), replace(holdout, rows=conformed(others, rows))


def _with_target_that_holds(side: _Side) -> _Side:
    """A class of which too few people are is merged like any category, and foretold by nobody."""
    target = side.rows.schema.target
    if target is None:
        return side
    cells = side.rows.column(target)
    classes = range(len(side.rows.schema.column(target).categories))
    people = [np.unique(side.person[cells == code]).size for code in classes]
    if any(0 < count < 2 * FEWEST for count in people):
        return replace(side, rows=side.rows.with_target(None))
    return side


def _blunt(side: _Side) -> tuple[Table, Any]:
    try:
        return blunted(side.rows, side.person, fewest=FEWEST)
    except ValueError as fault:
        rows = side.rows.with_target(None)
        if side.rows.schema.target is None:
            raise NotEnoughData(
                f"the cohort's table cannot be shown: {fault}",
                needs="more people with the same vital signs",
                reasons=("too_few_people",),
            ) from fault
        return blunted(rows, side.person, fewest=FEWEST)


def _under(table: Table, release: Table) -> Table:
    """Rows of a half's generator under the release's schema: what the half left out is usual."""
    held = {column.name: column for column in table.schema.columns}
    columns, cells = [], []
    for column in release.schema.columns:
        if column.name in held:
            columns.append(held[column.name])
            cells.append(table.column(column.name))
        else:
            columns.append(replace(column, missing=True))
            cells.append(np.full(len(table), np.nan))
    schema = replace(release.schema, columns=tuple(columns), dependencies=(), target=None)
    return conformed(Table(schema, np.column_stack(cells)), release)


def _by_member(
    members: Sequence[CohortMember], learnt: npt.NDArray[np.intp]
) -> dict[str, tuple[int, ...]]:
    found, at = {}, 0
    for member in members:
        found[member.pseudonym] = tuple(
            int(count) for count in learnt[at : at + len(member.canonicals)]
        )
        at += len(member.canonicals)
    return found
