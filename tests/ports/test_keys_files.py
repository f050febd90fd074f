"""The keyring's files when they are damaged, swapped, opened to others, restored, or too many."""

import os
import random
import resource
import shutil
import warnings
from pathlib import Path

import pytest

from backend.adapters.keys.file_keyring import (
    FileKeyring,
    create_keyring,
    create_keyring_and_master,
)
from backend.adapters.keys.master_keys import (
    FolderMasterKeys,
    InsecureDevelopmentMasterKeys,
    InsecureKeysWarning,
)
from backend.domain.errors import (
    InvalidField,
    KeyDestroyed,
    KeyringUnavailable,
    KeyUnknown,
    MisconfiguredService,
    VitalMintError,
)
from backend.domain.identifiers import KeyId
from tests.ports.keyring_folders import KeyringFolders, in_child

_ONE, _TWO = KeyId("11" * 16), KeyId("12" * 16)
_KEY, _OTHER = random.Random(1).randbytes(32), random.Random(2).randbytes(32)


@pytest.fixture
def folders(tmp_path: Path) -> KeyringFolders:
    made = KeyringFolders.make(tmp_path)
    made.open().store(_ONE, _KEY)
    made.open().store(_TWO, _OTHER)
    return made


def test_a_key_outlives_its_process(folders: KeyringFolders) -> None:
    assert folders.open().open(_ONE) == _KEY


def test_the_folder_holds_no_key_as_it_is(folders: KeyringFolders) -> None:
    secret = folders.open().service_key("fingerprints")
    (master,) = folders.master_files()
    content = b"".join(path.read_bytes() for path in folders.keyring.rglob("*") if path.is_file())
    for key in (_KEY, _OTHER, secret, bytes.fromhex(master.read_text())):
        assert key not in content
        assert key.hex().encode() not in content


def test_every_flipped_bit_of_an_entry_is_noticed(folders: KeyringFolders) -> None:
    path = folders.entry(_ONE)
    whole = path.read_bytes()
    keyring = folders.open()
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(KeyringUnavailable, match=f"{_ONE} does not open"):
            keyring.open(_ONE)
    path.write_bytes(whole)
    assert keyring.open(_ONE) == _KEY


@pytest.mark.parametrize("length", [0, 3, 4, 19, 20, 21, 79])
def test_a_file_cut_short_is_noticed(folders: KeyringFolders, length: int) -> None:
    path = folders.entry(_ONE)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(KeyringUnavailable, match="does not open"):
        folders.open().open(_ONE)
    with pytest.raises(KeyringUnavailable, match="does not open"):
        folders.open().store(_ONE, _KEY)


def test_two_entries_swapped_are_two_errors_and_not_two_wrong_keys(
    folders: KeyringFolders,
) -> None:
    one, two = folders.entry(_ONE), folders.entry(_TWO)
    one_bytes, two_bytes = one.read_bytes(), two.read_bytes()
    one.write_bytes(two_bytes)
    two.parent.mkdir(exist_ok=True)
    two.write_bytes(one_bytes)
    for key_id in (_ONE, _TWO):
        with pytest.raises(KeyringUnavailable, match="misplaced"):
            folders.open().open(key_id)


def test_a_service_secret_is_no_data_key_of_the_same_name(folders: KeyringFolders) -> None:
    folders.open().service_key("a" + "0" * 31)
    name = KeyId("a" + "0" * 31)
    shutil.copy(folders.keyring / "service" / f"{name}.key", folders.entry(name))
    with pytest.raises(KeyringUnavailable, match="misplaced"):
        folders.open().open(name)


def test_a_damaged_service_secret_is_never_made_anew(folders: KeyringFolders) -> None:
    folders.open().service_key("fingerprints")
    (folders.keyring / "service" / "fingerprints.key").write_bytes(b"")
    with pytest.raises(KeyringUnavailable, match="fingerprints does not open"):
        folders.open().service_key("fingerprints")


@pytest.mark.parametrize("name", ["", "../keyring", "UPPER", "a b", "a\n", "x" * 64])
def test_a_service_secret_of_another_name_is_refused(folders: KeyringFolders, name: str) -> None:
    with pytest.raises(InvalidField):
        folders.open().service_key(name)


def test_a_damaged_master_key_is_told_and_opens_nothing_wrongly(folders: KeyringFolders) -> None:
    keyring = folders.open()
    (master,) = folders.master_files()
    master.write_text("0" * 64 + "\n")
    for use in (folders.open, lambda: keyring.store(KeyId("13" * 16), _KEY)):
        with pytest.raises(KeyringUnavailable, match="is damaged: restore it"):
            use()


def test_keys_of_another_master_do_not_open(folders: KeyringFolders, tmp_path: Path) -> None:
    FolderMasterKeys.create(tmp_path / "elsewhere" / "masters")
    strange = FileKeyring(folders.keyring, FolderMasterKeys(tmp_path / "elsewhere" / "masters"))
    with pytest.raises(KeyringUnavailable, match="a master key that is not here"):
        strange.open(_ONE)


def test_every_file_and_folder_is_for_its_owner_alone(folders: KeyringFolders) -> None:
    folders.open().destroy(_TWO)
    folders.open().service_key("fingerprints")
    for root in (folders.keyring, folders.masters):
        for path in (root, *root.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o750, 0o777])
def test_folders_open_to_others_are_refused(folders: KeyringFolders, mode: int) -> None:
    for folder in (folders.keyring, folders.masters):
        folder.chmod(mode)
        with pytest.raises(MisconfiguredService, match="chmod 700"):
            folders.open()
        folder.chmod(0o700)
    folders.open()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_files_open_to_others_are_refused(folders: KeyringFolders, mode: int) -> None:
    folders.entry(_ONE).chmod(mode)
    with pytest.raises(KeyringUnavailable, match="may be read by others"):
        folders.open().open(_ONE)
    (master,) = folders.master_files()
    master.chmod(mode)
    with pytest.raises(KeyringUnavailable, match="may be read by others"):
        folders.open()


def test_a_link_in_place_of_a_key_is_not_followed(folders: KeyringFolders, tmp_path: Path) -> None:
    path = folders.entry(_ONE)
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(KeyringUnavailable):
        folders.open().open(_ONE)


def test_a_full_disk_ends_in_one_error_and_loses_nothing(folders: KeyringFolders) -> None:
    fresh = KeyId("14" * 16)

    def store_on_a_full_disk() -> None:
        keyring = folders.open()
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        for use in (
            lambda: keyring.store(fresh, _KEY),
            lambda: keyring.service_key("fingerprints"),
            lambda: keyring.rotate(lambda done, total: None),
        ):
            with pytest.raises(KeyringUnavailable, match="not full"):
                use()
        assert keyring.open(_ONE) == _KEY

    assert in_child(store_on_a_full_disk) > 0
    assert folders.files_of(fresh) == []
    keyring = folders.open()
    assert keyring.state(fresh) == "unknown"
    keyring.store(fresh, _KEY)
    keyring.rotate(lambda done, total: None)
    assert [keyring.open(key_id) for key_id in (_ONE, _TWO, fresh)] == [_KEY, _OTHER, _KEY]


def test_a_key_is_destroyed_although_the_disk_has_no_room_for_the_mark(
    folders: KeyringFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = folders.open()

    def no_room(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", no_room)
        with pytest.raises(KeyringUnavailable, match="No space left"):
            keyring.destroy(_ONE)
    assert folders.files_of(_ONE) == []
    with pytest.raises(KeyUnknown):
        keyring.open(_ONE)
    keyring.destroy(_ONE)
    assert keyring.state(_ONE) == "destroyed"


def test_a_restored_backup_without_its_mark_can_be_destroyed_again(
    folders: KeyringFolders, tmp_path: Path
) -> None:
    shutil.copytree(folders.keyring, tmp_path / "backup")
    folders.open().destroy(_ONE)
    shutil.rmtree(folders.keyring)
    shutil.copytree(tmp_path / "backup", folders.keyring)
    keyring = folders.open()
    assert keyring.state(_ONE) == "live"
    keyring.destroy(_ONE)
    assert folders.files_of(_ONE) == [f"{_ONE}.destroyed"]
    assert keyring.open(_TWO) == _OTHER


@pytest.mark.parametrize("look", ["state", "open", "destroy", "rotate"])
def test_a_key_copied_back_beside_its_mark_is_wiped_by_the_next_look(
    folders: KeyringFolders, tmp_path: Path, look: str
) -> None:
    shutil.copy(folders.entry(_ONE), tmp_path / "kept")
    keyring = folders.open()
    keyring.destroy(_ONE)
    shutil.copy(tmp_path / "kept", folders.entry(_ONE))
    assert list(keyring.live()) == [_TWO]
    if look == "state":
        assert keyring.state(_ONE) == "destroyed"
    elif look == "open":
        with pytest.raises(KeyDestroyed):
            keyring.open(_ONE)
    elif look == "destroy":
        keyring.destroy(_ONE)
    else:
        keyring.rotate(lambda done, total: None)
    assert folders.files_of(_ONE) == [f"{_ONE}.destroyed"]


def test_a_destroyed_key_is_overwritten_before_it_is_removed(
    folders: KeyringFolders, tmp_path: Path
) -> None:
    os.link(folders.entry(_ONE), tmp_path / "another name of the same file")
    folders.open().destroy(_ONE)
    content = (tmp_path / "another name of the same file").read_bytes()
    assert content == bytes(len(content))


def test_nothing_of_a_key_is_in_any_text_of_the_keyring(folders: KeyringFolders) -> None:
    keyring = folders.open()
    (master,) = folders.master_files()
    secrets = [_KEY, bytes.fromhex(master.read_text())]
    texts = [repr(keyring), str(keyring.__dict__)]
    folders.entry(_ONE).write_bytes(b"VMK1" + bytes(76))
    for use in (lambda: keyring.open(_ONE), lambda: keyring.store(_TWO, _KEY)):
        with pytest.raises(VitalMintError) as caught:
            use()
        texts += [str(caught.value), repr(caught.value), repr(caught.value.__cause__)]
    for secret in secrets:
        assert all(
            form not in text for text in texts for form in (secret.hex(), repr(secret)[2:-1])
        )


def test_a_keyring_that_is_not_there_is_never_made_by_opening_it(folders: KeyringFolders) -> None:
    gone = folders.keyring.with_name("elsewhere")
    keyring = folders.open()
    folders.keyring.rename(gone)
    with pytest.raises(MisconfiguredService, match="there is no keyring"):
        folders.open()
    for use in (keyring.open, keyring.state, keyring.destroy, lambda key: keyring.store(key, _KEY)):
        with pytest.raises((KeyringUnavailable, KeyUnknown)):
            use(_ONE)
    with pytest.raises(KeyringUnavailable):
        keyring.state(KeyId("0" * 32))
    assert not folders.keyring.exists()
    with pytest.raises(MisconfiguredService, match="restore it"):
        create_keyring_and_master(folders.keyring, folders.masters)


def test_a_lost_master_folder_is_never_replaced_by_a_new_one(folders: KeyringFolders) -> None:
    shutil.rmtree(folders.masters)
    with pytest.raises(MisconfiguredService, match="there is no master key"):
        folders.open()
    with pytest.raises(MisconfiguredService, match="restore it"):
        create_keyring_and_master(folders.keyring, folders.masters)


def test_making_a_keyring_again_changes_nothing(folders: KeyringFolders) -> None:
    before = folders.master_files()
    create_keyring_and_master(folders.keyring, folders.masters)
    assert folders.master_files() == before
    assert folders.open().open(_ONE) == _KEY


@pytest.mark.parametrize("masters", ["keyring/masters", "masters", "."])
def test_master_keys_beside_the_keyring_are_refused_or_called_insecure(
    tmp_path: Path, masters: str
) -> None:
    folder, master_folder = tmp_path / "disk" / "keyring", tmp_path / "disk" / masters
    create_keyring(folder)
    FolderMasterKeys.create(master_folder)
    master_folder.chmod(0o700)
    with pytest.raises(MisconfiguredService, match="beside the keyring"):
        FileKeyring(folder, FolderMasterKeys(master_folder))
    with pytest.warns(InsecureKeysWarning, match="never keep real people's records"):
        keyring = FileKeyring(folder, InsecureDevelopmentMasterKeys(master_folder))
    keyring.store(_ONE, _KEY)
    assert keyring.open(_ONE) == _KEY


def test_master_keys_kept_apart_warn_of_nothing(folders: KeyringFolders) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folders.open()
