"""Which consents of a person this database takes for one to learn from, and to the second."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.consent import ALL_PURPOSES, Kind, Purpose
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.use_cases.cohort import covered_here
from tests.ports.database_samples import account, consent

PERSON = account("ada")
SOLD = Purpose.TRAINING | Purpose.SALE
NOW = consent("in force", PERSON).grant.expires_at - timedelta(days=1)


def given(status: ConsentStatus = ConsentStatus.IN_FORCE, **terms: Any) -> ConsentRecord:
    made = consent(status.value, PERSON, status=status)
    usual: dict[str, Any] = {"kinds": frozenset({Kind.CGM}), "purposes": SOLD}
    return replace(made, grant=replace(made.grant, **(usual | terms)))


def covers(*records: ConsentRecord) -> bool:
    return covered_here(records, Kind.CGM, NOW)


def test_one_in_force_for_training_and_sale_of_the_kind_covers() -> None:
    assert covers(given())
    assert covers(given(purposes=ALL_PURPOSES, kinds=frozenset(Kind)))
    assert not covers()


@pytest.mark.parametrize("status", sorted(set(ConsentStatus) - {ConsentStatus.IN_FORCE}))
def test_one_in_any_other_state_does_not(status: ConsentStatus) -> None:
    assert not covers(given(status))


@pytest.mark.parametrize("purposes", [Purpose.TRAINING, Purpose.SALE, Purpose.CARE])
def test_neither_purpose_is_enough_by_itself(purposes: Purpose) -> None:
    assert not covers(given(purposes=purposes))
    assert not covers(given(purposes=purposes | Purpose.CARE))


def test_two_consents_do_not_add_up() -> None:
    halves = (given(purposes=Purpose.TRAINING), given(purposes=Purpose.SALE))
    assert not covers(*halves)
    assert not covers(given(kinds=frozenset({Kind.VITALS})), given(purposes=Purpose.CARE))


def test_it_ends_at_its_last_second() -> None:
    assert covers(given(expires_at=NOW + timedelta(seconds=1)))
    assert not covers(given(expires_at=NOW))
    assert not covers(given(expires_at=NOW - timedelta(seconds=1)))


def test_one_that_is_being_taken_back_outweighs_one_in_force() -> None:
    revoking = given(ConsentStatus.REVOKING)
    assert not covers(given(), revoking) and not covers(revoking, given())


def test_one_that_ended_leaves_another_in_force_alone() -> None:
    ended = [given(status) for status in ConsentStatus if status is not ConsentStatus.REVOKING]
    assert covers(*ended)
