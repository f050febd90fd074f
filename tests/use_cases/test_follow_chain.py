"""Following the chain: how far, in which steps, and what becomes of an event that is bad."""

import pytest

from backend.domain.chain_events import (
    ChainEvent,
    ConsentGranted,
    Place,
    UnreadableEvent,
)
from backend.domain.consent_record import ConsentStatus
from backend.domain.errors import ChainUnavailable
from backend.domain.identifiers import TxHash
from backend.use_cases import follow_chain as following
from backend.use_cases.follow_chain import KEPT, follow_chain, run, run_event
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import NOWHERE
from tests.relaying import Service
from tests.signing import Contributor


def test_it_follows_to_where_blocks_are_deep_enough(service: Service) -> None:
    service.network.mine(4)
    service.catch_up()
    number, block_hash = service.followed()[0]
    assert number == service.ports.history.head().number - 1
    block = service.ports.history.block(number)
    assert block is not None and block.hash == block_hash
    assert not follow_chain(ports=service.ports)


def test_far_behind_it_takes_strides_and_remembers_only_the_last_blocks(
    fake_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "STRIDE", 50)
    fake_service.network.mine(300)
    steps = 0
    while follow_chain(ports=fake_service.ports):
        steps += 1
    assert steps < 300 - KEPT
    numbers = [number for number, _ in fake_service.followed()]
    newest = fake_service.ports.history.head().number - 1
    assert numbers == list(range(newest, newest - KEPT, -1))


def unreadable() -> ChainEvent:
    return UnreadableEvent(NOWHERE, Contributor().wallet, "schema version 9")


def test_one_bad_event_is_set_aside_and_never_holds_up_the_rest(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    somebody = Contributor()
    account = fake_service.account(somebody)
    fake.plant(unreadable())
    place = fake.height
    somebody.consent(fake_service.network)
    fake.mine(2)
    fake_service.catch_up()
    assert fake_service.consents(account) == [ConsentStatus.IN_FORCE]
    (job,) = fake_service.unfinished()
    assert (job.name, job.key) == ("follow_event", f"{place}:0")


def test_a_bad_event_ends_as_a_buried_job_that_can_be_revived(fake_service: Service) -> None:
    service = fake_service.with_policy(job_attempts=2)
    fake = service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.plant(unreadable())
    fake.mine(2)
    service.catch_up()
    for _ in range(4):
        service.run_due()
        service.network.clock.advance(700)
    (dead,) = service.dead()
    assert dead.name == "follow_event"
    with service.ports.database.write() as unit:
        unit.jobs.revive(dead.id, service.ports.clock.now())
    fake.reorganise(0)  # the event is gone, and with it the reason to fail
    service.run_due()
    assert service.dead() == [] and service.unfinished() == []


def test_an_event_can_be_applied_again_by_its_place(fake_service: Service) -> None:
    somebody = Contributor()
    somebody.consent(fake_service.network)
    height = fake_service.ports.history.head().number
    account = fake_service.account(somebody)
    run_event(f"{height}:0", ports=fake_service.ports)
    assert fake_service.consents(account) == [ConsentStatus.IN_FORCE]
    run_event(f"{height}:7", ports=fake_service.ports)


def test_an_outage_stops_the_step_and_not_the_event(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(3)
    fake.down = True
    with pytest.raises(ChainUnavailable):
        follow_chain(ports=fake_service.ports)
    fake.down = False
    fake_service.catch_up()
    assert fake_service.unfinished() == []


def test_the_periodic_job_comes_round_at_once_while_it_is_behind(fake_service: Service) -> None:
    fake_service.network.mine(3)
    first = run("-", ports=fake_service.ports)
    assert first.run_at <= fake_service.ports.clock.now()
    fake_service.catch_up()
    assert run("-", ports=fake_service.ports).run_at > fake_service.ports.clock.now()


def test_a_low_balance_is_warned_of_while_blocks_go_by(
    fake_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.ether = 1
    fake.mine(130)
    fake_service.catch_up()
    assert "relayer_balance_low" in capsys.readouterr().out


def test_a_place_names_one_event(fake_service: Service) -> None:
    somebody = Contributor()
    somebody.consent(fake_service.network)
    history = fake_service.ports.history
    (event,) = history.events(1, history.head().number)
    assert isinstance(event, ConsentGranted)
    assert event.place == Place(
        history.head().number, history.head().hash, TxHash(event.place.transaction), 0
    )
