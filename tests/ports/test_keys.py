"""What every keyring promises, held by the fake and by the files."""

import os
import random
import threading
from pathlib import Path

import pytest

from backend.domain.errors import InvalidField, KeyDestroyed, KeyUnavailable, KeyUnknown
from backend.domain.identifiers import KeyId
from backend.ports.keys import Keyring
from tests.fakes.keys import InMemoryKeyring
from tests.ports.keyring_folders import KeyringFolders


@pytest.fixture(params=["fake", "files"])
def keyring(request: pytest.FixtureRequest, tmp_path: Path) -> Keyring:
    if request.param == "fake":
        return InMemoryKeyring(os.urandom)
    return KeyringFolders.make(tmp_path).open()


def _id() -> KeyId:
    return KeyId(random.randbytes(16).hex())


def _key() -> bytes:
    return random.randbytes(32)


def test_a_stored_key_opens_and_is_live(keyring: Keyring) -> None:
    keys = {_id(): _key() for _ in range(20)}
    for key_id, key in keys.items():
        keyring.store(key_id, key)
    assert {key_id: keyring.open(key_id) for key_id in keys} == keys
    assert set(keyring.live()) == set(keys)
    assert {keyring.state(key_id) for key_id in keys} == {"live"}


def test_a_key_never_stored_is_unknown(keyring: Keyring) -> None:
    key_id = _id()
    assert keyring.state(key_id) == "unknown"
    with pytest.raises(KeyUnknown, match=key_id):
        keyring.open(key_id)


def test_a_destroyed_key_is_destroyed_and_not_unknown(keyring: Keyring) -> None:
    key_id, other = _id(), _id()
    keyring.store(key_id, _key())
    keyring.store(other, _key())
    keyring.destroy(key_id)
    assert keyring.state(key_id) == "destroyed"
    assert list(keyring.live()) == [other]
    with pytest.raises(KeyDestroyed, match=key_id):
        keyring.open(key_id)


def test_destroying_is_fine_in_every_state(keyring: Keyring) -> None:
    never, stored = _id(), _id()
    keyring.store(stored, _key())
    for key_id in (never, stored, never, stored):
        keyring.destroy(key_id)
        assert keyring.state(key_id) == "destroyed"
    assert set(keyring.destroyed()) == {never, stored}


def test_a_destroyed_id_takes_no_key_again(keyring: Keyring) -> None:
    key_id, key = _id(), _key()
    keyring.store(key_id, key)
    keyring.destroy(key_id)
    for again in (key, _key()):
        with pytest.raises(KeyDestroyed, match=key_id):
            keyring.store(key_id, again)
    assert keyring.state(key_id) == "destroyed"


def test_storing_the_same_again_is_fine_and_another_key_is_refused(keyring: Keyring) -> None:
    key_id, key = _id(), _key()
    keyring.store(key_id, key)
    keyring.store(key_id, key)
    with pytest.raises(KeyUnavailable, match="never replaced"):
        keyring.store(key_id, _key())
    assert keyring.open(key_id) == key


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(keyring: Keyring, length: int) -> None:
    key_id = _id()
    with pytest.raises(InvalidField):
        keyring.store(key_id, bytes(length))
    assert keyring.state(key_id) == "unknown"


@pytest.mark.parametrize(
    "name", ["", "a" * 31, "A" * 32, "g" * 32, "../" + "a" * 29, "a" * 32 + "\n", "a" * 33]
)
def test_an_id_of_another_form_is_refused(keyring: Keyring, name: str) -> None:
    with pytest.raises(InvalidField):
        keyring.store(KeyId(name), _key())
    for use in (keyring.open, keyring.destroy, keyring.state):
        with pytest.raises(InvalidField):
            use(KeyId(name))


def test_a_service_key_is_made_once_and_each_name_has_its_own(keyring: Keyring) -> None:
    first = keyring.service_key("fingerprints")
    assert keyring.service_key("fingerprints") == first
    assert keyring.service_key("other") != first
    assert len(first) == 32
    assert list(keyring.live()) == []


def test_rotation_keeps_every_key_and_every_destruction(keyring: Keyring) -> None:
    keys = {_id(): _key() for _ in range(12)}
    for key_id, key in keys.items():
        keyring.store(key_id, key)
    secret = keyring.service_key("fingerprints")
    gone = next(iter(keys))
    keyring.destroy(gone)
    seen: list[tuple[int, int]] = []
    assert keyring.rotate(lambda done, total: seen.append((done, total))) == len(keys)
    assert (len(keys), len(keys)) in seen
    assert keyring.state(gone) == "destroyed"
    del keys[gone]
    assert {key_id: keyring.open(key_id) for key_id in keyring.live()} == keys
    assert keyring.service_key("fingerprints") == secret


def test_threads_share_one_keyring(keyring: Keyring) -> None:
    keys = {_id(): _key() for _ in range(48)}
    contested = _id()
    wins: list[bytes] = []

    def work(mine: list[KeyId]) -> None:
        for key_id in mine:
            keyring.store(key_id, keys[key_id])
            assert keyring.open(key_id) == keys[key_id]
        attempt = _key()
        try:
            keyring.store(contested, attempt)
        except KeyUnavailable:
            return
        wins.append(attempt)

    ids = list(keys)
    threads = [threading.Thread(target=work, args=(ids[at::6],)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wins == [keyring.open(contested)]
    assert set(keyring.live()) == {*keys, contested}
