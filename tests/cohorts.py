"""Cohorts over the stand-in ports: many people with a sealed record and a consent, at once."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from backend.crypto.cid import digest_of
from backend.crypto.sealing import NONCE_BYTES, SealContext, seal
from backend.domain.account import Account, Role
from backend.domain.consent import ALL_PURPOSES, Consent, ConsentGrant, Kind, Purpose
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.contribution import Contribution, Status
from backend.domain.generation import Dataset, Member, Run, RunPlan
from backend.domain.identifiers import AccountId, ContributionId, RunId
from backend.jobs import job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.request_run import RequestRun, request_run
from tests.fakes.chain import FakeChain
from tests.fakes.generators import FakeCohortGenerators
from tests.ports.database_samples import account, consent, contribution
from tests.stand_in_ports import SettableClock

PLAN = RunPlan(
    kind=Kind.CGM,
    generator="pretending",
    setting="quick",
    rows=20,
    title="Synthetic glucose days",
    description="Made up for a test.",
)


@dataclass
class Studio:
    """Everything a test of generation runs touches."""

    ports: Ports
    clock: SettableClock
    chain: FakeChain

    @property
    def generators(self) -> FakeCohortGenerators:
        assert isinstance(self.ports.generators, FakeCohortGenerators)
        return self.ports.generators

    def operator(self, name: str = "operator") -> AccountId:
        return self.somebody(name, Role.OPERATOR)

    def somebody(self, name: str, role: Role) -> AccountId:
        made = account(name, role=role)
        with self.ports.database.write() as unit:
            if unit.accounts.by_id(made.id) is None:
                unit.accounts.add(made)
        return made.id

    def people(
        self,
        count: int = 50,
        *,
        first: int = 0,
        records: int = 1,
        kind: Kind = Kind.CGM,
        purposes: Purpose = ALL_PURPOSES,
        **changes: Any,
    ) -> list[Account]:
        """Contributors with anchored records, consenting here and on chain; `changes` of records
        are of all of them."""
        people = [account(f"person {number}") for number in range(first, first + count)]
        rows = [
            self._record(person, f"{person.login} {number}", kind, changes)
            for person in people
            for number in range(records)
        ]
        grants = [self._consent(person, kind, purposes) for person in people]
        with self.ports.database.write() as unit:
            for person, row in zip(people, grants, strict=True):
                unit.accounts.add(person)
                unit.consents.add(row)
            for record in rows:
                unit.contributions.add(record)
        self.chain.stand(_standing(row.grant, self.clock) for row in grants)
        return people

    def _record(
        self, person: Account, name: str, kind: Kind, changes: dict[str, Any]
    ) -> Contribution:
        planned = contribution(name, person, kind=kind, status=Status.ANCHORED)
        key = self.ports.random_bytes(32)
        envelope = seal(
            b"VMCT readings of " + name.encode(),
            key=key,
            key_id=planned.key_id,
            nonce=self.ports.random_bytes(NONCE_BYTES),
            context=SealContext(planned.id, person.id, kind),
        )
        self.ports.keys.store(planned.key_id, key)
        cid = self.ports.content.add(envelope)
        stored = replace(planned, cid=cid, digest=digest_of(envelope), size=len(envelope))
        return replace(stored, **changes)

    def _consent(self, person: Account, kind: Kind, purposes: Purpose) -> ConsentRecord:
        made = consent(person.login or "", person, status=ConsentStatus.IN_FORCE)
        ends = (self.clock.now() + timedelta(days=365)).replace(microsecond=0)
        grant = replace(
            made.grant, kinds=frozenset({kind}), purposes=purposes, nonce=0, expires_at=ends
        )
        return replace(made, grant=grant)

    def request(self, **changes: Any) -> RunId:
        """A run, queued by an operator."""
        seed = None if "epsilon" in changes else 42
        command = RequestRun(self.operator(), replace(PLAN, **changes), seed=seed)
        return request_run(command, ports=self.ports).id

    def run(self, **changes: Any) -> Run:
        """A run, worked on until it has ended."""
        run_id = self.request(**changes)
        generate_dataset(run_id, ports=self.ports)
        return self.row(run_id)

    def settle(self) -> None:
        """Run every job that is due."""
        runner = Runner("test", job_functions(), self.ports)
        for _ in range(6):
            while runner.run_next():
                pass
            self.clock.advance(timedelta(seconds=3))
            self.chain.mine()

    def row(self, run_id: RunId) -> Run:
        with self.ports.database.read() as unit:
            found = unit.runs.by_id(run_id)
        assert found is not None
        return found

    def members(self, run_id: RunId) -> list[Member]:
        with self.ports.database.read() as unit:
            return unit.runs.members(run_id)

    def dataset(self, run_id: RunId) -> Dataset | None:
        with self.ports.database.read() as unit:
            return unit.datasets.by_run(run_id)

    def checkpoint(self, run_id: RunId) -> bytes | None:
        with self.ports.database.read() as unit:
            return unit.run_checkpoints.of_run(run_id)

    def key_state(self, run_id: RunId) -> str:
        return self.ports.keys.state(self.row(run_id).key_id)

    def tick_at_every_step(self) -> None:
        self.ports = replace(self.ports, policy=replace(self.ports.policy, training_tick_s=0))

    def record_of(self, person: Account) -> ContributionId:
        with self.ports.database.read() as unit:
            (row, *_) = unit.contributions.of_account(person.id)
        return row.id

    def mark_revoking(self, person: Account) -> None:
        """As `revoke_consent` writes it first, and nothing more: the process died there."""
        with self.ports.database.write() as unit:
            (row,) = unit.consents.of_account(person.id)
            unit.consents.update(replace(row, status=ConsentStatus.REVOKING))


def _standing(grant: ConsentGrant, clock: SettableClock) -> Consent:
    begun = (clock.now() - timedelta(days=1)).replace(microsecond=0)
    return Consent(
        grant.contributor, grant.kinds, grant.purposes, grant.custodial, begun, grant.expires_at
    )
