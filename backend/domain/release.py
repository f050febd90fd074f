"""A release: what was measured of a synthetic dataset, the policy that judges it, the certificate.

Pure arithmetic on named measures, so that an auditor repeats the judgement from the certificate
alone. What the measures mean is said by `ml.evaluation.release`, which takes them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from math import isfinite
from typing import Any

from backend.domain.consent import Kind
from backend.domain.identifiers import Cid, RunId, WalletAddress

CERTIFICATE_SCHEMA = "vitalmint.certificate/1"
POLICY_SCHEMA = "vitalmint.release-policy/1"


def canonical_json(value: Any) -> bytes:
    """The one form of a JSON value: sorted names, no spaces, no NaN, UTF-8."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    ).encode()


class Bound(StrEnum):
    """Which number of a measure a rule looks at."""

    VALUE = "value"
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True)
class Measure:
    """One figure with its interval, on how many (people, unless the protocol says rows)."""

    value: float
    low: float
    high: float
    n: int
    protocol: str

    def at(self, bound: Bound) -> float:
        """The number that a rule asks for."""
        found: float = getattr(self, bound.value)
        return found


@dataclass(frozen=True)
class Spent:
    """Differential privacy that was spent: (ε, δ) for one person, as two accountants say."""

    epsilon: float
    delta: float
    second_epsilon: float
    accountant: str


@dataclass(frozen=True)
class Evidence:
    """Everything the gate looks at, and nothing from which a person could be told."""

    people: int
    training_people: int
    holdout_people: int
    largest_share: float
    synthetic_rows: int
    measures: Mapping[str, Measure]
    privacy: Spent | None = None

    def found(self, name: str, bound: Bound) -> float | None:
        """The number of that name: a measure, or one of the counts above; None when missing."""
        if name == "epsilon":
            return None if self.privacy is None else self.privacy.epsilon
        if name in _COUNTS:
            return float(getattr(self, name))
        measure = self.measures.get(name)
        return None if measure is None else measure.at(bound)


_COUNTS = frozenset({"people", "training_people", "holdout_people", "largest_share"})


@dataclass(frozen=True)
class Rule:
    """`measure` at `bound` must be at least `least` and at most `most`; a missing one fails.

    Attributes:
        optional: it holds where the measure was not taken, as ε without differential privacy.
    """

    measure: str
    bound: Bound
    meaning: str
    least: float | None = None
    most: float | None = None
    optional: bool = False

    def holds(self, evidence: Evidence) -> bool:
        """Whether the evidence keeps the rule; what is no finite number never does."""
        found = evidence.found(self.measure, self.bound)
        if found is None:
            return self.optional
        if not isfinite(found):
            return False
        return (self.least is None or found >= self.least) and (
            self.most is None or found <= self.most
        )


@dataclass(frozen=True)
class Finding:
    """One rule applied: what was found, and whether it is enough."""

    rule: Rule
    found: float | None
    holds: bool

    def text(self) -> str:
        """One sentence for a person."""
        wanted = (
            f"at least {self.rule.least:g}"
            if self.rule.most is None
            else (f"at most {self.rule.most:g}")
        )
        found = "was not measured" if self.found is None else f"is {self.found:.4g}"
        which = "" if self.rule.bound is Bound.VALUE else f" ({self.rule.bound.value} bound)"
        return f"{self.rule.measure}{which} {found}; wanted {wanted}: {self.rule.meaning}"


@dataclass(frozen=True)
class ReleasePolicy:
    """The rules of one version; its digest is that of its canonical JSON."""

    version: int
    rules: tuple[Rule, ...]

    def judge(self, evidence: Evidence) -> tuple[Finding, ...]:
        """Every rule, in order, kept or not."""
        return tuple(
            Finding(rule, evidence.found(rule.measure, rule.bound), rule.holds(evidence))
            for rule in self.rules
        )

    def as_json(self) -> dict[str, Any]:
        """The policy as it is published."""
        rules = [
            {
                "measure": rule.measure,
                "bound": rule.bound.value,
                "least": rule.least,
                "most": rule.most,
                "optional": rule.optional,
                "meaning": rule.meaning,
            }
            for rule in self.rules
        ]
        return {"schema": POLICY_SCHEMA, "version": self.version, "rules": rules}

    @property
    def content(self) -> bytes:
        return canonical_json(self.as_json())

    @property
    def digest(self) -> bytes:
        return sha256(self.content).digest()


def passes(findings: tuple[Finding, ...]) -> bool:
    """Whether there is at least one rule, and every one is kept."""
    return bool(findings) and all(finding.holds for finding in findings)


_V, _L, _H = Bound.VALUE, Bound.LOW, Bound.HIGH
POLICY_1 = ReleasePolicy(
    1,
    (
        Rule("people", _V, "a cohort hides nobody when it is small", least=50),
        Rule("largest_share", _V, "nobody is more than a twentieth of it", most=0.05),
        Rule("people_across_split", _V, "nobody may stand on both sides of the test", most=0),
        Rule("exact_matches", _V, "no real row leaves", most=0),
        Rule("too_near", _V, "no row lies where no stranger ever comes", most=0),
        Rule("near_copies", _L, "near copies are no more than among strangers", most=0.01),
        Rule("dcr_share", _L, "no nearer to those learnt from than to strangers", most=0.5),
        Rule("nndr_below", _L, "no row clings to a single real one", most=0.05),
        Rule("membership_auc", _H, "nobody can be told to have been in it", most=0.55),
        Rule("attribute_advantage", _L, "it tells no more of members than of others", most=0.0),
        Rule("outlier_exposure", _V, "nobody unusual is drawn again", most=0),
        Rule("epsilon", _V, "where (ε, δ) is claimed it means something", most=10, optional=True),
    ),
)
"""The first policy. A change is a new version beside it; certificates name theirs by digest."""

POLICY_2 = ReleasePolicy(
    2,
    (
        *POLICY_1.rules,
        Rule("partial_copies", _V, "no part of a row leaves that strangers never share", most=0),
        Rule("shared_cells", _L, "rows share no rarer cells than strangers' rows do", most=0.0),
    ),
)
"""The first and two rules on parts of rows."""

CURRENT_POLICY = POLICY_2
"""What a run that ends today is judged by."""

POLICIES = {policy.digest: policy for policy in (POLICY_1, POLICY_2)}


@dataclass(frozen=True)
class GeneratorCard:
    """What made the rows: catalogue name, artifact version, licence, digest of its settings."""

    name: str
    version: int
    licence: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Certificate:
    """What the evaluator signs; digests are SHA-256, times whole seconds UTC.

    Attributes:
        dataset_digest: of the Parquet file inside the package.
        package_digest: of the package as a buyer gets it.
        sealed_package: content id of the package as it lies on IPFS, sealed.
        lineage_root: Merkle root over the contributions learnt from; `lineage` is the content id
            of the leaves.
        seed_commitment: SHA-256 over run, seed and salt.
        cohort_at: the moment at which every consent was in force.
    """

    run_id: RunId
    chain_id: int
    registry: WalletAddress
    kind: Kind
    title: str
    dataset_digest: bytes
    package_digest: bytes
    sealed_package: Cid | None
    report_digest: bytes
    lineage_root: bytes
    lineage: Cid
    policy_digest: bytes
    generator: GeneratorCard
    seed_commitment: bytes
    evidence: Evidence
    cohort_at: datetime
    issued_at: datetime

    def findings(self, policies: Mapping[bytes, ReleasePolicy] = POLICIES) -> tuple[Finding, ...]:
        """The judgement repeated; `KeyError` for a policy that this release does not know."""
        return policies[self.policy_digest].judge(self.evidence)

    @property
    def passes(self) -> bool:
        """Whether its own policy lets the dataset out."""
        return self.policy_digest in POLICIES and passes(self.findings())
