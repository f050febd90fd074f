"""Accounts and what belongs to them: sessions, invitations, challenges, consents, access log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.crypto.hash_chain import first_broken_link
from backend.domain.access import GENESIS
from backend.domain.account import Invitation, Role, SignInChallenge
from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import OWNERLESS
from backend.domain.errors import AccountExists, Conflict, NotFound
from backend.domain.identifiers import KeyId, TransactionId
from backend.domain.transaction import TxPurpose
from backend.ports.repositories import ErasureMark
from tests.ports.database_samples import (
    CALL,
    LATER,
    NOW,
    account,
    consent,
    contribution,
    digits,
    fingerprints,
    session,
    wallet,
)

ADA, BOB = account("ada"), account("bob", role=Role.GUARDIAN, login=None, custodial=False)


@pytest.fixture
def peopled(database: SqlDatabase) -> SqlDatabase:
    """A database that Ada and Bob have signed up to."""
    with database.write() as unit:
        unit.accounts.add(ADA)
        unit.accounts.add(BOB)
    return database


def test_an_account_comes_back_as_it_was_by_each_of_its_names(peopled: SqlDatabase) -> None:
    with peopled.read() as unit:
        assert unit.accounts.by_id(ADA.id) == ADA
        assert unit.accounts.by_login("ada") == ADA
        assert unit.accounts.by_wallet(ADA.wallet) == ADA
        assert unit.accounts.by_id(BOB.id) == BOB


def test_an_unknown_account_is_none(peopled: SqlDatabase) -> None:
    with peopled.read() as unit:
        assert unit.accounts.by_id(account("eve").id) is None
        assert unit.accounts.by_login("eve") is None
        assert unit.accounts.by_login("ADA") is None
        assert unit.accounts.by_wallet(wallet("eve")) is None


@pytest.mark.parametrize("taken", [{"login": "ada"}, {"wallet": ADA.wallet}, {"id": ADA.id}])
def test_a_taken_name_is_refused(peopled: SqlDatabase, taken: dict[str, str]) -> None:
    with pytest.raises(AccountExists), peopled.write() as unit:
        unit.accounts.add(account("eve", **taken))
    with peopled.read() as unit:
        assert unit.accounts.by_id(ADA.id) == ADA


def test_an_account_can_be_changed_but_not_to_a_taken_name(peopled: SqlDatabase) -> None:
    changed = replace(ADA, password_hash="new", recovery_hash="r", sealed_profile=b"\x00\xff")
    with peopled.write() as unit:
        unit.accounts.update(changed)
    with pytest.raises(AccountExists), peopled.write() as unit:
        unit.accounts.update(replace(BOB, login="ada"))
    with peopled.read() as unit:
        assert unit.accounts.by_id(ADA.id) == changed
        assert unit.accounts.by_id(BOB.id) == BOB


def test_an_account_that_is_gone_cannot_be_changed(peopled: SqlDatabase) -> None:
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.accounts.update(account("eve"))
    with peopled.read() as unit:
        assert unit.accounts.by_login("eve") is None


def test_a_moment_keeps_its_microseconds_and_comes_back_in_utc(database: SqlDatabase) -> None:
    there = datetime(2026, 11, 22, 18, 30, 15, 999_999, timezone(timedelta(hours=9)))
    with database.write() as unit:
        unit.accounts.add(account("ada", created_at=there))
    with database.read() as unit:
        found = unit.accounts.by_login("ada")
    assert found is not None
    assert found.created_at == there and found.created_at.tzinfo is UTC


def test_sessions_are_found_ended_and_purged(peopled: SqlDatabase) -> None:
    kept, ended = session("kept", ADA), session("ended", ADA)
    stale = session("stale", ADA, expires_at=NOW)
    with peopled.write() as unit:
        for one in (kept, ended, stale, session("other", BOB)):
            unit.sessions.add(one)
        unit.sessions.end(ended.token_hash)
        unit.sessions.end("never there")
        assert unit.sessions.purge(NOW) == 1
    with peopled.read() as unit:
        assert unit.sessions.by_token(kept.token_hash) == kept
        assert unit.sessions.by_token(ended.token_hash) is None
        assert unit.sessions.by_token(stale.token_hash) is None
    with peopled.write() as unit:
        unit.sessions.end_all(ADA.id)
    with peopled.read() as unit:
        assert unit.sessions.by_token(kept.token_hash) is None
        assert unit.sessions.by_token(session("other", BOB).token_hash) is not None


def test_the_same_session_is_not_added_twice(peopled: SqlDatabase) -> None:
    with pytest.raises(Conflict), peopled.write() as unit:
        unit.sessions.add(session("s", ADA))
        unit.sessions.add(session("s", BOB))


def test_an_invitation_is_accepted_once(peopled: SqlDatabase) -> None:
    invitation = Invitation(digits("code", 64), ADA.id, LATER, None)
    with peopled.write() as unit:
        unit.invitations.add(invitation)
        assert unit.invitations.by_code(invitation.code_hash) == invitation
        assert unit.invitations.patients_of(BOB.id) == []
        unit.invitations.accept(invitation.code_hash, BOB.id)
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.invitations.accept(invitation.code_hash, ADA.id)
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.invitations.accept("never made", BOB.id)
    with peopled.read() as unit:
        accepted = unit.invitations.by_code(invitation.code_hash)
        assert accepted == replace(invitation, accepted_by=BOB.id)
        assert unit.invitations.by_code("never made") is None
        assert unit.invitations.patients_of(BOB.id) == [ADA.id]


def test_a_patients_invitations_are_listed_as_they_end(peopled: SqlDatabase) -> None:
    open_still = Invitation(digits("open", 64), ADA.id, LATER, None)
    taken = Invitation(digits("taken", 64), ADA.id, NOW, BOB.id)
    with peopled.write() as unit:
        for one in (open_still, taken, Invitation(digits("other", 64), BOB.id, NOW, ADA.id)):
            unit.invitations.add(one)
        assert unit.invitations.of_patient(ADA.id) == [taken, open_still]
        assert unit.invitations.of_patient(account("eve").id) == []


def test_a_patient_who_invited_twice_is_listed_once(peopled: SqlDatabase) -> None:
    with peopled.write() as unit:
        for code in ("one", "two"):
            unit.invitations.add(Invitation(digits(code, 64), ADA.id, LATER, None))
            unit.invitations.accept(digits(code, 64), BOB.id)
        assert unit.invitations.patients_of(BOB.id) == [ADA.id]


def test_a_challenge_is_taken_once_and_while_it_lives(database: SqlDatabase) -> None:
    with database.write() as unit:
        unit.challenges.add(SignInChallenge("live", LATER))
        unit.challenges.add(SignInChallenge("stale", NOW))
    with database.write() as unit:
        assert not unit.challenges.take("stale", NOW)
        assert not unit.challenges.take("never given", NOW)
        assert unit.challenges.take("live", NOW)
    with database.write() as unit:
        assert not unit.challenges.take("live", NOW)


def test_consents_come_back_newest_first_and_can_be_changed(peopled: SqlDatabase) -> None:
    older, newer = consent("older", ADA), consent("newer", ADA, created_at=LATER)
    with peopled.write() as unit:
        for one in (older, newer, consent("other", BOB)):
            unit.consents.add(one)
        transaction = unit.transactions.allocate(
            TransactionId(digits("t")),
            signer=wallet("relayer"),
            chain_nonce=0,
            purpose=TxPurpose.GRANT_CONSENT,
            subject=older.id,
            call=CALL,
            now=NOW,
        )
        refused = replace(
            older,
            status=ConsentStatus.REFUSED,
            transaction_id=transaction.id,
            reason="consent_nonce_mismatch",
        )
        unit.consents.update(refused)
    with peopled.read() as unit:
        assert unit.consents.by_id(older.id) == refused
        assert unit.consents.of_account(ADA.id) == [newer, refused]
        assert unit.consents.by_id("never signed") is None


def test_a_consent_that_is_gone_cannot_be_changed(peopled: SqlDatabase) -> None:
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.consents.update(consent("never added", ADA))


def test_a_consent_cannot_name_a_transaction_that_never_was(peopled: SqlDatabase) -> None:
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.consents.add(consent("c", ADA, transaction_id=TransactionId(digits("never"))))
    with peopled.read() as unit:
        assert unit.consents.of_account(ADA.id) == []


def test_the_access_log_is_an_unbroken_chain_for_each_account(peopled: SqlDatabase) -> None:
    seoul = datetime(2026, 11, 22, 18, 30, tzinfo=timezone(timedelta(hours=9)))
    with peopled.write() as unit:
        unit.access_log.append(ADA.id, at=NOW, actor="ada", subject="c1", purpose="read")
        unit.access_log.append(BOB.id, at=NOW, actor="bob", subject="b1", purpose="read")
    with peopled.write() as unit:
        last = unit.access_log.append(
            ADA.id, at=seoul, actor="service", subject="c2", purpose="export ü"
        )
    with peopled.read() as unit:
        entries = unit.access_log.of_account(ADA.id)
        assert [entry.sequence for entry in unit.access_log.of_account(BOB.id)] == [0]
    assert [entry.subject for entry in entries] == ["c1", "c2"]
    assert entries[0].previous == GENESIS and entries[1].previous == entries[0].hash
    assert entries[1] == last
    assert first_broken_link(entries) is None


def test_nothing_is_logged_for_an_account_that_is_gone(peopled: SqlDatabase) -> None:
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.access_log.append(account("eve").id, at=NOW, actor="x", subject="y", purpose="z")


def test_erasing_an_account_takes_what_is_its_own_and_nothing_else(peopled: SqlDatabase) -> None:
    mine = contribution("mine", ADA)
    mark = ErasureMark(mine.id, mine.key_id, mine.digest, NOW)
    with peopled.write() as unit:
        unit.sessions.add(session("s", ADA))
        unit.sessions.add(session("other", BOB))
        unit.consents.add(consent("c", ADA))
        unit.consents.add(consent("other", BOB))
        unit.invitations.add(Invitation("sent", ADA.id, LATER, BOB.id))
        unit.access_log.append(ADA.id, at=NOW, actor="ada", subject="c1", purpose="read")
        unit.contributions.add(mine)
        unit.fingerprints.claim(mine.id, fingerprints("f", 5))
        unit.erasures.mark(mark)
        unit.erasures.mark_account_key(KeyId(ADA.id), NOW)
    with peopled.write() as unit:
        unit.accounts.delete(ADA.id)
        unit.accounts.delete(ADA.id)
    with peopled.write() as unit:
        assert unit.accounts.by_id(ADA.id) is None
        assert unit.sessions.by_token(session("s", ADA).token_hash) is None
        assert unit.consents.by_id(consent("c", ADA).id) is None
        assert unit.invitations.by_code("sent") is None
        assert unit.access_log.of_account(ADA.id) == []
        assert unit.contributions.by_id(mine.id) == replace(mine, account_id=OWNERLESS)
        assert unit.contributions.of_account(ADA.id) == []
        assert unit.contributions.of_account(OWNERLESS) == []
        assert unit.fingerprints.claim(mine.id, fingerprints("f", 5)) == 5
        assert unit.erasures.all() == [mark]
        assert unit.erasures.account_keys() == [ADA.id]
        assert unit.accounts.by_id(BOB.id) == BOB
        assert unit.sessions.by_token(session("other", BOB).token_hash) is not None
        assert unit.consents.by_id(consent("other", BOB).id) is not None


def test_an_erased_guardian_takes_the_invitations_they_accepted(peopled: SqlDatabase) -> None:
    with peopled.write() as unit:
        unit.invitations.add(Invitation("sent", ADA.id, LATER, BOB.id))
        unit.accounts.delete(BOB.id)
        assert unit.invitations.by_code("sent") is None
        assert unit.accounts.by_id(ADA.id) == ADA
