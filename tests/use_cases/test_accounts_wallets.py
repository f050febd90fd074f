"""Own wallets (EIP-4361) and kept ones."""

from dataclasses import replace
from datetime import timedelta

import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_defunct

from backend.crypto.sign_in import Audience
from backend.crypto.wallets import wallet_of
from backend.domain.account import Role
from backend.domain.errors import (
    AccountExists,
    CredentialsRefused,
    KeyDestroyed,
    NotAuthenticated,
    NotFound,
)
from backend.domain.identifiers import AccountId, KeyId, wallet_address
from backend.ports import Ports
from backend.use_cases.confirm_identity import ConfirmIdentity, confirm_identity
from backend.use_cases.export_wallet import ExportWallet, export_wallet
from backend.use_cases.list_access_log import list_access_log
from backend.use_cases.offer_sign_in import OfferSignIn, SignInOffer, offer_sign_in
from backend.use_cases.show_profile import show_profile
from backend.use_cases.sign_in_with_ethereum import (
    SignedMessage,
    SignInWithEthereum,
    sign_in_with_ethereum,
)
from backend.use_cases.sign_up import sign_up
from backend.use_cases.sign_up_with_ethereum import SignUpWithEthereum, sign_up_with_ethereum
from tests.people import PASSWORD, PERSON, sign_up_as
from tests.stand_in_ports import SettableClock

KEY = b"\x01" * 32
OTHER_KEY = b"\x02" * 32


@pytest.fixture
def audience(ports: Ports) -> Audience:
    return Audience("vitalmint.example", "https://vitalmint.example", ports.chain.chain_id)


def offered(ports: Ports, audience: Audience, key: bytes = KEY) -> SignInOffer:
    return offer_sign_in(OfferSignIn(wallet_of(key), audience), ports=ports)


def signed(message: str, audience: Audience, key: bytes = KEY) -> SignedMessage:
    signature = EthAccount.sign_message(encode_defunct(text=message), key).signature
    return SignedMessage(message, "0x" + signature.hex().removeprefix("0x"), audience)


def join(ports: Ports, audience: Audience, key: bytes = KEY) -> AccountId:
    message = signed(offered(ports, audience, key).message, audience, key)
    command = SignUpWithEthereum(message, Role.PATIENT, PERSON)
    return sign_up_with_ethereum(command, ports=ports).account.id


def test_an_own_wallet_signs_up_and_in_and_nothing_of_it_is_kept(
    ports: Ports, audience: Audience
) -> None:
    account_id = join(ports, audience)
    message = signed(offered(ports, audience).message, audience)
    account = sign_in_with_ethereum(SignInWithEthereum(message), ports=ports).account
    assert account.id == account_id
    assert (account.custodial, account.sealed_wallet, account.password_hash) == (False, None, None)
    assert account.wallet == wallet_of(KEY)


def test_a_person_is_warned_before_linking_an_own_wallet(ports: Ports, audience: Audience) -> None:
    assert "for ever" in offered(ports, audience).warning


def test_a_message_signs_in_once(ports: Ports, audience: Audience) -> None:
    join(ports, audience)
    message = signed(offered(ports, audience).message, audience)
    sign_in_with_ethereum(SignInWithEthereum(message), ports=ports)
    with pytest.raises(CredentialsRefused):
        sign_in_with_ethereum(SignInWithEthereum(message), ports=ports)


def test_an_unknown_wallet_may_sign_up_with_the_same_message(
    ports: Ports, audience: Audience
) -> None:
    message = signed(offered(ports, audience).message, audience)
    with pytest.raises(NotFound):
        sign_in_with_ethereum(SignInWithEthereum(message), ports=ports)
    sign_up_with_ethereum(SignUpWithEthereum(message, Role.PATIENT, PERSON), ports=ports)
    with pytest.raises(CredentialsRefused):
        sign_in_with_ethereum(SignInWithEthereum(message), ports=ports)


def test_a_wallet_has_one_account(ports: Ports, audience: Audience) -> None:
    join(ports, audience)
    with pytest.raises(AccountExists):
        join(ports, audience)


@pytest.mark.parametrize(
    "other",
    [
        {"domain": "evil.example"},
        {"uri": "https://evil.example"},
        {"chain_id": 1},
    ],
)
def test_a_message_for_another_service_or_chain_is_refused(
    ports: Ports, audience: Audience, other: dict[str, str | int]
) -> None:
    join(ports, audience)
    elsewhere = replace(audience, **other)  # type: ignore[arg-type]
    message = signed(offered(ports, elsewhere).message, elsewhere).message
    with pytest.raises(CredentialsRefused):
        sign_in_with_ethereum(SignInWithEthereum(signed(message, audience)), ports=ports)


def test_a_message_signed_by_another_wallet_is_refused(ports: Ports, audience: Audience) -> None:
    join(ports, audience)
    message = signed(offered(ports, audience).message, audience, OTHER_KEY)
    with pytest.raises(CredentialsRefused):
        sign_in_with_ethereum(SignInWithEthereum(message), ports=ports)


def test_a_message_ends(ports: Ports, audience: Audience, clock: SettableClock) -> None:
    join(ports, audience)
    message = signed(offered(ports, audience).message, audience)
    clock.advance(timedelta(seconds=ports.policy.challenge_lifetime_s))
    with pytest.raises(CredentialsRefused):
        sign_in_with_ethereum(SignInWithEthereum(message), ports=ports)


def test_a_nonce_that_was_never_given_out_is_refused(ports: Ports, audience: Audience) -> None:
    join(ports, audience)
    offer = offered(ports, audience)
    made_up = offer.message.replace(offer.nonce, "ab" * 16)
    with pytest.raises(CredentialsRefused):
        sign_in_with_ethereum(SignInWithEthereum(signed(made_up, audience)), ports=ports)


def test_what_is_no_signature_is_refused(ports: Ports, audience: Audience) -> None:
    join(ports, audience)
    message = offered(ports, audience).message
    for signature in ("", "0x", "0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "zz" * 65):
        command = SignInWithEthereum(SignedMessage(message, signature, audience))
        with pytest.raises(CredentialsRefused):
            sign_in_with_ethereum(command, ports=ports)


@pytest.mark.parametrize("tail", ["", "garbage", "x" * 100_000, "\n" * 50])
def test_what_is_no_message_is_refused(ports: Ports, audience: Audience, tail: str) -> None:
    first_line = offered(ports, audience).message.split("\n")[0]
    for text in (tail, f"{first_line}\n{tail}"):
        with pytest.raises(CredentialsRefused):
            sign_in_with_ethereum(SignInWithEthereum(signed(text, audience)), ports=ports)


def test_an_exported_key_does_not_open_the_account_that_keeps_it(
    ports: Ports, audience: Audience
) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    file = export_wallet(ExportWallet(account.id, PASSWORD), ports=ports)
    key = bytes(EthAccount.decrypt(file, PASSWORD))
    assert wallet_of(key) == account.wallet
    message = signed(offered(ports, audience, key).message, audience, key)
    with pytest.raises(NotFound):
        sign_in_with_ethereum(SignInWithEthereum(message), ports=ports)


def test_a_kept_wallet_leaves_only_with_the_password_and_into_the_access_log(
    ports: Ports,
) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    with pytest.raises(CredentialsRefused):
        export_wallet(ExportWallet(account.id, "a wrong password"), ports=ports)
    assert list_access_log(account.id, ports=ports).entries == []
    file = export_wallet(ExportWallet(account.id, PASSWORD, "for the file only"), ports=ports)
    assert wallet_of(bytes(EthAccount.decrypt(file, "for the file only"))) == account.wallet
    log = list_access_log(account.id, ports=ports)
    assert [entry.subject for entry in log.entries] == ["wallet"]
    assert log.broken_at is None


def test_an_own_wallet_cannot_be_exported(ports: Ports, audience: Audience) -> None:
    account_id = join(ports, audience)
    with pytest.raises(NotFound):
        export_wallet(ExportWallet(account_id, PASSWORD), ports=ports)


def test_an_own_wallet_confirms_by_a_fresh_signature(ports: Ports, audience: Audience) -> None:
    account_id = join(ports, audience)
    message = signed(offered(ports, audience).message, audience)
    assert confirm_identity(
        ConfirmIdentity(account_id, signed=message), ports=ports
    ).wallet == wallet_address(wallet_of(KEY))
    for refused in (
        ConfirmIdentity(account_id, signed=message),
        ConfirmIdentity(account_id, password=""),
        ConfirmIdentity(
            account_id,
            signed=signed(offered(ports, audience, OTHER_KEY).message, audience, OTHER_KEY),
        ),
    ):
        with pytest.raises(CredentialsRefused):
            confirm_identity(refused, ports=ports)


def test_the_access_log_is_written_before_anything_is_opened(ports: Ports) -> None:
    account = sign_up(sign_up_as("haneul"), ports=ports).account
    ports.keys.destroy(KeyId(account.id))
    with pytest.raises(KeyDestroyed):
        export_wallet(ExportWallet(account.id, PASSWORD), ports=ports)
    subjects = [entry.subject for entry in list_access_log(account.id, ports=ports).entries]
    assert subjects == ["wallet"]


def test_nobody_is_shown_what_an_erased_account_held(ports: Ports) -> None:
    with pytest.raises(NotAuthenticated):
        show_profile(AccountId("ab" * 16), ports=ports)
