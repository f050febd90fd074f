"""The evaluator's key from a file of its own; read at its first use, so that a service that
releases nothing needs none."""

import os
import secrets
from pathlib import Path

from backend.crypto.typed_data import TypedData, sign_typed_data
from backend.crypto.wallets import wallet_of
from backend.domain.errors import MisconfiguredService
from backend.domain.identifiers import WalletAddress

VARIABLE = "VITALMINT_EVALUATOR_KEY_FILE"


class FileEvaluator:
    """Implements `ports.evaluator.Evaluator`; the key never leaves this object.

    `named` is the address that the deployment file gives: the audit believes no other signature,
    so a key of another is refused before anything is learnt in vain.
    """

    def __init__(self, file: Path, *, named: WalletAddress | None = None) -> None:
        self._file = file
        self._named = named
        self._key: bytes | None = None

    @property
    def address(self) -> WalletAddress:
        return wallet_of(self._opened())

    def sign(self, typed_data: TypedData) -> bytes:
        return sign_typed_data(typed_data, self._opened())

    def _opened(self) -> bytes:
        if self._key is None:
            key = read_key(self._file)
            if self._named not in (None, wallet_of(key)):
                raise MisconfiguredService(
                    (
                        f"{VARIABLE}: {self._file} holds the key of {wallet_of(key)}, the "
                        f"deployment file names {self._named} as evaluator: use that one's key, "
                        "or publish a deployment file that names this one",
                    )
                )
            self._key = key
        return self._key


def read_key(file: Path) -> bytes:
    """The private key, or `MisconfiguredService` saying what is wrong with its file."""
    if not file.is_file():
        raise MisconfiguredService(
            (f"{VARIABLE}: there is no file at {file}: make one with `vitalmint keys evaluator`",)
        )
    if file.stat().st_mode & 0o077:
        raise MisconfiguredService((f"{VARIABLE}: others may read {file}: chmod 600 it",))
    try:
        key = bytes.fromhex(file.read_text().strip().removeprefix("0x"))
        wallet_of(key)
    except ValueError as error:
        raise MisconfiguredService((f"{VARIABLE}: {file} holds no private key",)) from error
    return key


def create_key(file: Path) -> WalletAddress:
    """A fresh key that its owner alone can read, where there is none; its address either way."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(opened, "w") as out:
            out.write(secrets.token_bytes(32).hex() + "\n")
            out.flush()
            os.fsync(out.fileno())
    return wallet_of(read_key(file))
