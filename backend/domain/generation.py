"""A generation run: from an operator's request over a cohort to a certificate, passed or failed."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from backend.domain.consent import Kind
from backend.domain.errors import IllegalTransition
from backend.domain.identifiers import AccountId, Cid, ContributionId, KeyId, RunId
from backend.domain.release import Certificate

LEAST_PEOPLE = 50
"""Of a smaller cohort nothing is learnt: SPEC 7.2, and the first rule of every release policy."""
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
        requested_by: nobody any more, once that account was erased.
        progress: thousandths of the whole.
        attempts: how often a worker has begun or resumed it, but for outages and orderly ends.
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
class Member:
    """One contribution of a run's cohort, written down before it is opened.

    Attributes:
        account_id: nobody's, once that account was erased.
        person: number of the contributor within this run, in no meaningful order; it outlives the
            account, so that people can be counted.
        windows: how many windows or rows of the training data are its; 0 for what is held out.
        withdrawn_at: when the consent was taken back, or the record erased.
    """

    contribution_id: ContributionId
    account_id: AccountId
    person: int
    windows: int = 0
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class LeftOut:
    """One contribution that a run does without, because it could not be opened or read.

    Attributes:
        reason: a word for machines, of what opening or reading it ended in.
    """

    contribution_id: ContributionId
    reason: str


@dataclass(frozen=True)
class CohortSize:
    """How many people with how many contributions; zeros before a cohort was chosen."""

    people: int
    contributions: int


@dataclass(frozen=True)
class LineageLeaf:
    """One contribution of the cohort, and how many of the windows learnt from are its.

    Of people held out, whom the result is measured against, none is: their leaves say 0.
    """

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
    """One release in the privacy ledger of one contributor; ε and δ add up over releases.

    The account is nobody's, once it was erased: the entry stays, so that totals stay true.
    """

    account_id: AccountId
    run_id: RunId
    epsilon: float | None
    delta: float | None
    membership_high: float
    at: datetime


@dataclass(frozen=True)
class Spending:
    """What releases have cost one contributor so far: sums, and how many came without (ε, δ)."""

    epsilon: float = 0.0
    delta: float = 0.0
    plain: int = 0

    def with_run(self, plan: RunPlan) -> "Spending":
        """The same after one more release of this plan (basic composition: ε and δ add up)."""
        if plan.epsilon is None or plan.delta is None:
            return replace(self, plain=self.plain + 1)
        return replace(self, epsilon=self.epsilon + plan.epsilon, delta=self.delta + plan.delta)


@dataclass(frozen=True)
class PrivacyBudget:
    """What all releases together may cost one contributor."""

    epsilon: float
    delta: float
    plain: int

    def covers(self, spent: Spending) -> bool:
        """Whether so much may be spent; sums are of decimal numbers, hence the hair's breadth."""
        hair = 1 + 1e-9
        return (
            spent.epsilon <= self.epsilon * hair
            and spent.delta <= self.delta * hair
            and spent.plain <= self.plain
        )
