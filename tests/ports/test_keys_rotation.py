"""Rotating the master key while others work, and with whatever is found on the way."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from backend.adapters.keys.durable import locked
from backend.adapters.keys.file_keyring import FileKeyring, create_keyring
from backend.adapters.keys.master_keys import FolderMasterKeys, SecretMasterKeys
from backend.domain.errors import KeyringUnavailable, MisconfiguredService
from backend.domain.identifiers import KeyId
from tests.ports.keyring_folders import KeyringFolders, in_child

_KEYS = {
    KeyId(random.Random(at).randbytes(16).hex()): random.Random(-at).randbytes(32)
    for at in range(1, 31)
}


@pytest.fixture
def folders(tmp_path: Path) -> KeyringFolders:
    made = KeyringFolders.make(tmp_path)
    keyring = made.open()
    for key_id, key in _KEYS.items():
        keyring.store(key_id, key)
    return made


def _silent(done: int, total: int) -> None:
    """No progress to show."""


def test_the_old_master_opens_nothing_after_a_rotation(
    folders: KeyringFolders, tmp_path: Path
) -> None:
    shutil.copytree(folders.masters, tmp_path / "stolen" / "masters")
    folders.open().rotate(_silent)
    thief = FileKeyring(folders.keyring, FolderMasterKeys(tmp_path / "stolen" / "masters"))
    for key_id in _KEYS:
        with pytest.raises(KeyringUnavailable, match="a master key that is not here"):
            thief.open(key_id)


def test_an_old_backup_needs_the_old_master_key(folders: KeyringFolders, tmp_path: Path) -> None:
    shutil.copytree(folders.keyring, tmp_path / "backup" / "keyring")
    shutil.copytree(folders.masters, tmp_path / "old" / "masters")
    folders.open().rotate(_silent)
    gone = next(iter(_KEYS))
    folders.open().destroy(gone)
    restored = FileKeyring(tmp_path / "backup" / "keyring", FolderMasterKeys(folders.masters))
    with pytest.raises(KeyringUnavailable):
        restored.open(gone)
    with_old_master = FileKeyring(
        tmp_path / "backup" / "keyring", FolderMasterKeys(tmp_path / "old" / "masters")
    )
    assert with_old_master.open(gone) == _KEYS[gone]


def test_progress_is_told_for_every_key(folders: KeyringFolders) -> None:
    told: list[tuple[int, int]] = []
    assert folders.open().rotate(lambda done, total: told.append((done, total))) == len(_KEYS)
    assert told[: len(_KEYS)] == [(at + 1, len(_KEYS)) for at in range(len(_KEYS))]


def test_a_process_that_was_there_before_reads_and_writes_on(folders: KeyringFolders) -> None:
    earlier = folders.open()
    before = folders.master_files()
    assert in_child(lambda: folders.open().rotate(_silent)) > 0
    assert folders.master_files() != before
    assert {key_id: earlier.open(key_id) for key_id in _KEYS} == _KEYS
    late = KeyId("cd" * 16)
    earlier.store(late, bytes(32))
    assert folders.open().open(late) == bytes(32)


def test_keys_are_read_stored_and_destroyed_while_another_process_rotates(
    folders: KeyringFolders,
) -> None:
    keyring = folders.open()
    child = os.fork()
    if child == 0:
        for _ in range(6):
            folders.open().rotate(_silent)
        os._exit(0)
    source = random.Random(1_000)
    stored, destroyed = dict(_KEYS), set()
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        key_id, key = KeyId(source.randbytes(16).hex()), source.randbytes(32)
        keyring.store(key_id, key)
        stored[key_id] = key
        asked = source.choice(list(stored))
        assert keyring.open(asked) == stored[asked]
        if source.random() < 0.3:
            gone = source.choice(list(stored))
            keyring.destroy(gone)
            destroyed.add(gone)
            del stored[gone]
        time.sleep(0.001)
    assert destroyed
    assert {key_id: keyring.open(key_id) for key_id in keyring.live()} == stored
    assert {keyring.state(key_id) for key_id in destroyed} == {"destroyed"}
    (master,) = folders.master_files()
    for key_id in stored:
        folders.open().open(key_id)
    keyring.rotate(_silent)
    assert folders.master_files() != [master]
    assert {key_id: keyring.open(key_id) for key_id in keyring.live()} == stored


def test_two_rotations_at_once_are_one_and_a_refusal(folders: KeyringFolders) -> None:
    started, tell = os.pipe()
    child = os.fork()
    if child == 0:

        def stop_at_the_first_key(done: int, total: int) -> None:
            os.write(tell, b"!")
            time.sleep(60)

        folders.open().rotate(stop_at_the_first_key)
    try:
        os.read(started, 1)
        with pytest.raises(KeyringUnavailable, match="another process holds the lock"):
            folders.open().rotate(_silent)
        assert {key_id: folders.open().open(key_id) for key_id in _KEYS} == _KEYS
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert folders.open().rotate(_silent) == len(_KEYS) - 1
    assert len(folders.master_files()) == 1


def test_a_key_that_does_not_open_keeps_every_master_and_stops_no_other(
    folders: KeyringFolders,
) -> None:
    (old,) = folders.master_files()
    broken = sorted(_KEYS)[3]
    whole = folders.entry(broken).read_bytes()
    folders.entry(broken).write_bytes(whole[:-1])
    with pytest.raises(KeyringUnavailable, match=f"1 of 30 keys do not open.*{broken}"):
        folders.open().rotate(_silent)
    assert old in folders.master_files()
    keyring = folders.open()
    assert all(keyring.open(key_id) == key for key_id, key in _KEYS.items() if key_id != broken)

    folders.entry(broken).write_bytes(whole)
    assert keyring.rotate(_silent) == 1
    assert keyring.open(broken) == _KEYS[broken]
    assert len(folders.master_files()) == 1
    assert folders.master_files() != [old]


def test_many_processes_agree_on_one_service_secret(folders: KeyringFolders) -> None:
    told, tell = os.pipe()
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:
            os.write(tell, folders.open().service_key("fingerprints"))
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    answers = os.read(told, 8 * 32)
    assert answers == folders.open().service_key("fingerprints") * 8


def test_a_stopped_process_with_the_lock_is_not_waited_for_without_end(
    folders: KeyringFolders,
) -> None:
    key_id = sorted(_KEYS)[0]
    started, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with locked(folders.entry(key_id).parent):
            os.write(tell, b"!")
            time.sleep(60)
    masters = FolderMasterKeys(folders.masters)
    impatient = FileKeyring(folders.keyring, masters, lock_wait_s=0.1)
    try:
        os.read(started, 1)
        assert impatient.open(key_id) == _KEYS[key_id]
        with pytest.raises(KeyringUnavailable, match="holds the lock"):
            impatient.destroy(key_id)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    impatient.destroy(key_id)


def test_a_master_given_as_a_secret_is_rotated_by_giving_two(tmp_path: Path) -> None:
    old, fresh = random.Random(7).randbytes(32), random.Random(8).randbytes(32)
    create_keyring(tmp_path / "keyring")
    keyring = FileKeyring(tmp_path / "keyring", SecretMasterKeys([old]))
    for key_id, key in _KEYS.items():
        keyring.store(key_id, key)
    with pytest.raises(MisconfiguredService, match="give a fresh master secret"):
        keyring.rotate(_silent)

    both = FileKeyring(tmp_path / "keyring", SecretMasterKeys([fresh, old]))
    assert both.rotate(_silent) == len(_KEYS)
    only_fresh = FileKeyring(tmp_path / "keyring", SecretMasterKeys([fresh]))
    assert {key_id: only_fresh.open(key_id) for key_id in only_fresh.live()} == _KEYS
    with pytest.raises(KeyringUnavailable):
        keyring.open(next(iter(_KEYS)))
    assert old.hex() not in repr(keyring) + str(vars(both))


@pytest.mark.parametrize("secrets", [[], [b"short"], [bytes(33)], [bytes(32), b""]])
def test_a_master_secret_of_another_length_is_refused(secrets: list[bytes]) -> None:
    with pytest.raises(MisconfiguredService, match="32 bytes"):
        SecretMasterKeys(secrets)
