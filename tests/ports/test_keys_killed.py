"""A process killed before any file operation leaves a keyring that holds its promises."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.adapters.keys.file_keyring import create_keyring_and_master
from backend.domain.errors import KeyDestroyed
from backend.domain.identifiers import KeyId
from tests.ports.keyring_folders import KeyringFolders, in_child

_KEYS = {KeyId(f"{at:02x}" * 16): random.Random(at).randbytes(32) for at in range(5)}
_FRESH = KeyId("ab" * 16)
_FRESH_KEY = b"k" * 32


@pytest.fixture
def untouched(tmp_path: Path) -> KeyringFolders:
    """A keyring with five keys, copied for each kill."""
    folders = KeyringFolders.make(tmp_path / "untouched")
    keyring = folders.open()
    for key_id, key in _KEYS.items():
        keyring.store(key_id, key)
    keyring.service_key("fingerprints")
    return folders


def _killed_everywhere(
    untouched: KeyringFolders,
    tmp_path: Path,
    work: Callable[[KeyringFolders], object],
    check: Callable[[KeyringFolders], None],
) -> int:
    """Kill `work` before each of its file operations on a fresh copy, and check each ruin.

    Of very many operations the middle ones are alike (one fsync for each folder): of these
    the first forty and the last twelve are taken. Returns how many there are.
    """
    whole = _copied(untouched, tmp_path / "whole")
    total = in_child(lambda: work(whole))
    for point in _points(total):
        folders = _copied(untouched, tmp_path / f"killed before {point}")
        ended = in_child(lambda folders=folders: work(folders), stop_before=point)
        assert ended == -1
        check(folders)
        shutil.rmtree(folders.keyring.parent.parent)
    return total


def _points(total: int) -> list[int]:
    return [*range(min(total, 40)), *range(max(total - 12, 40), total)]


def _copied(folders: KeyringFolders, to: Path) -> KeyringFolders:
    shutil.copytree(folders.keyring.parent.parent, to)
    return KeyringFolders(to / "disk" / "keyring", to / "other disk" / "masters")


def _assert_the_five_keys_open(folders: KeyringFolders) -> None:
    keyring = folders.open()
    assert {key_id: keyring.open(key_id) for key_id in _KEYS} == _KEYS


def test_a_kill_while_storing_leaves_the_key_whole_or_absent(
    untouched: KeyringFolders, tmp_path: Path
) -> None:
    states = set()

    def check(folders: KeyringFolders) -> None:
        _assert_the_five_keys_open(folders)
        keyring = folders.open()
        states.add(keyring.state(_FRESH))
        if keyring.state(_FRESH) == "live":
            assert keyring.open(_FRESH) == _FRESH_KEY
        keyring.store(_FRESH, _FRESH_KEY)
        assert keyring.open(_FRESH) == _FRESH_KEY
        assert folders.files_of(_FRESH) == [f"{_FRESH}.key"]

    kills = _killed_everywhere(
        untouched, tmp_path, lambda folders: folders.open().store(_FRESH, _FRESH_KEY), check
    )
    assert kills >= 6
    assert states == {"live", "unknown"}


def test_a_kill_while_storing_leaves_nothing_that_destroying_misses(
    untouched: KeyringFolders, tmp_path: Path
) -> None:
    def check(folders: KeyringFolders) -> None:
        folders.open().destroy(_FRESH)
        assert folders.files_of(_FRESH) == [f"{_FRESH}.destroyed"]

    _killed_everywhere(
        untouched, tmp_path, lambda folders: folders.open().store(_FRESH, _FRESH_KEY), check
    )


def test_a_kill_while_destroying_leaves_the_key_whole_or_destroyed(
    untouched: KeyringFolders, tmp_path: Path
) -> None:
    gone = next(iter(_KEYS))
    states = set()

    def check(folders: KeyringFolders) -> None:
        keyring = folders.open()
        state = keyring.state(gone)
        states.add(state)
        if state == "live":
            assert keyring.open(gone) == _KEYS[gone]
        else:
            assert state == "destroyed"
            assert folders.files_of(gone) == [f"{gone}.destroyed"]
        keyring.destroy(gone)
        assert folders.files_of(gone) == [f"{gone}.destroyed"]
        with pytest.raises(KeyDestroyed):
            keyring.open(gone)
        assert set(keyring.live()) == set(_KEYS) - {gone}

    kills = _killed_everywhere(
        untouched, tmp_path, lambda folders: folders.open().destroy(gone), check
    )
    assert kills >= 6
    assert states == {"live", "destroyed"}


def test_a_kill_while_rotating_keeps_every_key_and_the_next_run_finishes(
    untouched: KeyringFolders, tmp_path: Path
) -> None:
    secret = untouched.open().service_key("fingerprints")
    before = untouched.master_files()[0].name
    masters_seen = set()

    def check(folders: KeyringFolders) -> None:
        _assert_the_five_keys_open(folders)
        masters_seen.add(len([path for path in folders.master_files() if path.suffix == ".key"]))
        folders.open().rotate(lambda done, total: None)
        _assert_the_five_keys_open(folders)
        assert folders.open().service_key("fingerprints") == secret
        (master,) = folders.master_files()
        assert master.name > before
        for key_id in _KEYS:
            assert folders.files_of(key_id) == [f"{key_id}.key"]
            assert bytes.fromhex(master.stem) in folders.entry(key_id).read_bytes()

    kills = _killed_everywhere(
        untouched, tmp_path, lambda folders: folders.open().rotate(lambda done, total: None), check
    )
    assert kills > 257
    assert masters_seen == {1, 2}


def test_a_kill_while_a_service_key_is_made_leaves_one_secret(
    untouched: KeyringFolders, tmp_path: Path
) -> None:
    def check(folders: KeyringFolders) -> None:
        made = folders.open().service_key("sessions")
        assert folders.open().service_key("sessions") == made

    _killed_everywhere(
        untouched, tmp_path, lambda folders: folders.open().service_key("sessions"), check
    )


def test_a_kill_while_the_keyring_is_made_is_repaired_by_making_it_again(tmp_path: Path) -> None:
    def make(folders: KeyringFolders) -> None:
        create_keyring_and_master(folders.keyring, folders.masters)

    whole = KeyringFolders(tmp_path / "whole" / "a" / "keyring", tmp_path / "whole" / "b")
    for point in _points(in_child(lambda: make(whole))):
        folders = KeyringFolders(tmp_path / f"{point}" / "a" / "keyring", tmp_path / f"{point} b")
        assert in_child(lambda folders=folders: make(folders), stop_before=point) == -1
        make(folders)
        folders.open().store(_FRESH, _FRESH_KEY)
        assert folders.open().open(_FRESH) == _FRESH_KEY
        assert [path.suffix for path in folders.master_files()] == [".key"]


def test_kills_at_random_moments_of_everything_at_once_lose_no_answered_key(
    tmp_path: Path,
) -> None:
    folders = KeyringFolders.make(tmp_path)
    source = random.Random(11)
    stored: dict[KeyId, bytes] = {}
    destroyed: set[KeyId] = set()
    for _ in range(12):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            _store_destroy_and_rotate_for_ever(folders, source.getrandbits(64), tell)
        os.close(tell)
        time.sleep(source.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(told, "rb") as answers:
            for line in answers.read().decode().splitlines():
                what, key_id, key = line.split(" ")
                if what == "stored":
                    stored[KeyId(key_id)] = bytes.fromhex(key)
                elif what == "destroyed":
                    destroyed.add(KeyId(key_id))
        keyring = folders.open()
        alive = {key_id: key for key_id, key in stored.items() if key_id not in destroyed}
        pending = {key_id for key_id in alive if keyring.state(key_id) == "destroyed"}
        assert len(pending) <= 1  # destroyed, and killed before it could say so
        destroyed |= pending
        for key_id, key in alive.items():
            if key_id not in pending:
                assert keyring.open(key_id) == key
        assert {keyring.state(key_id) for key_id in destroyed} <= {"destroyed"}
    assert len(stored) > 20
    assert destroyed
    folders.open().rotate(lambda done, total: None)
    assert len(folders.master_files()) == 1


def _store_destroy_and_rotate_for_ever(folders: KeyringFolders, seed: int, tell: int) -> None:
    source = random.Random(seed)
    keyring = folders.open()
    while True:
        key_id, key = KeyId(source.randbytes(16).hex()), source.randbytes(32)
        keyring.store(key_id, key)
        os.write(tell, f"stored {key_id} {key.hex()}\n".encode())
        if source.random() < 0.3:
            keyring.destroy(key_id)
            os.write(tell, f"destroyed {key_id} -\n".encode())
        if source.random() < 0.05:
            keyring.rotate(lambda done, total: None)
