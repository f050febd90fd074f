"""What an audit finds: a line a check, a breach for each thing that is not as promised."""

from dataclasses import dataclass
from enum import StrEnum

from backend.domain.audit_checks import Check


@dataclass(frozen=True)
class CheckResult:
    """How many objects a check looked at, and how many of them were not as promised."""

    check: Check
    checked: int
    breaches: int


@dataclass(frozen=True)
class Breach:
    """One thing that is not as promised, and what it should have been."""

    check: Check
    subject: str
    expected: str
    found: str


@dataclass(frozen=True)
class Note:
    """Something an auditor should know that breaks no promise."""

    check: Check
    subject: str
    message: str


class ContentState(StrEnum):
    HELD = "held"
    MISSING = "missing"
    ALTERED = "altered"
    MALFORMED = "malformed"
    ERASED = "erased"
    HELD_AFTER_ERASURE = "held_after_erasure"


@dataclass(frozen=True)
class ContributionLine:
    """One contribution as the chain tells it. `quality` and `custodial` are claims."""

    digest: bytes
    codec: int
    kind: int
    contributor: bytes
    registered_at: int
    block: int
    transaction: bytes
    quality: int
    reward: int
    custodial: bool | None
    """What the covering consent says of its signer; None where no consent covers it."""
    erased_by: bytes | None
    """Who signed the erasure mark."""
    state: ContentState
    size: int | None


@dataclass(frozen=True)
class AttestedMeasure:
    """A figure of a certificate: only who holds the real data can take it again."""

    name: str
    value: float
    low: float
    high: float
    n: int
    protocol: str


@dataclass(frozen=True)
class ReleaseLine:
    """One certificate that could be read. People, share and erased are counted on chain."""

    document: bytes
    codec: int
    """The document's content digest, as its CID names it."""
    run: str
    title: str
    kind: int
    generator: str
    licence: str
    policy_version: int | None
    """None for a policy that this audit does not know."""
    passes: bool
    cohort_at: int
    issued_at: int
    rows: int
    leaves: int
    people: int
    largest_share: float | None
    erased: int
    """How many leaves were erased since."""
    epsilon: float | None
    delta: float | None
    attested: tuple[AttestedMeasure, ...]


@dataclass(frozen=True)
class Totals:
    """`custodial` and `own_wallet` count consents and contributions by what consents claim."""

    grants: int
    grants_custodial: int
    revocations: int
    contributions: int
    contributions_custodial: int
    contributions_by_kind: tuple[int, ...]
    unpaid: int
    erased: int
    minted: int
    supply: int | None
    """As the token states it; None when it does not answer."""
    holders: int
    content_bytes: int


@dataclass(frozen=True)
class AuditedChain:
    """What was audited. Everything above hangs on `head_hash`: compare it with another node."""

    chain_id: int
    first_block: int
    head_number: int
    head_hash: bytes
    head_time: int
    blocks_opened: int
    release: str | None
    """Whose code all three contracts are; None when they are not of one known release."""
    deployment_sha256: bytes
    recorder: bytes | None
    """The recorder now."""


@dataclass(frozen=True)
class Resumption:
    """What an interrupted audit had already passed when this one went on."""

    begun_at: int
    blocks: int
    contents: int


@dataclass(frozen=True)
class AuditReport:
    chain: AuditedChain
    checks: tuple[CheckResult, ...]
    breaches: tuple[Breach, ...]
    notes: tuple[Note, ...]
    totals: Totals
    contributions: tuple[ContributionLine, ...]
    resumption: Resumption | None
    releases: tuple[ReleaseLine, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.breaches
