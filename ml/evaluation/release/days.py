"""The evidence of synthetic days of glucose: the same measures as of any table.

Copies are looked for under three distances (docs/decisions/0421): the day as it is, the day moved
by up to an hour with its level out, and the most alike window of six hours. Each may accuse.
Parts of days are looked for by hours with the same readings at the same time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.distances import Distance, copied_rows, day_distance, rms, window_distance
from ml.evaluation.nearness import by_person, difference_of_means, shared_level
from ml.evaluation.neighbours import SearchUnder
from ml.evaluation.release.evidence import Measure, ReleaseEvidence, Tell, count, tell_nobody
from ml.evaluation.release.judging import (
    Sides,
    Surroundings,
    nearness_measures,
    one_of_several,
    outlier_exposure,
    people_across_split,
    surroundings,
)
from ml.evaluation.release.membership import by_refitting, on_one_split, refitted_measures
from ml.evaluation.release.partial import equal_hours, partial_measures
from ml.evaluation.release.refitting import MODELS
from ml.records.cgm.days import GlucoseDays

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]

KNOWN_HOURS = 18
"""From midnight; what an attacker knows of a day whose rest they infer."""
_WIDE = 100.0  # mg/dL; a guess that is off by more is worth nothing
_NEAR = ("too_near", "near_copies", "dcr_share", "nndr_below")


@dataclass(frozen=True)
class DaysRefit:
    """How a generator of the release's settings is trained anew.

    Attributes:
        fit_and_sample: (days of half of the people, how many days to draw, rng) to synthetic days.
        models: trainings.
    """

    fit_and_sample: Callable[[GlucoseDays, int, np.random.Generator], GlucoseDays]
    models: int = MODELS


def days_evidence(
    synthetic: GlucoseDays,
    training: GlucoseDays,
    holdout: GlucoseDays,
    *,
    refit: DaysRefit | None = None,
    rng: np.random.Generator,
    progress: Tell = tell_nobody,
) -> ReleaseEvidence:
    """What the synthetic days give away of the training's people; see `table_evidence`.

    Raises:
        ValueError: too few people on a side, no synthetic day, or days of different steps.
    """
    steps = {days.step_minutes for days in (synthetic, training, holdout)}
    if len(steps) > 1:
        raise ValueError(f"days of steps of {sorted(steps)} min: bring all to one step first")
    sides = Sides(
        synthetic.mg_dl, training.mg_dl, training.person, holdout.mg_dl, holdout.person,
        np.concatenate([training.mg_dl, holdout.mg_dl]),
    )  # fmt: skip
    near = {
        name: surroundings(sides, SearchUnder(distance), progress)
        for name, distance in _views(training.step_minutes).items()
    }
    measures = {
        "exact_matches": count(
            copied_rows(synthetic.mg_dl, training.mg_dl), len(synthetic),
            "synthetic days equal to a training day when both are rounded to mg/dL",
        ),
        **_nearness(sides, near, rng),
        "membership_auc": on_one_split(sides, near["day"], rng=rng),
        "attribute_advantage": _attributes(sides, training.step_minutes),
        "outlier_exposure": outlier_exposure(sides, near["day"]),
        "people_across_split": people_across_split(sides, near["day"]),
    }  # fmt: skip
    if refit is not None:
        measures["membership_auc_of_one_split"] = measures["membership_auc"]
        measures |= _refitted(sides, near["day"], training, holdout, refit, rng, progress)
    progress("partial copies", 0, 1)
    hours = equal_hours(sides.real, sides.synthetic)
    measures |= partial_measures(sides, (hours,), rng=rng)
    everybody, trained, held = (
        int(np.unique(each).size) for each in (sides.person, training.person, holdout.person)
    )
    return ReleaseEvidence(everybody, trained, held, sides.largest_share, len(synthetic), measures)


def _views(step_minutes: int) -> dict[str, Distance]:
    return {
        "day": day_distance(step_minutes=step_minutes),
        "shifted day": day_distance(step_minutes=step_minutes, shift_minutes=60, level=False),
        "window": window_distance(step_minutes=step_minutes),
    }


def _nearness(
    sides: Sides[Floats], near: dict[str, Surroundings], rng: np.random.Generator
) -> dict[str, Measure]:
    found = {
        name: nearness_measures(sides, each, rng=rng, views=len(near))
        for name, each in near.items()
    }
    return {
        measure: one_of_several([(name, each[measure]) for name, each in found.items()])
        for measure in _NEAR
    }


def _attributes(sides: Sides[Floats], step_minutes: int) -> Measure:
    """How much better the evening's mean is inferred from the rest of the day, of training people.

    As in `attribute_advantage` of tables, the guess from other people's real days is the measure.
    """
    until = KNOWN_HOURS * 60 // step_minutes
    search = SearchUnder(rms)
    known, evening = sides.real[:, :until], sides.real[:, until:].mean(axis=1)
    made = search(known, sides.synthetic[:, :until], k=1).index[:, 0]
    others = search(known, known, k=1, owner=sides.person, other_owner=sides.person).index[:, 0]
    likeness = _alike(sides.synthetic[made, until:].mean(axis=1), evening)
    gained = likeness - _alike(evening[others], evening)
    ours, theirs = (
        by_person(sides.person[side], gained[side], "mean")[1]
        for side in (sides.member, ~sides.member)
    )
    found = difference_of_means(ours, theirs, level=shared_level(1))
    return Measure(
        found.value, found.low, found.high, ours.size + theirs.size,
        "how much more alike guess and truth are for training than for holdout people, of the mean "
        f"after {KNOWN_HOURS}:00 guessed from the synthetic day most alike until then; "
        f"{shared_level(1):.1%} interval over people",
    )  # fmt: skip


def _alike(guess: Floats, truth: Floats) -> Floats:
    return 1 - np.minimum(np.abs(guess - truth) / _WIDE, 1.0)


def _refitted(
    sides: Sides[Floats],
    near: Surroundings,
    training: GlucoseDays,
    holdout: GlucoseDays,
    refit: DaysRefit,
    rng: np.random.Generator,
    progress: Tell,
) -> dict[str, Measure]:
    both = GlucoseDays(
        training.step_minutes,
        sides.real,
        sides.person,
        np.concatenate([training.day, holdout.day]),
    )

    def fit_and_sample(chosen: npt.NDArray[np.bool_], own: np.random.Generator) -> Floats:
        return refit.fit_and_sample(both.take(chosen), len(sides.synthetic), own).mg_dl

    search = SearchUnder(day_distance(step_minutes=training.step_minutes))
    return refitted_measures(
        by_refitting(
            sides, near, search, fit_and_sample, models=refit.models, rng=rng, progress=progress
        )
    )
