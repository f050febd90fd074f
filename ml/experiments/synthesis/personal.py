"""One person at a time: trained on the first days, tested on later ones of the same person."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.evaluation.distances import copied_rows
from ml.evaluation.privacy import FEWEST_PEOPLE, People, nearness
from ml.evaluation.statistics import paired_difference
from ml.evaluation.synthesis import compare_days
from ml.experiments.forecasting.protocol import Rows
from ml.experiments.synthesis.bench import as_list, some, views
from ml.experiments.synthesis.protocol import Protocol, days_as_people
from ml.experiments.synthesis.trainings import SIMPLE, Entry, fitted, singans
from ml.records.cgm.days import GlucoseDays
from ml.scorers.predictive import errors_on, predictive
from ml.training.progress import ProgressSink

Sides = Mapping[str, tuple[GlucoseDays, GlucoseDays]]
REAL = "the_training_days_themselves"
COMPARED = ("sd_off", "tir_off", "lag1_off", "agp_distance", "rate_wasserstein", "hour_mae")
"""What ADA on and off are compared by: distances from the test days, less is better."""


def personal_rows(
    sides: Sides,
    protocol: Protocol,
    seed: int,
    rows: Rows,
    *,
    checkpoints: Path | None,
    progress: ProgressSink,
    train: bool = True,
) -> list[Mapping[str, Any]]:
    """The rows of every person and generator that have this seed.

    Finished rows are taken as they were kept; without `train` there are no others.
    """
    found = []
    for name, (training, test) in sides.items():
        for entry in (None, *_entries(protocol)):
            if seed < (entry.seeds if entry else 1):
                run = _Run(name, training, test, entry, seed, protocol)
                row = _row(run, rows, checkpoints, progress, train)
                found += [row] if row is not None else []
    return found


def planned(sides: Sides, protocol: Protocol) -> list[tuple[str, int, str]]:
    """Label, seed and person of every row but those of the training days themselves."""
    return [
        (entry.label, seed, person)
        for entry in _entries(protocol)
        for seed in range(entry.seeds)
        for person in sides
    ]


def _entries(protocol: Protocol) -> tuple[Entry, ...]:
    settings, seeds = protocol.personal_settings, protocol.personal_seeds
    return (*SIMPLE[:2], *singans(settings, seeds=seeds, plain_seeds=seeds))


def ablation(found: list[Mapping[str, Any]], with_ada: str) -> dict[str, Any]:
    """ADA on − off for each of `COMPARED`, paired by person and seed, interval over people."""
    by_run: dict[tuple[str, int], dict[str, Mapping[str, Any]]] = {}
    for row in found:
        by_run.setdefault((row["person"], row["seed"]), {})[row["label"]] = row
    without = f"{with_ada}-without-ada"
    pairs = [(run, both) for run, both in by_run.items() if with_ada in both and without in both]
    if not pairs:
        return {}
    person = np.array([run[0] for run, _ in pairs])
    rng = np.random.default_rng(0)
    result: dict[str, Any] = {"people": int(np.unique(person).size), "pairs": len(pairs)}
    for name in COMPARED:
        on, off = (
            np.array([both[label]["off"][name] for _, both in pairs])
            for label in (with_ada, without)
        )
        result[name] = {
            "with_ada": float(on.mean()),
            "without_ada": float(off.mean()),
            "difference": as_list(paired_difference(person, on, off, rng=rng)),
        }
    return result


@dataclass(frozen=True)
class _Run:
    """One training on one person's days; without an entry the training days themselves."""

    person: str
    training: GlucoseDays
    test: GlucoseDays
    entry: Entry | None
    seed: int
    protocol: Protocol

    @property
    def key(self) -> str:
        label, settings = (self.entry.label, self.entry.settings) if self.entry else (REAL, "")
        step = self.training.step_minutes
        parts = ("personal", self.person, label, settings, self.seed)
        return self.protocol.key(*parts, step_minutes=step)


def _row(
    run: _Run, rows: Rows, checkpoints: Path | None, progress: ProgressSink, train: bool
) -> Mapping[str, Any] | None:
    name = f"personal-{run.key}"
    kept = rows.find(name)
    if kept is not None or not train:
        return kept and _without_days(kept)
    made = run.training
    told: dict[str, Any] = {"label": REAL, "seed": 0, "training_days": len(made)}
    if run.entry:
        made, told, _ = fitted(
            run.entry,
            run.training,
            seed=[run.protocol.seed, 3, run.seed],
            days=run.protocol.personal_synthetic_days,
            checkpoint=checkpoints / f"{name}.checkpoint" if checkpoints else None,
            progress=progress,
        )
    judged = _judged(run.training, run.test, made, run.protocol)
    row = _without_days({**told, "person": run.person, "test_days": len(run.test), **judged})
    rows.keep(name, row)
    return row


def _without_days(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without the days drawn: one person's synthetic days never leave.

    Rows kept in a folder before this was so are freed of them too.
    """
    return {name: value for name, value in row.items() if name != "shown"}


def _judged(
    training: GlucoseDays, test: GlucoseDays, made: GlucoseDays, protocol: Protocol
) -> dict[str, Any]:
    rng = np.random.default_rng([protocol.seed, 12])
    later = compare_days(test, made, rng=rng, draws=protocol.draws)
    learnt = compare_days(training, made, rng=rng, draws=protocol.draws, redraw_real=False)
    scorer = {"seeds": 1, "epochs": protocol.scorer_epochs}
    taught = some(made, 4 * len(training), rng)
    ours = errors_on(taught, test, rng=np.random.default_rng(protocol.seed), **scorer)
    theirs = errors_on(training, test, rng=np.random.default_rng(protocol.seed), **scorer)
    tstr = predictive(ours, theirs, test, training_days=len(taught), rng=rng)
    return {
        "against_test": {k: as_list(v) for k, v in later.figures.items()},
        "against_training": {k: as_list(v) for k, v in learnt.figures.items()},
        "predictive": {
            "hour": tstr.hour,
            "real_hour": tstr.real_hour,
            "hour_ratio": as_list(tstr.hour_ratio),
            "next_step_ratio": as_list(tstr.next_step_ratio),
            "training_days": tstr.training_days,
        },
        "off": {
            "sd_off": abs(later.figures["sd_ratio"].value - 1),
            "tir_off": abs(later.figures["tir_difference"].value),
            "lag1_off": abs(later.figures["lag1_difference"].value),
            "agp_distance": later.figures["agp_distance"].value,
            "rate_wasserstein": later.figures["rate_wasserstein"].value,
            "hour_mae": tstr.hour,
        },
        "privacy": _privacy(training, test, made, protocol, rng),
    }


def _privacy(
    training: GlucoseDays,
    test: GlucoseDays,
    made: GlucoseDays,
    protocol: Protocol,
    rng: np.random.Generator,
) -> dict[str, Any] | None:
    """Copies of training days, beside later days of the same person; None with too few of them."""
    if len(test) < FEWEST_PEOPLE or len(training) < FEWEST_PEOPLE:
        return None
    inside, outside = (
        People(days.mg_dl, days.person) for days in (days_as_people(training), days_as_people(test))
    )
    found: dict[str, Any] = {"copied_days": copied_rows(made.mg_dl, training.mg_dl)}
    for name, distance in views(made.step_minutes).items():
        near = nearness(inside, outside, made.mg_dl, distance, rng=rng, draws=protocol.draws)
        found[name] = {
            "dcr_share": as_list(near.dcr_share),
            "near_copies": as_list(near.near_copies),
            "too_near": near.too_near,
            "fires": near.fires,
        }
    return found
