"""An operator takes a released dataset off the list, for good.

Its package's key is destroyed: nobody downloads it any more, whatever is restored. Certificate,
lineage and policy stay on IPFS, for whoever has the package already.
"""

from backend.domain.errors import NotFound
from backend.domain.generation import Dataset
from backend.domain.identifiers import AccountId, JobId, KeyId, RunId, random_id_text
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.forget_runs import LET_GO_OF_RUN
from backend.use_cases.forget_trainings import mark_key
from backend.use_cases.request_run import require_operator


def retire_dataset(account_id: AccountId, run_id: RunId, *, ports: Ports) -> Dataset:
    """The dataset, retired; safe to repeat. `NotFound` for one that was never released."""
    require_operator(account_id, ports=ports)
    with ports.database.write() as unit:
        dataset = unit.datasets.by_run(run_id)
        if dataset is None or not dataset.certificate.passes:
            raise NotFound("no dataset of this id was released: list them at /api/datasets")
        key_id = retire(unit, dataset, ports)
        retired = unit.datasets.by_run(run_id)
    ports.keys.destroy(key_id)
    assert retired is not None
    return retired


def retire(unit: UnitOfWork, dataset: Dataset, ports: Ports) -> KeyId:
    """In the caller's unit; the key to destroy is returned."""
    now = ports.clock.now()
    unit.datasets.retire(dataset.run_id, now)
    job_id = JobId(random_id_text(ports.random_bytes(16)))
    unit.jobs.enqueue(job_id, LET_GO_OF_RUN, dataset.run_id, now)
    return mark_key(unit, dataset.package_key_id, now, ports)
