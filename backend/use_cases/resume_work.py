"""At every start: whatever is on its way has a job that takes it further.

A job may have been buried, or lost with a restored database; what it was for is still there.
"""

from backend.domain.contribution import Status
from backend.domain.identifiers import JobId, random_id_text
from backend.ports import Ports
from backend.use_cases.request_run import GENERATE_DATASET
from backend.use_cases.request_training import TRAIN_GLUCOSE_MODEL

RESUMED = {
    Status.SEALED: "anchor_contribution",
    Status.SUBMITTED: "anchor_contribution",
    Status.ERASING: "finish_erasure",
}


def resume_work(*, ports: Ports) -> int:
    """Queue a job for everything unfinished; one that is queued already stays as it is."""
    with ports.database.read() as unit:
        rows = unit.contributions.with_status(list(RESUMED))
        consents = unit.consents.unsettled()
        trainings = unit.trainings.unfinished()
        runs = unit.runs.unfinished()
    wanted = [(RESUMED[row.status], str(row.id)) for row in rows]
    wanted += [("settle_consent", record.id) for record in consents]
    wanted += [(TRAIN_GLUCOSE_MODEL, training.id) for training in trainings]
    wanted += [(GENERATE_DATASET, run.id) for run in runs]
    now = ports.clock.now()
    for name, key in wanted:
        with ports.database.write() as unit:
            job_id = JobId(random_id_text(ports.random_bytes(16)))
            unit.jobs.enqueue(job_id, name, key, now)
    return len(wanted)
