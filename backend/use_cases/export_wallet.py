"""Take away the key of a wallet that the service keeps."""

from dataclasses import dataclass, field
from typing import Any

from backend.crypto.personal import open_personal
from backend.crypto.wallets import keystore
from backend.domain.credentials import new_password
from backend.domain.errors import NotFound
from backend.domain.identifiers import AccountId, KeyId
from backend.ports import Ports
from backend.use_cases.confirm_password import confirm_password
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.sealed_profile import WALLET


@dataclass(frozen=True)
class ExportWallet:
    """The file is encrypted under `keystore_password`, or the account's when there is none."""

    account_id: AccountId
    password: str = field(repr=False)
    keystore_password: str | None = field(default=None, repr=False)


def export_wallet(command: ExportWallet, *, ports: Ports) -> dict[str, Any]:
    """The key as Web3 Secret Storage v3, or `CredentialsRefused`, or `NotFound`."""
    account_id = command.account_id
    file_password = new_password(
        command.password if command.keystore_password is None else command.keystore_password,
        field="keystore_password",
    )
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
    if account is None or account.sealed_wallet is None:
        raise NotFound("this account's wallet is not kept here: its owner has the key already")
    confirm_password(account_id, command.password, ports=ports)
    note_access(NoteAccess(account_id, account_id, WALLET, "exported by its owner"), ports=ports)
    private_key = open_personal(
        account.sealed_wallet,
        key=ports.keys.open(KeyId(account_id)),
        account_id=account_id,
        column=WALLET,
    )
    return keystore(private_key, file_password)
