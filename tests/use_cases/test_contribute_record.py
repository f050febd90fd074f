"""An upload is kept as a whole, key and content, or leaves nothing at all."""

import os
from dataclasses import replace

import pytest

from backend.domain.account import Account
from backend.domain.consent import Kind
from backend.domain.contribution import Status
from backend.domain.errors import (
    ContentMismatch,
    ContentStoreUnavailable,
    DuplicateContribution,
    KeyringUnavailable,
)
from backend.use_cases.contribute_record import ContributeRecord, contribute_record
from tests.fakes.keys import InMemoryKeyring
from tests.relaying import Service
from tests.signing import Contributor
from tests.world import export_of


@pytest.fixture
def keys(fake_service: Service) -> InMemoryKeyring:
    keyring = InMemoryKeyring(os.urandom)
    fake_service.ports = replace(fake_service.ports, keys=keyring)
    return keyring


@pytest.fixture
def account(fake_service: Service, keys: InMemoryKeyring) -> Account:
    """A contributor whose consent is in force."""
    somebody = Contributor()
    somebody.consent(fake_service.network)
    return fake_service.account(somebody)


def upload(account: Account, data: bytes) -> ContributeRecord:
    return ContributeRecord(account.id, data, Kind.CGM, "Asia/Seoul")


def nothing_is_left(service: Service, keys: InMemoryKeyring) -> bool:
    """No pin, no key but those of accounts, no row but an abandoned one, and no job."""
    with service.ports.database.read() as unit:
        rows = unit.contributions.with_status(list(Status))
        jobs = unit.jobs.unfinished()
    states = {keys.state(row.key_id) for row in rows}
    abandoned = all(row.status is Status.ABANDONED for row in rows)
    return not service.content.pinned() and abandoned and not jobs and "live" not in states


def test_a_kept_contribution_has_its_key_and_its_content(
    fake_service: Service, keys: InMemoryKeyring, account: Account
) -> None:
    kept = contribute_record(upload(account, export_of(1)), ports=fake_service.ports).contribution
    assert kept.status is Status.SEALED
    assert keys.state(kept.key_id) == "live"
    assert fake_service.content.pinned() == {kept.cid}


def test_a_key_that_cannot_be_kept_leaves_no_content(
    fake_service: Service, keys: InMemoryKeyring, account: Account
) -> None:
    keys.full = True
    with pytest.raises(KeyringUnavailable):
        contribute_record(upload(account, export_of(1)), ports=fake_service.ports)
    assert nothing_is_left(fake_service, keys)


def test_content_that_cannot_be_kept_leaves_no_key(
    fake_service: Service, keys: InMemoryKeyring, account: Account
) -> None:
    fake_service.content.full = True
    with pytest.raises(ContentStoreUnavailable):
        contribute_record(upload(account, export_of(1)), ports=fake_service.ports)
    assert nothing_is_left(fake_service, keys)


def test_content_kept_under_another_name_leaves_nothing(
    fake_service: Service, keys: InMemoryKeyring, account: Account
) -> None:
    fake_service.content.names_wrongly = True
    with pytest.raises(ContentMismatch):
        contribute_record(upload(account, export_of(1)), ports=fake_service.ports)
    assert nothing_is_left(fake_service, keys)


def test_what_failed_once_can_be_contributed_again_and_only_once(
    fake_service: Service, keys: InMemoryKeyring, account: Account
) -> None:
    data = export_of(1)
    keys.full = True
    with pytest.raises(KeyringUnavailable):
        contribute_record(upload(account, data), ports=fake_service.ports)
    keys.full = False
    kept = contribute_record(upload(account, data), ports=fake_service.ports).contribution
    with pytest.raises(DuplicateContribution):
        contribute_record(upload(account, data), ports=fake_service.ports)
    assert fake_service.content.pinned() == {kept.cid}
