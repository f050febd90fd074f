"""The job runner: always a process of its own.

python -m backend.worker [--only training | --all]

A training takes minutes of a core: without an option a worker leaves trainings to those that do
nothing else (`--only training`), so that none keeps anybody's record from being anchored or
erased. `--all` does everything in turn, where one process has to do.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

import structlog

from backend.domain.errors import MisconfiguredService, VitalMintError
from backend.jobs import TRAINING, job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.settings import read_settings
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.resume_work import resume_work
from backend.wiring import configure_logging, connect, leave_no_core_dumps

IDLE_S = 0.25
OUTAGE_S = 2.0
NICENESS = 10
"""Of a process that trains alone: whoever waits for an answer goes first."""


class Lane(Enum):
    """Which jobs a worker does."""

    EVERYTHING = "everything"
    TRAINING = "training"
    QUICK = "quick"


def main() -> int:
    """Run jobs until SIGTERM or SIGINT; the job under way is finished first."""
    leave_no_core_dumps()
    lane = lane_of()
    try:
        settings = read_settings()
    except MisconfiguredService as fault:
        sys.stderr.write(f"{fault.message}\n")
        return 2
    configure_logging(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if lane is Lane.TRAINING:
        os.nice(NICENESS)
    with connect(settings) as ports:
        holder = f"worker-{os.getpid()}-{os.urandom(4).hex()}"
        work(replace(ports, stopping=stop.is_set), stop, holder=holder, lane=lane)
    return 0


def work(ports: Ports, stop: threading.Event, *, holder: str, lane: Lane = Lane.EVERYTHING) -> None:
    """Replay erasures, then run jobs until told to stop; an outage pauses, never ends it."""
    log = structlog.get_logger("worker")
    only = TRAINING if lane is Lane.TRAINING else None
    leaving_out = TRAINING if lane is Lane.QUICK else ()
    runner = Runner(holder, job_functions(), ports, only, leaving_out)
    started = False
    while not stop.is_set():
        try:
            if not started:
                log.info("erasures_replayed", returned=replay_erasures(ports=ports))
                log.info("work_resumed", items=resume_work(ports=ports))
                runner.start()
                started = True
            if not runner.run_next():
                stop.wait(IDLE_S)
        except VitalMintError as error:
            log.warning("worker_paused", code=error.code)
            stop.wait(OUTAGE_S)


def lane_of(arguments: Sequence[str] | None = None) -> Lane:
    """What the command line asks for; trainings are done only by those who are told to."""
    parser = argparse.ArgumentParser(prog="python -m backend.worker", description=__doc__)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--only", choices=["training"], help="do these jobs alone")
    chosen.add_argument(
        "--all", action="store_true", help="do every job, trainings too, one after the other"
    )
    wanted = parser.parse_args(arguments)
    if wanted.only:
        return Lane.TRAINING
    return Lane.EVERYTHING if wanted.all else Lane.QUICK


if __name__ == "__main__":
    sys.exit(main())
