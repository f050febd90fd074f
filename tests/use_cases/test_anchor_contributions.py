"""A sealed contribution's way onto the chain, on the fake and on the real contracts."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.domain.consent import Kind, Purpose
from backend.domain.contribution import Contribution, Status
from backend.domain.errors import IllegalTransition
from backend.domain.job import Again
from backend.domain.transaction import TxPurpose, TxStatus
from backend.use_cases import anchor_contributions
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.relay_transactions import submit
from tests.fakes.chain import SCHEDULE, FakeChain
from tests.networks import FakeNetwork
from tests.relaying import Service, service_on
from tests.signing import Contributor, send

DAY = timedelta(days=1)


def consenting(service: Service, **terms: object) -> tuple[Contributor, object]:
    somebody = Contributor()
    somebody.consent(service.network, **terms)
    return somebody, service.account(somebody)


def test_a_sealed_contribution_is_anchored_and_rewarded_once(service: Service) -> None:
    somebody, account = consenting(service)
    row = service.sealed(account, quality=8_000)
    service.work()
    anchored = service.row(row)
    registration = service.ports.chain.registration_of(row.digest)
    assert anchored.status is Status.ANCHORED and registration is not None
    assert anchored.anchored_at == registration.registered_at
    expected = service.ports.chain.schedule().reward(Kind.CGM, 8_000, training=True)
    assert anchored.reward == expected == service.ports.chain.balance_of(somebody.wallet)
    transaction = service.transaction(row)
    assert (transaction.status, transaction.purpose) == (TxStatus.CONFIRMED, TxPurpose.REGISTER)
    assert transaction.confirmed_hash is not None
    event = service.ports.chain.registered_in(transaction.confirmed_hash)
    assert event is not None and event.digest == row.digest


def test_it_is_anchored_only_once_its_transaction_is_deep_enough(service: Service) -> None:
    _, account = consenting(service)
    row = service.sealed(account)
    assert service.run_one()
    service.network.clock.advance(2)
    service.run_one()
    assert service.row(row).status is Status.SUBMITTED
    assert service.under_way() != []
    service.work()
    assert service.row(row).status is Status.ANCHORED


def test_running_the_job_again_afterwards_changes_nothing(service: Service) -> None:
    somebody, account = consenting(service)
    row = service.sealed(account)
    service.work()
    before, balance = service.row(row), service.ports.chain.balance_of(somebody.wallet)
    assert anchor_contributions.run(row.id, ports=service.ports) is None
    assert service.row(row) == before
    assert service.ports.chain.balance_of(somebody.wallet) == balance


def test_a_contribution_for_care_alone_is_anchored_unpaid(service: Service) -> None:
    _, account = consenting(service, purposes=Purpose.CARE)
    row = service.sealed(account)
    service.work()
    anchored = service.row(row)
    assert anchored.status is Status.ANCHORED
    assert anchored.reward is not None and anchored.reward.base_units == 0


def test_a_consent_revoked_while_waiting_removes_everything_of_it(service: Service) -> None:
    somebody, account = consenting(service)
    row = service.sealed(account)
    somebody.revoke(service.network)
    service.work()
    rejected = service.row(row)
    assert rejected.status is Status.REJECTED
    assert rejected.reason is not None and "consent" in rejected.reason
    assert rejected.sealed_summary == b""
    assert service.ports.keys.state(row.key_id) == "destroyed"
    assert not service.content.holds(row.cid)
    assert service.ports.chain.registration_of(row.digest) is None
    with service.ports.database.write() as unit:
        assert unit.fingerprints.claim(row.id, [row.digest.sha256[:16]]) == 0


def test_a_node_that_lags_behind_the_grant_rejects_nothing(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    _, account = consenting(fake_service)
    fake.lag = 1
    row = fake_service.sealed(account)
    assert fake_service.run_one()
    assert fake_service.row(row).status is Status.SEALED
    assert fake_service.ports.keys.state(row.key_id) == "live"
    (job,) = fake_service.unfinished()
    assert job.attempts == 0
    fake.lag = 0
    fake_service.network.clock.advance(2)
    fake_service.work()
    assert fake_service.row(row).status is Status.ANCHORED


def test_a_consent_revoked_after_sending_is_refused_by_the_chain(service: Service) -> None:
    somebody, account = consenting(service)
    row = service.sealed(account)
    service.network.stop_mining()
    revocation = somebody.revocation(service.network)
    submit(
        TxPurpose.REVOKE_CONSENT,
        "elsewhere",
        lambda: service.ports.chain.revoke_call(*revocation),
        ports=service.ports,
    )
    assert service.run_one()
    assert service.row(row).status is Status.SUBMITTED
    service.network.start_mining()
    service.work_until(row, Status.REJECTED)
    assert service.transaction(row).status is TxStatus.REVERTED
    assert service.ports.keys.state(row.key_id) == "destroyed"


def test_a_rejection_cut_short_is_finished_later(service: Service) -> None:
    somebody, account = consenting(service)
    row = service.sealed(account)
    somebody.revoke(service.network)
    service.network.clock.advance(61)
    service.content.down = True
    assert service.run_one()
    assert service.row(row).status is Status.REJECTED
    assert service.content.holds(row.cid)
    service.content.down = False
    service.network.clock.advance(5)
    service.work()
    assert not service.content.holds(row.cid)


def test_the_daily_cap_makes_it_wait_for_the_next_utc_day(service: Service) -> None:
    _, account = consenting(service)
    rows = [service.sealed(account) for _ in range(4)]
    for row in rows[:3]:
        service.work_until(row, Status.ANCHORED)
    (waiting,) = [one for one in map(service.row, rows) if one.status is Status.SEALED]
    assert waiting.reason is not None and "today" in waiting.reason
    (job,) = service.unfinished()
    tomorrow = (service.ports.clock.now() + DAY).date()
    assert job.run_at.date() == tomorrow
    assert job.run_at.hour == 0 and job.attempts == 0
    service.pass_time(DAY)
    assert service.work_until(waiting, Status.ANCHORED).reason is None


def test_the_epoch_cap_makes_it_wait_for_the_next_epoch(sqlite_url: str, tmp_path: Path) -> None:
    short = replace(SCHEDULE, epoch_cap=SCHEDULE.rates[Kind.CGM], epoch_length_s=3_600)
    with service_on(FakeNetwork(short), sqlite_url, tmp_path) as service:
        _, account = consenting(service)
        rows = [service.sealed(account) for _ in range(2)]
        service.run_due()
        service.work_until(next(r for r in rows if is_submitted(service, r)), Status.ANCHORED)
        (waiting,) = [one for one in map(service.row, rows) if one.status is Status.SEALED]
        assert waiting.reason is not None and "epoch" in waiting.reason
        (job,) = service.unfinished()
        into_the_hour = job.run_at.timestamp() % 3_600
        assert job.run_at > service.ports.clock.now() and 0 < into_the_hour <= 60
        service.pass_time(timedelta(hours=1, minutes=1))
        service.work_until(waiting, Status.ANCHORED)


def is_submitted(service: Service, row: Contribution) -> bool:
    return service.row(row).status is Status.SUBMITTED


def test_a_paused_registry_makes_it_wait_without_counting_as_failure(service: Service) -> None:
    _, account = consenting(service)
    row = service.sealed(account)
    service.network.pause()
    assert service.run_one()
    (job,) = service.unfinished()
    assert job.attempts == 0
    assert service.row(row).reason is not None
    service.network.unpause()
    service.pass_time(timedelta(minutes=2))
    assert service.work_until(row, Status.ANCHORED).reason is None


def test_what_is_registered_already_is_taken_over_with_its_reward(service: Service) -> None:
    somebody, account = consenting(service)
    row = service.sealed(account, quality=3_000)
    call = service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality)
    send(service.network, call)
    service.work()
    anchored = service.row(row)
    assert anchored.status is Status.ANCHORED
    assert anchored.reward == service.ports.chain.balance_of(somebody.wallet)
    assert service.under_way() == []


def test_what_is_registered_for_somebody_else_is_rejected(service: Service) -> None:
    _, account = consenting(service)
    other, _ = consenting(service)
    row = service.sealed(account)
    call = service.ports.chain.register_call(row.digest, row.kind, other.wallet, row.quality)
    send(service.network, call)
    service.work()
    assert service.row(row).status is Status.REJECTED


def test_what_is_marked_as_erased_already_is_erased_here_too(service: Service) -> None:
    somebody, account = consenting(service)
    row = service.sealed(account)
    call = service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality)
    send(service.network, call)
    service.network.mark_erased_directly(somebody.key, row.digest)
    service.work()
    assert service.row(row).status is Status.ERASED
    assert service.ports.keys.state(row.key_id) == "destroyed"


def test_an_erasure_before_it_was_sent_keeps_it_off_the_chain(service: Service) -> None:
    _, account = consenting(service)
    row = service.sealed(account)
    erase_contribution(EraseContribution(account.id, row.id), ports=service.ports)
    service.work()
    assert service.row(row).status is Status.ERASED
    assert service.ports.chain.registration_of(row.digest) is None
    assert service.under_way() == []


def test_an_erasure_after_it_was_sent_is_marked_once_it_has_landed(service: Service) -> None:
    _, account = consenting(service)
    row = service.sealed(account)
    service.network.stop_mining()
    assert service.run_one()
    assert service.row(row).status is Status.SUBMITTED
    erase_contribution(EraseContribution(account.id, row.id), ports=service.ports)
    service.network.start_mining()
    service.follow()
    service.work_until(row, Status.ERASED)
    registration = service.ports.chain.registration_of(row.digest)
    assert registration is not None and registration.erased


def test_a_change_made_meanwhile_is_looked_at_again(service: Service) -> None:
    _, account = consenting(service)
    row = service.sealed(account)
    stale = replace(row)
    erase_contribution(EraseContribution(account.id, row.id), ports=service.ports)
    with pytest.raises(IllegalTransition), service.ports.database.write() as unit:
        unit.contributions.update(stale.moved(Status.SUBMITTED), expected=Status.SEALED)
    assert anchor_contributions.run(row.id, ports=service.ports) is None


def test_an_unknown_contribution_is_nothing_to_anchor(service: Service) -> None:
    assert anchor_contributions.run("0" * 32, ports=service.ports) is None


def test_a_refusal_that_waiting_cannot_cure_counts_as_failure(fake_service: Service) -> None:
    _, account = consenting(fake_service)
    row = fake_service.sealed(account)
    fake_service.ports.chain._state().recorder = account.wallet  # type: ignore[attr-defined]
    answer = anchor_contributions.run(row.id, ports=fake_service.ports)
    assert isinstance(answer, Again) and answer.failed
    assert fake_service.row(row).status is Status.SEALED
