"""Revoking a consent: relayed at once or past us, on the fake and on the real contracts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.crypto.typed_data import sign_typed_data
from backend.domain.account import Account
from backend.domain.consent import ALL_PURPOSES, Kind
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.contribution import Status
from backend.domain.errors import (
    Conflict,
    ConsentDeadlinePassed,
    ConsentNonceMismatch,
    ConsentSignerMismatch,
    InvalidField,
    NotFound,
)
from backend.use_cases.consent_in_force import consent_in_force
from backend.use_cases.grant_consent import (
    ConsentTerms,
    GrantConsent,
    WalletSignature,
    grant_consent,
    prepare_consent,
)
from backend.use_cases.revoke_consent import RevokeConsent, prepare_revocation, revoke_consent
from tests.relaying import Service
from tests.signing import Contributor, send


def granted(service: Service, somebody: Contributor, account: Account) -> ConsentRecord:
    """A consent in force."""
    record = on_its_way(service, somebody, account)
    service.work()
    return record


def on_its_way(service: Service, somebody: Contributor, account: Account) -> ConsentRecord:
    end = service.ports.clock.now() + timedelta(days=30)
    terms = ConsentTerms(frozenset(Kind), ALL_PURPOSES, end)
    signed = None
    if not account.custodial:
        prepared = prepare_consent(account.id, terms, ports=service.ports)
        signature = sign_typed_data(prepared.typed_data, somebody.key)
        signed = WalletSignature(prepared.grant.nonce, prepared.grant.deadline, signature)
    return grant_consent(GrantConsent(account.id, terms, signed), ports=service.ports)


def signed_revocation(service: Service, somebody: Contributor, account: Account) -> WalletSignature:
    prepared = prepare_revocation(account.id, ports=service.ports)
    signature = sign_typed_data(prepared.typed_data, somebody.key)
    return WalletSignature(prepared.revocation.nonce, prepared.revocation.deadline, signature)


def status_of(service: Service, record: ConsentRecord) -> ConsentStatus:
    with service.ports.database.read() as unit:
        found = unit.consents.by_id(record.id)
    assert found is not None
    return found.status


@pytest.mark.parametrize("custodial", [True, False])
def test_a_revocation_ends_the_consent(service: Service, custodial: bool) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=custodial)
    record = granted(service, somebody, account)
    signed = None if custodial else signed_revocation(service, somebody, account)
    revoking = revoke_consent(RevokeConsent(account.id, signed), ports=service.ports)
    assert (revoking.id, revoking.status) == (record.id, ConsentStatus.REVOKING)
    service.work()
    assert status_of(service, record) is ConsentStatus.REVOKED
    assert service.ports.chain.consent_of(somebody.wallet) is None
    assert consent_in_force(account.id, ports=service.ports) is None


def test_revoking_again_changes_nothing(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    granted(service, somebody, account)
    service.network.stop_mining()
    one = revoke_consent(RevokeConsent(account.id), ports=service.ports)
    two = revoke_consent(RevokeConsent(account.id), ports=service.ports)
    assert one.id == two.id and len(service.under_way()) == 1
    service.network.start_mining()
    service.work()
    with pytest.raises(NotFound):
        revoke_consent(RevokeConsent(account.id), ports=service.ports)


def test_there_is_nothing_to_revoke_at_first(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    with pytest.raises(NotFound):
        revoke_consent(RevokeConsent(account.id), ports=service.ports)


def test_a_consent_can_be_granted_again_after_a_revocation(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    first = granted(service, somebody, account)
    revoke_consent(RevokeConsent(account.id), ports=service.ports)
    service.work()
    second = granted(service, somebody, account)
    assert status_of(service, first) is ConsentStatus.REVOKED
    assert status_of(service, second) is ConsentStatus.IN_FORCE


def test_the_old_message_cannot_be_granted_again_after_a_revocation(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    end = service.ports.clock.now() + timedelta(days=30)
    terms = ConsentTerms(frozenset(Kind), ALL_PURPOSES, end)
    prepared = prepare_consent(account.id, terms, ports=service.ports)
    signature = sign_typed_data(prepared.typed_data, somebody.key)
    signed = WalletSignature(prepared.grant.nonce, prepared.grant.deadline, signature)
    grant_consent(GrantConsent(account.id, terms, signed), ports=service.ports)
    service.work()
    revocation = signed_revocation(service, somebody, account)
    revoke_consent(RevokeConsent(account.id, revocation), ports=service.ports)
    service.work()
    with pytest.raises(ConsentNonceMismatch):
        grant_consent(GrantConsent(account.id, terms, signed), ports=service.ports)


def test_a_revocation_kills_a_grant_that_is_still_on_its_way(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    service.network.stop_mining()
    record = on_its_way(service, somebody, account)
    revoking = revoke_consent(RevokeConsent(account.id), ports=service.ports)
    assert revoking.status is ConsentStatus.REVOKING
    service.network.start_mining()
    service.work()
    assert status_of(service, record) is ConsentStatus.REVOKED
    assert service.ports.chain.consent_of(somebody.wallet) is None
    assert service.ports.chain.consent_nonce(somebody.wallet) == 2


def test_an_own_wallet_waits_for_its_grant_or_revokes_past_us(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    service.network.stop_mining()
    record = on_its_way(service, somebody, account)
    with pytest.raises(Conflict, match=r"revoke\(\)"):
        revoke_consent(
            RevokeConsent(account.id, signed_revocation(service, somebody, account)),
            ports=service.ports,
        )
    service.network.start_mining()
    service.work()
    signed = signed_revocation(service, somebody, account)
    revoke_consent(RevokeConsent(account.id, signed), ports=service.ports)
    service.work()
    assert status_of(service, record) is ConsentStatus.REVOKED


def test_a_revocation_by_another_wallet_is_refused(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    record = granted(service, somebody, account)
    forged = signed_revocation(service, Contributor(), account)
    with pytest.raises(ConsentSignerMismatch):
        revoke_consent(RevokeConsent(account.id, forged), ports=service.ports)
    assert status_of(service, record) is ConsentStatus.IN_FORCE


def test_a_revocation_that_is_too_old_is_refused(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    granted(service, somebody, account)
    signed = signed_revocation(service, somebody, account)
    service.network.clock.advance(service.ports.policy.consent_deadline_s + 1)
    with pytest.raises(ConsentDeadlinePassed):
        revoke_consent(RevokeConsent(account.id, signed), ports=service.ports)
    stale = replace(signed, nonce=signed.nonce + 1, deadline=service.ports.clock.now())
    later = replace(stale, deadline=stale.deadline + timedelta(hours=1))
    with pytest.raises(ConsentNonceMismatch):
        revoke_consent(RevokeConsent(account.id, later), ports=service.ports)


def test_a_kept_wallet_takes_no_signature_and_an_own_one_needs_it(fake_service: Service) -> None:
    kept, own = Contributor(), Contributor()
    accounts = [fake_service.account(kept, custodial=True), fake_service.account(own)]
    granted(fake_service, kept, accounts[0])
    granted(fake_service, own, accounts[1])
    signed = signed_revocation(fake_service, kept, accounts[0])
    for account, sent in zip(accounts, (signed, None), strict=True):
        with pytest.raises(InvalidField):
            revoke_consent(RevokeConsent(account.id, sent), ports=fake_service.ports)


def test_a_kept_wallets_revocation_outlives_a_chain_that_is_down(fake_service: Service) -> None:
    somebody = Contributor()
    account = fake_service.account(somebody, custodial=True)
    record = granted(fake_service, somebody, account)
    fake_service.ports.chain.down = True  # type: ignore[attr-defined]
    revoking = revoke_consent(RevokeConsent(account.id), ports=fake_service.ports)
    assert revoking.status is ConsentStatus.REVOKING
    fake_service.run_due()
    fake_service.ports.chain.down = False  # type: ignore[attr-defined]
    fake_service.network.clock.advance(10)
    fake_service.work()
    assert status_of(fake_service, record) is ConsentStatus.REVOKED
    assert fake_service.ports.chain.consent_of(somebody.wallet) is None


def test_a_revocation_that_another_request_overtook_is_no_bad_signature(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's was recorded after this one's message had been prepared for its nonce."""
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    record = granted(service, somebody, account)
    prepare = service.ports.chain.revoke_call

    def another_is_quicker(*message: Any) -> Any:
        send(service.network, prepare(*somebody.revocation(service.network)))
        service.network.mine()
        return prepare(*message)

    with monkeypatch.context() as patched:
        patched.setattr(service.ports.chain, "revoke_call", another_is_quicker)
        revoking = revoke_consent(RevokeConsent(account.id), ports=service.ports)
    assert revoking.status is ConsentStatus.REVOKING
    service.work()
    assert status_of(service, record) is ConsentStatus.REVOKED


def test_what_waited_for_its_anchor_is_rejected_after_a_revocation(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    granted(service, somebody, account)
    service.network.pause()
    row = service.sealed(account)
    service.run_due()
    assert service.row(row).status is Status.SEALED
    revoke_consent(RevokeConsent(account.id), ports=service.ports)
    service.network.unpause()
    service.network.clock.advance(120)
    service.work()
    assert service.row(row).status is Status.REJECTED


def test_a_revocation_refused_by_the_chain_leaves_the_consent_in_force(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    record = granted(service, somebody, account)
    signed = signed_revocation(service, somebody, account)
    service.network.stop_mining()
    revoke_consent(RevokeConsent(account.id, signed), ports=service.ports)
    lose_what_waits(service)
    overtaking = somebody.grant(service.network)
    service.network.grant_directly(overtaking, somebody.sign(service.network, overtaking))
    service.network.clock.advance(service.ports.policy.stuck_after_s + 1)
    service.work()
    assert status_of(service, record) is ConsentStatus.IN_FORCE
    with service.ports.database.read() as unit:
        found = unit.consents.by_id(record.id)
    assert found is not None and found.reason is not None and "not revoked" in found.reason


def lose_what_waits(service: Service) -> None:
    """The node forgets its pool, as at a restart."""
    mark = service.network.mark()
    service.network.mine()
    service.network.reorganise(mark)
    service.network.start_mining()
