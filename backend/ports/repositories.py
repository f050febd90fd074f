"""What a unit of work can store and find. A lookup that finds nothing returns None."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.access import AccessEntry
from backend.domain.account import Account, Invitation, Session, SignInChallenge
from backend.domain.consent_record import ConsentRecord
from backend.domain.contribution import Contribution, Status
from backend.domain.identifiers import (
    AccountId,
    ContentDigest,
    ContributionId,
    GlucoseModelId,
    JobId,
    JournalEntryId,
    KeyId,
    TrainingId,
    TransactionId,
    WalletAddress,
)
from backend.domain.job import Job
from backend.domain.journal import SealedEntry
from backend.domain.training import GlucoseModel, Training, TrainingState
from backend.domain.transaction import (
    Call,
    Confirmation,
    SignedTransaction,
    Transaction,
    TxPurpose,
    TxStatus,
)


class Accounts(Protocol):
    def add(self, account: Account) -> None:
        """Raises `AccountExists` when login or wallet is taken."""
        ...

    def by_id(self, account_id: AccountId) -> Account | None: ...
    def by_login(self, login: str) -> Account | None: ...
    def by_wallet(self, wallet: WalletAddress) -> Account | None: ...
    def hold(self, account_id: AccountId) -> None:
        """Until this writing unit ends no other changes the account or adds anything to it.

        Whoever is going to touch several rows of one person holds the account first.
        """
        ...

    def update(self, account: Account) -> None: ...
    def delete(self, account_id: AccountId) -> None:
        """The account's row, sessions, consents, invitations and access log go; contributions
        stay, without their owner."""
        ...


class Sessions(Protocol):
    def add(self, session: Session) -> None: ...
    def by_token(self, token_hash: str) -> Session | None: ...
    def end(self, token_hash: str) -> None: ...
    def end_all(self, account_id: AccountId) -> None: ...
    def purge(self, now: datetime) -> int: ...


class Invitations(Protocol):
    def add(self, invitation: Invitation) -> None: ...
    def by_code(self, code_hash: str) -> Invitation | None: ...
    def accept(self, code_hash: str, guardian: AccountId) -> None:
        """Raises `NotFound` when it was accepted already or never made."""
        ...

    def patients_of(self, guardian: AccountId) -> list[AccountId]: ...
    def of_patient(self, patient: AccountId) -> list[Invitation]:
        """Those that the patient made and that still stand here, the first to end first."""
        ...


class Challenges(Protocol):
    def add(self, challenge: SignInChallenge) -> None: ...
    def take(self, nonce: str, now: datetime) -> bool:
        """True once for a live nonce; it is gone afterwards."""
        ...


class Consents(Protocol):
    """Lists are newest first."""

    def add(self, record: ConsentRecord) -> None: ...
    def update(self, record: ConsentRecord) -> None: ...
    def by_id(self, consent_id: str) -> ConsentRecord | None: ...
    def of_account(self, account_id: AccountId) -> list[ConsentRecord]: ...
    def unsettled(self) -> list[ConsentRecord]:
        """Grants and revocations of anybody that are still on their way to the chain."""
        ...


class Contributions(Protocol):
    """A person's list is newest first, a list by status oldest first.

    `update` never changes whose a contribution is, nor its wallet, kind and beginning.
    """

    def add(self, contribution: Contribution) -> None: ...
    def by_id(self, contribution_id: ContributionId) -> Contribution | None: ...
    def by_digest(self, digest: ContentDigest) -> Contribution | None: ...
    def by_key(self, key_id: KeyId) -> Contribution | None: ...
    def of_account(self, account_id: AccountId) -> list[Contribution]: ...
    def with_status(self, statuses: Sequence[Status]) -> list[Contribution]: ...
    def count_by_status(self) -> dict[Status, int]:
        """How many there are of each; a status without any may be missing."""
        ...

    def update(self, contribution: Contribution, *, expected: Status) -> None:
        """Compare and set: raises `IllegalTransition` when the row is no longer `expected`."""
        ...

    def delete(self, contribution_id: ContributionId) -> None: ...


class Fingerprints(Protocol):
    """Keyed fingerprints. They outlive their contribution, without owner, id or time."""

    def claim(self, contribution_id: ContributionId, fingerprints: Sequence[bytes]) -> int:
        """Keep the new ones; returns how many were known already."""
        ...

    def release(self, contribution_id: ContributionId) -> None:
        """Delete those of a contribution that never came to be."""
        ...

    def disown(self, contribution_id: ContributionId) -> None:
        """Keep them spent, and forget whose they were."""
        ...


class Jobs(Protocol):
    def enqueue(self, job_id: JobId, name: str, key: str, run_at: datetime) -> None:
        """Queue work; does nothing when the same name and key are queued and unfinished."""
        ...

    def lease(
        self,
        *,
        now: datetime,
        holder: str,
        until: datetime,
        only: Collection[str] | None = None,
        leaving_out: Collection[str] = (),
    ) -> Job | None:
        """The next due job, or one whose lease ran out, for this holder alone.

        `only` and `leaving_out` are names of jobs. A lease that ran out counts as an attempt.
        """
        ...

    def heartbeat(self, job_id: JobId, *, holder: str, until: datetime) -> bool:
        """Extend the lease; False when it was lost."""
        ...

    def finish(self, job_id: JobId, *, holder: str) -> None:
        """Done, and forgotten: a key names a person's account or record.

        Like `retry` and `bury` it does nothing when the lease was lost to another.
        """
        ...

    def retry(self, job_id: JobId, *, holder: str, run_at: datetime, error: str | None) -> None:
        """Give it back for later; an error counts as an attempt, none ends the count."""
        ...

    def bury(self, job_id: JobId, *, holder: str, error: str) -> None:
        """Dead letter: kept, shown to the operator, run again only by hand."""
        ...

    def revive(self, job_id: JobId, run_at: datetime) -> None:
        """Run a dead job again, unless the same work is queued already; `NotFound` otherwise."""
        ...

    def dead(self) -> list[Job]: ...
    def unfinished(self) -> list[Job]: ...


class Transactions(Protocol):
    def allocate(
        self,
        transaction_id: TransactionId,
        *,
        signer: WalletAddress,
        chain_nonce: int,
        purpose: TxPurpose,
        subject: str,
        call: Call,
        now: datetime,
    ) -> Transaction:
        """Reserve the signer's next nonce (never below `chain_nonce`) for this call."""
        ...

    def add_version(self, transaction_id: TransactionId, signed: SignedTransaction) -> None:
        """Keep a signed version, before it is broadcast; keeping it again is fine."""
        ...

    def settle(
        self, transaction_id: TransactionId, status: TxStatus, confirmation: Confirmation | None
    ) -> None:
        """Set the status and the block; None takes the block back, as a reorganisation does."""
        ...

    def by_id(self, transaction_id: TransactionId) -> Transaction | None: ...
    def latest(self, purpose: TxPurpose, subject: str) -> Transaction | None: ...
    def unfinished(self, signer: WalletAddress) -> list[Transaction]: ...
    def settled_since(self, block_number: int) -> list[Transaction]:
        """Those confirmed or reverted in `block_number` or later: what a reorganisation undoes."""
        ...


class AccessLog(Protocol):
    def append(
        self, account_id: AccountId, *, at: datetime, actor: str, subject: str, purpose: str
    ) -> AccessEntry:
        """Add the next link of this account's chain."""
        ...

    def of_account(self, account_id: AccountId) -> list[AccessEntry]: ...


@dataclass(frozen=True)
class ErasureMark:
    """Written before anything is destroyed; replayed at every start. Names no person."""

    contribution_id: ContributionId
    key_id: KeyId
    digest: ContentDigest
    marked_at: datetime


class Erasures(Protocol):
    def mark(self, mark: ErasureMark) -> None:
        """Write the mark; marking again is fine."""
        ...

    def of_contribution(self, contribution_id: ContributionId) -> ErasureMark | None: ...

    def all(self) -> list[ErasureMark]: ...

    def mark_account_key(self, key_id: KeyId, marked_at: datetime) -> None:
        """Write that an account's own key is to be destroyed; marking again is fine."""
        ...

    def account_keys(self) -> list[KeyId]: ...
    def mark_training_key(self, key_id: KeyId, marked_at: datetime) -> None:
        """Write that the key of a training and its model is to be destroyed; again is fine."""
        ...

    def training_keys(self) -> list[KeyId]: ...


class Journal(Protocol):
    """Sealed entries; which kind and when is inside the seal. They go with their account."""

    def add(self, entry: SealedEntry) -> bool:
        """Keep it; False, and nothing changed, when there is an entry of this id already."""
        ...

    def by_id(self, account_id: AccountId, entry_id: JournalEntryId) -> SealedEntry | None:
        """None also for another account's."""
        ...

    def of_account(self, account_id: AccountId) -> list[SealedEntry]:
        """All of them, by id: their times are sealed."""
        ...

    def count(self, account_id: AccountId) -> int: ...
    def update(self, entry: SealedEntry, *, expected: int) -> bool:
        """Compare and set: False when the entry is gone, or its version no longer `expected`."""
        ...

    def delete(self, account_id: AccountId, entry_id: JournalEntryId) -> bool:
        """False when there was none."""
        ...


class Trainings(Protocol):
    """A person's list is newest first."""

    def add(self, training: Training) -> None:
        """Raises `TrainingUnderWay` while another one of the account is unfinished."""
        ...

    def by_id(self, training_id: TrainingId) -> Training | None: ...
    def by_key(self, key_id: KeyId) -> Training | None: ...
    def of_account(self, account_id: AccountId) -> list[Training]: ...
    def unfinished(self) -> list[Training]:
        """Those of anybody, the oldest first."""
        ...

    def update(self, training: Training, *, expected: TrainingState) -> None:
        """Compare and set: raises `IllegalTransition` when the row is no longer `expected`."""
        ...

    def delete(self, training_id: TrainingId) -> None:
        """Its checkpoint, its model and what it was made from go with it."""
        ...

    def set_sources(self, training_id: TrainingId, sources: Collection[ContributionId]) -> None:
        """Replace the list of contributions that the training learns from."""
        ...

    def sources(self, training_id: TrainingId) -> list[ContributionId]: ...
    def learning_from(self, contribution_id: ContributionId) -> list[Training]:
        """Every training, ended or not, that this contribution went into."""
        ...


class TrainingCheckpoints(Protocol):
    """The last state of an unfinished training, sealed; at most one each."""

    def save(self, training_id: TrainingId, sealed: bytes, at: datetime) -> None:
        """Replace what was saved before."""
        ...

    def of_training(self, training_id: TrainingId) -> bytes | None: ...
    def delete(self, training_id: TrainingId) -> None: ...


class StoredGlucoseModels(Protocol):
    """A person's list is newest first; it comes without the sealed bytes."""

    def add(self, model: GlucoseModel, sealed: bytes) -> None: ...
    def by_id(self, model_id: GlucoseModelId) -> GlucoseModel | None: ...
    def of_training(self, training_id: TrainingId) -> GlucoseModel | None: ...
    def of_account(self, account_id: AccountId) -> list[GlucoseModel]: ...
    def sealed(self, model_id: GlucoseModelId) -> bytes | None:
        """The model itself."""
        ...

    def delete(self, model_id: GlucoseModelId) -> None: ...


class ChainCursor(Protocol):
    """How far the indexer has followed, block by block, so that it can step back."""

    def recent(self) -> list[tuple[int, str]]:
        """(number, hash) of the last blocks followed, newest first."""
        ...

    def advance(self, number: int, block_hash: str, *, keep: int) -> None: ...
    def rewind(self, number: int) -> None:
        """Forget every block after `number`."""
        ...
