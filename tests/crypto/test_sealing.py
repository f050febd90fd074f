"""The envelope: opens one way only, and says nothing about what is inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.crypto.sealing import HEADER_BYTES, SealContext, header_of, open_sealed, seal
from backend.domain.consent import Kind
from backend.domain.errors import SealBroken
from backend.domain.identifiers import AccountId, ContributionId, KeyId

KEY = bytes(range(32))
NONCE = bytes(12)
KEY_ID = KeyId("0a" * 16)
CONTEXT = SealContext(ContributionId("01" * 16), AccountId("02" * 16), Kind.CGM)


def sealed(plaintext: bytes = b"112 mg/dL at nine") -> bytes:
    return seal(plaintext, key=KEY, key_id=KEY_ID, nonce=NONCE, context=CONTEXT)


@given(st.binary(max_size=2_000))
def test_what_was_sealed_opens_to_the_same_bytes(plaintext: bytes) -> None:
    assert open_sealed(sealed(plaintext), key=KEY, context=CONTEXT) == plaintext


def test_the_header_names_its_key_and_nothing_of_the_content() -> None:
    envelope = sealed()
    header = header_of(envelope)
    assert envelope[:5] == b"VMS1\x01"
    assert header.key_id == KEY_ID
    assert len(envelope) == HEADER_BYTES + len(b"112 mg/dL at nine") + 16
    assert b"112" not in envelope and KEY not in envelope


@pytest.mark.parametrize("at", range(len(sealed())))
def test_every_changed_byte_is_refused(at: int) -> None:
    envelope = bytearray(sealed())
    envelope[at] ^= 1
    with pytest.raises(SealBroken):
        open_sealed(bytes(envelope), key=KEY, context=CONTEXT)


@given(st.integers(min_value=0, max_value=len(sealed()) - 1))
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(SealBroken):
        open_sealed(sealed()[:length], key=KEY, context=CONTEXT)


@pytest.mark.parametrize(
    "other",
    [
        SealContext(ContributionId("03" * 16), CONTEXT.account_id, CONTEXT.kind),
        SealContext(CONTEXT.contribution_id, AccountId("03" * 16), CONTEXT.kind),
        SealContext(CONTEXT.contribution_id, CONTEXT.account_id, Kind.VITALS),
    ],
)
def test_an_envelope_does_not_open_as_another_record(other: SealContext) -> None:
    with pytest.raises(SealBroken, match="does not open"):
        open_sealed(sealed(), key=KEY, context=other)


def test_another_key_is_told_apart_before_decrypting() -> None:
    with pytest.raises(SealBroken, match="another key"):
        open_sealed(sealed(), key=bytes(32), context=CONTEXT)


def test_a_newer_suite_is_refused_by_name() -> None:
    envelope = bytearray(sealed())
    envelope[4] = 2
    with pytest.raises(SealBroken, match="suite 2 is newer"):
        header_of(bytes(envelope))
