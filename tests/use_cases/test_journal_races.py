"""The journal asked for the same many times at once, on either database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.domain.identifiers import AccountId
from backend.domain.journal import MealEntry
from backend.ports import Ports
from backend.use_cases.create_journal_entry import CreateJournalEntry, create_journal_entry
from backend.use_cases.delete_journal_entry import DeleteJournalEntry, delete_journal_entry
from backend.use_cases.edit_journal_entry import EditJournalEntry, edit_journal_entry
from backend.use_cases.list_journal import ListJournal, list_journal
from backend.use_cases.sign_up import sign_up
from tests.people import sign_up_as
from tests.stand_in_ports import START
from tests.use_cases.test_accounts_races import AT_ONCE, all_at_once

MEAL = MealEntry(START - timedelta(hours=1), "Asia/Seoul", 55.0, "Bibimbap")


@pytest.fixture
def on_either(ports: Ports, database: SqlDatabase) -> Ports:
    return replace(ports, database=database)


@pytest.fixture
def me(on_either: Ports) -> AccountId:
    return sign_up(sign_up_as("haneul"), ports=on_either).account.id


def test_one_request_sent_many_times_at_once_makes_one_entry(
    me: AccountId, on_either: Ports
) -> None:
    command = CreateJournalEntry(me, MEAL, "phone-17")
    ended = all_at_once([lambda: create_journal_entry(command, ports=on_either)] * AT_ONCE)
    assert ended == {"done": AT_ONCE}
    assert len(list_journal(ListJournal(me), ports=on_either).entries) == 1


def test_of_many_corrections_of_one_version_one_is_kept(me: AccountId, on_either: Ports) -> None:
    entry = create_journal_entry(CreateJournalEntry(me, MEAL), ports=on_either)
    command = EditJournalEntry(me, entry.id, replace(MEAL, name="Pie"), expected_version=1)
    ended = all_at_once([lambda: edit_journal_entry(command, ports=on_either)] * AT_ONCE)
    assert ended == {"done": 1, "stale_version": AT_ONCE - 1}
    (kept,) = list_journal(ListJournal(me), ports=on_either).entries
    assert kept.version == 2


def test_corrections_that_meet_a_deletion_leave_nothing_behind(
    me: AccountId, on_either: Ports
) -> None:
    entry = create_journal_entry(CreateJournalEntry(me, MEAL), ports=on_either)
    edit = EditJournalEntry(me, entry.id, replace(MEAL, name="Pie"))
    delete = DeleteJournalEntry(me, entry.id)
    ended = all_at_once(
        [lambda: edit_journal_entry(edit, ports=on_either)] * 4
        + [lambda: delete_journal_entry(delete, ports=on_either)]  # type: ignore[list-item]
    )
    assert set(ended) <= {"done", "not_found"}
    assert list_journal(ListJournal(me), ports=on_either).entries == []
