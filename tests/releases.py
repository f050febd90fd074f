"""Releases as tests need them: evidence that passes, a certificate over it, and its signature."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from backend.crypto.certificates import (
    certificate_content,
    certificate_typed_data,
    lineage_document,
    read_lineage,
    release_document,
    seed_commitment,
)
from backend.crypto.cid import content_cid
from backend.crypto.typed_data import sign_typed_data
from backend.crypto.wallets import wallet_of
from backend.domain.consent import Kind
from backend.domain.generation import Dataset, LineageLeaf
from backend.domain.identifiers import (
    RAW,
    AccountId,
    ContributionId,
    KeyId,
    RunId,
    wallet_address,
)
from backend.domain.release import (
    CURRENT_POLICY,
    Bound,
    Certificate,
    Evidence,
    GeneratorCard,
    Measure,
    Rule,
)

EVALUATOR_KEY = bytes([9]) * 32
EVALUATOR = wallet_of(EVALUATOR_KEY)
REGISTRY = wallet_address("0x" + "11" * 20)
CHAIN_ID = 1337
RUN = RunId("5d" * 16)
COHORT_AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ISSUED_AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
PACKAGE = b"PK\x03\x04 the package"
PEOPLE, LEARNT_FROM, ROWS = 60, 40, 500
OF_ROWS = (
    "exact_matches",
    "too_near",
    "partial_copies",
    "near_copies",
    "dcr_share",
    "nndr_below",
)


def measure(value: float, n: int = PEOPLE) -> Measure:
    """A figure without width."""
    return Measure(value, value, value, n, "test")


def evidence(**changes: Any) -> Evidence:
    """Evidence that keeps every rule of the current policy and does not contradict itself, whatever
    is changed in its counts."""
    found = replace(Evidence(PEOPLE, LEARNT_FROM, 20, 1 / LEARNT_FROM, ROWS, {}), **changes)
    named = {
        rule.measure: measure(_kept(rule), _of(rule.measure, found))
        for rule in CURRENT_POLICY.rules
        if rule.measure not in ("people", "largest_share", "epsilon")
    }
    return found if "measures" in changes else replace(found, measures=named)


def failing(name: str = "exact_matches", value: float = 3.0) -> Evidence:
    """The same with one measure that no policy lets through."""
    kept = evidence()
    return replace(kept, measures={**kept.measures, name: measure(value, _of(name, kept))})


def _of(name: str, found: Evidence) -> int:
    """How many a measure is of."""
    if name in OF_ROWS:
        return found.synthetic_rows
    return found.training_people if name == "people_across_split" else found.people


def leaves(count: int = PEOPLE) -> tuple[LineageLeaf, ...]:
    """One contribution a person, with four windows of each that is learnt from."""
    return tuple(
        LineageLeaf(
            ContributionId(f"{number:032x}"),
            AccountId(f"{number + 1000:032x}"),
            sha256(f"contribution {number}".encode()).digest(),
            RAW,
            4 if number < LEARNT_FROM else 0,
        )
        for number in range(count)
    )


LINEAGE = lineage_document(leaves(), chain_id=CHAIN_ID, registry=REGISTRY, kind=Kind.CGM)


def certificate(**changes: Any) -> Certificate:
    """A certificate that passes."""
    found = Certificate(
        run_id=RUN,
        chain_id=CHAIN_ID,
        registry=REGISTRY,
        kind=Kind.CGM,
        title="glucose days of a cohort",
        dataset_digest=sha256(b"parquet").digest(),
        package_digest=sha256(PACKAGE).digest(),
        sealed_package=content_cid(b"sealed"),
        report_digest=sha256(b"report").digest(),
        lineage_root=read_lineage(LINEAGE).root,
        lineage=content_cid(LINEAGE),
        policy_digest=CURRENT_POLICY.digest,
        generator=GeneratorCard("singan", 1, "Apache-2.0", {"iterations": 20, "rates": [0.1, 1]}),
        seed_commitment=seed_commitment(RUN, 7, b"salt"),
        evidence=evidence(),
        cohort_at=COHORT_AT,
        issued_at=ISSUED_AT,
    )
    return replace(found, **changes)


def signed(one: Certificate, key: bytes = EVALUATOR_KEY) -> tuple[bytes, bytes]:
    """The content of a certificate and the evaluator's signature."""
    content = certificate_content(one)
    typed = certificate_typed_data(content, chain_id=one.chain_id, registry=one.registry)
    return content, sign_typed_data(typed, key)


def dataset(one: Certificate | None = None, key: bytes = EVALUATOR_KEY, **changes: Any) -> Dataset:
    """The row that a run leaves of it."""
    one = one or certificate()
    content, signature = signed(one, key)
    document = release_document(content, signature, CURRENT_POLICY)
    cid = content_cid(document) if one.passes else None
    found = Dataset(
        one.run_id, one, content, signature, cid, KeyId("6e" * 16), len(PACKAGE), ISSUED_AT
    )
    return replace(found, **changes)


def _kept(rule: Rule) -> float:
    """A number that the rule accepts."""
    if rule.least is not None:
        return rule.least
    assert rule.most is not None and rule.bound in Bound
    return rule.most
