"""Signing up: sealed, wholly there or wholly absent, and only through the right door."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.crypto.personal import open_personal
from backend.crypto.wallets import wallet_of
from backend.domain.account import Role
from backend.domain.errors import (
    AccountExists,
    DatabaseUnavailable,
    InvalidField,
    InvitationRequired,
    KeyDestroyed,
)
from backend.domain.identifiers import KeyId
from backend.ports import Ports
from backend.use_cases.accept_invitation import AcceptInvitation, accept_invitation
from backend.use_cases.create_account import SETTLE_SIGN_UP
from backend.use_cases.create_operator import CreateOperator, create_operator
from backend.use_cases.invite_guardian import invite_guardian
from backend.use_cases.sealed_profile import WALLET, opened_profile
from backend.use_cases.settle_sign_up import settle_sign_up
from backend.use_cases.show_profile import show_profile
from backend.use_cases.sign_up import sign_up
from backend.use_cases.update_profile import UpdateProfile, update_profile
from tests.people import PERSON, sign_up_as
from tests.stand_in_ports import SettableClock


def test_the_personal_columns_are_stored_only_sealed(ports: Ports, tmp_path: Path) -> None:
    created = sign_up(sign_up_as("haneul"), ports=ports)
    assert opened_profile(created.account, ports=ports) == PERSON
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("vitalmint.db*"))
    for secret in (PERSON.name, PERSON.address, PERSON.phone_num, PERSON.guard_name):
        assert secret.encode() not in stored


def test_every_account_has_a_fresh_wallet_whose_key_is_sealed(ports: Ports) -> None:
    first = sign_up(sign_up_as("first"), ports=ports).account
    second = sign_up(sign_up_as("second"), ports=ports).account
    assert first.wallet != second.wallet
    assert first.sealed_wallet is not None
    private_key = open_personal(
        first.sealed_wallet,
        key=ports.keys.open(KeyId(first.id)),
        account_id=first.id,
        column=WALLET,
    )
    assert wallet_of(private_key) == first.wallet


def test_a_taken_id_is_refused_in_any_spelling_and_leaves_no_key(ports: Ports) -> None:
    sign_up(sign_up_as("haneul"), ports=ports)
    keys = set(ports.keys.live())
    for spelling in ("haneul", "HANEUL", " ｈaneul "):
        with pytest.raises(AccountExists):
            sign_up(sign_up_as(spelling), ports=ports)
    assert set(ports.keys.live()) == keys


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "ab"),
        ("id", "a" * 65),
        ("id", "two words"),
        ("id", "bell\u0007bell"),
        ("password", "too short"),
        ("password", "x" * 1025),
    ],
)
def test_an_id_or_password_out_of_range_is_named(ports: Ports, field: str, value: str) -> None:
    with pytest.raises(InvalidField) as caught:
        sign_up(replace(sign_up_as("haneul"), **{field: value}), ports=ports)
    assert caught.value.field == field
    assert list(ports.keys.live()) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("age", -1),
        ("age", 151),
        ("name", ""),
        ("name", "x" * 201),
        ("name", "two\nlines"),
        ("phone_num", "0" * 33),
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
    ],
)
def test_a_personal_field_out_of_range_is_named(ports: Ports, field: str, value: str | int) -> None:
    profile = replace(PERSON, **{field: value})  # type: ignore[arg-type]
    with pytest.raises(InvalidField) as caught:
        sign_up(replace(sign_up_as("haneul"), profile=profile), ports=ports)
    assert caught.value.field == field
    assert list(ports.keys.live()) == []


def test_nobody_signs_up_as_an_operator(ports: Ports) -> None:
    with pytest.raises(InvalidField):
        sign_up(sign_up_as("root", Role.OPERATOR), ports=ports)
    made = create_operator(
        CreateOperator(login="root", password="a long enough password"), ports=ports
    )
    assert made.account.role is Role.OPERATOR


def test_a_guardian_needs_an_invitation_that_works_once(ports: Ports) -> None:
    patient = sign_up(sign_up_as("patient"), ports=ports).account
    with pytest.raises(InvitationRequired):
        sign_up(sign_up_as("guardian", Role.GUARDIAN), ports=ports)
    code = invite_guardian(patient.id, ports=ports).code
    invited = replace(sign_up_as("guardian", Role.GUARDIAN), invitation=code.lower())
    guardian = sign_up(invited, ports=ports).account
    with ports.database.read() as unit:
        assert unit.invitations.patients_of(guardian.id) == [patient.id]
    with pytest.raises(InvitationRequired):
        sign_up(replace(invited, id="another"), ports=ports)
    assert len(list(ports.keys.live())) == 2


def test_an_invitation_ends(ports: Ports, clock: SettableClock) -> None:
    patient = sign_up(sign_up_as("patient"), ports=ports).account
    code = invite_guardian(patient.id, ports=ports).code
    clock.advance(timedelta(seconds=ports.policy.invitation_lifetime_s))
    with pytest.raises(InvitationRequired):
        sign_up(replace(sign_up_as("late", Role.GUARDIAN), invitation=code), ports=ports)


def test_a_guardian_can_accept_another_patients_invitation(ports: Ports) -> None:
    patients = [sign_up(sign_up_as(name), ports=ports).account for name in ("one", "two")]
    codes = [invite_guardian(patient.id, ports=ports).code for patient in patients]
    invited = replace(sign_up_as("guardian", Role.GUARDIAN), invitation=codes[0])
    guardian = sign_up(invited, ports=ports).account
    accept_invitation(AcceptInvitation(guardian.id, codes[1]), ports=ports)
    with ports.database.read() as unit:
        found = unit.invitations.patients_of(guardian.id)
    assert set(found) == {patient.id for patient in patients}


def test_the_key_of_a_sign_up_that_died_is_destroyed_by_its_job(ports: Ports) -> None:
    orphan = KeyId("ab" * 16)
    ports.keys.store(orphan, bytes(32))
    settle_sign_up(orphan, ports=ports)
    with pytest.raises(KeyDestroyed):
        ports.keys.open(orphan)


def test_the_job_is_queued_before_the_key_and_spares_a_living_account(ports: Ports) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    with ports.database.read() as unit:
        jobs = [job for job in unit.jobs.unfinished() if job.name == SETTLE_SIGN_UP]
    assert [job.key for job in jobs] == [account.id]
    settle_sign_up(account.id, ports=ports)
    assert show_profile(account.id, ports=ports) == PERSON


def test_a_sign_up_that_takes_half_its_reservation_is_undone(
    ports: Ports, clock: SettableClock
) -> None:
    clock.step = timedelta(seconds=ports.policy.reservation_lease_s)
    with pytest.raises(DatabaseUnavailable):
        sign_up(sign_up_as("slow"), ports=ports)
    clock.step = timedelta(0)
    with ports.database.read() as unit:
        assert unit.accounts.by_login("slow") is None
        (job,) = [job for job in unit.jobs.unfinished() if job.name == SETTLE_SIGN_UP]
    settle_sign_up(job.key, ports=ports)
    assert list(ports.keys.live()) == []


def test_a_profile_changes_wholly_or_not_at_all(ports: Ports) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    with pytest.raises(InvalidField):
        update_profile(UpdateProfile(account.id, {"name": "New", "age": 999}), ports=ports)
    assert show_profile(account.id, ports=ports) == PERSON
    changed = update_profile(UpdateProfile(account.id, {"zone": "Europe/London"}), ports=ports)
    assert changed == replace(PERSON, zone="Europe/London")
    assert show_profile(account.id, ports=ports) == changed
