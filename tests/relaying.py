"""The service around a chain: real database and keyring, content in memory, jobs to be run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from backend.adapters.database.unit_of_work import open_database
from backend.adapters.guidance.guide import MlGuide
from backend.adapters.keys.file_keyring import FileKeyring, create_keyring_and_master
from backend.adapters.keys.master_keys import FolderMasterKeys
from backend.adapters.plots.glucose import MatplotlibPlots
from backend.adapters.records.reader import MlRecordReader
from backend.crypto.cid import digest_of
from backend.crypto.personal import seal_personal
from backend.crypto.wallets import wallet_of
from backend.domain.account import Account, Role
from backend.domain.consent import Kind
from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Contribution, Status
from backend.domain.identifiers import (
    AccountId,
    ContentDigest,
    ContributionId,
    JobId,
    KeyId,
    random_id_text,
)
from backend.domain.job import Job
from backend.domain.policy import Policy
from backend.domain.transaction import Transaction, TxPurpose
from backend.jobs import PERIODIC, job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.use_cases.follow_chain import follow_chain
from backend.use_cases.relay_transactions import settle, submit
from tests.fakes.content_store import InMemoryContentStore
from tests.fakes.evaluator import FakeEvaluator
from tests.fakes.generators import FakeCohortGenerators
from tests.fakes.models import FakeGlucoseModels
from tests.networks import Network
from tests.signing import Contributor, some_digest

ROUNDS = 60


@dataclass
class Service:
    """Ports on one network, and the people and records that tests put into them."""

    network: Network
    ports: Ports
    content: InMemoryContentStore

    def account(self, somebody: Contributor, *, custodial: bool = False) -> Account:
        """An account for this wallet, kept by the service or the person's own."""
        account_id = AccountId(fresh_id())
        key = os.urandom(32)
        sealed = seal_personal(
            somebody.key, key=key, nonce=os.urandom(12), account_id=account_id, column="wallet"
        )
        account = Account(
            id=account_id,
            login=None,
            role=Role.PATIENT,
            wallet=wallet_of(somebody.key),
            custodial=custodial,
            created_at=self.ports.clock.now(),
            sealed_profile=b"",
            sealed_wallet=sealed if custodial else None,
            password_hash=None,
            recovery_hash=None,
        )
        self.ports.keys.store(KeyId(account_id), key)
        with self.ports.database.write() as unit:
            unit.accounts.add(account)
        return account

    def sealed(self, account: Account, *, quality: int = 10_000) -> Contribution:
        """A contribution as `contribute_record` leaves it: stored, sealed, its job queued."""
        envelope = os.urandom(200)
        now = self.ports.clock.now()
        row = Contribution(
            id=ContributionId(fresh_id()),
            account_id=account.id,
            contributor=account.wallet,
            kind=Kind.CGM,
            status=Status.SEALED,
            key_id=KeyId(fresh_id()),
            cid=self.ports.content.add(envelope),
            digest=digest_of(envelope),
            size=len(envelope),
            quality=quality,
            sealed_summary=b"sealed",
            created_at=now,
            lease_until=now,
            custodial=account.custodial,
        )
        self.ports.keys.store(row.key_id, os.urandom(32))
        with self.ports.database.write() as unit:
            unit.contributions.add(row)
            unit.fingerprints.claim(row.id, [row.digest.sha256[:16]])
            unit.jobs.enqueue(JobId(fresh_id()), "anchor_contribution", row.id, now)
        return row

    def consenting(self) -> Contributor:
        """Somebody whose consent covers everything, on chain."""
        somebody = Contributor()
        somebody.consent(self.network)
        return somebody

    def relay(
        self,
        somebody: Contributor,
        *,
        subject: str | None = None,
        digest: ContentDigest | None = None,
    ) -> Transaction:
        """Relay one small registration."""
        wanted = digest or some_digest()
        return submit(
            TxPurpose.REGISTER,
            subject or fresh_id(),
            lambda: self.ports.chain.register_call(wanted, Kind.CGM, somebody.wallet, 100),
            ports=self.ports,
        )

    def stored(self, transaction: Transaction) -> Transaction:
        """As the database has it now."""
        with self.ports.database.read() as unit:
            found = unit.transactions.by_id(transaction.id)
        assert found is not None
        return found

    def settled(self, transaction: Transaction) -> Transaction:
        """Mine, and settle."""
        self.network.mine(2)
        return settle(self.stored(transaction), ports=self.ports)

    def work(self) -> None:
        """Run jobs, mine and let time pass until nothing is left to do."""
        for _ in range(ROUNDS):
            self.run_due()
            if not self.unfinished():
                return
            self.network.mine()
            self.network.clock.advance(2)
        raise AssertionError(f"still unfinished: {self.unfinished()}")

    def work_until(self, row: Contribution, status: Status) -> Contribution:
        """Run jobs, mine and let time pass until the contribution has that status."""
        for _ in range(ROUNDS):
            self.run_due()
            found = self.row(row)
            if found.status is status:
                return found
            self.network.mine()
            self.network.clock.advance(2)
        raise AssertionError(f"it is {self.row(row).status}, not {status}")

    def follow(self) -> None:
        """Let the indexer come round from now on, as a worker's start does."""
        Runner("test", job_functions(), self.ports).start()

    def catch_up(self) -> None:
        """Follow the chain as far as it counts."""
        for _ in range(500):
            if not follow_chain(ports=self.ports):
                return
        raise AssertionError("the indexer never catches up")

    def settle_down(self) -> None:
        """Indexer and jobs, block after block, until everything is at rest."""
        for _ in range(12):
            self.run_due()
            self.catch_up()
            self.network.mine()
            self.network.clock.advance(2)
        self.run_due()

    def followed(self) -> list[tuple[int, str]]:
        with self.ports.database.read() as unit:
            return unit.cursor.recent()

    def consents(self, account: Account) -> list[ConsentStatus]:
        """Oldest first."""
        with self.ports.database.read() as unit:
            records = unit.consents.of_account(account.id)
        return [record.status for record in sorted(records, key=lambda one: one.grant.nonce)]

    def run_one(self) -> bool:
        return Runner("test", job_functions(), self.ports).run_next()

    def run_due(self) -> None:
        """Every job that is due, until none is; a periodic job that is always due is given up."""
        for _ in range(200):
            if not self.run_one():
                return
        raise AssertionError("some job is due for ever")

    def unfinished(self) -> list[Job]:
        with self.ports.database.read() as unit:
            return [job for job in unit.jobs.unfinished() if job.name not in PERIODIC]

    def dead(self) -> list[Job]:
        with self.ports.database.read() as unit:
            return unit.jobs.dead()

    def row(self, contribution: Contribution) -> Contribution:
        with self.ports.database.read() as unit:
            found = unit.contributions.by_id(contribution.id)
        assert found is not None
        return found

    def transaction(self, row: Contribution) -> Transaction:
        with self.ports.database.read() as unit:
            found = unit.transactions.by_id(self.row(row).transaction_id or "")  # type: ignore[arg-type]
        assert found is not None
        return found

    def under_way(self) -> list[Transaction]:
        with self.ports.database.read() as unit:
            return unit.transactions.unfinished(self.ports.chain.relayer)

    def pass_time(self, by: timedelta) -> None:
        """On the chain and here."""
        self.network.pass_time(int(by.total_seconds()))

    def with_policy(self, **changes: int) -> "Service":
        policy = replace(self.ports.policy, **changes)
        return replace(self, ports=replace(self.ports, policy=policy))


@contextmanager
def service_on(network: Network, sqlite_url: str, folder: Path) -> Iterator[Service]:
    """A service over an empty database and keyring in `folder`."""
    keyring, masters = folder / "keyring", folder / "elsewhere" / "masters"
    masters.parent.mkdir()
    create_keyring_and_master(keyring, masters)
    database = open_database(sqlite_url)
    content = InMemoryContentStore()
    ports = Ports(
        clock=network.clock,
        random_bytes=os.urandom,
        database=database,
        keys=FileKeyring(keyring, FolderMasterKeys(masters)),
        content=content,
        chain=network.chain,
        history=network.history,
        records=MlRecordReader(),
        models=FakeGlucoseModels(),
        plots=MatplotlibPlots(),
        guide=MlGuide(),
        generators=FakeCohortGenerators(),
        evaluator=FakeEvaluator(),
        policy=Policy(confirmation_depth=2),
    )
    try:
        yield Service(network, ports, content)
    finally:
        database.close()


def fresh_id() -> str:
    return random_id_text(os.urandom(16))
