"""Short-term forecasts on people never seen: every model, every horizon, beside the baselines.

    python -m ml.experiments.cgm_forecast --data ../shared/data --json out.json [--quick]
        [--resume DIR] [--out DIR] [--glucobench DIR] [--no-ablation]
        [--singan-iterations N] [--quarter FILE | --no-quarter]

People are dealt into folds; each is tested once by models that learnt from others. A run that is
interrupted goes on after its last finished row when given the same `--resume` folder.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml.experiments.cgm_quarter import quarter_table
from ml.experiments.cohorts import COHORTS, Person, people
from ml.experiments.forecasting.ablation import ITERATIONS, ablation
from ml.experiments.forecasting.glucobench import published_protocol
from ml.experiments.forecasting.plots import draw
from ml.experiments.forecasting.protocol import QUICK, Protocol, Rows
from ml.experiments.forecasting.report import declared_core_hours, page
from ml.experiments.forecasting.runs import measured
from ml.experiments.forecasting.tables import groups_of, table, targets
from ml.training.progress import Progress, ProgressSink


def main() -> None:
    """Measure what was asked for, print the page, write the files."""
    arguments = _arguments()
    torch.set_num_threads(1)
    protocol = QUICK if arguments.quick else Protocol()
    if arguments.epochs:
        protocol = replace(protocol, epochs=arguments.epochs)
    rows = Rows(arguments.resume, protocol.digest)
    sys.stderr.write(
        f"{'QUICK run: ' if protocol.quick else ''}about {declared_core_hours(protocol):.2f} "
        f"core-hours, {protocol.tested} folds, {protocol.epochs} epochs, seed {protocol.seed}\n"
    )
    result = run(arguments, protocol, rows, _Lines())
    if arguments.json:
        _write(arguments.json, json.dumps(result, indent=1, sort_keys=True) + "\n")
    text = page(result)
    if arguments.out:
        _write(arguments.out / "cgm_forecast.md", text)
    sys.stdout.write(text + "\n")


def run(
    arguments: argparse.Namespace, protocol: Protocol, rows: Rows, progress: ProgressSink
) -> dict[str, Any]:
    """The result as JSON holds it; pictures go to `arguments.out`."""
    began = time.process_time()
    everybody = chosen(people(arguments.data, cohorts=COHORTS), protocol)
    scores, trainings = measured(everybody, protocol, rows, progress)
    found = table(scores, everybody, protocol)
    result: dict[str, Any] = {
        "protocol": asdict(protocol),
        "table": found,
        "targets": targets(found),
        "trainings": trainings,
        "core_hours": round(sum(t["cpu_seconds"] for t in trainings.values()) / 3600, 4),
    }
    if _wanted(arguments.ablation, protocol):
        result["ablation"] = ablation(
            everybody, protocol, rows, progress, iterations=arguments.singan_iterations
        )
    if arguments.glucobench:
        result["glucobench"] = published_protocol(arguments.glucobench, protocol, rows, progress)
    if arguments.quarter:
        result["quarter"] = json.loads(arguments.quarter.read_text())
    elif not arguments.no_quarter and not protocol.quick:
        result["quarter"] = quarter_table(arguments.data)
    if arguments.out:
        masks = groups_of(everybody, scores["linear"])
        draw(result, scores, masks.get("t1d", np.zeros(len(masks["all"]), bool)), arguments.out)
    result["cpu_seconds_of_this_run"] = round(time.process_time() - began, 1)
    return result


def chosen(everybody: Sequence[Person], protocol: Protocol) -> list[Person]:
    """Everybody, or the first so many of each cohort."""
    if not protocol.people_most:
        return list(everybody)
    kept: dict[str, list[Person]] = {}
    for person in everybody:
        own = kept.setdefault(person.cohort, [])
        if len(own) < protocol.people_most:
            own.append(person)
    return [person for own in kept.values() for person in own]


def _wanted(asked: bool | None, protocol: Protocol) -> bool:
    return not protocol.quick if asked is None else asked


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.experiments.cgm_forecast")
    parser.add_argument("--data", type=Path, required=True, help="the shared data folder")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--out", type=Path, help="folder for the page, pictures and their data")
    parser.add_argument("--resume", type=Path, help="folder where finished rows are kept")
    parser.add_argument("--quick", action="store_true", help="see that it runs; no result")
    parser.add_argument("--epochs", type=int, default=0, help="at most, of each network")
    parser.add_argument(
        "--ablation",
        action=argparse.BooleanOptionalAction,
        help="synthetic days on and off; unless quick, it is done",
    )
    parser.add_argument("--singan-iterations", type=int, default=ITERATIONS, metavar="N")
    parser.add_argument("--quarter", type=Path, help="figures that cgm_quarter has written")
    parser.add_argument("--no-quarter", action="store_true", help="not three months ahead")
    parser.add_argument("--glucobench", type=Path, help="folder of CSV files: id, time, gl")
    return parser.parse_args()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class _Lines:
    """Progress as a line every few seconds and at the end of each row."""

    def __init__(self) -> None:
        self._said = 0.0
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._said < 5.0 and progress.stage == self._stage:
            return
        self._said, self._stage = now, progress.stage
        shown = "".join(f" {name} {value:.4f}" for name, value in progress.figures)
        share = progress.done / max(progress.total, 1)
        sys.stderr.write(f"{share:6.1%} {progress.stage}{shown}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
