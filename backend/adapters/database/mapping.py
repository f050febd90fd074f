"""Between rows and the frozen values of the domain, both ways."""

from typing import Any

from backend.adapters.database.tables import (
    AccessEntryRow,
    AccountRow,
    ConsentRow,
    ContributionRow,
    ErasureMarkRow,
    GlucoseModelRow,
    InvitationRow,
    JobRow,
    JournalEntryRow,
    SessionRow,
    TrainingRow,
    TransactionRow,
    TransactionVersionRow,
)
from backend.domain.access import AccessEntry
from backend.domain.account import Account, Invitation, Role, Session
from backend.domain.consent import ConsentGrant, Kind, Purpose, kinds_of_mask
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.contribution import OWNERLESS, Contribution, Status
from backend.domain.identifiers import (
    AccountId,
    Cid,
    ContentDigest,
    ContributionId,
    GlucoseModelId,
    JobId,
    JournalEntryId,
    KeyId,
    TrainingId,
    TransactionId,
    TxHash,
    WalletAddress,
)
from backend.domain.job import Job, JobStatus
from backend.domain.journal import SealedEntry
from backend.domain.money import TokenAmount
from backend.domain.training import GlucoseModel, Training, TrainingState
from backend.domain.transaction import (
    Call,
    Fees,
    SignedTransaction,
    Transaction,
    TxPurpose,
    TxStatus,
)
from backend.ports.repositories import ErasureMark


def account_columns(account: Account) -> dict[str, Any]:
    return {**vars(account), "role": account.role.value}


def account_of(row: AccountRow) -> Account:
    return Account(
        id=AccountId(row.id),
        login=row.login,
        role=Role(row.role),
        wallet=WalletAddress(row.wallet),
        custodial=row.custodial,
        created_at=row.created_at,
        sealed_profile=row.sealed_profile,
        sealed_wallet=row.sealed_wallet,
        password_hash=row.password_hash,
        recovery_hash=row.recovery_hash,
    )


def session_of(row: SessionRow) -> Session:
    return Session(
        token_hash=row.token_hash,
        csrf_hash=row.csrf_hash,
        account_id=AccountId(row.account_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def invitation_of(row: InvitationRow) -> Invitation:
    return Invitation(
        code_hash=row.code_hash,
        patient_id=AccountId(row.patient_id),
        expires_at=row.expires_at,
        accepted_by=None if row.accepted_by is None else AccountId(row.accepted_by),
    )


def consent_columns(record: ConsentRecord) -> dict[str, Any]:
    grant = record.grant
    return {
        "id": record.id,
        "account_id": record.account_id,
        "contributor": grant.contributor,
        "kinds": grant.kind_mask,
        "purposes": int(grant.purposes),
        "custodial": grant.custodial,
        "expires_at": grant.expires_at,
        "nonce": grant.nonce,
        "deadline": grant.deadline,
        "signature": record.signature,
        "status": record.status.value,
        "created_at": record.created_at,
        "transaction_id": record.transaction_id,
        "reason": record.reason,
    }


def consent_of(row: ConsentRow) -> ConsentRecord:
    grant = ConsentGrant(
        contributor=WalletAddress(row.contributor),
        kinds=kinds_of_mask(row.kinds),
        purposes=Purpose(row.purposes),
        custodial=row.custodial,
        expires_at=row.expires_at,
        nonce=row.nonce,
        deadline=row.deadline,
    )
    return ConsentRecord(
        id=row.id,
        account_id=AccountId(row.account_id),
        grant=grant,
        signature=row.signature,
        status=ConsentStatus(row.status),
        created_at=row.created_at,
        transaction_id=None if row.transaction_id is None else TransactionId(row.transaction_id),
        reason=row.reason,
    )


def contribution_columns(contribution: Contribution) -> dict[str, Any]:
    """Without `digest`, which takes two columns; no owner is stored as NULL."""
    columns = {**vars(contribution)}
    digest = columns.pop("digest")
    reward = contribution.reward
    return {
        **columns,
        "account_id": contribution.account_id or None,
        "kind": int(contribution.kind),
        "status": contribution.status.value,
        "digest_sha256": digest.sha256,
        "digest_codec": digest.codec,
        "reward": None if reward is None else reward.base_units,
    }


def contribution_of(row: ContributionRow) -> Contribution:
    return Contribution(
        id=ContributionId(row.id),
        account_id=OWNERLESS if row.account_id is None else AccountId(row.account_id),
        contributor=WalletAddress(row.contributor),
        kind=Kind(row.kind),
        status=Status(row.status),
        key_id=KeyId(row.key_id),
        cid=Cid(row.cid),
        digest=ContentDigest(row.digest_sha256, row.digest_codec),
        size=row.size,
        quality=row.quality,
        sealed_summary=row.sealed_summary,
        created_at=row.created_at,
        lease_until=row.lease_until,
        custodial=row.custodial,
        transaction_id=None if row.transaction_id is None else TransactionId(row.transaction_id),
        anchored_at=row.anchored_at,
        reward=None if row.reward is None else TokenAmount(row.reward),
        reason=row.reason,
    )


def job_columns(job: Job) -> dict[str, Any]:
    return {**vars(job), "status": job.status.value}


def job_of(row: JobRow) -> Job:
    return Job(
        id=JobId(row.id),
        name=row.name,
        key=row.key,
        status=JobStatus(row.status),
        run_at=row.run_at,
        attempts=row.attempts,
        lease_until=row.lease_until,
        holder=row.holder,
        last_error=row.last_error,
    )


def signed_of(row: TransactionVersionRow) -> SignedTransaction:
    return SignedTransaction(
        hash=TxHash(row.hash),
        raw=row.raw,
        fees=Fees(row.max_fee, row.priority_fee),
        signed_at=row.signed_at,
    )


def transaction_of(row: TransactionRow, versions: list[TransactionVersionRow]) -> Transaction:
    """`versions` in the order in which they were signed."""
    return Transaction(
        id=TransactionId(row.id),
        signer=WalletAddress(row.signer),
        nonce=row.nonce,
        purpose=TxPurpose(row.purpose),
        subject=row.subject,
        call=Call(WalletAddress(row.call_to), row.call_data, row.call_gas),
        status=TxStatus(row.status),
        created_at=row.created_at,
        versions=tuple(signed_of(version) for version in versions),
        confirmed_hash=None if row.confirmed_hash is None else TxHash(row.confirmed_hash),
        block_number=row.block_number,
        block_hash=row.block_hash,
    )


def access_entry_of(row: AccessEntryRow) -> AccessEntry:
    return AccessEntry(
        account_id=AccountId(row.account_id),
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        subject=row.subject,
        purpose=row.purpose,
        previous=row.previous,
        hash=row.hash,
    )


def erasure_mark_columns(mark: ErasureMark) -> dict[str, Any]:
    return {
        "contribution_id": mark.contribution_id,
        "key_id": mark.key_id,
        "digest_sha256": mark.digest.sha256,
        "digest_codec": mark.digest.codec,
        "marked_at": mark.marked_at,
    }


def erasure_mark_of(row: ErasureMarkRow) -> ErasureMark:
    return ErasureMark(
        contribution_id=ContributionId(row.contribution_id),
        key_id=KeyId(row.key_id),
        digest=ContentDigest(row.digest_sha256, row.digest_codec),
        marked_at=row.marked_at,
    )


def training_columns(training: Training) -> dict[str, Any]:
    return {**vars(training), "state": training.state.value}


def training_of(row: TrainingRow) -> Training:
    return Training(
        id=TrainingId(row.id),
        account_id=AccountId(row.account_id),
        key_id=KeyId(row.key_id),
        seed=row.seed,
        state=TrainingState(row.state),
        requested_at=row.requested_at,
        stage=row.stage,
        progress=row.progress,
        attempts=row.attempts,
        started_at=row.started_at,
        ended_at=row.ended_at,
        reason=row.reason,
        sealed_details=row.sealed_details,
    )


def glucose_model_of(row: GlucoseModelRow) -> GlucoseModel:
    """The row may have been loaded without its sealed bytes, which are not looked at."""
    return GlucoseModel(
        id=GlucoseModelId(row.id),
        account_id=AccountId(row.account_id),
        training_id=TrainingId(row.training_id),
        key_id=KeyId(row.key_id),
        size=row.size,
        created_at=row.created_at,
    )


def journal_entry_of(row: JournalEntryRow) -> SealedEntry:
    return SealedEntry(
        id=JournalEntryId(row.id),
        account_id=AccountId(row.account_id),
        version=row.version,
        sealed=row.sealed,
    )
