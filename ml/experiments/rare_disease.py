"""Does synthesising the rare class help a disease classifier? The paper's experiment, made honest.

    python -m ml.experiments.rare_disease --data ../shared/data --json out.json [--quick]
        [--runs N] [--sets NAMES] [--arms NAMES] [--resume DIR] [--finished] [--out DIR]
        [--jobs N] [--ray local|ADDRESS]

Arms from nothing over weights, thresholds and over-sampling to generators; the sets are one
negative control, two positive ones and one whose best possible scores are known. Everything is
done inside the training fold, tested on untouched real rows. Beside it stands the paper's
protocol, which synthesises before it splits, and a leak detector that tells the two apart.

An interrupted run goes on where it was when given the same `--resume` folder; `--finished` reports
what is there. `--ray` makes the same calls on a Ray cluster. No real row is in what is written.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ml.experiments.cohorts import DataMissing
from ml.experiments.forecasting.protocol import OtherProtocol, Rows
from ml.experiments.rare.folds import seeded
from ml.experiments.rare.protocol import ARMS, KEPT_AS, QUICK, Protocol, declared_core_hours
from ml.experiments.rare.sets import KNOWN, NAMES, UnusableSet, load_sets
from ml.experiments.rare.summary import summarised
from ml.experiments.rare.targets import targets
from ml.experiments.rare.units import PARTS, units
from ml.experiments.rare.work import RayMissing, Workers, done, finished
from ml.records.errors import UnreadableRecord
from ml.simulation.known_bayes import BayesScores, bayes_scores

_INTERRUPTED = 130
_CAPPED = (
    "deep_runs",
    "tstr_runs",
    "deep_tstr_runs",
    "curve_runs",
    "curve_gan_runs",
    "control_runs",
)


def main() -> None:
    """Measure, print the page, write the files."""
    arguments = _arguments(sys.argv[1:])
    try:
        result = run(arguments)
    except (DataMissing, OtherProtocol, RayMissing, UnusableSet, UnreadableRecord) as fault:
        sys.exit(f"nothing was measured: {fault}")
    except KeyboardInterrupt:
        kept = f"finished rows are in {arguments.resume}" if arguments.resume else "nothing is kept"
        sys.stderr.write(f"\ninterrupted: {kept}; give the same --resume to go on\n")
        sys.exit(_INTERRUPTED)
    from ml.experiments.rare.page import page

    text = page(result)
    content = json.dumps(result, indent=1, sort_keys=True, allow_nan=False) + "\n"
    if arguments.json:
        _write(arguments.json, content)
    if arguments.out:
        from ml.experiments.rare.plots import draw

        _write(arguments.out / "rare_disease.md", text)
        _write(arguments.out / "rare_disease.json", content)
        draw(result, arguments.out)
    sys.stdout.write(text)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """The result as JSON holds it."""
    began, cpu = time.perf_counter(), time.process_time()
    protocol = chosen(arguments)
    sets = load_sets(arguments.data, arguments.sets, seed=protocol.seed, most=protocol.most)
    rows = Rows(arguments.resume, KEPT_AS)
    every = units(arguments.sets, arguments.arms, protocol)
    todo = [unit for unit in every if unit.part in arguments.parts]
    declared = declared_core_hours(protocol, arguments.sets)
    quick = f"QUICK run, at most {protocol.most} rows of a set and tiny settings: "
    _say(f"{quick if protocol.quick else ''}about {declared:.2f} core-hours for all arms")
    if not arguments.finished:
        workers = Workers(arguments.jobs, arguments.ray)
        named = {each.name: each for each in sets}
        done(todo, named, protocol, rows, workers=workers, say=_say)
    found = finished(todo, protocol, rows)
    result = {
        "protocol": protocol.as_json(),
        "arms": list(arguments.arms),
        "sets": [
            {name: value for name, value in vars(each).items() if name != "table"}
            | {"rows": len(each.table), "positives": each.positives}
            | {"columns": len(each.table.schema.names) - 1}
            for each in sets
        ],
        "bayes": asdict(_best_possible(protocol)) if KNOWN in arguments.sets else None,
        **summarised(found, protocol),
        "declared_core_hours": declared,
        "seconds_of_this_run": round(time.perf_counter() - began, 1),
        "cpu_seconds_of_this_run": round(time.process_time() - cpu, 1),
    }
    return result | {"targets": targets(result)}


def chosen(arguments: argparse.Namespace) -> Protocol:
    """The protocol that the command line asks for; `runs` caps every part."""
    protocol = QUICK if arguments.quick else Protocol()
    runs = arguments.runs or protocol.runs
    return replace(protocol, runs=runs, **{n: min(getattr(protocol, n), runs) for n in _CAPPED})


def _best_possible(protocol: Protocol) -> BayesScores:
    """The scores of the true risk on the simulated set."""
    rows = 100_000 if protocol.quick else 4_000_000
    return bayes_scores(rng=seeded(protocol.seed, "bayes"), rows=rows, batches=20)


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data")
    parser.add_argument("--json", type=Path, help="where the result goes")
    parser.add_argument("--out", type=Path, help="folder for page, JSON and pictures")
    parser.add_argument("--resume", type=Path, help="folder of finished rows")
    parser.add_argument(
        "--finished", action="store_true", help="measure nothing more, report the finished rows"
    )
    parser.add_argument("--quick", action="store_true", help="tiny settings, under a minute")
    parser.add_argument("--runs", type=_positive, default=0, help="at most, of every arm")
    for name, known in (("sets", NAMES), ("arms", ARMS), ("parts", PARTS)):
        parser.add_argument(
            f"--{name}",
            type=_some_of(known),
            default=known,
            help=f"with commas between: {', '.join(known)}",
        )
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--jobs", type=_positive, default=cores, help="processes")
    parser.add_argument("--ray", metavar="local|ADDRESS", help="on a Ray cluster")
    return parser.parse_args(given)


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _some_of(known: Sequence[str]) -> Any:
    def parse(text: str) -> tuple[str, ...]:
        wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
        for name in wanted:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"{name!r} is none of them: known are {', '.join(known)}"
                )
        return wanted

    return parse


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    main()
