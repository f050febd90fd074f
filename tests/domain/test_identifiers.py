"""Names of things are taken whole or not at all."""

from collections.abc import Callable

import pytest

from backend.domain.errors import InvalidField
from backend.domain.identifiers import contribution_id, tx_hash, wallet_address
from backend.domain.money import token_amount


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (wallet_address, "0x" + "ab" * 20),
        (tx_hash, "0x" + "ab" * 32),
        (contribution_id, "ab" * 16),
        (token_amount, "12.5"),
    ],
)
@pytest.mark.parametrize("wrapped", ["{}\n", "{}\r\n", "\n{}", "{} ", "{}0\n0"])
def test_a_name_with_anything_around_it_is_refused(
    read: Callable[[str], object], text: str, wrapped: str
) -> None:
    assert read(text)
    with pytest.raises(InvalidField):
        read(wrapped.format(text))
