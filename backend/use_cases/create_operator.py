"""Make an operator: from the command line only, never over HTTP."""

from dataclasses import dataclass, field

from backend.domain.account import Profile, Role
from backend.domain.credentials import login_id, new_password
from backend.ports import Ports
from backend.use_cases.create_account import CreatedAccount, NewAccount, create_account


@dataclass(frozen=True)
class CreateOperator:
    login: str
    password: str = field(repr=False)
    name: str = "operator"


def create_operator(command: CreateOperator, *, ports: Ports) -> CreatedAccount:
    """The new operator's account, or `InvalidField`, `AccountExists`."""
    profile = Profile(
        name=command.name,
        age=0,
        address="",
        detailed_address="",
        phone_num="",
        guard_name="",
        guard_phone_num="",
    )
    return create_account(
        NewAccount(
            role=Role.OPERATOR,
            profile=profile,
            login=login_id(command.login),
            password=new_password(command.password),
        ),
        ports=ports,
    )
