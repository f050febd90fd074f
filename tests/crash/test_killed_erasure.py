"""Kill the process before and after every outside moment of an erasure, then start again.

Afterwards the record is wholly erased (key destroyed, unpinned, marked once on chain), or it was
killed before the mark was written and the record is wholly there; asking again erases it.
"""

from pathlib import Path

import pytest

from backend.domain.contribution import Status
from backend.use_cases.contribute_record import contribute_record
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
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

KILLED = -9


def erase(world: World, person: Person, log: Path, fatal: int | None) -> int:
    def work() -> None:
        with world.ports() as ports:
            under_watch = watched(ports, Moments(log, fatal))
            with ports.database.read() as unit:
                (row,) = unit.contributions.of_account(person.id)
            erase_contribution(EraseContribution(person.id, row.id), ports=under_watch)
            run_jobs(under_watch)

    return in_a_process(work, log)


@pytest.fixture
def before(world: World) -> tuple[Person, Saved, Census]:
    """A patient with one anchored contribution."""
    with world.ports() as ports:
        person = patient(ports, "haneul")
        contribute_record(upload_of(person, export_of(seed=2)), ports=ports)
        run_jobs(ports)
    return person, world.save("before"), world.census(person.wallet)


def test_an_erasure_killed_at_any_moment_is_finished_or_was_never_begun(
    world: World, before: tuple[Person, Saved, Census], tmp_path: Path
) -> None:
    person, saved, there = before
    whole = tmp_path / "moments"
    assert erase(world, person, whole, fatal=None) == 0, whole.read_text()
    moments = whole.read_text().splitlines()
    assert len(moments) > 20
    begun = 0
    for fatal, name in enumerate(moments):
        world.restore(saved)
        log = tmp_path / f"killed-{fatal}"
        assert erase(world, person, log, fatal) == KILLED, f"{name}: {log}"
        world.recover()
        after = world.census(person.wallet)
        if after.erased:
            begun += 1
        else:
            assert after == there, f"{fatal} {name}"
            assert erase(world, person, log, None) == 0
            after = world.census(person.wallet)
        assert_erased(after, there, f"{fatal} {name}")
    assert begun > 15


def assert_erased(after: Census, there: Census, moment: str) -> None:
    """Nothing of the record is left but what the page says stays."""
    (row,), (was,) = after.contributions, there.contributions
    assert row.status is Status.ERASED and row.sealed_summary == b"", moment
    assert after.keys == there.keys - {was.key_id}, moment
    assert after.pins == there.pins - {was.cid}, moment
    assert after.erased == (was.digest.sha256,), moment
    assert after.registered == there.registered and after.balance == there.balance, moment
    assert after.fingerprints == there.fingerprints, moment
    assert after.dead_jobs == 0 and after.unfinished_jobs == 0, moment
