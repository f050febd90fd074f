"""GlucoBench's published protocol on CSV files of its format (`id,time,gl`).

Read from its configuration files and scripts (IrinaStatsLab/GlucoBench): gaps up to a threshold
are interpolated, longer ones part segments, short segments are dropped; a tenth of the people,
drawn with numpy's legacy generator, are kept for the unseen test; of every other segment the last
stretch tests, the one before validates, the rest trains. Forecasts of 12 steps begin after the
longest input and then every 6 steps. Its tables give the root of the *median* squared error of a
window; the mean is beside it here. Its covariates are not used.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.experiments.cohorts import TooFewPeople
from ml.experiments.cohorts import glucobench as people_of
from ml.experiments.forecasting.protocol import Protocol, Rows
from ml.models.forecaster import MEDIAN
from ml.models.linear import least_squares, linear_point
from ml.models.recurrent import Gru
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.windows import HISTORY, ForecastWindows, forecast_windows, joined
from ml.training.progress import Part, Progress, ProgressSink
from ml.training.quantiles import Settings

AHEAD = 12
STRIDE = 6
FIRST_SEED = 10
LEAST_PEOPLE = 2
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SetRules:
    """One set's configuration: minutes, and numbers of 5-minute points."""

    gap_minutes: int
    shortest: int
    stretch: int
    longest_input: int
    linear_input: int


RULES = {
    "weinstock": SetRules(45, 240, 240, 192, 84),
    "hall": SetRules(30, 192, 192, 144, 84),
    "colas": SetRules(45, 192, 72, 144, 12),
    "dubosson": SetRules(45, 240, 240, 192, 84),
    "iglu": SetRules(45, 240, 240, 192, 192),
}
OTHERWISE = RULES["weinstock"]


@dataclass(frozen=True, eq=False)
class Segment:
    """An unbroken stretch of one person, 5 minutes a point."""

    person: str
    minute: int
    mg_dl: Floats


@dataclass(frozen=True, eq=False)
class Sides:
    """Segments of a split."""

    train: list[Segment]
    validation: list[Segment]
    seen: list[Segment]
    unseen: list[Segment]


def published_protocol(
    folder: Path, protocol: Protocol, rows: Rows, progress: ProgressSink
) -> dict[str, Any]:
    """Every CSV of the folder by its set's rules, linear and GRU, seen and unseen people.

    Raises:
        TooFewPeople: a set has fewer than two people with a stretch of readings long enough.
    """
    by_set: dict[str, list[GlucoseGrid]] = {}
    for person in people_of(folder):
        by_set.setdefault(person.cohort, []).append(person.grid)
    seeds = 1 if protocol.quick else 10
    found: list[dict[str, Any]] = []
    for name, grids in sorted(by_set.items()):
        rules = next((r for known, r in RULES.items() if known in name.lower()), OTHERWISE)
        able = sum(bool(segments_of(grid, rules)) for grid in grids)
        if able < LEAST_PEOPLE:
            raise TooFewPeople(
                f"{name}: {able} of {len(grids)} people have {rules.shortest} readings in a row; "
                f"{LEAST_PEOPLE} are needed, one to be tested unseen and one to learn from"
            )
        runs = []
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            row = rows.find(f"glucobench-{name}-{seed}")
            if row is None:
                row = {"errors": _run(grids, rules, seed, protocol, progress)}
                rows.keep(f"glucobench-{name}-{seed}", row)
            runs.append(row["errors"])
            progress(Progress(f"GlucoBench {name}, seed {seed}", seed - FIRST_SEED + 1, seeds))
        found += _rows(name, len(grids), runs)
    return {
        "rows": found,
        "protocol": (
            f"12 steps ahead every {STRIDE}, seeds {FIRST_SEED} to {FIRST_SEED + seeds - 1}, "
            "statistics of each seed averaged; linear with the published input length; the GRU "
            f"sees {HISTORY} points and is stopped by the validation stretches"
        ),
    }


def segments_of(grid: GlucoseGrid, rules: SetRules) -> list[Segment]:
    """The person's segments, gaps up to the threshold filled by straight lines."""
    known = np.flatnonzero(grid.observed)
    wide = np.flatnonzero(np.diff(known) * grid.step_minutes > rules.gap_minutes) + 1
    found = []
    for part in np.split(known, wide):
        if len(part) < rules.shortest:
            continue
        steps = np.arange(part[0], part[-1] + 1)
        values = np.interp(steps, part, grid.mg_dl[part]).astype(np.float32)
        found.append(Segment(grid.person, int(grid.minute_of_day[part[0]]), values))
    return found


def sides_of(grids: Sequence[GlucoseGrid], rules: SetRules, seed: int) -> Sides:
    """The published split: people of the unseen test first, then stretches of the others."""
    segments = [segment for grid in grids for segment in segments_of(grid, rules)]
    ids = sorted({segment.person for segment in segments})
    drawn = np.random.RandomState(seed).choice(ids, math.ceil(len(ids) * 0.1), replace=False)
    sides = Sides([], [], [], [s for s in segments if s.person in drawn])
    stretch = rules.stretch
    for segment in segments:
        if segment.person in drawn or len(segment.mg_dl) < stretch:
            continue
        points = len(segment.mg_dl)
        if points >= 3 * stretch:
            sides.train.append(_cut(segment, 0, points - 2 * stretch))
            sides.validation.append(_cut(segment, points - 2 * stretch, points - stretch))
            sides.seen.append(_cut(segment, points - stretch, points))
        elif points >= 2 * stretch:
            sides.train.append(_cut(segment, 0, points - stretch))
            sides.validation.append(_cut(segment, points - stretch, points))
        else:
            sides.train.append(segment)
    return sides


def _run(
    grids: Sequence[GlucoseGrid],
    rules: SetRules,
    seed: int,
    protocol: Protocol,
    progress: ProgressSink,
) -> dict[str, dict[str, list[float]]]:
    """Test → model → squared error of every window."""
    sides = sides_of(grids, rules, seed)
    inputs, outputs = _lagged(sides.train, rules.linear_input, rules.linear_input, 1)
    coefficients = least_squares(inputs, outputs, ridge=0.0)
    network = Gru(replace(Settings(), epochs=protocol.epochs))
    network.fit(
        _windows(sides.train, stride=protocol.train_stride),
        _windows(sides.validation, stride=1),
        rng=np.random.default_rng(seed),
        progress=Part(progress, 0.0, 0.0),
    )
    errors: dict[str, dict[str, list[float]]] = {}
    for test, segments in (("seen people", sides.seen), ("unseen people", sides.unseen)):
        start = rules.longest_input
        inputs, outputs = _lagged(segments, start, rules.linear_input, STRIDE)
        windows = _windows(segments, start=start, stride=STRIDE)
        forecast = network.predict(windows)[:, :AHEAD, MEDIAN]
        errors[test] = {
            "linear": _squared(linear_point(coefficients, inputs), outputs),
            "gru": _squared(forecast, windows.target[:, :AHEAD]),
        }
    return errors


def _lagged(
    segments: Sequence[Segment], start: int, length: int, stride: int
) -> tuple[Floats, Floats]:
    """`length` points before, and `AHEAD` from, every `stride`-th point after `start`."""
    inputs, outputs = [np.empty((0, length), np.float32)], [np.empty((0, AHEAD), np.float32)]
    for segment in segments:
        origins = np.arange(start, len(segment.mg_dl) - AHEAD + 1, stride)
        inputs.append(segment.mg_dl[origins[:, None] + np.arange(-length, 0)])
        outputs.append(segment.mg_dl[origins[:, None] + np.arange(AHEAD)])
    return np.concatenate(inputs), np.concatenate(outputs)


def _windows(segments: Sequence[Segment], *, start: int = HISTORY, stride: int) -> ForecastWindows:
    """The same origins as forecast windows; outcomes past the segment's end are unknown."""
    parts = []
    for segment in segments:
        points = len(segment.mg_dl)
        if points < start + AHEAD:
            continue
        windows = forecast_windows(_grid(segment))
        origins = np.arange(start, points - AHEAD + 1, stride) - HISTORY
        parts.append(windows.take(origins))
    return joined(parts) if parts else _nothing()


def _nothing() -> ForecastWindows:
    """No window at all."""
    flat = _grid(Segment("nobody", 0, np.full(HISTORY, 100.0, np.float32)))
    return forecast_windows(flat).take(np.zeros(1, bool))


def _grid(segment: Segment) -> GlucoseGrid:
    points = len(segment.mg_dl)
    minutes = segment.minute + 5 * np.arange(points)
    return GlucoseGrid(
        person=segment.person,
        step_minutes=5,
        moments=(minutes * 60).astype("datetime64[s]"),
        minute_of_day=(minutes % 1440).astype(np.int16),
        mg_dl=segment.mg_dl,
        observed=np.ones(points, dtype=bool),
    )


def _cut(segment: Segment, first: int, last: int) -> Segment:
    return Segment(segment.person, segment.minute + 5 * first, segment.mg_dl[first:last])


def _squared(forecast: Floats, outcome: Floats) -> list[float]:
    squared = ((forecast - outcome).astype(np.float64) ** 2).mean(axis=1)
    return [round(float(value), 3) for value in squared]


def _rows(name: str, people: int, runs: Sequence[Any]) -> list[dict[str, Any]]:
    rows = []
    for test in ("seen people", "unseen people"):
        for model in ("linear", "gru"):
            own = [np.array(run[test][model]) for run in runs if run[test][model]]
            if not own:
                continue
            rows.append(
                {
                    "set": name,
                    "people": people,
                    "seeds": len(own),
                    "test": test,
                    "model": model,
                    "windows": int(np.mean([len(errors) for errors in own])),
                    "root_mean_mse": round(float(np.sqrt(np.mean([e.mean() for e in own]))), 3),
                    "root_median_mse": round(
                        float(np.sqrt(np.mean([np.median(e) for e in own]))), 3
                    ),
                }
            )
    return rows
