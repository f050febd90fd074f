"""From a cohort to a package, in stages that an interruption leaves in one checkpoint.

Every stage draws from a stream of its own, made from the run's seed, so that a resumed run ends in
the same bytes.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from hashlib import sha256
from math import isfinite
from typing import Any

import numpy as np

from backend.adapters.generators.glucose import GlucoseRecipe
from backend.adapters.generators.licence import LICENCE
from backend.adapters.generators.offers import OFFERS
from backend.adapters.generators.recipe import Drawn, Recipe
from backend.adapters.generators.refits import REFITS, REFITTING
from backend.adapters.generators.vitals import VitalsRecipe
from backend.domain.consent import Kind
from backend.domain.errors import InvalidField, NotEnoughData
from backend.domain.generation import RunPlan
from backend.domain.release import Evidence, GeneratorCard, Measure, Spent
from backend.ports.generators import CohortMember, Generated
from backend.ports.models import Checkpoints, ProgressSink
from ml.evaluation.release.evidence import MEASURES, ReleaseEvidence, Tell
from ml.evaluation.release.evidence import Measure as Measured
from ml.generators.generator import Generator, TooLittleData
from ml.generators.tables.private import NotPublic, PrivacyOutOfReach
from ml.publication.package import build_package, open_package
from ml.publication.release import InvalidRelease
from ml.training.progress import Progress
from ml.training.stages import Stages

READ, LEARNT, DRAWN, NEARNESS, JUDGED, REPORTED = 20, 200, 220, 260, 850, 970
"""Thousandths of the whole at which each stage ends."""
_READING, _FITTING, _DRAWING, _JUDGING, _REPORTING = range(5)
VERSION = "1.0.0"


def make_release(
    members: Sequence[CohortMember],
    plan: RunPlan,
    *,
    seed: int,
    published: date,
    progress: ProgressSink,
    checkpoints: Checkpoints,
) -> Generated:
    """See `ports.generators.CohortGenerators.generate`."""
    progress = _rising(progress)
    progress("reading the cohort's records", 0)
    recipe = _recipe(members, plan, seed)
    try:
        return _made(recipe, plan, seed, published, progress, Stages(checkpoints))
    except TooLittleData as fault:
        raise NotEnoughData(
            f"the cohort's records are too few for {plan.generator}: {fault}",
            needs="more people, or longer records",
            reasons=("too_little_data",),
        ) from fault
    except (PrivacyOutOfReach, NotPublic) as fault:
        raise InvalidField("epsilon", f"{plan.generator} cannot keep it: {fault}") from fault
    except InvalidRelease as fault:
        raise InvalidField("title", f"no package can be made of this: {fault}") from fault


def _rising(progress: ProgressSink) -> ProgressSink:
    """The same, told no less than before, in whatever order evaluation takes its stages."""
    most = 0

    def tell(stage: str, thousandths: int) -> None:
        nonlocal most
        most = max(most, thousandths)
        progress(stage, most)

    return tell


def _recipe(members: Sequence[CohortMember], plan: RunPlan, seed: int) -> Recipe[Any]:
    rng = np.random.default_rng([seed, _READING])
    if plan.kind is Kind.VITALS:
        return VitalsRecipe.of(members, plan, rng=rng)
    if plan.kind is Kind.CGM:
        return GlucoseRecipe.of(members, plan, rng=rng)
    raise InvalidField("kind", f"{plan.kind.name.lower()} records cannot be learnt from")


def _made(
    recipe: Recipe[Any],
    plan: RunPlan,
    seed: int,
    published: date,
    progress: ProgressSink,
    stages: Stages,
) -> Generated:
    synthetic, told = _synthetic(recipe, plan, seed, progress, stages)
    found = _evidence(recipe, synthetic, seed, progress, stages)
    report = recipe.report(
        synthetic.data,
        found,
        rng=np.random.default_rng([seed, _REPORTING]),
        tell=_Share(progress, JUDGED, REPORTED).tell,
    )
    progress("packing", REPORTED)
    card = GeneratorCard(plan.generator, told["version"], told["licence"], told["settings"])
    package = build_package(
        recipe.release(
            synthetic,
            title=plan.title,
            description=plan.description,
            report=report,
            evidence=found.as_json(),
            card=_public_card(card, told),
            people=recipe.people,
            licence=LICENCE,
            published=published,
            version=VERSION,
        )
    )
    opened = open_package(package, expected=sha256(package).digest())
    progress("packed", 999)
    return Generated(
        package=package,
        dataset_digest=opened.dataset_digest,
        report_digest=opened.report_digest,
        evidence=evidence_of(found, told["privacy"]),
        card=card,
        windows=recipe.windows,
    )


def _synthetic(
    recipe: Recipe[Any], plan: RunPlan, seed: int, progress: ProgressSink, stages: Stages
) -> tuple[Drawn[Any], dict[str, Any]]:
    """What was drawn, and what is told of its generator; the generator itself is not kept."""
    kept, told = stages.load("synthetic"), stages.load("told")
    if kept is not None and told is not None:
        return recipe.unpack(kept), json.loads(told)
    share = _Share(progress, READ, LEARNT)
    generator = recipe.fit(
        rng=np.random.default_rng([seed, _FITTING]),
        progress=share.step,
        checkpoints=stages.of("generator_state"),
    )
    progress("drawing", LEARNT)
    drawn = recipe.draw(generator, rng=np.random.default_rng([seed, _DRAWING]))
    said = _told(generator, plan)
    stages.save("told", json.dumps(said).encode())
    stages.finish("synthetic", recipe.pack(drawn), instead_of="generator_state")
    return drawn, said


def _told(generator: Generator[Any], plan: RunPlan) -> dict[str, Any]:
    """Of the generator's card, what certificate and package say: no seed, no count of rows."""
    settings = getattr(generator, "settings", None)
    named = asdict(settings) if is_dataclass(settings) and not isinstance(settings, type) else {}
    spent = getattr(generator, "privacy", None)
    licence = next(offer.licence for offer in OFFERS if offer.name == plan.generator)
    privacy = None if spent is None else spent.as_json()
    told: dict[str, Any] = {
        "version": generator.to_artifact().version,
        "licence": licence,
        "settings": {"kind": generator.kind, "setting": plan.setting, "of_the_network": named},
        "privacy": privacy,
    }
    as_kept: dict[str, Any] = json.loads(json.dumps(told))
    return as_kept


def _public_card(card: GeneratorCard, told: dict[str, Any]) -> dict[str, Any]:
    spent = told["privacy"]
    return {
        "name": card.name,
        "version": str(card.version),
        "licence": card.licence,
        "settings": dict(card.settings),
        "epsilon": None if spent is None else spent["epsilon"],
        "delta": None if spent is None else spent["delta"],
        "accounting": spent,
    }


def _evidence(
    recipe: Recipe[Any], synthetic: Drawn[Any], seed: int, progress: ProgressSink, stages: Stages
) -> ReleaseEvidence:
    kept = json.loads(stages.load("evidence") or b"null")
    if kept is not None and set(MEASURES) <= set(kept["measures"]):
        return _evidence_from(kept)  # else an earlier release kept it, which measured less
    progress("judging", DRAWN)
    found = recipe.evidence(
        synthetic.data,
        rng=np.random.default_rng([seed, _JUDGING]),
        tell=_judging(progress),
        stages=stages,
    )
    stages.finish("evidence", json.dumps(found.as_json()).encode(), instead_of=REFITS)
    return found


def _evidence_from(kept: dict[str, Any]) -> ReleaseEvidence:
    measures = {
        name: Measured(**{figure: _number(value) for figure, value in one.items()})
        for name, one in kept["measures"].items()
    }
    counts = {name: value for name, value in kept.items() if name != "measures"}
    return ReleaseEvidence(**counts, measures=measures)


def _number(value: Any) -> Any:
    return float("nan") if value is None else value


def evidence_of(found: ReleaseEvidence, spent: dict[str, Any] | None) -> Evidence:
    """As the gate judges it: a figure that could not be had was not measured, and so fails."""
    measures = {
        name: Measure(one.value, one.low, one.high, one.n, one.protocol)
        for name, one in found.measures.items()
        if all(isfinite(figure) for figure in (one.value, one.low, one.high))
    }
    privacy = None
    if spent is not None:
        privacy = Spent(
            epsilon=max(spent["epsilon"], spent["second_epsilon"]),
            delta=spent["delta"],
            second_epsilon=min(spent["epsilon"], spent["second_epsilon"]),
            accountant=f"{spent['accountant']}, {spent['second_accountant']}",
        )
    return Evidence(
        people=found.people,
        training_people=found.training_people,
        holdout_people=found.holdout_people,
        largest_share=found.largest_share,
        synthetic_rows=found.synthetic_rows,
        measures=measures,
        privacy=privacy,
    )


def _judging(progress: ProgressSink) -> Tell:
    """Trainings take nearly all of the time that judging takes."""
    nearness = _Share(progress, DRAWN, NEARNESS)
    refitting = _Share(progress, NEARNESS, JUDGED)

    def tell(stage: str, done: int, total: int) -> None:
        (refitting if stage == REFITTING else nearness).tell(stage, done, total)

    return tell


class _Share:
    """One stage's part of the whole, in thousandths, which never fall."""

    def __init__(self, progress: ProgressSink, start: int, end: int) -> None:
        self._progress, self._start, self._end = progress, start, end
        self._most = start

    def tell(self, stage: str, done: int, total: int) -> None:
        reached = self._start + (self._end - self._start) * done // max(1, total)
        self._most = max(self._most, min(reached, self._end))
        self._progress(stage, self._most)

    def step(self, progress: Progress) -> None:
        """The same for what a training says."""
        self.tell(progress.stage, progress.done, progress.total)
