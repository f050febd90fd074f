"""Reward tokens: whole numbers of base units, six decimals, never a float."""

import re
from dataclasses import dataclass

from backend.domain.errors import InvalidField

DECIMALS = 6
ONE_TOKEN = 10**DECIMALS
_LARGEST = 2**63 - 1
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?")


@dataclass(frozen=True, order=True)
class TokenAmount:
    """An amount of reward tokens in base units (10⁻⁶ token), fitting a signed 64-bit column."""

    base_units: int

    def __post_init__(self) -> None:
        if not 0 <= self.base_units <= _LARGEST:
            raise InvalidField("amount", "a token amount is between 0 and 2^63-1 base units")

    def __add__(self, other: "TokenAmount") -> "TokenAmount":
        return TokenAmount(self.base_units + other.base_units)

    def __str__(self) -> str:
        whole, part = divmod(self.base_units, ONE_TOKEN)
        return f"{whole}.{part:0{DECIMALS}d}"


def token_amount(text: str) -> TokenAmount:
    """Read "12.5" as 12,500,000 base units."""
    if not _AMOUNT.fullmatch(text):
        raise InvalidField("amount", "an amount is digits with at most six decimals, as in 12.5")
    whole, _, part = text.partition(".")
    return TokenAmount(int(whole) * ONE_TOKEN + int(part.ljust(DECIMALS, "0") or "0"))
