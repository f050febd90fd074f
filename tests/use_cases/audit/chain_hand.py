"""Sends what people and the service send to the contracts, signed by their own keys."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.abi import abi_to_signature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts.devnet.chain_control import ChainControl

ROOT = Path(__file__).resolve().parents[3]
FOREVER = 2**48 - 1
CGM, VITALS, MOTION, IMAGE = range(4)
ALL_KINDS = 0b1111
CARE, TRAINING, SALE = 1, 2, 4

FORWARDER = bytes.fromhex(
    "601d8060095f395ff3"  # returns what follows
    "60143603806014" "5f375f5f825f5f5f3560601c5af1601b575f5ffd5b00"
)  # fmt: skip
"""A relaying contract: data = address (20 bytes) | call, passed on with itself as the sender."""


@dataclass(frozen=True)
class Hand:
    """One chain with a deployment, and the means to act on it."""

    chain: ChainControl
    deployment: dict[str, Any]

    def address(self, contract: str) -> str:
        return str(self.deployment["contracts"][contract]["address"])

    def data(self, contract: str, function: str, *arguments: Any) -> bytes:
        """Call data by the exported ABI."""
        path = ROOT / "backend" / "adapters" / "chain" / "abi" / f"{contract}.json"
        entry = next(
            one
            for one in json.loads(path.read_text())
            if one["type"] == "function" and one["name"] == function
        )
        signature = abi_to_signature(entry)
        types = [_type(one) for one in entry["inputs"]]
        return keccak(text=signature)[:4] + encode(types, list(arguments))

    def send(self, sender: LocalAccount, to: str | None, data: bytes = b"", **changes: Any) -> str:
        """Sign and send; returns the hash. `legacy` and `access` choose the type, `ahead`
        counts what the sender has waiting in the pool already."""
        nonce = int(self.chain.call("eth_getTransactionCount", sender.address, "latest"), 16)
        transaction: dict[str, Any] = {
            "nonce": nonce + changes.get("ahead", 0),
            "to": to_checksum_address(to) if to else "",
            "data": "0x" + data.hex(),
            "gas": changes.get("gas", 2_000_000),
            "value": changes.get("value", 0),
            "chainId": 1337,
        }
        if changes.get("legacy"):
            transaction["gasPrice"] = 10**11
        elif changes.get("access"):
            transaction |= {"gasPrice": 10**11, "type": 1}
            slots = ["0x" + "00" * 31 + "01", "0x" + "00" * 31 + "02"]
            transaction["accessList"] = [{"address": changes["access"], "storageKeys": slots}]
        else:
            transaction |= {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
        signed = Account.sign_transaction(transaction, sender.key)
        return str(self.chain.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex()))

    def tell(
        self, sender: LocalAccount, contract: str, function: str, *arguments: Any, **changes: Any
    ) -> str:
        """Call a contract's function."""
        data = self.data(contract, function, *arguments)
        return self.send(sender, self.address(contract), data, **changes)

    def receipt(self, transaction: str) -> dict[str, Any]:
        found: dict[str, Any] = self.chain.call("eth_getTransactionReceipt", transaction)
        return found

    def time(self) -> int:
        return self.chain.timestamp()

    def signed_consent(self, signer: LocalAccount, **changes: Any) -> tuple[list[Any], bytes]:
        """(message, signature) of a consent to everything, unless `changes` say otherwise."""
        message = {
            "contributor": signer.address,
            "kinds": ALL_KINDS,
            "purposes": CARE | TRAINING | SALE,
            "custodial": False,
            "expiresAt": FOREVER,
            "nonce": 0,
            "deadline": self.time() + 3600,
        } | changes
        types = {
            "Consent": [
                {"name": "contributor", "type": "address"},
                {"name": "kinds", "type": "uint8"},
                {"name": "purposes", "type": "uint8"},
                {"name": "custodial", "type": "bool"},
                {"name": "expiresAt", "type": "uint48"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint48"},
            ]
        }
        return list(message.values()), self._sign(signer, types, message)

    def signed_revocation(self, signer: LocalAccount, nonce: int) -> tuple[int, bytes]:
        """(deadline, signature) that takes a consent back."""
        message = {
            "contributor": signer.address,
            "nonce": nonce,
            "deadline": self.time() + 3600,
        }
        types = {
            "Revocation": [
                {"name": "contributor", "type": "address"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint48"},
            ]
        }
        return message["deadline"], self._sign(signer, types, message)

    def signed_permit(
        self, owner: LocalAccount, spender: str, value: int
    ) -> tuple[int, int, bytes, bytes]:
        """(deadline, v, r, s) of an ERC-2612 permit with nonce 0."""
        message = {
            "owner": owner.address,
            "spender": spender,
            "value": value,
            "nonce": 0,
            "deadline": self.time() + 3600,
        }
        types = {
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ]
        }
        domain = self._domain("RewardToken") | {"name": "VitalMint Reward"}
        signature = self._sign(owner, types, message, domain)
        return message["deadline"], signature[64], signature[:32], signature[32:64]

    def _domain(self, contract: str) -> dict[str, Any]:
        return {
            "name": "VitalMint ConsentRegistry",
            "version": "1",
            "chainId": 1337,
            "verifyingContract": self.address(contract),
        }

    def _sign(
        self,
        signer: LocalAccount,
        types: dict[str, Any],
        message: dict[str, Any],
        domain: dict[str, Any] | None = None,
    ) -> bytes:
        signed = Account.sign_typed_data(
            signer.key, domain or self._domain("ConsentRegistry"), types, message
        )
        return bytes(signed.signature)


def _type(parameter: dict[str, Any]) -> str:
    if parameter["type"] == "tuple":
        return f"({','.join(_type(one) for one in parameter['components'])})"
    return str(parameter["type"])
