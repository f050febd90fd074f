"""Sealing of what a generation run keeps: its checkpoint, and the package of its dataset.

nonce 12 | AES-256-GCM, each part under a key of its own derived (HKDF-SHA256) from the run's one
key, bound to the run: destroying that one key ends them all. The nonce is an HMAC of what is
sealed, so that the same package is the same sealed bytes after an interruption, and no two
different contents ever share a nonce.
"""

import hmac
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from backend.domain.errors import SealBroken
from backend.domain.identifiers import RunId

NONCE_BYTES = 12
OVERHEAD = NONCE_BYTES + 16
"""How many bytes sealing adds."""


class RunPart(StrEnum):
    """What of a run is sealed."""

    CHECKPOINT = "checkpoint"
    PACKAGE = "package"


def seal_of_run(content: bytes, part: RunPart, *, key: bytes, run_id: RunId) -> bytes:
    """`content` under the run's 32-byte key; the same content gives the same bytes."""
    nonce = hmac.digest(_derived(key, part, "nonce"), content, "sha256")[:NONCE_BYTES]
    return nonce + AESGCM(_derived(key, part, "key")).encrypt(nonce, content, _associated(run_id))


def open_of_run(sealed: bytes, part: RunPart, *, key: bytes, run_id: RunId) -> bytes:
    """The content, or `SealBroken` when it is another run's, another part, or changed."""
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        cipher = AESGCM(_derived(key, part, "key"))
        return cipher.decrypt(nonce, ciphertext, _associated(run_id))
    except (InvalidTag, ValueError) as error:
        raise SealBroken(
            f"the {part} of run {run_id} does not open: it was changed, or is another's"
        ) from error


def _derived(key: bytes, part: RunPart, use: str) -> bytes:
    return HKDFExpand(SHA256(), 32, f"VitalMint run {part} {use}".encode()).derive(key)


def _associated(run_id: RunId) -> bytes:
    return b"VitalMint run" + bytes.fromhex(run_id)
