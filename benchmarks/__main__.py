"""Every cost that matters, each beside its baseline of the same run: `make bench`.

    python -m benchmarks [--only reading] [--json FILE]

A missed target is said and is no failure: on a busy machine it may be the machine's.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.auditing import measure_auditing
from benchmarks.auditing import report as auditing_report
from benchmarks.distances import measure_distances
from benchmarks.distances import report as distances_report
from benchmarks.forecasting import measure_forecasting
from benchmarks.forecasting import report as forecasting_report
from benchmarks.generating import measure_generating
from benchmarks.generating import report as generating_report
from benchmarks.private_training import measure_private_training
from benchmarks.private_training import report as private_training_report
from benchmarks.reading import measure_reading
from benchmarks.reading import report as reading_report
from benchmarks.reporting import measure_reporting
from benchmarks.reporting import report as reporting_report
from benchmarks.service import measure_service
from benchmarks.service import report as service_report
from benchmarks.storing import measure_storing
from benchmarks.storing import report as storing_report

BENCHMARKS: dict[str, tuple[Callable[[], Any], Callable[[Any], str]]] = {
    "reading": (measure_reading, reading_report),
    "storing": (measure_storing, storing_report),
    "auditing": (measure_auditing, auditing_report),
    "service": (measure_service, service_report),
    "forecasting": (measure_forecasting, forecasting_report),
    "reporting": (measure_reporting, reporting_report),
    "generating": (measure_generating, generating_report),
    "distances": (measure_distances, distances_report),
    "privacy": (measure_private_training, private_training_report),
}


def main() -> None:
    """Measure what was asked for, all of it by default, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="not all of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {"machine": _machine()}
    print(_shown(figures["machine"]))
    for name in arguments.only or BENCHMARKS:
        measure, report = BENCHMARKS[name]
        print(f"measuring {name} …", file=sys.stderr)
        result = measure()
        print(f"\n{report(result)}", flush=True)
        figures[name] = asdict(result) | _ratio(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def _machine() -> dict[str, float | int]:
    """How many cores there are, and how many processes wanted one lately."""
    return {"cores": os.cpu_count() or 1, "load": round(os.getloadavg()[0], 1)}


def _shown(machine: dict[str, float | int]) -> str:
    busy = "busy: times are those of a share of it" if machine["load"] > 1 else "idle"
    return f"{machine['cores']} cores, load {machine['load']} ({busy})"


def _ratio(result: Any) -> dict[str, float]:
    return {"ratio": result.ratio} if hasattr(result, "ratio") else {}


if __name__ == "__main__":
    main()
