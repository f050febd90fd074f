"""Sign up with id and password; the service keeps a fresh wallet for the account."""

from dataclasses import dataclass, field

from backend.domain.account import Profile, Role
from backend.domain.credentials import login_id, new_password
from backend.domain.errors import AccountExists, InvalidField, InvitationRequired
from backend.ports import Ports
from backend.use_cases.create_account import CreatedAccount, NewAccount, create_account


@dataclass(frozen=True)
class SignUp:
    id: str
    password: str = field(repr=False)
    role: Role
    profile: Profile = field(repr=False)
    invitation: str | None = field(default=None, repr=False)


def sign_up(command: SignUp, *, ports: Ports) -> CreatedAccount:
    """The new account, or `InvalidField`, `AccountExists`, `InvitationRequired`."""
    refuse_closed_roles(command.role, command.invitation)
    login = login_id(command.id)
    password = new_password(command.password)
    if login == password.casefold():
        raise InvalidField("password", "a password differs from the id")
    with ports.database.read() as unit:
        taken = unit.accounts.by_login(login) is not None
    if taken:
        raise AccountExists(f"the id {login} is taken: choose another one")
    return create_account(
        NewAccount(
            role=command.role,
            profile=command.profile,
            login=login,
            password=password,
            invitation=command.invitation,
        ),
        ports=ports,
    )


def refuse_closed_roles(role: Role, invitation: str | None) -> None:
    """Operators are made on the command line, guardians need an invitation."""
    if role is Role.OPERATOR:
        raise InvalidField("role", "operators are made on the command line, not by signing up")
    if role is Role.GUARDIAN and not invitation:
        raise InvitationRequired(
            "a guardian signs up with the invitation of a patient: ask the patient for one"
        )
