"""Sealing and opening a person's own columns under the key of their account."""

import json
from dataclasses import asdict

from backend.crypto.personal import open_personal, seal_personal
from backend.domain.account import Account, Profile
from backend.domain.identifiers import AccountId, KeyId
from backend.ports import Ports

PROFILE = "profile"
WALLET = "wallet"
NONCE_BYTES = 12


def sealed_profile(profile: Profile, *, account_id: AccountId, key: bytes, ports: Ports) -> bytes:
    """The profile as one sealed column."""
    plaintext = json.dumps(asdict(profile), ensure_ascii=False).encode()
    return sealed_column(plaintext, PROFILE, account_id=account_id, key=key, ports=ports)


def sealed_column(
    plaintext: bytes, column: str, *, account_id: AccountId, key: bytes, ports: Ports
) -> bytes:
    """One personal column sealed under a fresh nonce."""
    nonce = ports.random_bytes(NONCE_BYTES)
    return seal_personal(plaintext, key=key, nonce=nonce, account_id=account_id, column=column)


def opened_profile(account: Account, *, ports: Ports) -> Profile:
    """The profile; whoever shows it to someone writes that to the access log first."""
    key = ports.keys.open(KeyId(account.id))
    plaintext = open_personal(
        account.sealed_profile, key=key, account_id=account.id, column=PROFILE
    )
    return Profile(**json.loads(plaintext))
