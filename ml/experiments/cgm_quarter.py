"""Three months ahead from fourteen days: simulated people, and each long real record by itself.

    python -m ml.experiments.cgm_quarter --data ../shared/data --json out.json [--quick]
        [--out DIR] [--glucobench DIR]

What is learnt, chosen and calibrated is learnt from simulated people whose drift is documented;
real records are tested alone. `--quick` takes under a minute and is no result.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml.experiments.quarter.page import page
from ml.experiments.quarter.plots import draw
from ml.experiments.quarter.real import over_people, reported
from ml.experiments.quarter.records import LongRecord, long_records
from ml.experiments.quarter.simulated import (
    anchors,
    own_days,
    profile_coverage,
    require_strangers,
    strangers,
    tested,
)
from ml.experiments.ship_quarter import simulated_quarters
from ml.models.quarter import QuarterForecaster
from ml.models.quarter.recurrent_training import EPOCHS
from ml.training.progress import Progress

SEED = 20261123
CORE_HOURS = {True: 0.02, False: 0.1}
_QUICK = {"people": 800, "test": 400, "own": 60, "profile": 20, "anchor": 500}
_FULL = {"people": 6000, "test": 3000, "own": 1000, "profile": 200, "anchor": 5000}
_WAYS = {
    "served": "served",
    "served, own days asked": "own_days",
    "served, first origin alone": "served_first",
    "shrinkage": "shrinkage",
    "recurrent": "recurrent",
    "cohort mean": "cohort_mean",
}


def main() -> None:
    """Measure, print the page, write the files."""
    arguments = _arguments()
    torch.set_num_threads(1)
    sys.stderr.write(f"about {CORE_HOURS[arguments.quick]:.2f} core-hours, seed {SEED}\n")
    records = long_records(arguments.data, arguments.glucobench)
    forecaster, result = measured(records, quick=arguments.quick)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    text = page(result)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "cgm_quarter.md").write_text(text)
        names = {entry["record"] for entry in result["real"]["quarter"]}
        draw(result, forecaster, [r for r in records if r.name in names], arguments.out)
    sys.stdout.write(text)


def quarter_table(data: Path, *, quick: bool = False, seed: int = SEED) -> dict[str, Any]:
    """All figures as JSON holds them; `ml.experiments.quarter.page.quarter_lines` prints them.

    Args:
        data: the shared data folder.
        quick: few simulated people; no result.
    """
    return measured(long_records(data), quick=quick, seed=seed)[1]


def measured(
    records: Sequence[LongRecord], *, quick: bool, seed: int = SEED
) -> tuple[QuarterForecaster, dict[str, Any]]:
    """A forecaster fitted on simulated people, and everything measured of it."""
    began, sizes = time.process_time(), _QUICK if quick else _FULL
    rng = np.random.default_rng(seed)
    forecaster = QuarterForecaster()
    cohort = simulated_quarters(sizes["people"], rng=rng)
    forecaster.fit(cohort, rng=rng, progress=_Lines(), whom="simulated people")
    test = strangers(people=sizes["test"], rng=rng)
    require_strangers(test, cohort)
    simulated = {
        **tested(forecaster, test, rng=rng),
        "own_days": own_days(forecaster, people=sizes["own"], rng=rng),
        "profile": profile_coverage(forecaster, people=sizes["profile"], rng=rng),
    }
    quarter = reported(forecaster, records, weeks=13)
    fortnight = reported(forecaster, records, weeks=2)
    result = {
        "quick": quick,
        "seed": seed,
        "people": sizes["people"],
        "epochs": EPOCHS,
        "anchors": anchors(people=sizes["anchor"], rng=rng),
        "simulated": simulated,
        "real": {
            "quarter": quarter,
            "quarter_people": {title: over_people(quarter, k) for title, k in _WAYS.items()},
            "fortnight": fortnight,
            "fortnight_people": {title: over_people(fortnight, k) for title, k in _WAYS.items()},
        },
        "core_hours_declared": CORE_HOURS[quick],
        "core_hours": round((time.process_time() - began) / 3600, 4),
    }
    return forecaster, _without_nan(result)


def _without_nan(value: Any) -> Any:
    """`value` with None for NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.experiments.cgm_quarter")
    parser.add_argument("--data", type=Path, required=True, help="the shared data folder")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--out", type=Path, help="folder for the page, pictures and their data")
    parser.add_argument("--glucobench", type=Path, help="folder of CSV files: id, time, gl")
    parser.add_argument("--quick", action="store_true", help="see that it runs; no result")
    return parser.parse_args()


class _Lines:
    """Progress as a line at the end of each stage's tenth."""

    def __init__(self) -> None:
        self._said = -1

    def __call__(self, progress: Progress) -> None:
        tenth = 10 * progress.done // max(progress.total, 1)
        if tenth > self._said:
            self._said = tenth
            sys.stderr.write(f"{progress.stage}: {10 * tenth} %\n")


if __name__ == "__main__":
    main()
