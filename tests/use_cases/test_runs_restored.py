"""A database restored from a backup brings back nothing of what was retired or called off."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from backend.adapters.database.unit_of_work import open_database
from backend.crypto.training_keys import RANDOM_BYTES, training_key_id
from backend.domain.generation import RunState
from backend.ports import Ports
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.retire_dataset import retire_dataset
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    made = Studio(ports, clock, chain)
    made.tick_at_every_step()
    return made


def test_a_restored_database_does_not_list_again_what_was_retired(
    studio: Studio, tmp_path: Path, sqlite_url: str
) -> None:
    studio.people(50)
    run_id = studio.run().id
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with studio.ports.database.write():
        shutil.copy(file, tmp_path / "backup.db")
        wal = file.with_name(file.name + "-wal")
        if wal.exists():
            shutil.copy(wal, tmp_path / "backup.db-wal")
    retire_dataset(studio.operator(), run_id, ports=studio.ports)
    restored = _over(studio, tmp_path / "backup.db")
    dataset = restored.dataset(run_id)
    assert dataset is not None and dataset.listed
    replay_erasures(ports=restored.ports)
    dataset = restored.dataset(run_id)
    assert dataset is not None and not dataset.listed
    restored.ports.database.close()  # type: ignore[attr-defined]


def test_a_key_of_a_run_that_the_database_does_not_know_is_destroyed(studio: Studio) -> None:
    studio.people(50)
    known = studio.run().id
    assert replay_erasures(ports=studio.ports) == 0
    assert studio.key_state(known) == "live"
    unknown = training_key_id(b"x" * RANDOM_BYTES)
    studio.ports.keys.store(unknown, b"k" * 32)
    assert replay_erasures(ports=studio.ports) == 1
    assert studio.ports.keys.state(unknown) == "destroyed"


def test_a_run_whose_key_was_destroyed_after_the_backup_is_over(studio: Studio) -> None:
    studio.people(50)
    run_id = studio.request()
    studio.ports.keys.destroy(studio.row(run_id).key_id)
    replay_erasures(ports=studio.ports)
    assert (studio.row(run_id).state, studio.row(run_id).reason) == (
        RunState.CANCELLED,
        "key_destroyed",
    )


def _over(studio: Studio, file: Path) -> Studio:
    ports = replace(studio.ports, database=open_database(f"sqlite:///{file}"))
    return Studio(ports, studio.clock, studio.chain)
