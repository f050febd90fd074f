"""The job runner: always a process of its own.

python -m backend.worker
"""

import os
import signal
import sys
import threading

import structlog

from backend.domain.errors import MisconfiguredService, VitalMintError
from backend.jobs import job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.settings import read_settings
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.resume_work import resume_work
from backend.wiring import configure_logging, connect, leave_no_core_dumps

IDLE_S = 0.25
OUTAGE_S = 2.0


def main() -> int:
    """Run jobs until SIGTERM or SIGINT; the job under way is finished first."""
    leave_no_core_dumps()
    try:
        settings = read_settings()
    except MisconfiguredService as fault:
        sys.stderr.write(f"{fault.message}\n")
        return 2
    configure_logging(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with connect(settings) as ports:
        work(ports, stop, holder=f"worker-{os.getpid()}-{os.urandom(4).hex()}")
    return 0


def work(ports: Ports, stop: threading.Event, *, holder: str) -> None:
    """Replay erasures, then run jobs until told to stop; an outage pauses, never ends it."""
    log = structlog.get_logger("worker")
    runner = Runner(holder, job_functions(), ports)
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


if __name__ == "__main__":
    sys.exit(main())
