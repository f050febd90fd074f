"""The envelope a contribution travels in.

    "VMS1" | suite 1 | key id 16 | nonce 12 | key commitment 32 | AES-256-GCM ciphertext + tag

Encryption key and commitment are both derived from the data key (HKDF-SHA256, RFC 5869) with
different labels, so that one envelope opens under one data key only: AES-GCM alone does not
promise that. Associated data = header, contribution id, account id, kind.

The summary that the database keeps of a record (nonce 12 | AES-256-GCM) has a key derived from
the same data key: destroying that one key ends both.
"""

from dataclasses import dataclass
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from backend.domain.consent import Kind
from backend.domain.errors import SealBroken
from backend.domain.identifiers import AccountId, ContributionId, KeyId

MAGIC = b"VMS1"
SUITE = 1
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(MAGIC) + 1 + 16 + NONCE_BYTES + 32


@dataclass(frozen=True)
class SealContext:
    """What an envelope is bound to: opening it as anything else fails."""

    contribution_id: ContributionId
    account_id: AccountId
    kind: Kind


@dataclass(frozen=True)
class EnvelopeHeader:
    """The public beginning of an envelope."""

    suite: int
    key_id: KeyId
    nonce: bytes
    commitment: bytes

    def encoded(self) -> bytes:
        key_id = bytes.fromhex(self.key_id)
        return MAGIC + bytes([self.suite]) + key_id + self.nonce + self.commitment


def seal(
    plaintext: bytes, *, key: bytes, key_id: KeyId, nonce: bytes, context: SealContext
) -> bytes:
    """The envelope of `plaintext` under a fresh 32-byte `key` and 12-byte `nonce`."""
    header = EnvelopeHeader(SUITE, key_id, nonce, _derived(key, b"commitment")).encoded()
    cipher = AESGCM(_derived(key, b"encryption"))
    return header + cipher.encrypt(nonce, plaintext, _associated(header, context))


def open_sealed(envelope: bytes, *, key: bytes, context: SealContext) -> bytes:
    """The plaintext, or `SealBroken` when a byte, the key or the context is another."""
    header = header_of(envelope)
    if not compare_digest(header.commitment, _derived(key, b"commitment")):
        raise SealBroken("the envelope was sealed under another key: restore its own key first")
    cipher = AESGCM(_derived(key, b"encryption"))
    try:
        return cipher.decrypt(
            header.nonce, envelope[HEADER_BYTES:], _associated(header.encoded(), context)
        )
    except InvalidTag as error:
        raise SealBroken(
            f"contribution {context.contribution_id} does not open: its bytes or its context "
            "were changed; fetch the content again and run the audit"
        ) from error


def seal_summary(summary: bytes, *, key: bytes, nonce: bytes, context: SealContext) -> bytes:
    """What is kept of a record beside its envelope, under the record's own data key."""
    cipher = AESGCM(_derived(key, b"summary"))
    return nonce + cipher.encrypt(nonce, summary, _associated(b"", context))


def open_summary(sealed: bytes, *, key: bytes, context: SealContext) -> bytes:
    """The summary, or `SealBroken` when it belongs to another key or context."""
    cipher = AESGCM(_derived(key, b"summary"))
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return cipher.decrypt(nonce, ciphertext, _associated(b"", context))
    except (InvalidTag, ValueError) as error:
        raise SealBroken(
            f"the summary of contribution {context.contribution_id} does not open: it was "
            "changed, or is another record's"
        ) from error


def header_of(envelope: bytes) -> EnvelopeHeader:
    """The header, or `SealBroken` for anything that is not a whole envelope of this suite."""
    if len(envelope) < HEADER_BYTES + TAG_BYTES or envelope[:4] != MAGIC:
        raise SealBroken("these bytes are no VMS1 envelope")
    if envelope[4] != SUITE:
        raise SealBroken(f"envelope suite {envelope[4]} is newer than this release: update it")
    return EnvelopeHeader(
        suite=envelope[4],
        key_id=KeyId(envelope[5:21].hex()),
        nonce=envelope[21:33],
        commitment=envelope[33:HEADER_BYTES],
    )


def _derived(key: bytes, label: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, b"VitalMint VMS1 " + label).derive(key)


def _associated(header: bytes, context: SealContext) -> bytes:
    return (
        header
        + bytes.fromhex(context.contribution_id)
        + bytes.fromhex(context.account_id)
        + bytes([context.kind])
    )
