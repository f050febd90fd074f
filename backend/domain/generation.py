"""A generation run: from an operator's request over a cohort to a certificate, passed or failed."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from backend.domain.consent import Kind
from backend.domain.errors import IllegalTransition
from backend.domain.identifiers import AccountId, Cid, ContributionId, KeyId, RunId
from backend.domain.release import Certificate

MOST_ROWS = 100_000
WHOLE = 1000
"""Progress of a run that is done."""


class RunState(StrEnum):
    """QUEUED → RUNNING → RELEASED or WITHHELD, or one of three other ends.

    WITHHELD: a certificate was made, the gate did not let the dataset out; kept, never listed.
    REFUSED: the cohort is too small, or the plan cannot be carried out. CANCELLED: by the
    operator, or by a consent taken back or a record erased while it ran. FAILED: broke too often.
    """

    QUEUED = "queued"
    RUNNING = "running"
    RELEASED = "released"
    WITHHELD = "withheld"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"


UNFINISHED = frozenset({RunState.QUEUED, RunState.RUNNING})


@dataclass(frozen=True)
class RunPlan:
    """What is to be made. `epsilon` and `delta` are both given, or neither."""

    kind: Kind
    generator: str
    setting: str
    rows: int
    title: str
    description: str
    epsilon: float | None = None
    delta: float | None = None


@dataclass(frozen=True)
class Run:
    """The row of one run: nothing in it says anything about any person's health.

    Attributes:
        seed, salt: what the certificate commits to.
        key_id: of the key that seals its checkpoint, and later its package.
        progress: thousandths of the whole.
        reason: why it ended other than released, a word for machines; `message` for people.
    """

    id: RunId
    requested_by: AccountId
    plan: RunPlan
    seed: int
    salt: bytes
    key_id: KeyId
    state: RunState
    requested_at: datetime
    stage: str | None = None
    progress: int = 0
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    message: str | None = None

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED

    def ended(self, state: RunState, at: datetime, **changes: object) -> "Run":
        """The same run at its end, or `IllegalTransition` when it has ended already."""
        if not self.unfinished:
            raise IllegalTransition(f"this run is {self.state}: it has ended already")
        return replace(self, state=state, ended_at=at, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class LineageLeaf:
    """One contribution that was learnt from, and how many of the windows are its."""

    contribution_id: ContributionId
    account_id: AccountId
    digest_sha256: bytes
    digest_codec: int
    windows: int


@dataclass(frozen=True)
class Dataset:
    """What a run left: certificate and where things lie; `certificate.passes` decides listing.

    Attributes:
        signed: the certificate's canonical JSON, as signed.
        certificate_cid: of the signed document on IPFS; a failing one is published nowhere.
        retired_at: since when it is no longer listed, though it passed.
    """

    run_id: RunId
    certificate: Certificate
    signed: bytes
    signature: bytes
    certificate_cid: Cid | None
    package_key_id: KeyId
    package_size: int
    created_at: datetime
    retired_at: datetime | None = None

    @property
    def listed(self) -> bool:
        """Whether anybody but operators may know of it."""
        return self.certificate.passes and self.retired_at is None


@dataclass(frozen=True)
class LedgerEntry:
    """One release in the privacy ledger of one contributor; ε and δ add up over releases."""

    account_id: AccountId
    run_id: RunId
    epsilon: float | None
    delta: float | None
    membership_high: float
    at: datetime
