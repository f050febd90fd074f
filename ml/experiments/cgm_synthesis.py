"""Synthetic glucose days, judged: as real ones, for training, and for what they give away.

    python -m ml.experiments.cgm_synthesis --data ../shared/data --json out.json [--quick]
        [--resume DIR] [--out DIR] [--cohort SETTING] [--iterations N] [--personal-iterations N]
        [--finished]

`--glucobench DIR` in place of `--data` takes a folder of CSV files with columns id, time, gl.

Cohort: generators learn some people's days and are judged on people never seen. Personal: a SinGAN
learns one person's first ten days and is judged on that person's later ones, with and without ADA.
An interrupted run goes on where it was when given the same `--resume` folder; `--finished` reports
what is there. Page and pictures are made of what is in the JSON; no real reading is in it.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from ml.experiments.cohorts import DataMissing, glucobench, people
from ml.experiments.forecasting.protocol import Rows
from ml.experiments.synthesis.bench import Bench
from ml.experiments.synthesis.cohort import cohort_rows, control
from ml.experiments.synthesis.cohort import planned as planned_cohort
from ml.experiments.synthesis.personal import ablation, personal_rows
from ml.experiments.synthesis.personal import planned as planned_personal
from ml.experiments.synthesis.plots import draw
from ml.experiments.synthesis.protocol import (
    QUICK,
    Protocol,
    cohort_sides,
    declared_core_hours,
    personal_sides,
)
from ml.experiments.synthesis.report import page
from ml.experiments.synthesis.targets import targets
from ml.generators.singan_settings import SETTINGS
from ml.training.progress import Progress, ProgressSink

_KEPT_AS = "synthesis-1"
_COHORT_SETTINGS = [name for name, settings in SETTINGS.items() if settings.mode == "cohort"]


def main() -> None:
    """Measure, print the page, write the files."""
    arguments = _arguments(sys.argv[1:])
    torch.set_num_threads(1)
    try:
        result = run(arguments, _Lines())
    except DataMissing as fault:
        sys.exit(f"nothing was measured: {fault}")
    text = page(result)
    if arguments.json:
        _write(arguments.json, json.dumps(result, indent=1, sort_keys=True) + "\n")
    if arguments.out:
        _write(arguments.out / "cgm_synthesis.md", text)
        _write(
            arguments.out / "cgm_synthesis.json",
            json.dumps(result, indent=1, sort_keys=True) + "\n",
        )
        draw(result, arguments.out)
    sys.stdout.write(text + "\n")


def run(arguments: argparse.Namespace, progress: ProgressSink) -> dict[str, Any]:
    """The result as JSON holds it."""
    began, cpu = time.perf_counter(), time.process_time()
    protocol = replace(
        QUICK if arguments.quick else Protocol(),
        cohort_iterations=arguments.iterations,
        personal_iterations=arguments.personal_iterations,
    )
    if arguments.cohort:
        protocol = replace(protocol, cohort=arguments.cohort)
    source = arguments.glucobench
    everybody = glucobench(source) if source else people(arguments.data)
    declared = declared_core_hours(protocol)
    sys.stderr.write(f"{'QUICK run: ' if protocol.quick else ''}about {declared:.2f} core-hours\n")
    rows = Rows(arguments.resume, _KEPT_AS)
    bench = Bench(*cohort_sides(everybody, protocol), protocol)
    sides = personal_sides(everybody, protocol)
    how: dict[str, Any] = {
        "checkpoints": arguments.resume,
        "progress": progress,
        "train": not arguments.finished,
    }
    cohort, personal = [], []
    for seed in range(protocol.most_seeds):
        cohort += cohort_rows(bench, seed, rows, **how)
        personal += personal_rows(sides, protocol, seed, rows, **how)
    order = list(dict.fromkeys(row["label"] for row in cohort))
    result: dict[str, Any] = {
        "protocol": asdict(protocol),
        "settings": {
            "cohort": protocol.cohort_settings.as_json(),
            "personal": protocol.personal_settings.as_json(),
            "longer": protocol.longer_settings.name if protocol.longer_iterations else "",
        },
        "sides": bench.sizes,
        "cohort": sorted(cohort, key=lambda row: order.index(row["label"])),
        "control": control(bench),
        "personal": personal,
        "unfinished": [
            *unfinished(planned_cohort(protocol), cohort),
            *unfinished(planned_personal(sides, protocol), personal),
        ],
        "ablation": ablation(personal, protocol.personal_settings.name),
        "real": bench.real_picture,
        "declared_core_hours": declared,
        "fit_core_hours": sum(row.get("fit_cpu_seconds", 0) for row in [*cohort, *personal]) / 3600,
        "seconds_of_this_run": round(time.perf_counter() - began, 1),
        "cpu_seconds_of_this_run": round(time.process_time() - cpu, 1),
    }
    result["targets"] = targets(result)
    return result


def unfinished(
    planned: Sequence[tuple[str | int, ...]], rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Which planned rows are not among `rows`: label, seed, and how many people of several."""
    done = Counter((row["label"], row["seed"]) for row in rows)
    asked = Counter((label, seed) for label, seed, *_ in planned)
    return [
        f"{label}, seed {seed}" + (f" ({most - done[label, seed]} of {most} people)" * (most > 1))
        for (label, seed), most in asked.items()
        if done[label, seed] < most
    ]


class _Lines:
    """Progress on the error stream, a line whenever a training has come a tenth further."""

    def __init__(self) -> None:
        self._last = ("", -1)

    def __call__(self, progress: Progress) -> None:
        tenth = 10 * progress.done // max(progress.total, 1)
        now = (str(progress.total), tenth)
        if now != self._last:
            self._last = now
            sys.stderr.write(f"  {progress.stage} {progress.done}/{progress.total}\n")
            sys.stderr.flush()


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder of the shared data")
    source.add_argument("--glucobench", type=Path, help="folder of CSV files with id, time, gl")
    parser.add_argument("--json", type=Path, help="where the result goes")
    parser.add_argument("--out", type=Path, help="folder for page, JSON and pictures")
    parser.add_argument("--resume", type=Path, help="folder of finished rows and checkpoints")
    parser.add_argument(
        "--finished", action="store_true", help="train nothing more, report the finished rows"
    )
    parser.add_argument("--quick", action="store_true", help="tiny settings, under a minute")
    parser.add_argument("--cohort", choices=_COHORT_SETTINGS, help="setting of the cohort SinGAN")
    parser.add_argument(
        "--iterations", type=int, default=0, help="of each scale of the cohort SinGAN"
    )
    parser.add_argument(
        "--personal-iterations", type=int, default=0, help="of each scale of a personal SinGAN"
    )
    return parser.parse_args(given)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    main()
