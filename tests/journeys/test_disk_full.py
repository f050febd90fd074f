"""A disk is full: one stable error, nothing half there, and all goes on once there is room."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from backend.app import create_app
from backend.domain.errors import KeyDestroyed, KeyUnknown
from backend.domain.identifiers import ContributionId
from backend.ports.content_store import ContentStore
from scripts.devnet.ipfs_node import JsIpfs
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.faulty_node import FaultyNode, no_space
from tests.journeys.served import CONFIG, Patient, Served, refused, said, served
from tests.journeys.small_disk import SmallDisk, mounted
from tests.world import Census, World, export_of, world_on

EXPORT = export_of(301)
NO_DATABASE = (503, "database_unavailable")
NO_KEYRING = (503, "keyring_unavailable")
NO_CONTENT = (503, "content_store_unavailable")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mounted(tmp_path / "disk", size="4m") as small:
        yield small


def assert_whole_again(world: World, person: Patient, before: Census) -> None:
    """After a restart nothing of the refused upload is left, and now it goes through."""
    world.recover()
    assert world.census(person.wallet) == before
    with served(world) as service:
        again = service.visitor()
        assert again.log_in("haneul").status_code == 200
        receipt = said(again.contribute(EXPORT))
        service.work()
        assert again.contribution(receipt["contribution_id"])["status"] == "anchored"


def contributor(service: Served) -> tuple[Patient, Census]:
    """Somebody who may contribute, and what exists before they do."""
    person = service.patient("haneul")
    service.ports.keys.service_key("fingerprints")
    return person, service.world.census(person.wallet)


def test_a_full_database_disk_refuses_the_upload_and_still_shows_what_is_there(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path, disk: SmallDisk
) -> None:
    url = f"sqlite:///{disk.folder / 'vitalmint.db'}"
    home = tmp_path / "home"
    with world_on(deployed_chain, ipfs_node.api_url, home, database_url=url) as world:
        with served(world) as service:
            person, before = contributor(service)
            disk.fill()
            assert refused(person.contribute(EXPORT)) == NO_DATABASE
            year = service.in_a_year()
            assert refused(person.consent("care", until=year)) == NO_DATABASE
            assert person.contributions() == []
            disk.free()
        assert_whole_again(world, person, before)


class FillsTheDiskAfterAdding:
    """The content store; once it holds something new the disk of another part is full."""

    def __init__(self, store: ContentStore, disk: SmallDisk) -> None:
        self._store = store
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def add(self, content: bytes) -> Any:
        cid = self._store.add(content)
        self._disk.fill()
        return cid


def test_a_database_that_is_full_once_the_content_is_stored_keeps_nothing_either(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path, disk: SmallDisk
) -> None:
    url = f"sqlite:///{disk.folder / 'vitalmint.db'}"
    home = tmp_path / "home"
    with world_on(deployed_chain, ipfs_node.api_url, home, database_url=url) as world:
        with served(world) as service:
            person, before = contributor(service)
            filling = FillsTheDiskAfterAdding(service.ports.content, disk)
            crippled = create_app(CONFIG, replace(service.ports, content=filling))
            again = Patient(crippled)
            assert again.log_in("haneul").status_code == 200
            assert refused(again.contribute(EXPORT)) == NO_DATABASE
            disk.free()
        assert_whole_again(world, person, before)


@contextmanager
def no_more_pages() -> Iterator[None]:
    """Every SQLite database that is opened meanwhile grows no further."""

    def limit(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def test_a_database_at_its_largest_size_refuses_the_upload(world: World) -> None:
    with served(world) as service:
        person, _ = contributor(service)
    with no_more_pages(), served(world) as service:
        again = service.visitor()
        assert again.log_in("haneul").status_code == 200
        for seed in range(302, 322):
            before = world.census(person.wallet)
            answer = again.contribute(export_of(seed, days=14))
            if answer.status_code != 202:
                break
        assert refused(answer) == NO_DATABASE
    with served(world) as service:
        service.world.recover()
        after = world.census(person.wallet)
        assert (after.keys, after.pins) == (before.keys, before.pins)
        assert after.fingerprints == before.fingerprints
        assert said(service.visitor().log_in("haneul"))


@pytest.fixture
def keyring_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mounted(tmp_path / "keys", size="2m", names=400) as small:
        yield small


@pytest.fixture
def on_keyring_disk(
    deployed_chain: DeployedChain,
    ipfs_node: IpfsNodeUnderTest,
    tmp_path: Path,
    keyring_disk: SmallDisk,
) -> Iterator[World]:
    folder = keyring_disk.folder / "keyring"
    home = tmp_path / "home"
    with world_on(deployed_chain, ipfs_node.api_url, home, keyring_folder=folder) as world:
        yield world


@pytest.mark.parametrize("how", ["fill", "use_up_names"])
def test_a_full_keyring_disk_refuses_uploads_and_sign_ups_whole(
    on_keyring_disk: World, keyring_disk: SmallDisk, how: str
) -> None:
    with served(on_keyring_disk) as service:
        person, before = contributor(service)
        getattr(keyring_disk, how)()
        assert refused(person.contribute(EXPORT)) == NO_KEYRING
        stranger = service.visitor()
        body = {"id": "stranger", "password": "a long enough password", "name": "Stranger"}
        body |= {"age": 40, "address": "somewhere", "phone_num": "+82"}
        assert refused(stranger.post("/api/signup", body)) == NO_KEYRING
        assert stranger.log_in("stranger").status_code == 401
        keyring_disk.free()
        assert stranger.post("/api/signup", body).status_code == 201
        stranger.log_in("stranger")
        gone = stranger.post("/api/account/erasure", {"password": "a long enough password"})
        assert gone.status_code == 200
        service.work()
    assert_whole_again(on_keyring_disk, person, before)


@pytest.mark.parametrize(("how", "status"), [("fill", 200), ("use_up_names", 503)])
def test_a_full_keyring_disk_keeps_no_key_alive(
    on_keyring_disk: World, keyring_disk: SmallDisk, how: str, status: int
) -> None:
    with served(on_keyring_disk) as service:
        person, _ = contributor(service)
        receipt = said(person.contribute(EXPORT))
        service.work()
        with service.ports.database.read() as unit:
            row = unit.contributions.by_id(ContributionId(receipt["contribution_id"]))
        assert row is not None
        getattr(keyring_disk, how)()
        answer = person.send("DELETE", f"/api/contributions/{row.id}")
        assert answer.status_code == status, answer.text
        with pytest.raises((KeyDestroyed, KeyUnknown)):
            service.ports.keys.open(row.key_id)
        keyring_disk.free()
        service.work()
        assert service.ports.keys.state(row.key_id) == "destroyed"
        assert person.contribution(row.id)["status"] == "erased"


def test_a_node_that_says_its_disk_is_full_refuses_the_upload_whole(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path
) -> None:
    with (
        FaultyNode(ipfs_node.api_url) as node,
        world_on(deployed_chain, node.api_url, tmp_path / "home") as world,
    ):
        with served(world) as service:
            person, before = contributor(service)
            node.faults["add"] = no_space
            assert refused(person.contribute(EXPORT)) == NO_CONTENT
            node.faults.clear()
        assert_whole_again(world, person, before)


def test_a_node_whose_disk_is_really_full_refuses_the_upload_whole(
    deployed_chain: DeployedChain, tmp_path: Path
) -> None:
    with mounted(tmp_path / "disk", size="8m") as disk:
        server = JsIpfs(disk.folder / "ipfs", tied_to_parent=True)
        try:
            server.start(random.Random(1))
            home = tmp_path / "home"
            with world_on(deployed_chain, server.address.url, home) as world:
                with served(world) as service:
                    person, before = contributor(service)
                    disk.fill()
                    assert refused(person.contribute(EXPORT)) == NO_CONTENT
                    disk.free()
                assert_whole_again(world, person, before)
        finally:
            server.kill()
