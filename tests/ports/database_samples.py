"""Values of the domain for the database's tests; each name gives its own ids."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.domain.account import Account, Role, Session
from backend.domain.consent import ConsentGrant, Kind, Purpose
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.contribution import Contribution, Status
from backend.domain.identifiers import (
    RAW,
    AccountId,
    Cid,
    ContentDigest,
    ContributionId,
    KeyId,
    TxHash,
    WalletAddress,
)
from backend.domain.transaction import Call, Confirmation, Fees, SignedTransaction

NOW = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
CALL = Call(WalletAddress("0x" + "c" * 40), bytes.fromhex("deadbeef"), 100_000)


def digits(name: str, length: int = 32) -> str:
    """The same hexadecimal digits for the same name."""
    return hashlib.sha256(name.encode()).hexdigest()[:length]


def wallet(name: str) -> WalletAddress:
    return WalletAddress("0x" + digits(f"wallet {name}", 40))


def account(name: str, **changes: Any) -> Account:
    made = Account(
        id=AccountId(digits(f"account {name}")),
        login=name,
        role=Role.PATIENT,
        wallet=wallet(name),
        custodial=True,
        created_at=NOW,
        sealed_profile=b"sealed profile of an account",
        sealed_wallet=b"sealed wallet",
        password_hash="$argon2id$...",
        recovery_hash=None,
    )
    return replace(made, **changes)


def session(name: str, owner: Account, **changes: Any) -> Session:
    made = Session(
        token_hash=digits(f"token {name}", 64),
        csrf_hash=digits(f"csrf {name}", 64),
        account_id=owner.id,
        created_at=NOW,
        expires_at=LATER,
    )
    return replace(made, **changes)


def consent(name: str, owner: Account, **changes: Any) -> ConsentRecord:
    grant = ConsentGrant(
        contributor=owner.wallet,
        kinds=frozenset({Kind.CGM, Kind.IMAGE}),
        purposes=Purpose.CARE | Purpose.TRAINING,
        custodial=True,
        expires_at=datetime(2027, 11, 22, tzinfo=UTC),
        nonce=7,
        deadline=datetime(2026, 11, 23, tzinfo=UTC),
    )
    made = ConsentRecord(
        id=digits(f"consent {name}"),
        account_id=owner.id,
        grant=grant,
        signature=bytes(range(65)),
        status=ConsentStatus.SUBMITTED,
        created_at=NOW,
        transaction_id=None,
    )
    return replace(made, **changes)


def contribution(name: str, owner: Account, **changes: Any) -> Contribution:
    made = Contribution(
        id=ContributionId(digits(f"contribution {name}")),
        account_id=owner.id,
        contributor=owner.wallet,
        kind=Kind.CGM,
        status=Status.RESERVED,
        key_id=KeyId(digits(f"key {name}")),
        cid=Cid(f"bafk{name}"),
        digest=ContentDigest(hashlib.sha256(name.encode()).digest(), RAW),
        size=70_000,
        quality=9_500,
        sealed_summary=b"sealed summary",
        created_at=NOW,
        lease_until=LATER,
        custodial=True,
    )
    return replace(made, **changes)


def signed(name: str, fee: int = 2_000_000_000) -> SignedTransaction:
    tx_hash = TxHash("0x" + digits(f"version {name}", 64))
    return SignedTransaction(tx_hash, name.encode(), Fees(fee, fee // 2), NOW)


def mined(version: SignedTransaction, block: int, *, succeeded: bool = True) -> Confirmation:
    block_hash = "0x" + digits(f"block {block}", 64)
    return Confirmation(version.hash, block, block_hash, NOW, 2, succeeded)


def fingerprints(name: str, count: int) -> list[bytes]:
    """`count` different fingerprints of 16 bytes."""
    return [hashlib.sha256(f"{name} {one}".encode()).digest()[:16] for one in range(count)]
