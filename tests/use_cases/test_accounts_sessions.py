"""Logging in and out, and the way back without a password."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from backend.crypto.passwords import needs_rehash
from backend.domain.errors import CredentialsRefused, CsrfMismatch, InvalidField, NotAuthenticated
from backend.ports import Ports
from backend.use_cases import log_in as log_in_module
from backend.use_cases.authenticate_session import (
    AuthenticateSession,
    Caller,
    authenticate_session,
)
from backend.use_cases.change_password import ChangePassword, change_password
from backend.use_cases.log_in import LogIn, log_in
from backend.use_cases.log_out import log_out
from backend.use_cases.recover_account import RecoverAccount, recover_account
from backend.use_cases.sign_up import sign_up
from tests.people import PASSWORD, sign_up_as
from tests.stand_in_ports import SettableClock


def caller_of(token: str | None, ports: Ports) -> Caller:
    return authenticate_session(AuthenticateSession(token, None, changes=False), ports=ports)


def test_a_session_admits_its_account_until_it_ends(ports: Ports, clock: SettableClock) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    started = log_in(LogIn("Haneul", PASSWORD), ports=ports)
    assert caller_of(started.token, ports).account.id == account.id
    clock.advance(timedelta(seconds=ports.policy.session_lifetime_s))
    with pytest.raises(NotAuthenticated):
        caller_of(started.token, ports)


def test_no_token_and_a_made_up_token_are_refused(ports: Ports) -> None:
    for token in (None, "", "made-up", "\u00e9", "x" * 100_000):
        with pytest.raises(NotAuthenticated):
            caller_of(token, ports)


def test_a_wrong_password_and_an_unknown_id_get_the_same_answer_for_the_same_work(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(sign_up_as("haneul"), ports=ports)
    work: list[str] = []
    for name in ("hash_password", "verify_password"):
        real = getattr(log_in_module, name)
        monkeypatch.setattr(
            log_in_module, name, lambda *args, real=real: (work.append("argon2"), real(*args))[1]
        )
    answers = []
    for login in ("haneul", "nobody", "no\u0000body", "n" * 5000):
        work.clear()
        with pytest.raises(CredentialsRefused) as caught:
            log_in(LogIn(login, "a wrong password"), ports=ports)
        answers.append((caught.value.message, len(work)))
    assert len(set(answers)) == 1
    assert answers[0][1] == 1


def test_only_hashes_of_the_tokens_are_stored(ports: Ports, tmp_path: Path) -> None:
    created = sign_up(sign_up_as("haneul"), ports=ports)
    started = log_in(LogIn("haneul", PASSWORD), ports=ports)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("vitalmint.db*"))
    assert started.session.token_hash.encode() in stored
    for secret in (started.token, started.csrf_token, PASSWORD, created.recovery_code):
        assert secret is not None and secret.encode() not in stored


def test_a_login_never_takes_over_the_token_that_was_presented(ports: Ports) -> None:
    sign_up(sign_up_as("haneul"), ports=ports)
    planted = log_in(LogIn("haneul", PASSWORD), ports=ports)
    fresh = log_in(LogIn("haneul", PASSWORD, replaces=planted.token), ports=ports)
    assert fresh.token != planted.token
    with pytest.raises(NotAuthenticated):
        caller_of(planted.token, ports)
    assert caller_of(fresh.token, ports).token == fresh.token


def test_a_changing_request_needs_the_csrf_token_of_its_own_session(ports: Ports) -> None:
    sign_up(sign_up_as("haneul"), ports=ports)
    one = log_in(LogIn("haneul", PASSWORD), ports=ports)
    other = log_in(LogIn("haneul", PASSWORD), ports=ports)
    for wrong in (None, "", "made-up", other.csrf_token, one.token):
        with pytest.raises(CsrfMismatch):
            authenticate_session(AuthenticateSession(one.token, wrong, changes=True), ports=ports)
    right = AuthenticateSession(one.token, one.csrf_token, changes=True)
    assert authenticate_session(right, ports=ports).session == one.session


def test_a_session_that_was_logged_out_is_over_on_this_side(ports: Ports) -> None:
    sign_up(sign_up_as("haneul"), ports=ports)
    started = log_in(LogIn("haneul", PASSWORD), ports=ports)
    log_out(started.token, ports=ports)
    with pytest.raises(NotAuthenticated):
        caller_of(started.token, ports)


def test_sessions_that_ran_out_are_cleared_away_by_the_next_login(
    ports: Ports, clock: SettableClock
) -> None:
    sign_up(sign_up_as("haneul"), ports=ports)
    old = log_in(LogIn("haneul", PASSWORD), ports=ports)
    clock.advance(timedelta(seconds=ports.policy.session_lifetime_s))
    new = log_in(LogIn("haneul", PASSWORD), ports=ports)
    with ports.database.read() as unit:
        assert unit.sessions.by_token(old.session.token_hash) is None
        assert unit.sessions.by_token(new.session.token_hash) == new.session


def test_a_hash_of_weaker_parameters_is_renewed_at_login(ports: Ports) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    with ports.database.write() as unit:
        unit.accounts.update(replace(account, password_hash=weak))
    renewed = log_in(LogIn("haneul", PASSWORD), ports=ports).account.password_hash
    assert renewed is not None and renewed != weak and not needs_rehash(renewed)
    log_in(LogIn("haneul", PASSWORD), ports=ports)


def test_a_password_is_the_same_however_its_letters_were_typed(ports: Ports) -> None:
    typed = replace(sign_up_as("haneul"), password="caf\u00e9 caf\u00e9 caf\u00e9")
    sign_up(typed, ports=ports)
    log_in(LogIn("haneul", "cafe\u0301 cafe\u0301 cafe\u0301"), ports=ports)


def test_the_recovery_code_works_once_and_ends_every_session(ports: Ports) -> None:
    code = sign_up(sign_up_as("haneul"), ports=ports).recovery_code
    assert code is not None
    before = log_in(LogIn("haneul", PASSWORD), ports=ports)
    spoken = code.lower().replace("-", " ")
    next_code = recover_account(RecoverAccount("haneul", spoken, "a new password"), ports=ports)
    with pytest.raises(NotAuthenticated):
        caller_of(before.token, ports)
    with pytest.raises(CredentialsRefused):
        log_in(LogIn("haneul", PASSWORD), ports=ports)
    log_in(LogIn("haneul", "a new password"), ports=ports)
    with pytest.raises(CredentialsRefused):
        recover_account(RecoverAccount("haneul", code, "a third password"), ports=ports)
    recover_account(RecoverAccount("haneul", next_code, "a third password"), ports=ports)


def test_a_wrong_code_changes_nothing(ports: Ports) -> None:
    sign_up(sign_up_as("haneul"), ports=ports)
    for login, code in [("haneul", "AAAA-BBBB"), ("haneul", ""), ("nobody", "AAAA-BBBB")]:
        with pytest.raises(CredentialsRefused):
            recover_account(RecoverAccount(login, code, "a new password"), ports=ports)
    with pytest.raises(InvalidField):
        recover_account(RecoverAccount("haneul", "AAAA", "short"), ports=ports)
    log_in(LogIn("haneul", PASSWORD), ports=ports)


def test_changing_the_password_ends_every_other_session(ports: Ports) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    before = log_in(LogIn("haneul", PASSWORD), ports=ports)
    with pytest.raises(CredentialsRefused):
        change_password(
            ChangePassword(account.id, "a wrong password", "a new password"), ports=ports
        )
    started = change_password(ChangePassword(account.id, PASSWORD, "a new password"), ports=ports)
    with pytest.raises(NotAuthenticated):
        caller_of(before.token, ports)
    assert caller_of(started.token, ports).account.id == account.id
    with pytest.raises(CredentialsRefused):
        log_in(LogIn("haneul", PASSWORD), ports=ports)
