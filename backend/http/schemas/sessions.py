"""Sessions, recovery, sign-in with a wallet, invitations."""

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from backend.crypto.wallets import checksum_address
from backend.domain.account import Account, Session
from backend.http.schemas.accounts import PERSON_EXAMPLE, Person, SignUpRole
from backend.http.schemas.base import Address, Asked, Moment, Told
from backend.use_cases.authenticate_session import Caller
from backend.use_cases.invite_guardian import IssuedInvitation
from backend.use_cases.offer_sign_in import SignInOffer
from backend.use_cases.start_session import StartedSession, csrf_token_of

_SIGNED_EXAMPLE: dict[str, JsonValue] = {
    "message": "vitalmint.example wants you to sign in with your Ethereum account:\n"
    "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1\n\n"
    "Sign in to VitalMint. The address of this wallet is public and links for ever.\n\n"
    "URI: https://vitalmint.example\nVersion: 1\nChain ID: 31337\n"
    "Nonce: 0123456789abcdef0123456789abcdef\n"
    "Issued At: 2026-11-22T09:30:00Z\nExpiration Time: 2026-11-22T09:35:00Z",
    "signature": "0xd7fc29e20b48ecfce31788345541641b4d9a22754dda208f7d5f3d35c1ee3cda"
    "6b82c38ef51340e59c2d6ce79e28732e6af072dcd73e29d82a528220097e24a01b",
}


class LogInRequest(Asked):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "haneul", "password": "a long enough password"}]}
    )

    id: str
    password: str


class RecoverRequest(Asked):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "haneul",
                    "recovery_code": "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH",
                    "password": "a new long password",
                }
            ]
        }
    )

    id: str
    recovery_code: str
    password: Annotated[str, Field(description="the new password")]


class Recovered(Told):
    """The old code and every session are over."""

    recovery_code: Annotated[str, Field(description="the next one, shown this once")]


class SessionView(Told):
    account_id: str
    id: str | None
    role: str
    wallet: Address
    custodial: bool
    csrf_token: Annotated[
        str, Field(description="send it as X-CSRF-Token with everything but GET and HEAD")
    ]
    expires_at: Moment

    @staticmethod
    def started(session: StartedSession) -> "SessionView":
        return _view(session.account, session.session, session.csrf_token)

    @staticmethod
    def present(caller: Caller) -> "SessionView":
        return _view(caller.account, caller.session, csrf_token_of(caller.token))


class WalletChallenge(Asked):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"wallet": "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"}]}
    )

    wallet: Address


class SignInMessage(Told):
    """Sign `message` as it is (EIP-191 personal message); it is good once, for minutes."""

    message: str
    nonce: str
    expires_at: Moment
    warning: str

    @staticmethod
    def of(offer: SignInOffer) -> "SignInMessage":
        return SignInMessage(**vars(offer))


class WalletSignIn(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [_SIGNED_EXAMPLE]})

    message: str
    signature: Annotated[str, Field(description="0x and 65 bytes in hexadecimal")]


class WalletSignUp(Person):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_SIGNED_EXAMPLE, "role": "patient", **PERSON_EXAMPLE}]}
    )

    message: str
    signature: Annotated[str, Field(description="0x and 65 bytes in hexadecimal")]
    role: SignUpRole = "patient"
    invitation: str | None = None


class InvitationView(Told):
    """Give the code to the person who shall be your guardian; it works once."""

    invitation: str
    expires_at: Moment

    @staticmethod
    def of(issued: IssuedInvitation) -> "InvitationView":
        return InvitationView(invitation=issued.code, expires_at=issued.expires_at)


class InvitationAcceptance(Asked):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"invitation": "JJJJ-KKKK-LLLL-MMMM-NNNN-OOOO-PPPP-QQQQ"}]}
    )

    invitation: str


def _view(account: Account, session: Session, csrf_token: str) -> SessionView:
    return SessionView(
        account_id=account.id,
        id=account.login,
        role=account.role,
        wallet=checksum_address(account.wallet),
        custodial=account.custodial,
        csrf_token=csrf_token,
        expires_at=session.expires_at,
    )
