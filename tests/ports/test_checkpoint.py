"""Where an interrupted audit keeps its place, on disk."""

import stat
from pathlib import Path

import pytest

from backend.adapters.checkpoint.file import CheckpointOnDisk
from backend.domain.errors import InvalidField


def test_nothing_is_loaded_before_anything_was_saved(tmp_path: Path) -> None:
    assert CheckpointOnDisk(tmp_path / "place").load() is None


def test_what_was_saved_last_is_loaded(tmp_path: Path) -> None:
    file = CheckpointOnDisk(tmp_path / "place")
    file.save(b"one")
    file.save(b"two")
    assert file.load() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_only_its_owner_can_read_and_write_it(tmp_path: Path) -> None:
    path = tmp_path / "place"
    CheckpointOnDisk(path).save(b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_removing_it_twice_is_fine(tmp_path: Path) -> None:
    file = CheckpointOnDisk(tmp_path / "place")
    file.save(b"one")
    file.remove()
    file.remove()
    assert file.load() is None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "place"
    path.write_bytes(b"everything has passed")
    path.chmod(mode)
    with pytest.raises(InvalidField, match="written to by others"):
        CheckpointOnDisk(path).load()


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidField, match="--resume"):
        CheckpointOnDisk(tmp_path).load()


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    file = CheckpointOnDisk(tmp_path / "nowhere" / "place")
    assert file.load() is None
    with pytest.raises(InvalidField, match="cannot be written"):
        file.save(b"one")
