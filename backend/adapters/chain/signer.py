"""The relayer's key: it signs, and never leaves this object."""

from datetime import datetime

from backend.crypto.wallets import checksum_address, wallet_of
from backend.domain.errors import MisconfiguredService
from backend.domain.identifiers import tx_hash
from backend.domain.transaction import Call, Fees, SignedTransaction


class Signer:
    """Signs EIP-1559 transactions for one chain."""

    def __init__(self, key: bytes, chain_id: int) -> None:
        try:
            self.address = wallet_of(key)
        except (ValueError, TypeError) as error:
            raise MisconfiguredService(
                ("the relayer's key is not a private key: 32 bytes are wanted",)
            ) from error
        self._key = key
        self._chain_id = chain_id

    def sign(self, call: Call, *, nonce: int, fees: Fees, at: datetime) -> SignedTransaction:
        """The call as a transaction of this nonce; the same input gives the same bytes."""
        from eth_account import Account

        signed = Account.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": nonce,
                "to": checksum_address(call.to),
                "value": 0,
                "data": call.data,
                "gas": call.gas,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.priority_fee,
            },
            self._key,
        )
        return SignedTransaction(
            hash=tx_hash("0x" + bytes(signed.hash).hex()),
            raw=bytes(signed.raw_transaction),
            fees=fees,
            signed_at=at,
        )
