"""Passwords, tokens and fingerprints."""

import hmac

from backend.crypto.fingerprints import keyed
from backend.crypto.passwords import hash_password, needs_rehash, verify_password
from backend.crypto.tokens import token_hash


def test_a_password_is_kept_as_argon2id_and_verified() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, "correct horse battery")
    assert not verify_password(stored, "correct horse batterY")
    assert not needs_rehash(stored)


def test_the_same_password_typed_in_another_normal_form_is_the_same() -> None:
    assert verify_password(hash_password("cafe\u0301 au lait"), "caf\u00e9 au lait")


def test_something_that_is_no_hash_verifies_nothing() -> None:
    assert not verify_password("", "anything")
    assert not verify_password("$argon2id$broken", "anything")


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("correct horse battery") != hash_password("correct horse battery")


def test_fingerprints_say_nothing_without_the_key_and_recognise_with_it() -> None:
    one = keyed(b"", [b"a", b"b", b"a"], bytes(32))
    assert len(one) == 2 and all(len(each) == 16 for each in one)
    assert one == keyed(b"", [b"b", b"a"], bytes(32)) == tuple(sorted(one))
    assert not set(one) & set(keyed(b"", [b"a", b"b"], bytes([1]) * 32))


def test_a_fingerprint_is_the_start_of_its_hmac_sha256() -> None:
    key, fingerprint = bytes(range(32)), b"shingle"
    expected = hmac.digest(key, b"label " + fingerprint, "sha256")[:16]
    assert keyed(b"label ", [fingerprint], key) == (expected,)


def test_a_token_is_stored_as_its_hash() -> None:
    assert token_hash("t") != "t" and len(token_hash("t")) == 64
