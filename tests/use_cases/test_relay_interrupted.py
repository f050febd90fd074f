"""Interrupted before and after every outside call and commit, and resumed: done once, and wholly.

Every scenario is run again and again on a fresh service, ended at its first, second, third …
moment, until one run comes to its end. Jobs then run on as after a restart.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from shutil import copyfile

import pytest

from backend.domain.account import Account
from backend.domain.chain_events import ConsentGranted, ConsentRevoked, ContributionRegistered
from backend.domain.consent import ALL_PURPOSES, Kind
from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Contribution, Status
from backend.ports import Ports
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.grant_consent import ConsentTerms, GrantConsent, grant_consent
from backend.use_cases.relay_transactions import settle_all
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from tests.interrupted import survives
from tests.networks import FakeNetwork
from tests.relaying import Service, service_on
from tests.signing import Contributor

pytestmark = pytest.mark.slow
MOST_MOMENTS = 400


@dataclass
class Stage:
    """One fresh service with a consenting person, who holds one sealed contribution."""

    service: Service
    somebody: Contributor
    account: Account
    row: Contribution
    first_nonce: int

    def work(self, ports: Ports) -> None:
        replace(self.service, ports=ports).work()

    def resume(self) -> None:
        """As after a restart: leases have run out, and the jobs go on."""
        self.service.network.clock.advance(self.service.ports.policy.job_lease_s + 1)
        self.service.follow()
        self.service.work()
        self.service.network.mine(2)
        settle_all(ports=self.service.ports)
        self.service.work()

    def seen(self, kind: type) -> int:
        chain = self.service.ports.history
        events = chain.events(0, chain.head().number)
        return sum(isinstance(event, kind) for event in events)

    def sent(self) -> int:
        """How many transactions the relayer has spent."""
        return self.service.ports.chain.next_nonce() - self.first_nonce


Stages = Callable[[int], AbstractContextManager[Stage]]


@pytest.fixture
def fresh_stage(sqlite_template: Path, tmp_path: Path) -> Stages:
    @contextmanager
    def make(number: int) -> Iterator[Stage]:
        folder = tmp_path / str(number)
        folder.mkdir()
        copyfile(sqlite_template, folder / "vitalmint.db")
        network = FakeNetwork()
        somebody = Contributor()
        somebody.consent(network)
        url = f"sqlite:///{folder / 'vitalmint.db'}"
        with service_on(network, url, folder) as service:
            account = service.account(somebody, custodial=True)
            row = service.sealed(account)
            yield Stage(service, somebody, account, row, service.ports.chain.next_nonce())

    return make


def at_every_moment(
    fresh_stage: Stages,
    run: Callable[[Stage, Ports], None],
    check: Callable[[Stage], None],
) -> None:
    """Interrupt `run` at each of its moments in turn, resume, and check what is there."""
    for fatal in range(MOST_MOMENTS):
        with fresh_stage(fatal) as stage:
            ended = survives(lambda ports, at=stage: run(at, ports), stage.service.ports, fatal)
            stage.resume()
            check(stage)
            assert stage.service.under_way() == []
            assert stage.service.dead() == []
            if ended:
                assert fatal > 10, "nothing was interrupted"
                return
    raise AssertionError("the scenario never came to its end")


def test_anchoring_registers_and_pays_once(fresh_stage: Stages) -> None:
    def run(stage: Stage, ports: Ports) -> None:
        stage.work(ports)

    def check(stage: Stage) -> None:
        row = stage.service.row(stage.row)
        assert row.status is Status.ANCHORED
        assert stage.seen(ContributionRegistered) == 1
        assert stage.service.ports.chain.balance_of(stage.somebody.wallet) == row.reward
        assert stage.sent() == 1

    at_every_moment(fresh_stage, run, check)


def test_a_rejection_removes_everything(fresh_stage: Stages) -> None:
    def run(stage: Stage, ports: Ports) -> None:
        stage.service.network.revoke_directly(stage.somebody.key)
        stage.service.network.clock.advance(60)
        stage.work(ports)

    def check(stage: Stage) -> None:
        assert stage.service.row(stage.row).status is Status.REJECTED
        assert stage.service.ports.keys.state(stage.row.key_id) == "destroyed"
        assert not stage.service.content.holds(stage.row.cid)
        assert (stage.seen(ContributionRegistered), stage.sent()) == (0, 0)

    at_every_moment(fresh_stage, run, check)


def test_an_erasure_of_what_is_anchored_is_marked_once(
    fresh_stage: Stages,
) -> None:
    def run(stage: Stage, ports: Ports) -> None:
        stage.service.work()
        erase_contribution(EraseContribution(stage.account.id, stage.row.id), ports=ports)
        stage.work(ports)

    def check(stage: Stage) -> None:
        row = stage.service.row(stage.row)
        registration = stage.service.ports.chain.registration_of(stage.row.digest)
        assert registration is not None
        if row.status is Status.ANCHORED:  # interrupted before the erasure was written down
            assert not registration.erased and stage.sent() == 1
            return
        assert row.status is Status.ERASED and registration.erased
        assert stage.service.ports.keys.state(stage.row.key_id) == "destroyed"
        assert stage.sent() == 2

    at_every_moment(fresh_stage, run, check)


def test_a_consent_is_granted_once_or_not_at_all(fresh_stage: Stages) -> None:
    def run(stage: Stage, ports: Ports) -> None:
        end = ports.clock.now() + timedelta(days=10)
        terms = ConsentTerms(frozenset({Kind.IMAGE}), ALL_PURPOSES, end)
        grant_consent(GrantConsent(stage.account.id, terms), ports=ports)
        stage.work(ports)

    def check(stage: Stage) -> None:
        with stage.service.ports.database.read() as unit:
            records = unit.consents.of_account(stage.account.id)
        ours = [record for record in records if record.grant.kinds == {Kind.IMAGE}]
        granted = [record.status for record in ours]
        assert granted in ([], [ConsentStatus.IN_FORCE])
        assert stage.seen(ConsentGranted) == 1 + len(granted)
        held = stage.service.ports.chain.consent_of(stage.somebody.wallet)
        assert held is not None and (held.kinds == {Kind.IMAGE}) == bool(granted)

    at_every_moment(fresh_stage, run, check)


def test_a_revocation_is_made_once_or_not_at_all(fresh_stage: Stages) -> None:
    def run(stage: Stage, ports: Ports) -> None:
        stage.service.work()
        stage.service.network.mine(3)
        stage.service.follow()
        stage.service.work()
        revoke_consent(RevokeConsent(stage.account.id), ports=ports)
        stage.work(ports)

    def check(stage: Stage) -> None:
        held = stage.service.ports.chain.consent_of(stage.somebody.wallet)
        with stage.service.ports.database.read() as unit:
            (record,) = unit.consents.of_account(stage.account.id)
        wanted = ConsentStatus.IN_FORCE if held else ConsentStatus.REVOKED
        assert record.status is wanted
        assert stage.seen(ConsentRevoked) == (0 if held else 1)

    at_every_moment(fresh_stage, run, check)
