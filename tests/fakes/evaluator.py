"""An evaluator whose key lies in memory."""

from hashlib import sha256

from backend.crypto.typed_data import TypedData, sign_typed_data
from backend.crypto.wallets import wallet_of
from backend.domain.identifiers import WalletAddress


class FakeEvaluator:
    """Signs for real, with a key that everybody knows."""

    def __init__(self, name: str = "evaluator") -> None:
        self._key = sha256(name.encode()).digest()

    @property
    def address(self) -> WalletAddress:
        return wallet_of(self._key)

    def sign(self, typed_data: TypedData) -> bytes:
        return sign_typed_data(typed_data, self._key)
