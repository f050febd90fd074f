"""Messages that grant nothing: forged, replayed, late, for elsewhere, or meaning nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.crypto.typed_data import consent_typed_data, sign_typed_data
from backend.domain.account import Account
from backend.domain.consent import ALL_PURPOSES, ConsentGrant, Kind, Purpose
from backend.domain.consent_record import ConsentRecord
from backend.domain.errors import (
    ConsentDeadlinePassed,
    ConsentNonceMismatch,
    ConsentSignerMismatch,
    InvalidField,
    NotFound,
)
from backend.domain.identifiers import AccountId, WalletAddress
from backend.use_cases.grant_consent import (
    ConsentTerms,
    GrantConsent,
    WalletSignature,
    grant_consent,
    prepare_consent,
)
from tests.relaying import Service
from tests.signing import Contributor

EVERYTHING = frozenset(Kind)


def terms(service: Service, **changes: Any) -> ConsentTerms:
    end = service.ports.clock.now() + timedelta(days=30)
    return replace(ConsentTerms(EVERYTHING, ALL_PURPOSES, end), **changes)


def signed(somebody: Contributor, grant: ConsentGrant, service: Service, **domain: Any) -> Any:
    """What an own wallet sends back for a prepared message."""
    chain = service.ports.chain
    where = {"chain_id": chain.chain_id, "registry": chain.consent_registry}
    typed = consent_typed_data(grant, **(where | domain))
    return WalletSignature(grant.nonce, grant.deadline, sign_typed_data(typed, somebody.key))


def own_grant(
    service: Service, somebody: Contributor, account: Account, **changes: Any
) -> ConsentRecord:
    """Prepare, sign with the own wallet, grant."""
    wanted = terms(service, **changes)
    grant = prepare_consent(account.id, wanted, ports=service.ports).grant
    command = GrantConsent(account.id, wanted, signed(somebody, grant, service))
    return grant_consent(command, ports=service.ports)


@pytest.mark.parametrize(
    "domain",
    [{"chain_id": 1}, {"registry": WalletAddress("0x" + "ab" * 20)}],
    ids=["another chain", "another contract"],
)
def test_a_signature_for_elsewhere_is_refused(service: Service, domain: dict[str, Any]) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    wanted = terms(service)
    grant = prepare_consent(account.id, wanted, ports=service.ports).grant
    command = GrantConsent(account.id, wanted, signed(somebody, grant, service, **domain))
    with pytest.raises(ConsentSignerMismatch, match="chain or contract"):
        grant_consent(command, ports=service.ports)
    assert nothing_happened(service, account)


def test_a_signature_by_another_wallet_is_refused(service: Service) -> None:
    account = service.account(Contributor())
    with pytest.raises(ConsentSignerMismatch):
        own_grant(service, Contributor(), account)
    assert nothing_happened(service, account)


@pytest.mark.parametrize("signature", [b"", b"\0" * 65, b"\xff" * 65, b"x" * 64, b"y" * 4096])
def test_bytes_that_are_no_signature_are_refused(fake_service: Service, signature: bytes) -> None:
    somebody = Contributor()
    account = fake_service.account(somebody)
    wanted = terms(fake_service)
    grant = prepare_consent(account.id, wanted, ports=fake_service.ports).grant
    sent = WalletSignature(grant.nonce, grant.deadline, signature)
    with pytest.raises(ConsentSignerMismatch):
        grant_consent(GrantConsent(account.id, wanted, sent), ports=fake_service.ports)
    assert nothing_happened(fake_service, account)


def test_a_message_past_its_deadline_is_refused(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    wanted = terms(service)
    grant = prepare_consent(account.id, wanted, ports=service.ports).grant
    command = GrantConsent(account.id, wanted, signed(somebody, grant, service))
    service.network.clock.advance(service.ports.policy.consent_deadline_s + 1)
    with pytest.raises(ConsentDeadlinePassed):
        grant_consent(command, ports=service.ports)
    assert nothing_happened(service, account)


def test_a_replayed_message_is_refused(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    wanted = terms(service)
    grant = prepare_consent(account.id, wanted, ports=service.ports).grant
    command = GrantConsent(account.id, wanted, signed(somebody, grant, service))
    grant_consent(command, ports=service.ports)
    service.work()
    with pytest.raises(ConsentNonceMismatch):
        grant_consent(command, ports=service.ports)


def test_a_message_from_before_a_revoke_is_refused(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    wanted = terms(service)
    grant = prepare_consent(account.id, wanted, ports=service.ports).grant
    command = GrantConsent(account.id, wanted, signed(somebody, grant, service))
    service.network.revoke_directly(somebody.key)
    with pytest.raises(ConsentNonceMismatch):
        grant_consent(command, ports=service.ports)
    assert nothing_happened(service, account)


def test_terms_changed_after_signing_are_refused(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    wanted = terms(service, purposes=Purpose.CARE)
    grant = prepare_consent(account.id, wanted, ports=service.ports).grant
    more = replace(wanted, purposes=ALL_PURPOSES)
    with pytest.raises(ConsentSignerMismatch):
        grant_consent(
            GrantConsent(account.id, more, signed(somebody, grant, service)), ports=service.ports
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kinds", frozenset()),
        ("purposes", Purpose(0)),
        ("expires_at", timedelta(seconds=-1)),
    ],
)
def test_terms_that_mean_nothing_are_refused(fake_service: Service, field: str, value: Any) -> None:
    account = fake_service.account(Contributor(), custodial=True)
    if isinstance(value, timedelta):
        value = fake_service.ports.clock.now() + value
    wanted = terms(fake_service, **{field: value})
    with pytest.raises(InvalidField) as caught:
        grant_consent(GrantConsent(account.id, wanted), ports=fake_service.ports)
    assert caught.value.field == field


def test_an_end_without_an_offset_from_utc_is_refused(fake_service: Service) -> None:
    account = fake_service.account(Contributor(), custodial=True)
    naive = (fake_service.ports.clock.now() + timedelta(days=1)).replace(tzinfo=None)
    with pytest.raises(InvalidField):
        grant_consent(
            GrantConsent(account.id, terms(fake_service, expires_at=naive)),
            ports=fake_service.ports,
        )


def test_a_kept_wallet_takes_no_signature_and_an_own_one_needs_it(fake_service: Service) -> None:
    kept = fake_service.account(Contributor(), custodial=True)
    own = fake_service.account(Contributor())
    stray = WalletSignature(0, fake_service.ports.clock.now(), b"")
    for account, sent in ((kept, stray), (own, None)):
        with pytest.raises(InvalidField):
            grant_consent(
                GrantConsent(account.id, terms(fake_service), sent), ports=fake_service.ports
            )
        assert nothing_happened(fake_service, account)


def test_an_erased_account_can_grant_nothing(fake_service: Service) -> None:
    with pytest.raises(NotFound):
        grant_consent(
            GrantConsent(AccountId("0" * 32), terms(fake_service)), ports=fake_service.ports
        )


def nothing_happened(service: Service, account: Account) -> bool:
    with service.ports.database.read() as unit:
        records = unit.consents.of_account(account.id)
    return records == [] and service.under_way() == [] and service.unfinished() == []
