"""A patient asks for a model of their own glucose: checked now, trained by the worker."""

from dataclasses import dataclass

from backend.domain.consent import Consent, Kind, Purpose, require_purpose
from backend.domain.identifiers import AccountId, JobId, KeyId, TrainingId, random_id_text
from backend.domain.training import Training, TrainingState
from backend.ports import Ports
from backend.use_cases.consent_records import account_of
from backend.use_cases.open_traces import glucose_records

TRAIN_GLUCOSE_MODEL = "train_glucose_model"
_SEED_BYTES = 7


@dataclass(frozen=True)
class RequestTraining:
    account_id: AccountId


def request_training(command: RequestTraining, *, ports: Ports) -> Training:
    """The training, queued; `TrainingUnderWay` while another of the account is unfinished."""
    require_care_consent(command.account_id, ports=ports)
    training = Training(
        id=TrainingId(random_id_text(ports.random_bytes(16))),
        account_id=command.account_id,
        key_id=KeyId(random_id_text(ports.random_bytes(16))),
        seed=int.from_bytes(ports.random_bytes(_SEED_BYTES), "big"),
        state=TrainingState.QUEUED,
        requested_at=ports.clock.now(),
    )
    with ports.database.write() as unit:
        glucose_records(unit, command.account_id)
        unit.trainings.add(training)
        job_id = JobId(random_id_text(ports.random_bytes(16)))
        unit.jobs.enqueue(job_id, TRAIN_GLUCOSE_MODEL, training.id, training.requested_at)
    return training


def require_care_consent(account_id: AccountId, *, ports: Ports) -> Consent:
    """The consent to use CGM records for this person's care, as the chain holds it now."""
    account = account_of(account_id, ports=ports)
    held = ports.chain.consent_of(account.wallet)
    return require_purpose(held, Kind.CGM, Purpose.CARE, ports.clock.now())
