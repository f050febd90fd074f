"""Guidance needs a consent to care, opens nothing unseen, and reads nobody else's journal."""

from datetime import timedelta
from typing import Any

import pytest

from backend.domain.consent import Kind, Purpose
from backend.domain.errors import ConsentExpired, ConsentNotGranted, InvalidField, NotEnoughData
from backend.domain.guidance import Guidance, Language
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.advise import Advise, advise
from backend.use_cases.contribute_record import ContributeRecord, contribute_record
from backend.use_cases.create_journal_entry import CreateJournalEntry, create_journal_entry
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.list_access_log import list_access_log
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from tests.fakes.chain import FakeChain
from tests.ml.guidance.planted import Plan, plant
from tests.noting import ZONE, events_of, export_of
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic

PLANTED = plant(3, Plan(days=14, rise=(("morning", 60.0),), walk=0.5))


@pytest.fixture
def clinic(ports: Ports, clock: SettableClock, chain: FakeChain) -> Clinic:
    return Clinic(ports, clock, chain)


def contribute(clinic: Clinic, account_id: AccountId) -> Any:
    command = ContributeRecord(account_id, export_of(PLANTED), Kind.CGM, ZONE)
    made = contribute_record(command, ports=clinic.ports)
    clinic.settle()
    return made.contribution.id


def note_everything(clinic: Clinic, account_id: AccountId) -> set[str]:
    return {
        create_journal_entry(CreateJournalEntry(account_id, event), ports=clinic.ports).id
        for event in events_of(PLANTED, note="canary note")
    }


def advised(clinic: Clinic, account_id: AccountId, **given: Any) -> Guidance:
    return advise(
        Advise(account_id, **({"language": Language.ENGLISH} | given)), ports=clinic.ports
    )


def test_readings_and_journal_are_told_together(clinic: Clinic) -> None:
    person = clinic.person()
    contribute(clinic, person)
    ids = note_everything(clinic, person)
    told = advised(clinic, person)
    assert any(one.code.startswith("meal_rise_") for one in told.advice)
    assert {entry for one in told.advice for entry in one.evidence.entries} <= ids
    assert "canary" not in str(told)


@pytest.mark.parametrize("purposes", [None, Purpose.TRAINING], ids=["none", "training alone"])
def test_without_a_consent_to_care_nothing_is_opened(
    clinic: Clinic, purposes: Purpose | None
) -> None:
    person = clinic.person(purposes=purposes)
    note_everything(clinic, person)
    before = list_access_log(person, ports=clinic.ports).entries
    with pytest.raises(ConsentNotGranted):
        advised(clinic, person)
    assert list_access_log(person, ports=clinic.ports).entries == before


def test_a_consent_that_was_taken_back_or_ended_is_refused(clinic: Clinic) -> None:
    person = clinic.person()
    contribute(clinic, person)
    advised(clinic, person)
    revoke_consent(RevokeConsent(person), ports=clinic.ports)
    clinic.settle()
    with pytest.raises(ConsentNotGranted):
        advised(clinic, person)
    clinic.consent(person, days=1)
    clinic.clock.advance(timedelta(days=2))
    with pytest.raises(ConsentExpired):
        advised(clinic, person)


def test_every_record_and_the_journal_are_in_the_access_log(clinic: Clinic) -> None:
    person = clinic.person()
    record = contribute(clinic, person)
    note_everything(clinic, person)
    advised(clinic, person)
    entries = list_access_log(person, ports=clinic.ports).entries
    opened = [e.subject for e in entries if e.purpose == "guidance for its owner"]
    assert opened == [record, "journal"]


def test_without_a_record_it_says_what_to_contribute(clinic: Clinic) -> None:
    person = clinic.person()
    with pytest.raises(NotEnoughData) as refused:
        advised(clinic, person)
    assert "contribute" in refused.value.needs


def test_an_erased_record_says_nothing_any_more(clinic: Clinic) -> None:
    person = clinic.person()
    record = contribute(clinic, person)
    erase_contribution(EraseContribution(person, record), ports=clinic.ports)
    with pytest.raises(NotEnoughData):
        advised(clinic, person)


def test_nobody_elses_journal_is_read(clinic: Clinic) -> None:
    person, other = clinic.person(), clinic.person("bora")
    contribute(clinic, person)
    note_everything(clinic, other)
    told = advised(clinic, person)
    assert {entry for one in told.advice for entry in one.evidence.entries} == set()
    assert [one.code for one in told.advice if one.code == "note_more_meals"]


@pytest.mark.parametrize("days", [0, 6, 91])
def test_a_period_that_cannot_be_looked_at_is_refused(clinic: Clinic, days: int) -> None:
    person = clinic.person()
    with pytest.raises(InvalidField):
        advised(clinic, person, days=days)


def test_a_model_adds_its_forecast_and_is_not_needed(clinic: Clinic) -> None:
    person = clinic.person()
    contribute(clinic, person)
    without = advised(clinic, person)
    clinic.train(person)
    assert [a.code for a in advised(clinic, person).advice][-1] == without.advice[-1].code


def test_a_forecast_that_has_too_little_to_start_from_is_left_out(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = clinic.person()
    contribute(clinic, person)
    clinic.train(person)

    def too_little(*_: object, **__: object) -> None:
        raise NotEnoughData("no reading has twelve hours before it", needs="half a day")

    monkeypatch.setattr(clinic.models, "forecast", too_little)
    assert advised(clinic, person).advice
