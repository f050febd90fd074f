"""A patient asks for a model of their own glucose: checked now, trained by the worker."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.crypto.training_keys import RANDOM_BYTES, training_key_id
from backend.domain.consent import Consent, Kind, Purpose, require_purpose
from backend.domain.consent_record import ConsentStatus
from backend.domain.errors import ConsentNotGranted
from backend.domain.identifiers import AccountId, JobId, TrainingId, random_id_text
from backend.domain.training import Training, TrainingState
from backend.ports import Ports
from backend.use_cases.consent_records import account_of, uncounted
from backend.use_cases.open_traces import glucose_records

TRAIN_GLUCOSE_MODEL = "train_glucose_model"
_SEED_BYTES = 7


@dataclass(frozen=True)
class RequestTraining:
    account_id: AccountId


def request_training(
    command: RequestTraining, *, ports: Ports, before_queueing: Callable[[], None] = uncounted
) -> Training:
    """The training, queued; `TrainingUnderWay` while another of the account is unfinished.

    `before_queueing` is called when nothing else stands in the way, and may raise.
    """
    require_care_consent(command.account_id, ports=ports)
    training = Training(
        id=TrainingId(random_id_text(ports.random_bytes(16))),
        account_id=command.account_id,
        key_id=training_key_id(ports.random_bytes(RANDOM_BYTES)),
        seed=int.from_bytes(ports.random_bytes(_SEED_BYTES), "big"),
        state=TrainingState.QUEUED,
        requested_at=ports.clock.now(),
    )
    with ports.database.write() as unit:
        glucose_records(unit, command.account_id)
        unit.trainings.add(training)
        before_queueing()
        job_id = JobId(random_id_text(ports.random_bytes(16)))
        unit.jobs.enqueue(job_id, TRAIN_GLUCOSE_MODEL, training.id, training.requested_at)
    return training


def require_care_consent(account_id: AccountId, *, ports: Ports) -> Consent:
    """The consent to use CGM records for this person's care, as the chain holds it now.

    Taking it back counts from the moment that it was asked for, before the chain has heard of it.
    """
    account = account_of(account_id, ports=ports)
    with ports.database.read() as unit:
        records = unit.consents.of_account(account_id)
    if any(record.status is ConsentStatus.REVOKING for record in records):
        raise ConsentNotGranted(
            "you have taken your consent back, and that is on its way to the chain: grant one at "
            "/api/consents once it has arrived"
        )
    held = ports.chain.consent_of(account.wallet)
    return require_purpose(held, Kind.CGM, Purpose.CARE, ports.clock.now())
