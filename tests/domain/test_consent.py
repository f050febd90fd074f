"""A consent covers its kinds from its grant until, not at, its end."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.consent import Consent, Kind, Purpose, kinds_of_mask, require_consent
from backend.domain.errors import ConsentExpired, ConsentNotGranted
from backend.domain.identifiers import wallet_address

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=30)
CONSENT = Consent(
    contributor=wallet_address("0x" + "11" * 20),
    kinds=frozenset({Kind.CGM}),
    purposes=Purpose.CARE,
    custodial=True,
    granted_at=START,
    expires_at=END,
)


@pytest.mark.parametrize("moment", [START, END - timedelta(seconds=1)])
def test_a_consent_holds_from_its_grant_to_its_last_second(moment: datetime) -> None:
    assert require_consent(CONSENT, Kind.CGM, moment) is CONSENT


def test_a_consent_has_ended_at_its_end() -> None:
    with pytest.raises(ConsentExpired) as caught:
        require_consent(CONSENT, Kind.CGM, END)
    assert caught.value.expired_at == END


def test_no_consent_another_kind_and_a_future_consent_are_refused() -> None:
    for consent, kind, moment in [
        (None, Kind.CGM, START),
        (CONSENT, Kind.IMAGE, START),
        (CONSENT, Kind.CGM, START - timedelta(seconds=1)),
    ]:
        with pytest.raises(ConsentNotGranted):
            require_consent(consent, kind, moment)


def test_kinds_and_their_mask_are_the_same_thing() -> None:
    for mask in range(16):
        assert sum(kind.bit for kind in kinds_of_mask(mask)) == mask
