"""Kill the process at every outside moment of sign-up, consent, revoke and leaving."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from backend.domain.consent_record import ConsentStatus
from backend.domain.errors import AccountExists, ConsentNotGranted, NotFound
from backend.domain.identifiers import KeyId
from backend.ports import Ports
from backend.use_cases.contribute_record import contribute_record
from backend.use_cases.erase_account import EraseAccount, erase_account
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from backend.use_cases.sign_up import sign_up
from tests.crash.killing import Moments, in_a_process, watched
from tests.people import sign_up_as
from tests.world import (
    Person,
    World,
    consent_of,
    export_of,
    new_person,
    patient,
    run_jobs,
    upload_of,
)

KILLED = -9
Work = Callable[[Ports], object]


def kill_at_every_moment(
    world: World, work: Work, tmp_path: Path, check: Callable[[str], None]
) -> None:
    """Run `work` once whole, then once for each of its moments killed there, recovered, checked."""
    saved = world.save("before")

    def run(log: Path, fatal: int | None) -> int:
        def body() -> None:
            with world.ports() as ports:
                work(watched(ports, Moments(log, fatal)))

        return in_a_process(body, log)

    whole = tmp_path / "moments"
    assert run(whole, None) == 0, whole.read_text()
    moments = whole.read_text().splitlines()
    assert len(moments) >= 4
    for fatal, name in enumerate(moments):
        world.restore(saved)
        assert run(tmp_path / f"killed-{fatal}", fatal) == KILLED, name
        world.recover()
        check(f"{fatal} {name}")


def test_a_killed_sign_up_leaves_an_account_that_works_or_nothing(
    world: World, tmp_path: Path
) -> None:
    def check(moment: str) -> None:
        with world.ports() as ports:
            with ports.database.read() as unit:
                account = unit.accounts.by_login("haneul")
            if account is None:
                assert list(ports.keys.live()) == [], moment
            else:
                assert list(ports.keys.live()) == [KeyId(account.id)], moment
            with suppress(AccountExists):
                sign_up(sign_up_as("haneul"), ports=ports)
            assert len(list(ports.keys.live())) == 1, moment

    kill_at_every_moment(
        world, lambda ports: sign_up(sign_up_as("haneul"), ports=ports), tmp_path, check
    )


@pytest.fixture
def person(world: World) -> Person:
    with world.ports() as ports:
        created = new_person(ports, "haneul")
        run_jobs(ports)
    return created


def test_a_killed_consent_is_on_chain_and_known_or_can_be_given_again(
    world: World, person: Person, tmp_path: Path
) -> None:
    def work(ports: Ports) -> None:
        consent_of(person, ports)
        run_jobs(ports)

    def check(moment: str) -> None:
        with world.ports() as ports:
            with ports.database.read() as unit:
                records = unit.consents.of_account(person.id)
            on_chain = ports.chain.consent_of(person.wallet)
            in_force = [one for one in records if one.status is ConsentStatus.IN_FORCE]
            assert len(in_force) == (on_chain is not None), moment
            assert ports.chain.consent_nonce(person.wallet) == len(in_force), moment
            work(ports)
            assert ports.chain.consent_of(person.wallet) is not None, moment

    kill_at_every_moment(world, work, tmp_path, check)


def test_a_killed_revoke_is_on_chain_or_can_be_asked_again_and_nothing_is_contributed_after(
    world: World, person: Person, tmp_path: Path
) -> None:
    with world.ports() as ports:
        consent_of(person, ports)
        run_jobs(ports)

    def work(ports: Ports) -> None:
        revoke_consent(RevokeConsent(person.id), ports=ports)
        run_jobs(ports)

    def check(moment: str) -> None:
        with world.ports() as ports:
            if ports.chain.consent_of(person.wallet) is not None:
                work(ports)
            assert ports.chain.consent_of(person.wallet) is None, moment
            assert ports.chain.consent_nonce(person.wallet) == 2, moment
            with pytest.raises(ConsentNotGranted):
                contribute_record(upload_of(person, export_of(seed=3)), ports=ports)

    kill_at_every_moment(world, work, tmp_path, check)


def test_a_person_who_leaves_is_gone_wholly_or_still_wholly_there(
    world: World, tmp_path: Path
) -> None:
    with world.ports() as ports:
        leaver = patient(ports, "leaver")
        contribute_record(upload_of(leaver, export_of(seed=4)), ports=ports)
        run_jobs(ports)

    def work(ports: Ports) -> None:
        erase_account(EraseAccount(leaver.id, abandon_tokens=True), ports=ports)
        run_jobs(ports)

    def check(moment: str) -> None:
        with world.ports() as ports:
            with suppress(NotFound):
                work(ports)
            assert list(ports.keys.live()) == [], moment
            with ports.database.read() as unit:
                assert unit.accounts.by_id(leaver.id) is None, moment
        after = world.census(leaver.wallet)
        assert len(after.erased) == 1 and after.dead_jobs == 0, moment

    kill_at_every_moment(world, work, tmp_path, check)
