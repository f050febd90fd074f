"""One person's SinGAN at 15 minutes, trained now, with its figures.

    python -m ml.experiments.singan_demo [--cgm FILE --zone ZONE] [--days 14] [--seed 0]
        [--iterations N]

Without a file the person is simulated: type 1 diabetes, four weeks. The first days train, those
after them show how far another fortnight of the same person is from the first. What is learnt is
one person's: nothing is written.
"""

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from ml.evaluation.synthesis import compare_days
from ml.generators.singan import SinGan
from ml.generators.singan_settings import DEMO
from ml.records.cgm.days import GlucoseDays, whole_days
from ml.records.cgm.grid import even_grid, grid_of
from ml.records.cgm.reading import read_cgm
from ml.simulation.glucose import Condition, simulate_trace
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import Progress

_SHOWN = ("sd_ratio", "tir_difference", "lag1_difference", "rate_wasserstein", "agp_distance")
_SIMULATED_DAYS = 30
_DRAWN = 1000


def main() -> None:
    """Train, draw a thousand days, print."""
    arguments = _arguments(sys.argv[1:])
    torch.set_num_threads(1)
    days = _file_days(arguments.cgm, arguments.zone) if arguments.cgm else _simulated_days()
    learnt = days.take(np.arange(len(days)) < arguments.days)
    later = days.take(np.arange(len(days)) >= arguments.days)
    settings = replace(DEMO, iterations=arguments.iterations or DEMO.iterations)
    sys.stdout.write(_figures(settings, learnt, later, arguments.seed))


def _figures(settings, learnt: GlucoseDays, later: GlucoseDays, seed: int) -> str:
    generator = SinGan(settings)
    wall, cpu = time.perf_counter(), time.process_time()
    generator.fit(
        learnt, rng=np.random.default_rng(seed), progress=_told, checkpoints=NoCheckpoints()
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    drawing = time.process_time()
    made = generator.sample(_DRAWN, rng=np.random.default_rng([seed, 1]))
    drawing = time.process_time() - drawing
    scales = generator.card["scales"]
    error = generator.reconstructed(learnt).mg_dl - learnt.mg_dl
    lines = [
        f"setting {settings.name}, {settings.step_minutes} min, {len(scales)} scales of "
        f"{settings.iterations} iterations, seed {seed}",
        f"trained on {len(learnt)} days in {cpu:.0f} s of CPU ({wall:.0f} s)",
        f"{_DRAWN} days drawn in {drawing:.2f} s of CPU",
        f"reconstruction from z*: RMSE {np.sqrt((error**2).mean()):.1f} mg/dL",
        f"highest p of ADA: {max(scale['ada']['highest'] for scale in scales):.2f}",
        "",
        f"{'':38}" + "".join(f"{name:>18}" for name in _SHOWN),
        _row("synthetic beside the learnt days", learnt, made),
    ]
    if len(later):
        lines.append(_row(f"synthetic beside {len(later)} later days", later, made))
        lines.append(_row("learnt days beside the later ones", later, learnt))
    return "\n".join(lines) + "\n"


def _row(label: str, real: GlucoseDays, other: GlucoseDays) -> str:
    figures = compare_days(real, other, rng=np.random.default_rng(0), draws=50).figures
    return f"{label:38}" + "".join(f"{figures[name].value:18.3f}" for name in _SHOWN)


def _simulated_days() -> GlucoseDays:
    rng = np.random.default_rng(20261122)
    trace = simulate_trace(rng, _SIMULATED_DAYS, Condition.TYPE_1, gaps_a_day=0.0)
    grid = even_grid(
        trace.utc,
        trace.mg_dl.astype(np.float32),
        wall_offset=trace.local - trace.utc,
        person="simulated",
    )
    return whole_days([grid], step_minutes=DEMO.step_minutes)


def _file_days(path: Path, zone: str | None) -> GlucoseDays:
    trace = read_cgm(path.read_bytes(), zone=zone, received_at=datetime.now(UTC))
    return whole_days([grid_of(trace, person="one")], step_minutes=DEMO.step_minutes)


def _told(progress: Progress) -> None:
    if progress.done % (progress.total // 13 or 1) == 0:
        sys.stderr.write(f"  {progress.stage}, {progress.done}/{progress.total}\n")


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ml.experiments.singan_demo", description=__doc__)
    parser.add_argument("--cgm", type=Path, help="a glucose file of any format that is read")
    parser.add_argument("--zone", help="IANA zone of the file's wall times")
    parser.add_argument("--days", type=int, default=14, help="days that are learnt")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, default=0, help="of each scale")
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
