"""Who signs certificates: a key of its own, which pays for nothing and registers nothing."""

from typing import Protocol

from backend.crypto.typed_data import TypedData
from backend.domain.identifiers import WalletAddress


class Evaluator(Protocol):
    @property
    def address(self) -> WalletAddress:
        """Whose signature certificates carry."""
        ...

    def sign(self, typed_data: TypedData) -> bytes:
        """65 bytes r|s|v over the EIP-712 message."""
        ...
