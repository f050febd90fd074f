"""What differential privacy costs: ghost clipping beside the plain loop, time and memory.

The same TVAE, people and steps; each training in a process of its own, after a short one that
loads everything. Time is CPU time from the first step to the last; memory is what the process
grew by at its peak, encoded rows included.

    python -m benchmarks.private_training
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from ml.generators.tables.private import Privacy
from ml.generators.tables.tvae import DEFAULT, Tvae
from ml.records.tables.table import Table
from ml.simulation.known_bayes import simulate_known_bayes
from ml.training.checkpoints import NoCheckpoints

_SETTINGS = replace(DEFAULT, batch=2000, least_batches=1, hidden=(512, 512), match_marginals=False)
_PEOPLE = 8000
_LAYERS = ((60, 512), (512, 512), (512, 256), (128, 512), (512, 512), (512, 60))
"""About what the network has: some 60 columns in, to the latent, and back."""


@dataclass(frozen=True)
class PrivateTrainingBenchmark:
    """CPU seconds and megabytes of either training."""

    people: int
    steps: int
    plain: float
    private: float
    plain_megabytes: float
    private_megabytes: float

    @property
    def ratio(self) -> float:
        return self.private / self.plain

    @property
    def memory_ratio(self) -> float:
        return self.private_megabytes / self.plain_megabytes


def measure_private_training(*, epochs: int = 10) -> PrivateTrainingBenchmark:
    """Both, one after the other."""
    plain, private = (_in_its_own_process(way, epochs) for way in ("plain", "private"))
    steps = replace(_SETTINGS, epochs=epochs).steps(_PEOPLE)
    return PrivateTrainingBenchmark(_PEOPLE, steps, plain[0], private[0], plain[1], private[1])


def report(result: PrivateTrainingBenchmark) -> str:
    """The result in a line for people."""
    every = 4 * _SETTINGS.batch * sum(a * b for a, b in _LAYERS)
    return (
        f"TVAE on {result.people:,} people, {result.steps} steps of 2,000: plain "
        f"{result.plain:.1f} s of CPU, {result.plain_megabytes:,.0f} MB; private with ghost "
        f"clipping {result.private:.1f} s, {result.private_megabytes:,.0f} MB; time × "
        f"{result.ratio:.2f}, memory × {result.memory_ratio:.2f} (every person's gradient written "
        f"down would take {every / 2**20:,.0f} MB)"
    )


def _in_its_own_process(way: str, epochs: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.private_training", way, str(epochs)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, megabytes = json.loads(told.splitlines()[-1])
    return float(seconds), float(megabytes)


def _trained(way: str, epochs: int) -> tuple[float, float]:
    """CPU seconds and megabytes of one training in this process."""
    torch.set_num_threads(1)
    table = simulate_known_bayes(_PEOPLE, rng=np.random.default_rng(7))
    privacy = Privacy(3.0) if way == "private" else None
    few = replace(_SETTINGS, epochs=1, batch=50, hidden=(8,))
    _fit(Tvae(few, private=privacy), table.take(slice(0, 500)))
    settings = replace(_SETTINGS, epochs=epochs, conditional=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    at = _fit(Tvae(settings, private=privacy), table)
    return at[-1] - at[0], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def _fit(generator: Tvae, table: Table) -> list[float]:
    """When each step was done, in CPU seconds."""
    at: list[float] = []
    generator.fit(
        table,
        rng=np.random.default_rng(1),
        progress=lambda _: at.append(time.process_time()),
        checkpoints=NoCheckpoints(),
    )
    return at


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(_trained(sys.argv[1], int(sys.argv[2]))))
    else:
        print(report(measure_private_training()))
