"""What a start finds unfinished and without a job is taken up again."""

from contextlib import suppress
from dataclasses import replace

import pytest

from backend.domain.contribution import Status
from backend.domain.errors import KeyringUnavailable
from backend.domain.identifiers import KeyId
from backend.ports import Ports
from backend.use_cases.contribute_record import contribute_record
from backend.use_cases.erase_account import EraseAccount, erase_account
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.resume_work import resume_work
from backend.use_cases.sweep_reservations import sweep_reservations
from tests.world import Person, World, export_of, patient, run_jobs, step, upload_of


def bury_everything(ports: Ports) -> None:
    """As if every queued job had failed for good."""
    far = ports.clock.now()
    with ports.database.write() as unit:
        while job := unit.jobs.lease(now=far, holder="undertaker", until=far):
            unit.jobs.bury(job.id, holder="undertaker", error="test")


@pytest.fixture
def person(world: World) -> Person:
    with world.ports() as ports:
        return patient(ports, "haneul")


def statuses(ports: Ports, person: Person) -> list[Status]:
    with ports.database.read() as unit:
        return [row.status for row in unit.contributions.of_account(person.id)]


def test_a_sealed_record_and_an_erasure_without_their_jobs_are_finished_after_a_start(
    world: World, person: Person
) -> None:
    with world.ports() as ports:
        row = contribute_record(upload_of(person, export_of(seed=5)), ports=ports).contribution
        bury_everything(ports)
        run_jobs(ports)
        assert statuses(ports, person) == [Status.SEALED]
        resume_work(ports=ports)
        run_jobs(ports)
        assert statuses(ports, person) == [Status.ANCHORED]
        erase_contribution(EraseContribution(person.id, row.id), ports=ports)
        bury_everything(ports)
        run_jobs(ports)
        assert statuses(ports, person) == [Status.ERASING]
        resume_work(ports=ports)
        run_jobs(ports)
        assert statuses(ports, person) == [Status.ERASED]


def test_asking_again_for_an_erasure_whose_job_was_buried_finishes_it(
    world: World, person: Person
) -> None:
    with world.ports() as ports:
        row = contribute_record(upload_of(person, export_of(seed=6)), ports=ports).contribution
        run_jobs(ports)
        first = erase_contribution(EraseContribution(person.id, row.id), ports=ports)
        bury_everything(ports)
        again = erase_contribution(EraseContribution(person.id, row.id), ports=ports)
        run_jobs(ports)
        assert again == first
        assert statuses(ports, person) == [Status.ERASED]


def test_a_reservation_that_the_chain_knows_is_kept_and_not_swept(
    world: World, person: Person
) -> None:
    with world.ports() as ports:
        row = contribute_record(upload_of(person, export_of(seed=7)), ports=ports).contribution
        run_jobs(ports)
        with ports.database.write() as unit:
            now_reserved = replace(row, status=Status.RESERVED)
            unit.contributions.update(now_reserved, expected=Status.ANCHORED)
        step(ports, 2 * world.settings.reservation_lease_s)
        sweep_reservations(ports=ports)
        run_jobs(ports)
        assert statuses(ports, person) == [Status.ANCHORED]
        assert ports.keys.state(row.key_id) == "live"


class UnwillingKeyring:
    """A keyring that cannot destroy now."""

    def __init__(self, keyring: object) -> None:
        self._keyring = keyring

    def __getattr__(self, name: str) -> object:
        return getattr(self._keyring, name)

    def destroy(self, key_id: KeyId) -> None:
        raise KeyringUnavailable("the keyring's disk is full")


def test_an_account_whose_key_could_not_be_destroyed_at_once_loses_it_by_a_job(
    world: World, person: Person
) -> None:
    with world.ports() as ports:
        unwilling = replace(ports, keys=UnwillingKeyring(ports.keys))
        with suppress(KeyringUnavailable):
            erase_account(EraseAccount(person.id, abandon_tokens=True), ports=unwilling)
        assert ports.keys.state(KeyId(person.id)) == "live"
        run_jobs(ports)
        assert ports.keys.state(KeyId(person.id)) == "destroyed"
