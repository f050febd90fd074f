"""Personal columns open for their own account and column only."""

import pytest

from backend.crypto.personal import open_personal, seal_personal
from backend.domain.errors import SealBroken
from backend.domain.identifiers import AccountId

KEY = bytes(range(32))
ACCOUNT = AccountId("0a" * 16)


def sealed() -> bytes:
    return seal_personal(b"Kim", key=KEY, nonce=bytes(12), account_id=ACCOUNT, column="profile")


def test_a_column_opens_with_its_account_and_name() -> None:
    opened = open_personal(sealed(), key=KEY, account_id=ACCOUNT, column="profile")
    assert opened == b"Kim"
    assert b"Kim" not in sealed()


@pytest.mark.parametrize(
    ("key", "account", "column"),
    [
        (bytes(32), ACCOUNT, "profile"),
        (KEY, AccountId("0b" * 16), "profile"),
        (KEY, ACCOUNT, "wallet"),
    ],
)
def test_another_key_account_or_column_does_not_open_it(
    key: bytes, account: AccountId, column: str
) -> None:
    with pytest.raises(SealBroken):
        open_personal(sealed(), key=key, account_id=account, column=column)


@pytest.mark.parametrize("length", [0, 11, 12, 20])
def test_a_truncated_column_is_one_clear_error(length: int) -> None:
    with pytest.raises(SealBroken):
        open_personal(sealed()[:length], key=KEY, account_id=ACCOUNT, column="profile")
