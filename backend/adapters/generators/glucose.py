"""A cohort's glucose as whole days: split by person, blunted, learnt, judged."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.adapters.generators.halves import least_of, require_halves
from backend.adapters.generators.people import at_most, held_out, most_rows
from backend.adapters.generators.reading import glucose_trace
from backend.adapters.generators.recipe import Drawn
from backend.adapters.generators.refits import Refits
from backend.adapters.generators.settings import DRAWS, made, trainings
from backend.domain.errors import NotEnoughData
from backend.domain.generation import RunPlan
from backend.ports.generators import CohortMember
from ml.evaluation.release.blunting import bounds
from ml.evaluation.release.days import DaysRefit, days_evidence
from ml.evaluation.release.evidence import ReleaseEvidence, Tell
from ml.generators.generator import Generator
from ml.generators.synthetic_days import synthetic_days
from ml.publication.release import Release
from ml.records.cgm.days import GlucoseDays, whole_days
from ml.records.cgm.joining import joined_grid
from ml.records.cgm.trace import CgmTrace
from ml.training.checkpoints import Checkpoints, NoCheckpoints
from ml.training.progress import ProgressSink
from ml.training.stages import Stages

FEWEST = 5
"""People behind the lowest and the highest reading that a generator sees."""
STEP_MINUTES = 15
QUICK_STEP_MINUTES = 60
ROUNDS = 20


@dataclass(frozen=True)
class GlucoseRecipe:
    """Implements `recipe.Recipe` for days of glucose; see `of`."""

    plan: RunPlan
    training: GlucoseDays
    holdout: GlucoseDays
    windows: Mapping[str, tuple[int, ...]]
    most: int

    @property
    def people(self) -> int:
        return int(np.unique(self.training.person).size)

    @classmethod
    def of(
        cls, members: Sequence[CohortMember], plan: RunPlan, *, rng: np.random.Generator
    ) -> "GlucoseRecipe":
        """The cohort's days; `NotEnoughData` and `UnreadableRecord` as the port says."""
        step = QUICK_STEP_MINUTES if _hourly(plan) else STEP_MINUTES
        opened = {member.pseudonym: _opened(member) for member in members}
        grids = [
            joined_grid(traces, person=name)
            for name, traces in opened.items()
            if any(len(trace) for trace in traces)
        ]
        days = whole_days(grids, step_minutes=step)
        out = held_out(days.person, rng=rng)
        most = most_rows(days.person[~out])
        kept = np.zeros(len(days), dtype=bool)
        for side in (~out, out):
            rows = np.flatnonzero(side)
            kept[rows[at_most(days.person[rows], most, rng=rng)]] = True
        least = least_of(made(plan, rows_per_person=most))
        require_halves(days.person[kept], least, generator=plan.generator, things="days")
        training, holdout = days.take(kept & ~out), days.take(kept & out)
        windows = {name: _windows(traces, name, training) for name, traces in opened.items()}
        low, high = _shared_bounds(training)
        return cls(plan, _within(training, low, high), _within(holdout, low, high), windows, most)

    def fit(
        self, *, rng: np.random.Generator, progress: ProgressSink, checkpoints: Checkpoints
    ) -> Generator[GlucoseDays]:
        generator = made(self.plan, rows_per_person=self.most)
        generator.fit(self.training, rng=rng, progress=progress, checkpoints=checkpoints)
        return generator

    def draw(
        self, generator: Generator[GlucoseDays], *, rng: np.random.Generator
    ) -> Drawn[GlucoseDays]:
        real = np.concatenate([self.training.mg_dl, self.holdout.mg_dl])
        return _without_copies(generator, real, self.plan.rows, rng)

    def evidence(
        self, synthetic: GlucoseDays, *, rng: np.random.Generator, tell: Tell, stages: Stages
    ) -> ReleaseEvidence:
        refits = Refits[GlucoseDays](
            stages,
            tell,
            total=trainings(self.plan),
            as_array=lambda drawn: drawn.mg_dl,
            of_array=lambda mg_dl: synthetic_days(mg_dl, self.plan.generator),
        )

        def fit_and_sample(days: GlucoseDays, count: int, own: np.random.Generator) -> GlucoseDays:
            return refits.next(lambda fresh, sink: self.again(days, count, fresh, sink), own)

        return days_evidence(
            synthetic,
            self.training,
            self.holdout,
            refit=DaysRefit(fit_and_sample, models=trainings(self.plan)),
            rng=rng,
            progress=tell,
        )

    def report(
        self,
        synthetic: GlucoseDays,
        evidence: ReleaseEvidence,
        *,
        rng: np.random.Generator,
        tell: Tell,
    ) -> dict[str, Any]:
        from backend.adapters.generators.judges import discriminative_score, forecast_errors
        from ml.evaluation.tables.report_days import days_report

        return days_report(
            synthetic,
            self.training,
            self.holdout,
            rng=rng,
            progress=tell,
            discriminator=discriminative_score,
            forecaster=forecast_errors,
            privacy={name: each.as_json() for name, each in evidence.measures.items()},
            draws=DRAWS[self.plan.setting],
        )

    def release(self, synthetic: Drawn[GlucoseDays], **told: Any) -> Release:
        return Release(
            kind="cgm",
            data=synthetic.data,
            preparation=(
                "Whole days of which at least 90 % is known; gaps bridged by straight lines, "
                f"readings averaged over {synthetic.data.step_minutes} minutes.",
                f"A third of the people were held out. Nobody has more than {self.most} days on "
                "either side, a twentieth of the training days at most; others were left out by "
                "lot.",
                f"Readings beyond what {FEWEST} training people reach were moved there. "
                f"{synthetic.left_out} drawn days were equal to a real one and were drawn again.",
            ),
            **told,
        )

    def pack(self, synthetic: Drawn[GlucoseDays]) -> bytes:
        out = io.BytesIO()
        days = synthetic.data
        np.savez(
            out,
            mg_dl=days.mg_dl,
            person=days.person,
            day=days.day.astype(np.int64),
            left_out=np.array(synthetic.left_out),
        )
        return out.getvalue()

    def unpack(self, packed: bytes) -> Drawn[GlucoseDays]:
        with np.load(io.BytesIO(packed), allow_pickle=False) as kept:
            days = GlucoseDays(
                self.training.step_minutes,
                kept["mg_dl"],
                kept["person"],
                kept["day"].astype("datetime64[D]"),
            )
            return Drawn(days, int(kept["left_out"]))

    def again(
        self, days: GlucoseDays, count: int, rng: np.random.Generator, progress: ProgressSink
    ) -> GlucoseDays:
        """All that was done for the release, on the days of some of the people."""
        inside = _within(days, *_shared_bounds(days))
        generator = made(self.plan, rows_per_person=self.most)
        generator.fit(inside, rng=rng, progress=progress, checkpoints=NoCheckpoints())
        return _without_copies(generator, inside.mg_dl, count, rng).data


def _hourly(plan: RunPlan) -> bool:
    return plan.generator == "singan" and plan.setting == "quick"


def _opened(member: CohortMember) -> tuple[CgmTrace, ...]:
    return tuple(glucose_trace(canonical) for canonical in member.canonicals)


def _windows(traces: Sequence[CgmTrace], name: str, training: GlucoseDays) -> tuple[int, ...]:
    """How many of the person's training days are each trace's; a day of two is the first one's."""
    left = set(training.day[training.person == name].tolist())
    counts = []
    for trace in traces:
        own = left & set(trace.local.astype("datetime64[D]").tolist())
        counts.append(len(own))
        left -= own
    return tuple(counts)


def _shared_bounds(days: GlucoseDays) -> tuple[float, float]:
    """The lowest and the highest reading that `FEWEST` people reach."""
    whose = np.unique(days.person, return_inverse=True)[1]
    if int(whose.max()) + 1 < FEWEST:
        raise NotEnoughData(
            f"fewer than {FEWEST} people have whole days",
            needs="more people with whole days",
            reasons=("too_few_people",),
        )
    steps = days.mg_dl.shape[1]
    return bounds(days.mg_dl.ravel().astype(np.float64), np.repeat(whose, steps), FEWEST)


def _within(days: GlucoseDays, low: float, high: float) -> GlucoseDays:
    return replace(days, mg_dl=np.clip(days.mg_dl, low, high).astype(np.float32))


def _without_copies(
    generator: Generator[GlucoseDays],
    real: npt.NDArray[np.float32],
    count: int,
    rng: np.random.Generator,
) -> Drawn[GlucoseDays]:
    """Drawn again for every day that is, in whole mg/dL, a real one."""
    known = {day.tobytes() for day in np.rint(real)}
    found, left_out = generator.sample(count, rng=rng), 0
    for _ in range(ROUNDS):
        equal = np.array([day.tobytes() in known for day in np.rint(found.mg_dl)])
        if not equal.any():
            return Drawn(found, left_out)
        left_out += int(equal.sum())
        fresh = generator.sample(int(equal.sum()), rng=rng)
        mg_dl = found.mg_dl.copy()
        mg_dl[equal] = fresh.mg_dl
        found = replace(found, mg_dl=mg_dl)
    raise NotEnoughData(
        "the generator draws nothing but real days",
        needs="days that differ more from each other",
        reasons=("nothing_but_copies",),
    )
