"""People with records who have, or want, a model of their own; over the stand-in ports."""

from dataclasses import dataclass
from datetime import timedelta

from backend.domain.consent import Kind, Purpose
from backend.domain.identifiers import AccountId, ContributionId, TrainingId
from backend.domain.training import GlucoseModel, Training
from backend.jobs import TRAINING, job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.use_cases.contribute_record import ContributeRecord, contribute_record
from backend.use_cases.grant_consent import ConsentTerms, GrantConsent, grant_consent
from backend.use_cases.request_training import RequestTraining, request_training
from backend.use_cases.sign_up import sign_up
from tests.fakes.chain import FakeChain
from tests.fakes.models import FakeGlucoseModels
from tests.http.browser import cgm_file
from tests.people import sign_up_as
from tests.stand_in_ports import SettableClock

CARE = Purpose.CARE | Purpose.TRAINING


@dataclass
class Clinic:
    """Everything a test of trainings touches."""

    ports: Ports
    clock: SettableClock
    chain: FakeChain

    @property
    def models(self) -> FakeGlucoseModels:
        assert isinstance(self.ports.models, FakeGlucoseModels)
        return self.ports.models

    def person(self, login: str = "haneul", purposes: Purpose | None = CARE) -> AccountId:
        """Signed up, and consenting on chain unless `purposes` is None."""
        account_id = sign_up(sign_up_as(login), ports=self.ports).account.id
        if purposes is not None:
            self.consent(account_id, purposes)
        return account_id

    def consent(
        self, account_id: AccountId, purposes: Purpose = CARE, *, days: float = 365
    ) -> None:
        ends = (self.clock.now() + timedelta(days=days)).replace(microsecond=0)
        terms = ConsentTerms(frozenset({Kind.CGM}), purposes, ends)
        grant_consent(GrantConsent(account_id, terms), ports=self.ports)
        self.settle()

    def contribute(self, account_id: AccountId, first_value: int = 90) -> ContributionId:
        """A record of the person's own, anchored."""
        data = cgm_file(first_value=first_value)
        command = ContributeRecord(account_id, data, Kind.CGM, "Asia/Seoul")
        made = contribute_record(command, ports=self.ports)
        self.settle()
        return made.contribution.id

    def trainee(self, login: str = "haneul") -> AccountId:
        """Somebody who may train: a consent and one record."""
        account_id = self.person(login)
        self.contribute(account_id)
        return account_id

    def request(self, account_id: AccountId) -> TrainingId:
        return request_training(RequestTraining(account_id), ports=self.ports).id

    def train(self, account_id: AccountId) -> TrainingId:
        """Requested, and worked on until it has ended."""
        training_id = self.request(account_id)
        self.settle(training=True)
        return training_id

    def settle(self, *, training: bool = False) -> None:
        """Run jobs until only waiting is left, with time and blocks going by."""
        lane = () if training else TRAINING
        runner = Runner("test", job_functions(), self.ports, leaving_out=lane)
        for _ in range(8):
            while runner.run_next():
                pass
            self.clock.advance(timedelta(seconds=3))
            self.chain.mine()

    def training(self, training_id: TrainingId) -> Training:
        with self.ports.database.read() as unit:
            found = unit.trainings.by_id(training_id)
        assert found is not None
        return found

    def model_of(self, account_id: AccountId) -> GlucoseModel | None:
        with self.ports.database.read() as unit:
            models = unit.glucose_models.of_account(account_id)
        assert len(models) <= 1
        return models[0] if models else None

    def checkpoint_of(self, training_id: TrainingId) -> bytes | None:
        with self.ports.database.read() as unit:
            return unit.training_checkpoints.of_training(training_id)

    def key_state(self, training_id: TrainingId) -> str:
        return self.ports.keys.state(self.training(training_id).key_id)
