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
)
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


def test_asking_again_while_it_is_on_its_way_changes_nothing(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    command = GrantConsent(account.id, terms(service))
    service.network.stop_mining()
    one = grant_consent(command, ports=service.ports)
    two = grant_consent(command, ports=service.ports)
    assert one.id == two.id
    assert len(service.under_way()) == 1
    service.network.start_mining()


def test_the_same_consent_asked_for_twice_at_once_is_one(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    command = GrantConsent(account.id, terms(service))
    first: list[ConsentRecord] = []

    def another_request_is_quicker() -> None:
        first.append(grant_consent(command, ports=service.ports))
        service.network.mine()

    record = grant_consent(command, ports=service.ports, before_relaying=another_request_is_quicker)
    assert record.id == first[0].id
    service.work()
    assert status_of(service, record) is ConsentStatus.IN_FORCE
    assert service.ports.chain.consent_nonce(account.wallet) == 1


def test_another_consent_that_was_quicker_is_a_conflict(service: Service) -> None:
    account = service.account(Contributor(), custodial=True)
    care = GrantConsent(account.id, terms(service, purposes=Purpose.CARE))

    def another_request_is_quicker() -> None:
        grant_consent(care, ports=service.ports)
        service.work()

    with pytest.raises(Conflict):
        grant_consent(
            GrantConsent(account.id, terms(service)),
            ports=service.ports,
            before_relaying=another_request_is_quicker,
        )


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
