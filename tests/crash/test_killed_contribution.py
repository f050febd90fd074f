"""Kill the process before and after every outside moment of a contribution, then start again.

Afterwards chain, content store, keyring and database are compared: the contribution is wholly
there (sealed, pinned, anchored once, rewarded once) or wholly absent, and trying again ends well.
"""

from contextlib import suppress
from pathlib import Path

import pytest

from backend.domain.contribution import Status
from backend.domain.errors import DuplicateContribution
from backend.use_cases.contribute_record import contribute_record
from tests.crash.killing import Moments, in_a_process, watched
from tests.world import (
    Census,
    Person,
    Saved,
    World,
    export_of,
    patient,
    run_jobs,
    upload_of,
)

EXPORT = export_of(seed=1)
KILLED = -9


def contribute_and_anchor(world: World, person: Person, log: Path, fatal: int | None) -> int:
    def work() -> None:
        with world.ports() as ports:
            under_watch = watched(ports, Moments(log, fatal))
            contribute_record(upload_of(person, EXPORT), ports=under_watch)
            run_jobs(under_watch)

    return in_a_process(work, log)


@pytest.fixture
def before(world: World) -> tuple[Person, Saved, Census]:
    """A consenting patient, the state to go back to, and what exists in it."""
    with world.ports() as ports:
        person = patient(ports, "haneul")
        ports.keys.service_key("fingerprints")
    return person, world.save("before"), world.census(person.wallet)


def test_a_contribution_killed_at_any_moment_is_wholly_there_or_wholly_absent(
    world: World, before: tuple[Person, Saved, Census], tmp_path: Path
) -> None:
    person, saved, empty = before
    whole = tmp_path / "moments"
    assert contribute_and_anchor(world, person, whole, fatal=None) == 0, whole.read_text()
    moments = whole.read_text().splitlines()
    assert len(moments) > 30
    outcomes = {"there": 0, "absent": 0}
    for fatal, name in enumerate(moments):
        world.restore(saved)
        log = tmp_path / f"killed-{fatal}"
        assert contribute_and_anchor(world, person, log, fatal) == KILLED, f"{name}: {log}"
        world.recover()
        outcomes[judge(world.census(person.wallet), empty, f"{fatal} {name}")] += 1
        try_again(world, person, f"{fatal} {name}")
    assert outcomes["there"] > 10 and outcomes["absent"] > 5


def judge(after: Census, empty: Census, moment: str) -> str:
    """Whether the contribution is there or absent; half is a failure that names the moment."""
    assert after.dead_jobs == 0 and after.unfinished_jobs == 0, moment
    if not after.contributions:
        assert after == empty, moment
        return "absent"
    (row,) = after.contributions
    assert row.status is Status.ANCHORED, moment
    assert after.registered == (row.digest.sha256,), moment
    assert row.reward is not None and after.balance == row.reward.base_units > 0, moment
    assert after.pins == empty.pins | {row.cid}, moment
    assert after.keys == empty.keys | {row.key_id}, moment
    assert after.fingerprints > empty.fingerprints, moment
    return "there"


def try_again(world: World, person: Person, moment: str) -> None:
    """The patient sends the same file once more: it is known, or it goes through now."""
    with world.ports() as ports:
        with suppress(DuplicateContribution):
            contribute_record(upload_of(person, EXPORT), ports=ports)
        run_jobs(ports)
    after = world.census(person.wallet)
    assert [row.status for row in after.contributions] == [Status.ANCHORED], moment
    assert len(after.registered) == 1, moment
