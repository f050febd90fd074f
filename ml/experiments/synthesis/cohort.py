"""Many people: generators learn some people's days and are judged on people never seen."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.evaluation.privacy import People, membership, nearness
from ml.experiments.forecasting.protocol import Rows
from ml.experiments.synthesis.bench import Bench, as_list, views
from ml.experiments.synthesis.protocol import Protocol
from ml.experiments.synthesis.targets import REAL
from ml.experiments.synthesis.trainings import SIMPLE, Entry, fitted, singan, singans
from ml.training.progress import ProgressSink


def cohort_rows(
    bench: Bench,
    seed: int,
    rows: Rows,
    *,
    checkpoints: Path | None,
    progress: ProgressSink,
    train: bool = True,
) -> list[Mapping[str, Any]]:
    """The rows of the cohort table that have this seed, simple generators first.

    Finished rows are taken as they were kept; without `train` there are no others.
    """
    found = [_real(bench, rows)] if seed == 0 else []
    for entry in _entries(bench.protocol):
        if seed < entry.seeds:
            row = _row(bench, entry, seed, rows, checkpoints, progress, train)
            found += [row] if row is not None else []
    return found


def planned(protocol: Protocol) -> list[tuple[str, int]]:
    """Label and seed of every row but the first, which no generator makes."""
    return [(entry.label, seed) for entry in _entries(protocol) for seed in range(entry.seeds)]


def _entries(protocol: Protocol) -> tuple[Entry, ...]:
    settings = protocol.cohort_settings
    pair = singans(settings, seeds=protocol.cohort_seeds, plain_seeds=protocol.plain_seeds)
    if not protocol.longer_iterations:
        return (*SIMPLE, *pair)
    longer = replace(singan(protocol.longer_settings), seeds=protocol.longer_seeds)
    return (*SIMPLE, *pair, longer)


def control(bench: Bench) -> dict[str, Any]:
    """The privacy measures where nothing can leak: real days of people outside the training.

    Half of the training people stand for the training, the other half for the synthetic days.
    """
    rng = np.random.default_rng([bench.protocol.seed, 11])
    names = rng.permutation(np.unique(bench.training.person))
    half = np.isin(bench.training.person, names[: names.size // 2])
    inside, outside = (
        People(side.mg_dl, side.person) for side in (bench.training.take(half), bench.held_out)
    )
    others = bench.training.take(~half).mg_dl
    found: dict[str, Any] = {}
    for name, distance in views(bench.training.step_minutes).items():
        near = nearness(inside, outside, others, distance, rng=rng, draws=bench.protocol.draws)
        told = membership(inside, outside, others, distance, rng=rng, draws=bench.protocol.draws)
        found[name] = {
            "dcr_share": as_list(near.dcr_share),
            "near_copies": as_list(near.near_copies),
            "too_near": near.too_near,
            "fires": near.fires,
            "membership_bound": told.bound,
        }
    return found


def _real(bench: Bench, rows: Rows) -> Mapping[str, Any]:
    """The training people's own days in the synthetic role: what a perfect generator gets."""
    step = bench.training.step_minutes
    name = f"cohort-real-{bench.protocol.key('real', step_minutes=step)}"
    kept = rows.find(name)
    if kept is None:
        kept = {"label": REAL, "seed": 0, **bench.row(bench.training)}
        rows.keep(name, kept)
    return kept


def _row(
    bench: Bench,
    entry: Entry,
    seed: int,
    rows: Rows,
    checkpoints: Path | None,
    progress: ProgressSink,
    train: bool,
) -> Mapping[str, Any] | None:
    step = bench.training.step_minutes
    key = bench.protocol.key(entry.label, entry.settings, seed, step_minutes=step)
    name = f"cohort-{entry.label}-{seed}-{key}"
    kept = rows.find(name)
    if kept is None and not train and entry.before is not None:
        key = bench.protocol.key(entry.label, entry.before, seed, step_minutes=step)
        kept = rows.find(f"cohort-{entry.label}-{seed}-{key}")
    if kept is None and train:
        made, told, unmapped = fitted(
            entry,
            bench.training,
            seed=[bench.protocol.seed, 2, seed],
            days=bench.protocol.synthetic_days,
            checkpoint=checkpoints / f"{name}.checkpoint" if checkpoints else None,
            progress=progress,
        )
        kept = {**told, **bench.row(made)}
        if unmapped is not None:
            kept["unmapped"] = bench.fidelity(unmapped)
        rows.keep(name, kept)
    return kept
