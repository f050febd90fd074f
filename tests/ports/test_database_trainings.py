"""Trainings, what they learn from, their checkpoints and models, and the journal's rows."""

from dataclasses import replace
from typing import Any

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.domain.errors import Conflict, IllegalTransition, NotFound, TrainingUnderWay
from backend.domain.identifiers import GlucoseModelId, JournalEntryId, KeyId, TrainingId
from backend.domain.journal import SealedEntry
from backend.domain.training import GlucoseModel, Training, TrainingState
from tests.ports.database_samples import LATER, NOW, account, contribution, digits

ADA, BOB = account("ada"), account("bob")
FIRST, SECOND = contribution("first", ADA), contribution("second", ADA)
LARGEST_SEED = 2**63 - 1


@pytest.fixture
def peopled(database: SqlDatabase) -> SqlDatabase:
    """A database in which Ada has two contributions and Bob none."""
    with database.write() as unit:
        unit.accounts.add(ADA)
        unit.accounts.add(BOB)
        unit.contributions.add(FIRST)
        unit.contributions.add(SECOND)
    return database


def training(name: str, **changes: Any) -> Training:
    made = Training(
        id=TrainingId(digits(f"training {name}")),
        account_id=ADA.id,
        key_id=KeyId(digits(f"training key {name}")),
        seed=LARGEST_SEED,
        state=TrainingState.QUEUED,
        requested_at=NOW,
    )
    return replace(made, **changes)


def model(name: str, of: Training, **changes: Any) -> GlucoseModel:
    model_id = GlucoseModelId(digits(f"model {name}"))
    made = GlucoseModel(model_id, of.account_id, of.id, of.key_id, 2**33, NOW)
    return replace(made, **changes)


def entry(name: str, version: int = 1, sealed: bytes = b"sealed") -> SealedEntry:
    return SealedEntry(JournalEntryId(digits(f"entry {name}")), ADA.id, version, sealed)


def test_a_training_comes_back_as_it_was_by_id_and_key(peopled: SqlDatabase) -> None:
    ended = training(
        "t",
        state=TrainingState.REFUSED,
        stage="looking at the days",
        progress=1000,
        attempts=3,
        started_at=NOW,
        ended_at=LATER,
        reason="not_enough_data",
        sealed_details=b"sealed",
    )
    with peopled.write() as unit:
        unit.trainings.add(ended)
    with peopled.read() as unit:
        assert unit.trainings.by_id(ended.id) == ended
        assert unit.trainings.by_key(ended.key_id) == ended
        assert unit.trainings.by_id(training("other").id) is None
        assert unit.trainings.by_key(training("other").key_id) is None


def test_a_persons_trainings_are_newest_first_and_nobody_elses(peopled: SqlDatabase) -> None:
    older = training("older", state=TrainingState.FINISHED)
    newer = training("newer", requested_at=LATER)
    with peopled.write() as unit:
        for one in (older, newer, training("bob's", account_id=BOB.id, requested_at=LATER)):
            unit.trainings.add(one)
    with peopled.read() as unit:
        assert unit.trainings.of_account(ADA.id) == [newer, older]
        unfinished = unit.trainings.unfinished()
    assert {one.id for one in unfinished} == {newer.id, training("bob's").id}


@pytest.mark.parametrize("state", [TrainingState.QUEUED, TrainingState.RUNNING])
def test_a_second_unfinished_training_of_a_person_is_refused(
    peopled: SqlDatabase, state: TrainingState
) -> None:
    with peopled.write() as unit:
        unit.trainings.add(training("first", state=state))
        with pytest.raises(TrainingUnderWay):
            unit.trainings.add(training("second"))
        unit.trainings.add(training("bob's", account_id=BOB.id))
        unit.trainings.update(training("first", state=TrainingState.CANCELLED), expected=state)
        unit.trainings.add(training("second"))


def test_a_training_moves_only_from_the_state_it_is_in(peopled: SqlDatabase) -> None:
    queued = training("t")
    running = replace(queued, state=TrainingState.RUNNING, started_at=LATER)
    with peopled.write() as unit:
        unit.trainings.add(queued)
        unit.trainings.update(running, expected=TrainingState.QUEUED)
    with pytest.raises(IllegalTransition), peopled.write() as unit:
        cancelled = queued.ended(TrainingState.CANCELLED, LATER)
        unit.trainings.update(cancelled, expected=TrainingState.QUEUED)
    with peopled.read() as unit:
        assert unit.trainings.by_id(queued.id) == running


def test_an_update_never_changes_whose_a_training_is_nor_its_key(peopled: SqlDatabase) -> None:
    queued = training("t")
    stale = replace(queued, account_id=BOB.id, key_id=KeyId(digits("other")), seed=1, progress=7)
    with peopled.write() as unit:
        unit.trainings.add(queued)
        unit.trainings.update(stale, expected=TrainingState.QUEUED)
    with peopled.read() as unit:
        assert unit.trainings.by_id(queued.id) == replace(queued, progress=7)


def test_a_training_knows_its_sources_and_a_source_its_trainings(peopled: SqlDatabase) -> None:
    one = training("one", state=TrainingState.FINISHED)
    two = training("two", requested_at=LATER)
    with peopled.write() as unit:
        unit.trainings.add(one)
        unit.trainings.add(two)
        unit.trainings.set_sources(one.id, [FIRST.id, SECOND.id])
        unit.trainings.set_sources(two.id, [FIRST.id])
        unit.trainings.set_sources(two.id, [SECOND.id])
    with peopled.read() as unit:
        assert unit.trainings.sources(one.id) == sorted([FIRST.id, SECOND.id])
        assert unit.trainings.sources(two.id) == [SECOND.id]
        assert unit.trainings.learning_from(FIRST.id) == [one]
        assert unit.trainings.learning_from(SECOND.id) == [one, two]


def test_a_source_that_does_not_exist_is_refused(peopled: SqlDatabase) -> None:
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.trainings.add(training("t"))
        unit.trainings.set_sources(training("t").id, [contribution("never added", ADA).id])


def test_a_checkpoint_is_replaced_as_a_whole(peopled: SqlDatabase) -> None:
    one = training("t")
    with peopled.write() as unit:
        unit.trainings.add(one)
        assert unit.training_checkpoints.of_training(one.id) is None
        unit.training_checkpoints.save(one.id, b"first", NOW)
        unit.training_checkpoints.save(one.id, b"second" * 300_000, LATER)
    with peopled.write() as unit:
        assert unit.training_checkpoints.of_training(one.id) == b"second" * 300_000
        unit.training_checkpoints.delete(one.id)
        assert unit.training_checkpoints.of_training(one.id) is None


def test_a_model_comes_back_with_its_bytes_asked_for_apart(peopled: SqlDatabase) -> None:
    one = training("t", state=TrainingState.FINISHED)
    stored = model("m", one)
    with peopled.write() as unit:
        unit.trainings.add(one)
        unit.glucose_models.add(stored, b"sealed" * 300_000)
    with peopled.read() as unit:
        assert unit.glucose_models.by_id(stored.id) == stored
        assert unit.glucose_models.of_training(one.id) == stored
        assert unit.glucose_models.sealed(stored.id) == b"sealed" * 300_000
        assert unit.glucose_models.by_id(model("other", one).id) is None
        assert unit.glucose_models.sealed(model("other", one).id) is None


def test_a_persons_models_are_newest_first(peopled: SqlDatabase) -> None:
    one, two = (training(name, state=TrainingState.FINISHED) for name in ("one", "two"))
    older, newer = model("older", one), model("newer", two, created_at=LATER)
    with peopled.write() as unit:
        for each in (one, two):
            unit.trainings.add(each)
        for each_model in (older, newer):
            unit.glucose_models.add(each_model, b"sealed")
    with peopled.write() as unit:
        assert unit.glucose_models.of_account(ADA.id) == [newer, older]
        assert unit.glucose_models.of_account(BOB.id) == []
        unit.glucose_models.delete(newer.id)
        assert unit.glucose_models.of_account(ADA.id) == [older]


def test_a_training_leaves_one_model_at_most(peopled: SqlDatabase) -> None:
    one = training("t", state=TrainingState.FINISHED)
    with peopled.write() as unit:
        unit.trainings.add(one)
        unit.glucose_models.add(model("m", one), b"sealed")
    other = model("n", one, key_id=KeyId(digits("another key")))
    with pytest.raises(Conflict), peopled.write() as unit:
        unit.glucose_models.add(other, b"sealed")


def test_everything_of_a_training_goes_with_its_account(peopled: SqlDatabase) -> None:
    one = training("t")
    stored = model("m", one)
    with peopled.write() as unit:
        unit.trainings.add(one)
        unit.trainings.set_sources(one.id, [FIRST.id])
        unit.training_checkpoints.save(one.id, b"sealed", NOW)
        unit.glucose_models.add(stored, b"sealed")
        assert unit.journal.add(entry("e"))
    with peopled.write() as unit:
        unit.accounts.delete(ADA.id)
        assert unit.trainings.by_id(one.id) is None
        assert unit.trainings.learning_from(FIRST.id) == []
        assert unit.training_checkpoints.of_training(one.id) is None
        assert unit.glucose_models.sealed(stored.id) is None
        assert unit.journal.of_account(ADA.id) == []


def test_marks_of_training_keys_outlive_everything(peopled: SqlDatabase) -> None:
    one = training("t")
    with peopled.write() as unit:
        unit.trainings.add(one)
        unit.erasures.mark_training_key(one.key_id, NOW)
        unit.erasures.mark_training_key(one.key_id, LATER)
        unit.accounts.delete(ADA.id)
    with peopled.read() as unit:
        assert unit.erasures.training_keys() == [one.key_id]
        assert unit.erasures.account_keys() == []


def test_a_journal_entry_comes_back_to_its_owner_alone(peopled: SqlDatabase) -> None:
    with peopled.write() as unit:
        assert unit.journal.add(entry("e"))
        assert not unit.journal.add(entry("e", sealed=b"another"))
    with peopled.read() as unit:
        assert unit.journal.by_id(ADA.id, entry("e").id) == entry("e")
        assert unit.journal.by_id(BOB.id, entry("e").id) is None
        assert (unit.journal.count(ADA.id), unit.journal.count(BOB.id)) == (1, 0)


def test_a_journal_entry_changes_only_from_the_version_that_was_read(
    peopled: SqlDatabase,
) -> None:
    with peopled.write() as unit:
        unit.journal.add(entry("e"))
        assert unit.journal.update(entry("e", 2, b"changed"), expected=1)
        assert not unit.journal.update(entry("e", 2, b"late"), expected=1)
        assert not unit.journal.update(replace(entry("e", 3), account_id=BOB.id), expected=2)
        assert unit.journal.of_account(ADA.id) == [entry("e", 2, b"changed")]


def test_a_journal_entry_is_deleted_once_and_by_its_owner(peopled: SqlDatabase) -> None:
    with peopled.write() as unit:
        unit.journal.add(entry("e"))
        assert not unit.journal.delete(BOB.id, entry("e").id)
        assert unit.journal.delete(ADA.id, entry("e").id)
        assert not unit.journal.delete(ADA.id, entry("e").id)
