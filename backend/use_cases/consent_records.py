"""What granting, revoking, settling and following share about a person's list of consents."""

from dataclasses import replace
from datetime import datetime

from backend.crypto.personal import open_personal
from backend.crypto.typed_data import TypedData, sign_typed_data
from backend.domain.account import Account
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.errors import InvalidField, NotFound
from backend.domain.identifiers import AccountId, JobId, KeyId, random_id_text
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.sealed_profile import WALLET

SETTLE_CONSENT = "settle_consent"
ON_THE_WAY = (ConsentStatus.SUBMITTED, ConsentStatus.REVOKING)


def uncounted() -> None:
    """The default for what is done before gas or work is spent on a person's behalf."""


def account_of(account_id: AccountId, *, ports: Ports) -> Account:
    """The account, or `NotFound` once it was erased."""
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
    if account is None:
        raise NotFound("this account does not exist any more: sign up again")
    return account


def sign_with_kept_wallet(
    account: Account, typed: TypedData, purpose: str, *, ports: Ports
) -> bytes:
    """The kept wallet's signature; that its key was opened goes into the access log first."""
    if account.sealed_wallet is None:
        raise NotFound("this account's wallet is not kept here: its owner has to sign")
    note_access(NoteAccess(account.id, "service", WALLET, purpose), ports=ports)
    private_key = open_personal(
        account.sealed_wallet,
        key=ports.keys.open(KeyId(account.id)),
        account_id=account.id,
        column=WALLET,
    )
    return sign_typed_data(typed, private_key)


def whole_second(field: str, moment: datetime) -> datetime:
    """The moment without its fraction, which no contract knows."""
    if moment.tzinfo is None:
        raise InvalidField(field, f"{field} needs its offset from UTC, as in 2027-01-31T12:00:00Z")
    return moment.replace(microsecond=0)


def put_in_force(unit: UnitOfWork, record: ConsentRecord, reason: str | None = None) -> None:
    """This grant holds now; those it replaced do not any more."""
    for other in unit.consents.of_account(record.account_id):
        earlier = other.grant.nonce < record.grant.nonce
        if other.status is ConsentStatus.IN_FORCE and earlier:
            unit.consents.update(replace(other, status=ConsentStatus.REPLACED))
    if record.status is not ConsentStatus.IN_FORCE:
        unit.consents.update(replace(record, status=ConsentStatus.IN_FORCE, reason=reason))


def queue_settling(unit: UnitOfWork, record: ConsentRecord, ports: Ports) -> None:
    """The job that follows this record to its rest."""
    job_id = JobId(random_id_text(ports.random_bytes(16)))
    unit.jobs.enqueue(job_id, SETTLE_CONSENT, record.id, ports.clock.now())
