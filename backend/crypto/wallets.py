"""Wallets the service keeps: their address, and the file form in which a person takes one away."""

from typing import Any

from backend.domain.identifiers import WalletAddress, wallet_address


def wallet_of(private_key: bytes) -> WalletAddress:
    """The address of a 32-byte private key."""
    from eth_account import Account

    return wallet_address(Account.from_key(private_key).address)


def checksum_address(wallet: WalletAddress) -> str:
    """The address as people see it (EIP-55)."""
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(wallet))


def keystore(private_key: bytes, password: str) -> dict[str, Any]:
    """The key as Web3 Secret Storage v3, which every wallet imports."""
    from eth_account import Account

    return dict(Account.encrypt(private_key, password))
