"""A person leaves: nothing personal can be read, and what stays is what was said."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.crypto.personal import open_personal
from backend.domain.contribution import OWNERLESS, Status
from backend.domain.errors import KeyDestroyed, SealBroken
from backend.domain.identifiers import KeyId
from backend.ports import Ports
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.sealed_profile import WALLET
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.backups import Backups, holds
from tests.journeys.served import Patient, Served, audit, refused, said, served
from tests.people import PASSWORD
from tests.world import World, export_of

EXPORTS = [export_of(seed) for seed in (81, 82)]
DATABASE = ("database",)


@dataclass
class Leaver:
    """Somebody with two anchored contributions, as they were before they left."""

    world: World
    backups: Backups
    patient: Patient
    receipts: list[dict[str, Any]]
    reward: int


@pytest.fixture
def leaver(world: World, ipfs_node: IpfsNodeUnderTest) -> Iterator[Leaver]:
    with served(world) as service:
        patient = service.patient("haneul")
        receipts = [said(patient.contribute(data)) for data in EXPORTS]
        service.work()
        reward = service.world.census(patient.wallet).balance
    assert reward > 0
    yield Leaver(world, Backups(world, ipfs_node), patient, receipts, reward)


def leave(service: Served) -> dict[str, Any]:
    """Log in and erase the account; returns what the person is told."""
    patient = service.visitor()
    assert patient.log_in("haneul").status_code == 200
    told = said(
        patient.post("/api/account/erasure", {"password": PASSWORD, "abandon_tokens": True})
    )
    service.work()
    assert patient.get("/api/account").status_code == 401
    return told


def test_who_leaves_is_told_what_stays_and_nothing_else_does(leaver: Leaver) -> None:
    person = leaver.patient
    with served(leaver.world) as service:
        told = leave(service)
        assert told["contributions"] == 2
        assert "address" in told["remains"] and "fingerprints" in told["remains"]
        ports = service.ports
        assert list(ports.keys.live()) == []
        with ports.database.read() as unit:
            rows = unit.contributions.with_status(list(Status))
            assert unit.accounts.by_wallet(person.wallet) is None
        assert {(row.account_id, row.status) for row in rows} == {(OWNERLESS, Status.ERASED)}
        assert service.visitor().log_in("haneul").status_code == 401
        after = service.world.census(person.wallet)
        assert len(after.registered) == len(after.erased) == 2
        assert after.balance == leaver.reward
        report = audit(service.world)
        assert report.holds, report.breaches
    assert_names_nobody(leaver)


def assert_names_nobody(leaver: Leaver) -> None:
    """The login is nowhere; the account's id is with nothing of the person; the wallet stays with
    what the chain tells of it anyway."""
    home, account_id = leaver.world.home, leaver.patient.account_id
    assert holds(home, b"haneul") == []
    keyring = leaver.world.settings.keyring_folder
    assert [file.name for file in keyring.rglob(f"{account_id}*")] == [f"{account_id}.destroyed"]
    assert tables_with(home / "vitalmint.db", account_id) == {"erased_account_keys"}
    assert tables_with(home / "vitalmint.db", leaver.patient.wallet) == {"contributions"}


def tables_with(database: Path, text: str) -> set[str]:
    """The tables of which some row holds this text as a whole field."""
    found = set()
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in names.fetchall():
            if any(text in row for row in connection.execute(f'SELECT * FROM "{table}"')):
                found.add(table)
    return found


def test_the_readings_of_who_left_are_still_known_to_a_newcomer_of_the_same_id(
    leaver: Leaver,
) -> None:
    with served(leaver.world) as service:
        leave(service)
        again = service.patient("haneul")
        assert again.wallet != leaver.patient.wallet
        assert again.contributions() == []
        for data in EXPORTS:
            assert refused(again.contribute(data)) == (409, "duplicate_contribution")
        assert service.world.census(again.wallet).balance == 0


def test_a_restored_database_and_todays_keyring_read_nothing_of_who_left(
    leaver: Leaver, tmp_path: Path
) -> None:
    backup = leaver.backups.take(tmp_path / "before", DATABASE)
    with served(leaver.world) as service:
        leave(service)
    leaver.backups.put_back(backup, DATABASE)
    with leaver.world.ports() as ports:
        account_id = leaver.patient.account_id
        with ports.database.read() as unit:
            account = unit.accounts.by_id(account_id)
        assert account is not None and account.sealed_wallet is not None
        with pytest.raises(KeyDestroyed):
            ports.keys.open(KeyId(account_id))
        for key in [ports.keys.service_key("fingerprints"), bytes(32)]:
            for sealed, column in (
                (account.sealed_profile, "profile"),
                (account.sealed_wallet, WALLET),
            ):
                with pytest.raises(SealBroken):
                    open_personal(sealed, key=key, account_id=account_id, column=column)


def test_starting_again_on_a_restored_database_lets_who_left_go_again(
    leaver: Leaver, tmp_path: Path
) -> None:
    backup = leaver.backups.take(tmp_path / "before", DATABASE)
    with served(leaver.world) as service:
        leave(service)
    leaver.backups.put_back(backup, DATABASE)
    with served(leaver.world) as service:
        start_again(service.ports)
        service.work()
        assert service.visitor().log_in("haneul").status_code == 401
        with service.ports.database.read() as unit:
            assert unit.accounts.by_id(leaver.patient.account_id) is None
            rows = unit.contributions.with_status(list(Status))
        assert {(row.account_id, row.status) for row in rows} == {(OWNERLESS, Status.ERASED)}
        again = service.patient("haneul")
        assert refused(again.contribute(EXPORTS[0])) == (409, "duplicate_contribution")
        assert audit(service.world).holds


def start_again(ports: Ports) -> None:
    """What a worker does first."""
    replay_erasures(ports=ports)


def test_a_record_erased_before_its_anchor_stays_erased_on_a_restored_database(
    world: World, ipfs_node: IpfsNodeUnderTest, tmp_path: Path
) -> None:
    """It never was on chain, so no mark is: what remembers is today's keyring."""
    backups = Backups(world, ipfs_node)
    with served(world) as service:
        person = service.patient("haneul")
        receipt = said(person.contribute(EXPORTS[0]))
    backup = backups.take(tmp_path / "before", DATABASE)
    with served(world) as service:
        person = service.visitor()
        person.log_in("haneul")
        said(person.send("DELETE", f"/api/contributions/{receipt['contribution_id']}"))
        service.work()
    backups.put_back(backup, DATABASE)
    with served(world) as service:
        person = service.visitor()
        session = said(person.log_in("haneul"))
        start_again(service.ports)
        service.work()
        assert person.contribution(receipt["contribution_id"])["status"] == "erased"
        after = service.world.census(session["wallet"].lower())
        assert (after.registered, after.balance) == ((), 0)
        assert audit(service.world).holds
