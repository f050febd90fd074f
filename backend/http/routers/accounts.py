"""Accounts: sign up, look at and change one's own, leave."""

from fastapi import APIRouter, Response

from backend.domain.account import Role
from backend.http.guard import GuardedRoute
from backend.http.rate_limits import AttemptsHere
from backend.http.schemas.accounts import (
    AccountErased,
    AccountErasure,
    AccountView,
    PasswordChange,
    ProfileChanges,
    SignedUp,
    SignUpRequest,
)
from backend.http.schemas.sessions import SessionView
from backend.http.session import (
    AccountHere,
    CallerHere,
    ConfigHere,
    PortsHere,
    clear_cookie,
    set_cookie,
)
from backend.http.signed import signed_message
from backend.use_cases.change_password import ChangePassword
from backend.use_cases.change_password import change_password as change
from backend.use_cases.confirm_identity import ConfirmIdentity, confirm_identity
from backend.use_cases.erase_account import EraseAccount
from backend.use_cases.erase_account import erase_account as erase
from backend.use_cases.show_profile import show_profile
from backend.use_cases.sign_up import SignUp
from backend.use_cases.sign_up import sign_up as create
from backend.use_cases.update_profile import UpdateProfile, update_profile

router = APIRouter(tags=["accounts"], route_class=GuardedRoute)


@router.post("/api/signup", status_code=201, summary="Sign up with id and password")
def sign_up(body: SignUpRequest, attempts: AttemptsHere, ports: PortsHere) -> SignedUp:
    """Patients and researchers sign up, guardians with an invitation. The recovery code in the
    answer is shown this once. A wallet with a fresh address is kept for the account."""
    attempts.count()
    command = SignUp(body.id, body.password, Role(body.role), body.profile(), body.invitation)
    return SignedUp.of(create(command, ports=ports))


@router.get("/api/account", summary="Show one's own account")
def show_account(caller: CallerHere, ports: PortsHere) -> AccountView:
    """What the service holds about the caller. Opening it is written to the access log."""
    return AccountView.of(caller.account, show_profile(caller.account.id, ports=ports))


@router.patch("/api/account", summary="Change one's own profile")
def update_account(body: ProfileChanges, caller: CallerHere, ports: PortsHere) -> AccountView:
    """Only the fields that are sent change; a fault in one changes none."""
    command = UpdateProfile(caller.account.id, body.changes())
    return AccountView.of(caller.account, update_profile(command, ports=ports))


@router.post("/api/account/password", summary="Change the password")
def change_password(
    body: PasswordChange,
    response: Response,
    account_id: AccountHere,
    attempts: AttemptsHere,
    ports: PortsHere,
    config: ConfigHere,
) -> SessionView:
    """Every session of the account ends; the answer carries a fresh one."""
    attempts.count(account_id)
    command = ChangePassword(account_id, body.password, body.new_password)
    started = change(command, ports=ports)
    set_cookie(response, started, config)
    return SessionView.started(started)


@router.post("/api/account/erasure", summary="Erase the account and everything of it")
def erase_account(
    body: AccountErasure,
    response: Response,
    account_id: AccountHere,
    attempts: AttemptsHere,
    ports: PortsHere,
    config: ConfigHere,
) -> AccountErased:
    """Needs the password again, or a message freshly signed by one's own wallet."""
    attempts.count(account_id)
    signed = signed_message(body.message, body.signature, ports=ports, config=config)
    confirm_identity(ConfirmIdentity(account_id, body.password, signed), ports=ports)
    receipt = erase(EraseAccount(account_id, body.abandon_tokens), ports=ports)
    clear_cookie(response, config)
    return AccountErased.of(receipt)
