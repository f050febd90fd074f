"""Do synthetic days of a person help that person's forecast? Six people, three seeds each.

A base network learns from everybody else. Each person's first ten days fine-tune it, with and
without synthetic days that a personal SinGAN made of the same ten; all that comes later is the
test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ml.evaluation.forecast import bootstrap_mean
from ml.experiments.cohorts import Person, split_by_person
from ml.experiments.forecast_windows import require_disjoint, windows_of
from ml.experiments.forecasting.protocol import Protocol, Rows
from ml.experiments.forecasting.tables import rounded
from ml.generators.singan import SinGan
from ml.generators.singan_settings import DEMO, SinGanSettings
from ml.models.fine_tuning import FINE_TUNING, Standing, best_of, fine_tune, split_by_time
from ml.models.recurrent import Gru, Recurrent
from ml.records.cgm.day_grids import grids_of_days
from ml.records.cgm.days import whole_days
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.windows import ForecastWindows, forecast_windows
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import Part, Progress, ProgressSink
from ml.training.quantiles import Settings

PEOPLE, SEEDS, DAYS = 6, 3, 10
ITERATIONS = 60
"""A quarter of what a patient's own training takes: eighteen trainings, one core."""
_TEST_LEAST = 200
ARMS = ("base", "real", "real_and_synthetic")


def ablation(
    everybody: Sequence[Person],
    protocol: Protocol,
    rows: Rows,
    progress: ProgressSink,
    *,
    iterations: int = ITERATIONS,
) -> dict[str, Any]:
    """Arms and their paired differences, people × seeds; finished pairs are kept.

    Args:
        iterations: of every scale of the SinGAN.
    """
    people, seeds = (2, 1) if protocol.quick else (PEOPLE, SEEDS)
    singan = replace(DEMO, iterations=2 if protocol.quick else iterations)
    chosen = _chosen(everybody, people)
    base: Recurrent | None = None
    results: list[Mapping[str, Any]] = []
    pairs = len(chosen) * seeds
    for index, person in enumerate(chosen):
        for seed in range(seeds):
            at = index * seeds + seed
            name = f"ablation-{singan.iterations}-{index}-{seed}"
            row = rows.find(name)
            if row is None:
                base = base or _base(everybody, chosen, protocol, Part(progress, 0.0, 0.0))
                part = Part(progress, at / pairs, (at + 1) / pairs)
                row = _pair(person, base, singan, [protocol.seed, index, seed], part)
                rows.keep(name, row)
            results.append({"person": index, **row})
            stage = f"ablation, person {index + 1}, seed {seed}"
            progress(Progress(stage, round(1000 * (at + 1) / pairs), 1000))
    return _summary(results, chosen, seeds, singan, protocol)


def _chosen(everybody: Sequence[Person], count: int) -> list[Person]:
    """The first by name with enough readings in and after ten days, interpolated sets last."""
    able = []
    for person in everybody:
        first, later = parted(person.grid)
        days = whole_days([first], step_minutes=15)
        test = windows_of([later], stride=3, most=10_000)
        if len(days) >= DAYS - 1 and len(test) >= _TEST_LEAST:
            able.append(person)
    by_cohort = sorted(able, key=lambda p: (p.cohort == "hupa", p.name))
    return by_cohort[:count]


def parted(grid: GlucoseGrid) -> tuple[GlucoseGrid, GlucoseGrid]:
    """The first ten days, and what comes after them."""
    steps = DAYS * 1440 // grid.step_minutes
    worn = np.flatnonzero(grid.observed)
    start = int(worn[0]) if worn.size else 0
    return _part(grid, slice(start, start + steps)), _part(grid, slice(start + steps, None))


def _part(grid: GlucoseGrid, which: slice) -> GlucoseGrid:
    return GlucoseGrid(
        grid.person,
        grid.step_minutes,
        grid.moments[which],
        grid.minute_of_day[which],
        grid.mg_dl[which],
        grid.observed[which],
    )


def _base(
    everybody: Sequence[Person],
    chosen: Sequence[Person],
    protocol: Protocol,
    progress: ProgressSink,
) -> Recurrent:
    """A network of everybody but the chosen."""
    names = {person.name for person in chosen}
    rng = np.random.default_rng([protocol.seed, 77])
    others = [person for person in everybody if person.name not in names]
    learnt, held = split_by_person(others, shares=[0.75, 0.25], rng=rng)
    stride, most = protocol.train_stride, protocol.train_most
    train = windows_of([p.grid for p in learnt], stride=stride, most=most)
    validation = windows_of([p.grid for p in held], stride=stride, most=most)
    own = windows_of([p.grid for p in chosen], stride=stride, most=most)
    require_disjoint(train, validation, own)
    base = Gru(Settings(epochs=protocol.epochs))
    base.fit(train, validation, rng=rng, progress=progress)
    return base


def _pair(
    person: Person,
    base: Recurrent,
    settings: SinGanSettings,
    seed: Sequence[int],
    progress: ProgressSink,
) -> dict[str, Any]:
    """All arms of one person and seed, on everything after the tenth day."""
    first, later = parted(person.grid)
    train, validation = split_by_time(forecast_windows(first, stride=2), (0.75, 0.25))
    synthetic = _synthetic(first, train, settings, seed, Part(progress, 0.0, 0.6))
    tuned = {
        arm: fine_tune(
            base,
            train,
            validation,
            synthetic=added,
            settings=FINE_TUNING,
            rng=np.random.default_rng(seed),
            progress=Part(progress, start, start + 0.2),
        )
        for arm, added, start in (("real", None, 0.6), ("real_and_synthetic", synthetic, 0.8))
    }
    test = windows_of([later], stride=1, most=4000)
    choice = best_of({"base": base, **tuned}, test)
    return {arm: _as_row(choice.standings[arm]) for arm in ARMS} | {"windows": len(test)}


def _synthetic(
    first: GlucoseGrid,
    train: ForecastWindows,
    settings: SinGanSettings,
    seed: Sequence[int],
    progress: ProgressSink,
) -> ForecastWindows:
    """Windows of twice as many synthetic days as there are days that train, and are seen alone."""
    end = int(np.searchsorted(first.moments, train.moment.max())) + 1
    days = whole_days([_part(first, slice(None, end))], step_minutes=settings.step_minutes)
    generator = SinGan(replace(settings, least_days=min(settings.least_days, len(days))))
    rng = np.random.default_rng(seed)
    generator.fit(days, rng=rng, progress=progress, checkpoints=NoCheckpoints())
    made = generator.sample(2 * len(days), rng=rng)
    return windows_of(grids_of_days(made), stride=1, most=200)


def _as_row(standing: Standing) -> dict[str, Any]:
    return {
        "pinball": round(standing.pinball, 4),
        "rmse": [round(value, 3) for value in standing.rmse],
        "coverage": round(standing.coverage, 4),
    }


def _summary(
    results: Sequence[Mapping[str, Any]],
    chosen: Sequence[Person],
    seeds: int,
    settings: SinGanSettings,
    protocol: Protocol,
) -> dict[str, Any]:
    rng = np.random.default_rng(protocol.seed)
    mean = {
        arm: {
            "pinball": float(np.mean([r[arm]["pinball"] for r in results])),
            "rmse": np.mean([r[arm]["rmse"] for r in results], axis=0).round(3).tolist(),
            "coverage": float(np.mean([r[arm]["coverage"] for r in results])),
        }
        for arm in ARMS
    }
    differences = {}
    for ours, theirs in (("real_and_synthetic", "real"), ("real", "base")):
        by_person = [
            np.mean([r[ours]["pinball"] - r[theirs]["pinball"] for r in own])
            for index in range(len(chosen))
            for own in [[r for r in results if r["person"] == index]]
        ]
        bounds = bootstrap_mean(np.array(by_person), rng=rng, draws=protocol.bootstraps)
        differences[f"{ours} minus {theirs}"] = rounded(bounds)
    cohorts = ", ".join(sorted(f"{p.cohort}/{p.condition}" for p in chosen))
    return {
        "protocol": (
            f"{len(chosen)} people ({cohorts}), {seeds} seeds each; SinGAN setting "
            f"{settings.name} with {settings.iterations} iterations a scale on the days of the "
            f"first {DAYS} that train; tested on all later days; negative differences favour "
            "the first; intervals over people"
        ),
        "arms": mean,
        "differences": differences,
        "rows": list(results),
    }
