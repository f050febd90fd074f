"""Noting, listing, correcting and deleting; what is stored says nothing in clear."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.domain.errors import Conflict, InvalidField, NotFound, SealBroken, StaleVersion
from backend.domain.identifiers import AccountId, JournalEntryId, KeyId
from backend.domain.journal import (
    ExerciseEntry,
    InsulinEntry,
    InsulinKind,
    Intensity,
    JournalEvent,
    MealEntry,
)
from backend.ports import Ports
from backend.use_cases import create_journal_entry as creating
from backend.use_cases.create_journal_entry import CreateJournalEntry, create_journal_entry
from backend.use_cases.delete_journal_entry import DeleteJournalEntry, delete_journal_entry
from backend.use_cases.edit_journal_entry import EditJournalEntry, edit_journal_entry
from backend.use_cases.erase_account import EraseAccount, erase_account
from backend.use_cases.list_access_log import list_access_log
from backend.use_cases.list_journal import ListJournal, list_journal, show_journal_entry
from backend.use_cases.sign_up import sign_up
from tests.people import sign_up_as
from tests.stand_in_ports import START, SettableClock

AT = START - timedelta(hours=2)
MEAL = MealEntry(AT, "Asia/Seoul", 55.0, "Canary pie", "canary note")
WALK = ExerciseEntry(AT, "Asia/Seoul", 25, Intensity.LIGHT, "walk")
SHOT = InsulinEntry(AT, "Asia/Seoul", 4.5, InsulinKind.FAST, "before the pie")


def person(ports: Ports, login: str) -> AccountId:
    return sign_up(sign_up_as(login), ports=ports).account.id


@pytest.fixture
def me(ports: Ports) -> AccountId:
    return person(ports, "haneul")


def note(
    me: AccountId, event: JournalEvent, ports: Ports, key: str | None = None
) -> JournalEntryId:
    return create_journal_entry(CreateJournalEntry(me, event, key), ports=ports).id


def events_of(me: AccountId, ports: Ports) -> list[JournalEvent]:
    return [entry.event for entry in list_journal(ListJournal(me), ports=ports).entries]


@pytest.mark.parametrize("event", [MEAL, WALK, SHOT], ids=["meal", "exercise", "insulin"])
def test_what_was_noted_comes_back_as_it_was(
    me: AccountId, ports: Ports, event: JournalEvent
) -> None:
    entry = create_journal_entry(CreateJournalEntry(me, event), ports=ports)
    assert entry.event == event and entry.version == 1
    assert show_journal_entry(me, entry.id, ports=ports).event == event
    assert events_of(me, ports) == [event]


def test_a_fault_is_refused_and_nothing_is_kept(me: AccountId, ports: Ports) -> None:
    with pytest.raises(InvalidField):
        note(me, replace(MEAL, carbohydrate_g=5000.0), ports)
    assert events_of(me, ports) == []


def test_a_request_that_is_sent_again_makes_no_second_entry(me: AccountId, ports: Ports) -> None:
    first = note(me, MEAL, ports, "phone-17")
    assert note(me, MEAL, ports, "phone-17") == first
    assert note(me, MEAL, ports, "phone-18") != first
    assert len(events_of(me, ports)) == 2


def test_a_request_that_is_sent_again_after_a_correction_shows_the_corrected(
    me: AccountId, ports: Ports
) -> None:
    first = note(me, MEAL, ports, "phone-17")
    corrected = replace(MEAL, carbohydrate_g=60.0)
    edit_journal_entry(EditJournalEntry(me, first, corrected), ports=ports)
    again = create_journal_entry(CreateJournalEntry(me, MEAL, "phone-17"), ports=ports)
    assert (again.id, again.event, again.version) == (first, corrected, 2)


def test_a_key_that_named_something_else_is_refused(me: AccountId, ports: Ports) -> None:
    note(me, MEAL, ports, "phone-17")
    with pytest.raises(Conflict):
        note(me, WALK, ports, "phone-17")
    for key in ("", "x" * 129, "two\nlines"):
        with pytest.raises(InvalidField):
            note(me, MEAL, ports, key)


def test_one_key_of_two_people_names_two_entries(me: AccountId, ports: Ports) -> None:
    other = person(ports, "bora")
    assert note(me, MEAL, ports, "phone-17") != note(other, MEAL, ports, "phone-17")


def test_the_latest_comes_first_and_a_range_has_its_start_but_not_its_end(
    me: AccountId, ports: Ports
) -> None:
    for hour in (3, 1, 2):
        note(me, replace(MEAL, at=AT - timedelta(hours=hour)), ports)
    hours = [(AT - event.at) / timedelta(hours=1) for event in events_of(me, ports)]
    assert hours == [1, 2, 3]
    ranged = ListJournal(me, since=AT - timedelta(hours=2), until=AT - timedelta(hours=1))
    (entry,) = list_journal(ranged, ports=ports).entries
    assert entry.event.at == AT - timedelta(hours=2)


def test_pages_lead_through_everything_once_also_at_one_moment(me: AccountId, ports: Ports) -> None:
    ids = {note(me, replace(MEAL, at=AT - timedelta(minutes=n // 3)), ports) for n in range(11)}
    seen: list[JournalEntryId] = []
    after = None
    while True:
        page = list_journal(ListJournal(me, limit=4, after=after), ports=ports)
        seen += [entry.id for entry in page.entries]
        after = page.next
        if after is None:
            break
    assert len(seen) == 11 and set(seen) == ids


def test_deleting_the_last_of_a_page_breaks_no_next_page(me: AccountId, ports: Ports) -> None:
    for n in range(5):
        note(me, replace(MEAL, at=AT - timedelta(minutes=n)), ports)
    first = list_journal(ListJournal(me, limit=2), ports=ports)
    delete_journal_entry(DeleteJournalEntry(me, first.entries[-1].id), ports=ports)
    rest = list_journal(ListJournal(me, limit=9, after=first.next), ports=ports)
    assert len(rest.entries) == 3 and rest.next is None


@pytest.mark.parametrize(
    "faulty",
    [
        {"limit": 0},
        {"limit": 501},
        {"after": "x"},
        {"after": "9" * 30 + "-" + "ab" * 16},
        {"since": datetime(2026, 11, 22)},
    ],
)
def test_a_faulty_question_is_refused_by_its_field(
    me: AccountId, ports: Ports, faulty: dict[str, object]
) -> None:
    with pytest.raises(InvalidField) as refused:
        list_journal(replace(ListJournal(me), **faulty), ports=ports)  # type: ignore[arg-type]
    assert [refused.value.field] == list(faulty)


def test_a_correction_keeps_when_it_was_first_noted(
    me: AccountId, ports: Ports, clock: SettableClock
) -> None:
    entry_id = note(me, MEAL, ports)
    clock.advance(timedelta(hours=1))
    edited = edit_journal_entry(EditJournalEntry(me, entry_id, SHOT), ports=ports)
    assert (edited.created_at, edited.changed_at) == (START, START + timedelta(hours=1))
    assert (edited.version, edited.event) == (2, SHOT)
    assert show_journal_entry(me, entry_id, ports=ports).event == SHOT


def test_a_correction_of_what_changed_meanwhile_is_refused(me: AccountId, ports: Ports) -> None:
    entry_id = note(me, MEAL, ports)
    edit_journal_entry(EditJournalEntry(me, entry_id, WALK, expected_version=1), ports=ports)
    with pytest.raises(StaleVersion):
        edit_journal_entry(EditJournalEntry(me, entry_id, SHOT, expected_version=1), ports=ports)
    with pytest.raises(StaleVersion):
        delete_journal_entry(DeleteJournalEntry(me, entry_id, expected_version=1), ports=ports)
    assert events_of(me, ports) == [WALK]


def test_what_was_deleted_is_gone_and_can_be_neither_shown_nor_corrected(
    me: AccountId, ports: Ports
) -> None:
    entry_id = note(me, MEAL, ports)
    delete_journal_entry(DeleteJournalEntry(me, entry_id), ports=ports)
    for attempt in (
        lambda: show_journal_entry(me, entry_id, ports=ports),
        lambda: edit_journal_entry(EditJournalEntry(me, entry_id, MEAL), ports=ports),
        lambda: delete_journal_entry(DeleteJournalEntry(me, entry_id), ports=ports),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_nobody_reaches_another_persons_entry(me: AccountId, ports: Ports) -> None:
    other = person(ports, "bora")
    entry_id = note(me, MEAL, ports)
    for attempt in (
        lambda: show_journal_entry(other, entry_id, ports=ports),
        lambda: edit_journal_entry(EditJournalEntry(other, entry_id, MEAL), ports=ports),
        lambda: delete_journal_entry(DeleteJournalEntry(other, entry_id), ports=ports),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert events_of(me, ports) == [MEAL] and events_of(other, ports) == []


def test_a_full_journal_says_so(
    me: AccountId, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "MOST_ENTRIES", 2)
    note(me, MEAL, ports, "one")
    note(me, WALK, ports)
    with pytest.raises(Conflict):
        note(me, SHOT, ports)
    assert note(me, MEAL, ports, "one")


def test_rows_say_neither_what_nor_when_nor_which_kind(
    me: AccountId, ports: Ports, tmp_path: Path
) -> None:
    for event in (MEAL, WALK, SHOT):
        note(me, event, ports)
    with sqlite3.connect(tmp_path / "vitalmint.db") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(journal_entries)")]
        rows = connection.execute("SELECT * FROM journal_entries").fetchall()
    assert set(columns) == {"id", "account_id", "version", "sealed"}
    assert len({len(row[columns.index("sealed")]) for row in rows}) == 1
    for content in (b"anary", b"meal", b"insulin", b"Seoul", b"2026", b"55"):
        assert not any(content in row[columns.index("sealed")] for row in rows)


def test_a_row_put_in_anothers_place_does_not_open(me: AccountId, ports: Ports) -> None:
    first, second = note(me, MEAL, ports), note(me, WALK, ports)
    with ports.database.write() as unit:
        taken, place = unit.journal.by_id(me, first), unit.journal.by_id(me, second)
        assert taken is not None and place is not None
        unit.journal.update(replace(taken, id=second), expected=place.version)
    with pytest.raises(SealBroken):
        show_journal_entry(me, second, ports=ports)


def test_every_opening_is_in_the_access_log_and_an_empty_journal_has_none(
    me: AccountId, ports: Ports
) -> None:
    list_journal(ListJournal(me), ports=ports)
    entry_id = note(me, MEAL, ports)
    assert list_access_log(me, ports=ports).entries == []
    list_journal(ListJournal(me), ports=ports)
    show_journal_entry(me, entry_id, ports=ports)
    edit_journal_entry(EditJournalEntry(me, entry_id, WALK), ports=ports)
    entries = list_access_log(me, ports=ports).entries
    assert [(e.actor, e.subject) for e in entries] == [(me, "journal")] * 3


def test_with_the_account_its_journal_goes(me: AccountId, ports: Ports) -> None:
    other = person(ports, "bora")
    note(me, MEAL, ports)
    note(other, WALK, ports)
    erase_account(EraseAccount(me, abandon_tokens=True), ports=ports)
    with ports.database.read() as unit:
        assert unit.journal.of_account(me) == [] and unit.journal.count(other) == 1
    assert ports.keys.state(KeyId(me)) == "destroyed"


def test_moments_come_back_in_utc(me: AccountId, ports: Ports) -> None:
    note(me, MEAL, ports)
    (entry,) = list_journal(ListJournal(me), ports=ports).entries
    assert entry.event.at.tzinfo == UTC and entry.created_at == START
