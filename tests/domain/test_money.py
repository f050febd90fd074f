"""Money is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.errors import InvalidField
from backend.domain.money import TokenAmount, token_amount


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_an_amount_reads_back_as_it_is_written(units: int) -> None:
    assert token_amount(str(TokenAmount(units))).base_units == units


@pytest.mark.parametrize("text", ["", "-1", "1.0000001", "1e3", "1,5", "NaN", " 1", "9" * 14])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        token_amount(text)


def test_an_amount_never_leaves_the_database_column() -> None:
    with pytest.raises(InvalidField):
        TokenAmount(2**63)
    with pytest.raises(InvalidField):
        TokenAmount(2**63 - 1) + TokenAmount(1)
