"""Following the chain: reorganisations undone, news from past us taken in, bad events set aside."""

from datetime import timedelta

import pytest

from backend.domain.chain_events import (
    ChainEvent,
    ConsentGranted,
    ContributionRegistered,
    Place,
    UnreadableEvent,
)
from backend.domain.consent import ALL_PURPOSES, Kind
from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Status
from backend.domain.errors import ChainUnavailable
from backend.domain.identifiers import AccountId, TxHash
from backend.domain.money import TokenAmount
from backend.domain.transaction import TxStatus
from backend.use_cases import follow_chain as following
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.follow_chain import KEPT, follow_chain, run, run_event
from backend.use_cases.grant_consent import ConsentTerms, GrantConsent, grant_consent
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import NOWHERE
from tests.relaying import Service
from tests.signing import Contributor, send, some_digest


def catch_up(service: Service) -> None:
    for _ in range(500):
        if not follow_chain(ports=service.ports):
            return
    raise AssertionError("the indexer never catches up")


def settle_down(service: Service) -> None:
    """Indexer and jobs, block after block, until everything is at rest."""
    for _ in range(12):
        service.run_due()
        catch_up(service)
        service.network.mine()
        service.network.clock.advance(2)
    service.run_due()


def followed(service: Service) -> list[tuple[int, str]]:
    with service.ports.database.read() as unit:
        return unit.cursor.recent()


def consents(service: Service, account_id: AccountId) -> list[ConsentStatus]:
    """Oldest first."""
    with service.ports.database.read() as unit:
        records = unit.consents.of_account(account_id)
    return [record.status for record in sorted(records, key=lambda one: one.grant.nonce)]


def test_it_follows_to_where_blocks_are_deep_enough(service: Service) -> None:
    service.network.mine(4)
    catch_up(service)
    number, block_hash = followed(service)[0]
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
    numbers = [number for number, _ in followed(fake_service)]
    newest = fake_service.ports.history.head().number - 1
    assert numbers == list(range(newest, newest - KEPT, -1))


def test_a_reorganisation_of_two_blocks_ends_in_resubmission(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.network.mine(2)
    catch_up(service)
    mark = service.network.mark()
    service.work()
    anchored, before = service.row(row), service.transaction(row)
    assert anchored.status is Status.ANCHORED
    catch_up(service)
    service.network.reorganise(mark)
    assert service.ports.chain.registration_of(row.digest) is None
    assert follow_chain(ports=service.ports)
    undone = service.row(row)
    assert (undone.status, undone.anchored_at, undone.reward) == (Status.SUBMITTED, None, None)
    settle_down(service)
    again, after = service.row(row), service.transaction(row)
    assert again.status is Status.ANCHORED
    assert again.reward == anchored.reward == service.ports.chain.balance_of(somebody.wallet)
    assert (after.id, after.status) == (before.id, TxStatus.CONFIRMED)
    assert after.block_hash != before.block_hash
    assert registrations(service) == 1


def registrations(service: Service) -> int:
    history = service.ports.history
    events = history.events(history.first_block, history.head().number)
    return sum(isinstance(event, ContributionRegistered) for event in events)


def test_a_transaction_that_a_reorganisation_only_moved_is_settled_again(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.network.mine(2)
    mark = service.network.mark()
    service.work()
    catch_up(service)
    sent = service.transaction(row).versions[-1]
    service.network.reorganise(mark)
    service.ports.chain.broadcast(sent)  # the network itself puts it into the new chain
    settle_down(service)
    assert service.row(row).status is Status.ANCHORED
    assert registrations(service) == 1


def test_a_consent_revoked_in_the_other_branch_rejects_what_was_anchored(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.network.mine(2)
    catch_up(service)
    mark = service.network.mark()
    service.work()
    catch_up(service)
    service.network.reorganise(mark)
    service.network.revoke_directly(somebody.key)
    settle_down(service)
    assert service.row(row).status is Status.REJECTED
    assert service.ports.keys.state(row.key_id) == "destroyed"


def test_a_consent_and_a_revocation_are_relayed_again_after_a_reorganisation(
    service: Service,
) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    service.network.mine(2)
    catch_up(service)
    mark = service.network.mark()
    end = service.ports.clock.now() + timedelta(days=30)
    terms = ConsentTerms(frozenset(Kind), ALL_PURPOSES, end)
    grant_consent(GrantConsent(account.id, terms), ports=service.ports)
    service.work()
    revoke_consent(RevokeConsent(account.id), ports=service.ports)
    service.work()
    catch_up(service)
    assert consents(service, account.id) == [ConsentStatus.REVOKED]
    service.network.reorganise(mark)
    assert service.ports.chain.consent_nonce(somebody.wallet) == 0
    assert follow_chain(ports=service.ports)
    assert consents(service, account.id) == [ConsentStatus.REVOKING]
    settle_down(service)
    assert consents(service, account.id) == [ConsentStatus.REVOKED]
    assert service.ports.chain.consent_nonce(somebody.wallet) == 2


def test_a_reorganisation_deeper_than_remembered_is_followed_from_the_start(
    fake_service: Service,
) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(KEPT + 20)
    catch_up(fake_service)
    fake.reorganise(2)
    catch_up(fake_service)
    number, block_hash = followed(fake_service)[0]
    block = fake.block(number)
    assert block is not None and block.hash == block_hash
    assert number == fake.head().number - 1


def test_a_node_that_lags_is_no_reorganisation(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(10)
    catch_up(fake_service)
    before = followed(fake_service)
    fake.reorganise(fake.height - 3, grow=False)
    assert not follow_chain(ports=fake_service.ports)
    assert followed(fake_service) == before


def test_a_chain_that_stays_shorter_is_one(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(10)
    catch_up(fake_service)
    fake.reorganise(fake.height - 3, grow=False)
    fake_service.network.clock.advance(120)
    catch_up(fake_service)
    assert followed(fake_service)[0][0] <= fake.height


def test_a_revocation_past_us_reaches_the_list(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    end = service.ports.clock.now() + timedelta(days=30)
    terms = ConsentTerms(frozenset(Kind), ALL_PURPOSES, end)
    grant_consent(GrantConsent(account.id, terms), ports=service.ports)
    service.work()
    service.network.revoke_directly(somebody.key)
    service.network.mine(2)
    catch_up(service)
    assert consents(service, account.id) == [ConsentStatus.REVOKED]


def test_a_consent_past_us_reaches_the_list_and_can_be_revoked(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    grant = somebody.grant(service.network)
    service.network.grant_directly(grant, somebody.sign(service.network, grant))
    service.network.mine(2)
    catch_up(service)
    assert consents(service, account.id) == [ConsentStatus.IN_FORCE]
    revoke_consent(RevokeConsent(account.id), ports=service.ports)
    service.work()
    assert consents(service, account.id) == [ConsentStatus.REVOKED]


def test_following_the_same_blocks_again_changes_nothing(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    for _ in range(2):
        grant = somebody.grant(service.network)
        service.network.grant_directly(grant, somebody.sign(service.network, grant))
    service.network.revoke_directly(somebody.key)
    service.network.mine(2)
    catch_up(service)
    before = consents(service, account.id)
    assert before == [ConsentStatus.REPLACED, ConsentStatus.REVOKED]
    with service.ports.database.write() as unit:
        unit.cursor.rewind(0)
    catch_up(service)
    assert consents(service, account.id) == before


def test_an_erasure_marked_past_us_erases_the_record(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.work()
    service.network.mark_erased_directly(somebody.key, row.digest)
    settle_down(service)
    assert service.row(row).status is Status.ERASED
    assert service.ports.keys.state(row.key_id) == "destroyed"
    assert not service.content.holds(row.cid)


def test_what_was_rejected_and_lands_all_the_same_is_marked_as_erased(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    row = service.sealed(account)
    service.work()
    assert service.row(row).status is Status.REJECTED
    somebody.consent(service.network)
    call = service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality)
    send(service.network, call)
    settle_down(service)
    registration = service.ports.chain.registration_of(row.digest)
    assert registration is not None and registration.erased
    assert service.row(row).status is Status.ERASED


def test_what_was_erased_and_lands_afterwards_is_marked_too(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    row = service.sealed(account)
    erase_contribution(EraseContribution(account.id, row.id), ports=service.ports)
    service.work()
    assert service.row(row).status is Status.ERASED
    somebody.consent(service.network)
    call = service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality)
    send(service.network, call)
    settle_down(service)
    registration = service.ports.chain.registration_of(row.digest)
    assert registration is not None and registration.erased


def test_events_about_strangers_are_none_of_our_business(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    digest, _ = somebody.contribute(service.network)
    service.network.mark_erased_directly(somebody.key, digest)
    service.network.revoke_directly(somebody.key)
    service.network.mine(2)
    catch_up(service)
    assert service.unfinished() == []


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
    catch_up(fake_service)
    assert consents(fake_service, account.id) == [ConsentStatus.IN_FORCE]
    (job,) = fake_service.unfinished()
    assert (job.name, job.key) == ("follow_event", f"{place}:0")


def test_a_bad_event_ends_as_a_buried_job_that_can_be_revived(fake_service: Service) -> None:
    service = fake_service.with_policy(job_attempts=2)
    fake = service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.plant(unreadable())
    fake.mine(2)
    catch_up(service)
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
    assert consents(fake_service, account.id) == [ConsentStatus.IN_FORCE]
    run_event(f"{height}:7", ports=fake_service.ports)


def test_an_outage_stops_the_step_and_not_the_event(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(3)
    fake.down = True
    with pytest.raises(ChainUnavailable):
        follow_chain(ports=fake_service.ports)
    fake.down = False
    catch_up(fake_service)
    assert fake_service.unfinished() == []


def test_a_registration_of_nothing_known_is_only_told(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    wallet = Contributor().wallet
    fake.plant(
        ContributionRegistered(NOWHERE, 1, some_digest(), wallet, Kind.CGM, 1, TokenAmount(1))
    )
    fake.mine(2)
    catch_up(fake_service)
    assert fake_service.unfinished() == []


def test_the_periodic_job_comes_round_at_once_while_it_is_behind(fake_service: Service) -> None:
    fake_service.network.mine(3)
    first = run("-", ports=fake_service.ports)
    assert first.run_at <= fake_service.ports.clock.now()
    catch_up(fake_service)
    assert run("-", ports=fake_service.ports).run_at > fake_service.ports.clock.now()


def test_a_low_balance_is_warned_of_while_blocks_go_by(
    fake_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.ether = 1
    fake.mine(130)
    catch_up(fake_service)
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
