"""Sealing of what was derived from records: a training's checkpoint and the model it leaves.

nonce 12 | AES-256-GCM, each part under a key of its own derived (HKDF-SHA256) from the training's
one key, bound to account and training: destroying that one key ends them all.
"""

from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from backend.domain.errors import SealBroken
from backend.domain.identifiers import AccountId, TrainingId

NONCE_BYTES = 12


class Part(StrEnum):
    """What of a training is sealed."""

    CHECKPOINT = "checkpoint"
    MODEL = "model"


def seal_derived(
    content: bytes,
    part: Part,
    *,
    key: bytes,
    nonce: bytes,
    account_id: AccountId,
    training_id: TrainingId,
) -> bytes:
    """`content` under the training's 32-byte key and a fresh 12-byte nonce."""
    cipher = AESGCM(_derived(key, part))
    return nonce + cipher.encrypt(nonce, content, _associated(account_id, training_id))


def open_derived(
    sealed: bytes, part: Part, *, key: bytes, account_id: AccountId, training_id: TrainingId
) -> bytes:
    """The content, or `SealBroken` when it is another training's, another part, or changed."""
    cipher = AESGCM(_derived(key, part))
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return cipher.decrypt(nonce, ciphertext, _associated(account_id, training_id))
    except (InvalidTag, ValueError) as error:
        raise SealBroken(
            f"the {part} of training {training_id} does not open: it was changed, or is another's"
        ) from error


def _derived(key: bytes, part: Part) -> bytes:
    return HKDFExpand(SHA256(), 32, b"VitalMint training " + part.encode()).derive(key)


def _associated(account_id: AccountId, training_id: TrainingId) -> bytes:
    return b"VitalMint training" + bytes.fromhex(account_id) + bytes.fromhex(training_id)
