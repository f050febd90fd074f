"""One of several contributions is erased; no backup of anything brings it back.

The backups are taken before the erasure. The chain is never restored: its mark stands.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from backend.crypto.sealing import SealContext, open_sealed, open_summary
from backend.domain.contribution import Contribution, Status
from backend.domain.errors import KeyDestroyed, SealBroken
from backend.domain.identifiers import ContributionId
from backend.ports import Ports
from backend.use_cases.read_contribution import ReadContribution, read_contribution
from backend.use_cases.replay_erasures import replay_erasures
from backend.wiring import connect
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.backups import ALL, Backup, Backups, Part, holds
from tests.journeys.served import Patient, Served, refused, said, served
from tests.world import World, export_of, world_on

EXPORTS = [export_of(seed) for seed in (71, 72, 73)]
LOGIN, OTHER = "haneul", "other"


@dataclass
class Story:
    """What was contributed, what was erased of it, and the backups from before and after."""

    world: World
    backups: Backups
    before: Backup
    today: Backup
    gone: Contribution
    gone_key: bytes
    gone_entry: bytes
    gone_sealed: bytes
    """The end of its ciphertext."""
    kept: dict[ContributionId, bytes]
    """The records of all others, as their owners read them before."""


@pytest.fixture(scope="module")
def story(
    frail_chain: DeployedChain,
    frail_node: IpfsNodeUnderTest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("erasure")
    with world_on(frail_chain, frail_node.api_url, folder / "home") as world:
        backups = Backups(world, frail_node)
        with served(world) as service:
            ids, kept = contribute_all(service)
            gone = row_of(service.ports, ids[0])
            gone_key = service.ports.keys.open(gone.key_id)
            gone_sealed = service.ports.content.get(gone.cid, limit=gone.size)[-500:]
        (entry,) = world.settings.keyring_folder.rglob(f"{gone.key_id}.key")
        gone_entry = entry.read_bytes()
        before = backups.take(folder / "before")
        with served(world) as service:
            person = log_in(service)
            said(person.send("DELETE", f"/api/contributions/{gone.id}"))
            service.work()
            assert row_of(service.ports, gone.id).status is Status.ERASED
        today = backups.take(folder / "today")
        yield Story(world, backups, before, today, gone, gone_key, gone_entry, gone_sealed, kept)
        backups.put_back(today, ALL)


def contribute_all(service: Served) -> tuple[list[ContributionId], dict[ContributionId, bytes]]:
    """Two contributions of one person and one of another, all anchored; the first is to go."""
    people = [service.patient(LOGIN), service.patient(OTHER)]
    owners = [people[0], people[0], people[1]]
    answers = [owner.contribute(data) for owner, data in zip(owners, EXPORTS, strict=True)]
    ids = [ContributionId(said(answer)["contribution_id"]) for answer in answers]
    service.work()
    assert {row_of(service.ports, one).status for one in ids} == {Status.ANCHORED}
    return ids, {one: owner.record(one) for one, owner in list(zip(ids, owners, strict=True))[1:]}


def row_of(ports: Ports, contribution_id: ContributionId) -> Contribution:
    with ports.database.read() as unit:
        row = unit.contributions.by_id(contribution_id)
    assert row is not None
    return row


def log_in(service: Served, login: str = LOGIN) -> Patient:
    person = service.visitor()
    assert person.log_in(login).status_code == 200
    return person


@pytest.fixture
def restored(story: Story, request: pytest.FixtureRequest) -> Iterator[Story]:
    """Everything as it is today, but for the parts that are put back from before."""
    parts: tuple[Part, ...] = request.param
    story.backups.put_back(story.before, parts)
    yield story
    story.backups.put_back(story.today, parts)


DATABASE_AND_CONTENT = pytest.param(("database", "content"), id="database and content")
RESTORES = [
    pytest.param(("database",), id="database"),
    pytest.param(("keyring",), id="keyring"),
    pytest.param(("database", "keyring"), id="database and keyring"),
    pytest.param(("content",), id="content"),
    DATABASE_AND_CONTENT,
    pytest.param(ALL, id="all three"),
]


@pytest.mark.parametrize("restored", [DATABASE_AND_CONTENT], indirect=True)
def test_backups_and_todays_keyring_open_nothing_of_the_erased_and_all_of_the_others(
    restored: Story,
) -> None:
    """Before anything is started again: whoever has the backups has exactly this."""
    with connect(restored.world.settings) as ports:
        row = row_of(ports, restored.gone.id)
        assert row == restored.gone
        envelope = ports.content.get(row.cid, limit=row.size)
        context = SealContext(row.id, row.account_id, row.kind)
        assert open_sealed(envelope, key=restored.gone_key, context=context)
        assert open_summary(row.sealed_summary, key=restored.gone_key, context=context)
        with pytest.raises(KeyDestroyed):
            ports.keys.open(row.key_id)
        for key in todays_keys(ports, restored.world):
            with pytest.raises(SealBroken):
                open_sealed(envelope, key=key, context=context)
            with pytest.raises(SealBroken):
                open_summary(row.sealed_summary, key=key, context=context)
        for contribution_id, record in restored.kept.items():
            assert read_by_owner(ports, contribution_id) == record


def todays_keys(ports: Ports, world: World) -> list[bytes]:
    """Every secret that the keyring and the master key folder hold today."""
    keys = [ports.keys.open(key_id) for key_id in ports.keys.live()]
    keys.append(ports.keys.service_key("fingerprints"))
    masters = list(world.settings.master_key_folder.glob("*.key"))
    assert len(keys) == 5 and masters  # two accounts, two contributions, one of the service
    return keys + [file.read_bytes()[-32:] for file in masters]


def read_by_owner(ports: Ports, contribution_id: ContributionId) -> bytes:
    row = row_of(ports, contribution_id)
    command = ReadContribution(row.account_id, row.id, actor=row.account_id, purpose="a test")
    return read_contribution(command, ports=ports)


def test_neither_the_destroyed_key_nor_its_wrapping_is_in_any_file_of_today(story: Story) -> None:
    forms = [
        story.gone_key,
        story.gone_key.hex().encode(),
        base64.b64encode(story.gone_key),
        story.gone_entry,
        story.gone_entry[-48:],
    ]
    assert holds(story.before.of("keyring"), story.gone_entry)
    for form in forms:
        assert holds(story.world.home, form) == []
        assert holds(story.backups.node.repo, form) == []
        assert holds(story.before.of("database"), form) == []


@pytest.mark.parametrize("restored", RESTORES, indirect=True)
def test_after_a_restore_starting_again_erases_what_came_back_and_nothing_else(
    restored: Story, request: pytest.FixtureRequest
) -> None:
    parts = request.node.callspec.params["restored"]
    with served(restored.world) as service:
        ports, gone = service.ports, restored.gone
        assert_it_came_back(ports, gone, parts)
        assert replay_erasures(ports=ports) == ("keyring" in parts) + ("content" in parts)
        assert ports.keys.state(gone.key_id) == "destroyed"
        service.work()
        assert row_of(ports, gone.id).status is Status.ERASED
        assert row_of(ports, gone.id).sealed_summary == b""
        assert gone.cid not in ports.content.pinned()
        person = log_in(service)
        assert refused(person.get(f"/api/contributions/{gone.id}/record"))[0] == 409
        assert person.contribution(gone.id)["summary"] is None
        for contribution_id, record in restored.kept.items():
            assert read_by_owner(ports, contribution_id) == record
        assert refused(person.contribute(EXPORTS[0])) == (409, "duplicate_contribution")
        assert replay_erasures(ports=ports) == 0
    assert holds(restored.before.of("content"), restored.gone_sealed)
    assert holds(restored.backups.node.repo, restored.gone_sealed) == []
    if "keyring" in parts:
        assert holds(restored.world.home, restored.gone_entry) == []


def assert_it_came_back(ports: Ports, gone: Contribution, parts: tuple[Part, ...]) -> None:
    """The test's own premise: the restore did bring back what is to be erased again."""
    assert (ports.keys.state(gone.key_id) == "live") == ("keyring" in parts)
    assert (gone.cid in ports.content.pinned()) == ("content" in parts)
    came_back = row_of(ports, gone.id).status is Status.ANCHORED
    assert came_back == ("database" in parts)
