"""A cohort's vital signs as one table: split by person, blunted, learnt, judged."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backend.adapters.generators.halves import least_of, require_halves
from backend.adapters.generators.people import Names, at_most, held_out, most_rows
from backend.adapters.generators.recipe import Drawn
from backend.adapters.generators.refits import Refits
from backend.adapters.generators.settings import DRAWS, made, trainings
from backend.adapters.generators.vitals_rows import (
    FEWEST,
    TARGET,
    Side,
    blunt,
    both_blunted,
    by_member,
    cohort_table,
    opened_traces,
    under,
)
from backend.domain.errors import NotEnoughData
from backend.domain.generation import RunPlan
from backend.ports.generators import CohortMember
from ml.evaluation.release.evidence import ReleaseEvidence, Tell
from ml.evaluation.release.tables import TableRefit, table_evidence
from ml.generators.generator import Generator
from ml.publication.release import Release
from ml.records.tables.table import Table, copies, joined
from ml.training.checkpoints import Checkpoints, NoCheckpoints
from ml.training.progress import ProgressSink
from ml.training.stages import Stages

ROUNDS = 20


@dataclass(frozen=True)
class VitalsRecipe:
    """Implements `recipe.Recipe` for tables; see `of`."""

    plan: RunPlan
    training: Side
    holdout: Side
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
        traces, owner = opened_traces(members)
        table, person, trace = cohort_table(traces, owner)
        out = held_out(person, rng=rng)
        most = most_rows(person[~out])
        kept = np.zeros(person.size, dtype=bool)
        for side in (~out, out):
            rows = np.flatnonzero(side)
            kept[rows[at_most(person[rows], most, rng=rng)]] = True
        least = least_of(made(plan, rows_per_person=most))
        require_halves(person[kept], least, generator=plan.generator, things="rows")
        learnt = np.bincount(trace[kept & ~out], minlength=len(traces))
        training = Side(table.take(kept & ~out), person[kept & ~out])
        holdout = Side(table.take(kept & out), person[kept & out])
        if plan.epsilon is None:
            training, holdout = both_blunted(training, holdout)
        return cls(plan, training, holdout, by_member(members, learnt), most)

    def fit(
        self, *, rng: np.random.Generator, progress: ProgressSink, checkpoints: Checkpoints
    ) -> Generator[Table]:
        return self._fitted(self.training, rng, progress, checkpoints)

    def draw(self, generator: Generator[Table], *, rng: np.random.Generator) -> Drawn[Table]:
        real = joined([self.training.rows, self.holdout.rows])
        return self._without_copies(generator, real, self.plan.rows, rng)

    def evidence(
        self, synthetic: Table, *, rng: np.random.Generator, tell: Tell, stages: Stages
    ) -> ReleaseEvidence:
        refits = Refits[Table](
            stages,
            tell,
            total=trainings(self.plan),
            as_array=lambda drawn: drawn.values,
            of_array=lambda cells: Table(self.training.rows.schema, cells),
        )

        def fit_and_sample(
            rows: Table, person: Names, count: int, own: np.random.Generator
        ) -> Table:
            return refits.next(
                lambda fresh, sink: self.again(rows, person, count, fresh, sink), own
            )

        return table_evidence(
            synthetic,
            self.training.rows,
            self.training.person,
            self.holdout.rows,
            self.holdout.person,
            refit=TableRefit(fit_and_sample, models=trainings(self.plan)),
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
        side = Side(rows, person)
        if not self.private:
            side = replace(side, rows=blunt(side))
        generator = self._fitted(side, rng, progress, NoCheckpoints())
        drawn = self._without_copies(generator, side.rows, count, rng).data
        return drawn if self.private else under(drawn, self.training.rows)

    def _fitted(
        self,
        side: Side,
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
        if TARGET in self.training.rows.schema.names:
            said.append(f"Rows without {TARGET} were left out.")
        if self.private:
            said += [
                "Ranges and categories are public ones; none was read off the records.",
                "Which variables there are, how many rows of a person are kept, the figures of "
                "the report and whether the gate opened were decided on the records without "
                "noise: epsilon and delta cover the training of the generator alone.",
            ]
        else:
            said.append(
                f"Bounds and categories with fewer than {FEWEST} training people behind them were "
                f"moved, merged or filled. {synthetic.left_out} drawn rows were equal to a real "
                "one and were drawn again."
            )
        return tuple(said)
