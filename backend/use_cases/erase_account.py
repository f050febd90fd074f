"""A person leaves: every contribution erased, with what was learnt from it, the personal columns
and the kept wallet.

What stays on chain is an address; the link from it to a person is gone with the account.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from backend.domain.contribution import Status
from backend.domain.errors import Conflict, IllegalTransition, KeyringUnavailable, NotFound
from backend.domain.identifiers import AccountId, JobId, KeyId, random_id_text
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.erase_contribution import begin_erasure
from backend.use_cases.forget_trainings import forget_trainings_of

DESTROY_ACCOUNT_KEY = "destroy_account_key"


@dataclass(frozen=True)
class EraseAccount:
    """`abandon_tokens` says that the person knows a kept wallet's balance goes with it."""

    account_id: AccountId
    abandon_tokens: bool


@dataclass(frozen=True)
class AccountErasureReceipt:
    contributions: int
    erased_at: datetime
    final_from: datetime


def erase_account(command: EraseAccount, *, ports: Ports) -> AccountErasureReceipt:
    """Mark everything in one unit of work, then destroy the keys; a restart finishes it."""
    _refuse_to_lose_tokens(command, ports)
    now = ports.clock.now()
    with ports.database.write() as unit:
        rows = unit.contributions.of_account(command.account_id)
        if any(row.status is Status.RESERVED for row in rows):
            raise IllegalTransition("an upload of yours is still being stored: try in a minute")
        key_ids = forget_account(unit, command.account_id, now, ports)
    try:
        for key_id in [KeyId(command.account_id), *key_ids]:
            ports.keys.destroy(key_id)
    except KeyringUnavailable as error:  # nobody could ask again: the queued jobs go on with it
        structlog.get_logger("erasure").warning("keys_destroyed_later", reason=error.code)
    days = timedelta(days=ports.policy.keyring_backup_days)
    return AccountErasureReceipt(len(rows), now, now + days)


def forget_account(
    unit: UnitOfWork, account_id: AccountId, now: datetime, ports: Ports
) -> list[KeyId]:
    """Mark everything of the account, and remove its row; the keys to destroy are returned."""
    rows = unit.contributions.of_account(account_id)
    key_ids = [key for row in rows for key in begin_erasure(unit, row, now, ports).key_ids]
    key_ids += forget_trainings_of(unit, account_id, now, ports)
    unit.erasures.mark_account_key(KeyId(account_id), now)
    unit.jobs.enqueue(
        JobId(random_id_text(ports.random_bytes(16))), DESTROY_ACCOUNT_KEY, account_id, now
    )
    unit.accounts.delete(account_id)
    return key_ids


def destroy_account_key(key: str, *, ports: Ports) -> None:
    """The job: the key of an account that was erased is gone, whatever happened meanwhile."""
    ports.keys.destroy(KeyId(key))


def _refuse_to_lose_tokens(command: EraseAccount, ports: Ports) -> None:
    with ports.database.read() as unit:
        account = unit.accounts.by_id(command.account_id)
    if account is None:
        raise NotFound("this account does not exist any more")
    if not account.custodial or command.abandon_tokens:
        return
    balance = ports.chain.balance_of(account.wallet)
    if balance.base_units > 0:
        raise Conflict(
            f"the wallet we keep for you holds {balance} VMR, which nobody can reach once the "
            "account is erased: export the wallet first, or say abandon_tokens"
        )
