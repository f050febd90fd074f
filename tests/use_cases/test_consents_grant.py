"""Granting a consent: by a kept wallet and by one's own, on the fake and on the real contracts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.crypto.typed_data import consent_typed_data, sign_typed_data
from backend.domain.account import Account
from backend.domain.consent import ALL_PURPOSES, ConsentGrant, Kind, Purpose
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.errors import (
    Conflict,
    ConsentDeadlinePassed,
    ConsentNonceMismatch,
    ConsentSignerMismatch,
    InvalidField,
    NotFound,
)
from backend.domain.identifiers import AccountId, WalletAddress
from backend.use_cases.consent_in_force import consent_in_force
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


def status_of(service: Service, record: ConsentRecord) -> ConsentStatus:
    with service.ports.database.read() as unit:
        found = unit.consents.by_id(record.id)
    assert found is not None
    return found.status


def test_a_kept_wallet_consents_without_signing_anything(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    record = grant_consent(GrantConsent(account.id, terms(service)), ports=service.ports)
    assert record.status is ConsentStatus.SUBMITTED and record.transaction_id is not None
    service.work()
    assert status_of(service, record) is ConsentStatus.IN_FORCE
    held = service.ports.chain.consent_of(somebody.wallet)
    assert held is not None and held.custodial and held.kinds == EVERYTHING


def test_opening_a_kept_wallet_is_in_the_access_log(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    grant_consent(GrantConsent(account.id, terms(service)), ports=service.ports)
    with service.ports.database.read() as unit:
        (entry,) = unit.access_log.of_account(account.id)
    assert (entry.subject, entry.purpose) == ("wallet", "signed a consent")


def test_an_own_wallet_signs_the_prepared_message(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    record = own_grant(service, somebody, account, purposes=Purpose.CARE)
    service.work()
    assert status_of(service, record) is ConsentStatus.IN_FORCE
    held = service.ports.chain.consent_of(somebody.wallet)
    assert held is not None and not held.custodial and held.purposes is Purpose.CARE


def test_the_prepared_message_is_what_wallets_take(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    wanted = terms(service)
    prepared = prepare_consent(account.id, wanted, ports=service.ports)
    assert prepared.typed_data["primaryType"] == "Consent"
    assert prepared.typed_data["domain"]["chainId"] == service.ports.chain.chain_id
    assert prepared.typed_data["message"]["contributor"] == somebody.wallet
    signature = sign_typed_data(prepared.typed_data, somebody.key)
    sent = WalletSignature(prepared.grant.nonce, prepared.grant.deadline, signature)
    grant_consent(GrantConsent(account.id, wanted, sent), ports=service.ports)


def test_a_signature_that_ends_in_0_or_1_is_as_good(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    wanted = terms(service)
    grant = prepare_consent(account.id, wanted, ports=service.ports).grant
    sent = signed(somebody, grant, service)
    old_style = sent.signature[:64] + bytes([sent.signature[64] - 27])
    command = GrantConsent(account.id, wanted, replace(sent, signature=old_style))
    record = grant_consent(command, ports=service.ports)
    service.work()
    assert status_of(service, record) is ConsentStatus.IN_FORCE


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


def test_asking_again_while_it_is_on_its_way_changes_nothing(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    command = GrantConsent(account.id, terms(service))
    service.network.stop_mining()
    one = grant_consent(command, ports=service.ports)
    two = grant_consent(command, ports=service.ports)
    assert one.id == two.id
    assert len(service.under_way()) == 1
    service.network.start_mining()


def test_other_terms_have_to_wait_while_one_is_on_its_way(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    service.network.stop_mining()
    grant_consent(GrantConsent(account.id, terms(service)), ports=service.ports)
    other = terms(service, kinds=frozenset({Kind.IMAGE}))
    with pytest.raises(Conflict):
        grant_consent(GrantConsent(account.id, other), ports=service.ports)
    service.network.start_mining()
    service.work()
    record = grant_consent(GrantConsent(account.id, other), ports=service.ports)
    service.work()
    assert status_of(service, record) is ConsentStatus.IN_FORCE


def test_a_new_consent_replaces_the_one_before(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    first = grant_consent(GrantConsent(account.id, terms(service)), ports=service.ports)
    service.work()
    care = terms(service, purposes=Purpose.CARE)
    second = grant_consent(GrantConsent(account.id, care), ports=service.ports)
    service.work()
    assert status_of(service, first) is ConsentStatus.REPLACED
    assert status_of(service, second) is ConsentStatus.IN_FORCE
    held = consent_in_force(account.id, ports=service.ports)
    assert held is not None and held.purposes is Purpose.CARE


def test_what_is_in_force_is_asked_of_the_chain(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    assert consent_in_force(account.id, ports=service.ports) is None
    grant_consent(GrantConsent(account.id, terms(service)), ports=service.ports)
    service.work()
    assert consent_in_force(account.id, ports=service.ports) is not None
    service.pass_time(timedelta(days=31))
    assert consent_in_force(account.id, ports=service.ports) is None


def test_a_grant_overtaken_on_its_way_is_refused_with_the_reason(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    service.network.stop_mining()
    record = grant_consent(GrantConsent(account.id, terms(service)), ports=service.ports)
    undo_first(service)
    service.network.revoke_directly(somebody.key)
    service.network.mine()
    service.network.clock.advance(service.ports.policy.stuck_after_s + 1)
    service.work()
    assert status_of(service, record) is ConsentStatus.REFUSED
    with service.ports.database.read() as unit:
        found = unit.consents.by_id(record.id)
    assert found is not None and found.reason is not None and "nonce" in found.reason


def undo_first(service: Service) -> None:
    """The node loses its pool before anything is mined, as after a restart."""
    mark = service.network.mark()
    service.network.mine()
    service.network.reorganise(mark)
    service.network.start_mining()


def nothing_happened(service: Service, account: Account) -> bool:
    with service.ports.database.read() as unit:
        records = unit.consents.of_account(account.id)
    return records == [] and service.under_way() == [] and service.unfinished() == []
