"""Change what the service holds about oneself, the default time zone among it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from backend.domain.account import Profile
from backend.domain.errors import InvalidField, NotAuthenticated
from backend.domain.identifiers import AccountId, KeyId
from backend.domain.personal import checked_profile
from backend.ports import Ports
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.sealed_profile import PROFILE, opened_profile, sealed_profile

_FIELDS = frozenset(entry.name for entry in fields(Profile))


@dataclass(frozen=True)
class UpdateProfile:
    """`changes` holds the new value of every field that changes, by its name."""

    account_id: AccountId
    changes: Mapping[str, str | int | None] = field(repr=False)


def update_profile(command: UpdateProfile, *, ports: Ports) -> Profile:
    """The profile as it is stored now; a fault in any field changes none."""
    for name in command.changes:
        if name not in _FIELDS:
            raise InvalidField(name, f"a profile has no field of that name, only {_names()}")
    account_id = command.account_id
    note_access(NoteAccess(account_id, account_id, PROFILE, "changed by its owner"), ports=ports)
    with ports.database.write() as unit:
        account = unit.accounts.by_id(account_id)
        if account is None:
            raise NotAuthenticated("the account is gone: sign up again")
        before = opened_profile(account, ports=ports)
        profile = checked_profile(replace(before, **command.changes))  # type: ignore[arg-type]
        key = ports.keys.open(KeyId(account_id))
        sealed = sealed_profile(profile, account_id=account_id, key=key, ports=ports)
        unit.accounts.update(replace(account, sealed_profile=sealed))
    return profile


def _names() -> str:
    return ", ".join(sorted(_FIELDS))
