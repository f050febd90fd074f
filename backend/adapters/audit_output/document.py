"""The report for machines. docs/audit.md describes every field; `schema` counts its changes."""

from datetime import UTC, datetime
from typing import Any

from backend.crypto.cid import cid_of
from backend.crypto.wallets import checksum_address
from backend.domain.audit_checks import MEANINGS
from backend.domain.audit_report import AuditReport, ContributionLine, ReleaseLine
from backend.domain.consent import Kind
from backend.domain.errors import InvalidField
from backend.domain.identifiers import ContentDigest, WalletAddress

SCHEMA = 1

Json = dict[str, Any]


def document(report: AuditReport) -> Json:
    """The whole report as JSON; amounts are base units in text, times are UTC."""
    return {
        "schema": SCHEMA,
        "verdict": "holds" if report.holds else "breached",
        "chain": _chain(report),
        "resumed": _resumed(report),
        "totals": _totals(report),
        "checks": [
            {
                "check": result.check.value,
                "means": MEANINGS[result.check][0],
                "promises": list(MEANINGS[result.check][1]),
                "checked": result.checked,
                "breaches": result.breaches,
            }
            for result in report.checks
        ],
        "breaches": [
            {
                "check": breach.check.value,
                "promises": list(MEANINGS[breach.check][1]),
                "subject": breach.subject,
                "expected": breach.expected,
                "found": breach.found,
            }
            for breach in report.breaches
        ],
        "notes": [
            {"check": note.check.value, "subject": note.subject, "message": note.message}
            for note in report.notes
        ],
        "contributions": [_contribution(line) for line in report.contributions],
        "releases": [_release(line) for line in report.releases],
    }


def kind_name(kind: int) -> str:
    """A kind as people call it; an unknown one by its number."""
    return Kind(kind).name.lower() if kind in Kind.__members__.values() else f"kind {kind}"


def cid_text(line: ContributionLine) -> str | None:
    """The content's CID, or None when no CID has this codec."""
    try:
        return cid_of(ContentDigest(line.digest, line.codec))
    except InvalidField:
        return None


def time_text(seconds: int) -> str:
    """ISO 8601 in UTC; a second beyond the calendar stays a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError):
        return str(seconds)


def address_text(address: bytes | None) -> str | None:
    """An address as people see it (EIP-55)."""
    return None if address is None else checksum_address(WalletAddress("0x" + address.hex()))


def _chain(report: AuditReport) -> Json:
    chain = report.chain
    return {
        "id": chain.chain_id,
        "firstBlock": chain.first_block,
        "head": {
            "number": chain.head_number,
            "hash": "0x" + chain.head_hash.hex(),
            "time": time_text(chain.head_time),
        },
        "blocksOpened": chain.blocks_opened,
        "codeRelease": chain.release,
        "recorder": address_text(chain.recorder),
        "deploymentSha256": chain.deployment_sha256.hex(),
    }


def _resumed(report: AuditReport) -> Json | None:
    earlier = report.resumption
    if earlier is None:
        return None
    return {
        "begunAt": time_text(earlier.begun_at),
        "blocks": earlier.blocks,
        "contents": earlier.contents,
    }


def _totals(report: AuditReport) -> Json:
    totals = report.totals
    by_kind = dict(
        zip((kind_name(kind) for kind in Kind), totals.contributions_by_kind, strict=True)
    )
    return {
        "grants": totals.grants,
        "grantsClaimedCustodial": totals.grants_custodial,
        "grantsClaimedOwnWallet": totals.grants - totals.grants_custodial,
        "revocations": totals.revocations,
        "contributions": totals.contributions,
        "contributionsByKind": by_kind,
        "contributionsClaimedCustodial": totals.contributions_custodial,
        "unpaid": totals.unpaid,
        "erased": totals.erased,
        "minted": str(totals.minted),
        "supply": None if totals.supply is None else str(totals.supply),
        "holders": totals.holders,
        "contentBytes": totals.content_bytes,
    }


def _contribution(line: ContributionLine) -> Json:
    return {
        "digest": "0x" + line.digest.hex(),
        "cid": cid_text(line),
        "kind": kind_name(line.kind),
        "contributor": address_text(line.contributor),
        "registeredAt": time_text(line.registered_at),
        "block": line.block,
        "transaction": "0x" + line.transaction.hex(),
        "reward": str(line.reward),
        "state": line.state.value,
        "size": line.size,
        "erasedBy": address_text(line.erased_by),
        "claimed": {"quality": line.quality, "custodial": line.custodial},
    }


def _release(line: ReleaseLine) -> Json:
    """What the chain shows of a release, and apart from it what its evaluator attests."""
    return {
        "certificate": cid_of(ContentDigest(line.document, line.codec)),
        "run": line.run,
        "kind": kind_name(line.kind),
        "passes": line.passes,
        "policyVersion": line.policy_version,
        "lineage": {
            "leaves": line.leaves,
            "people": line.people,
            "largestShare": line.largest_share,
            "erasedSince": line.erased,
        },
        "attested": {
            "title": line.title,
            "generator": line.generator,
            "licence": line.licence,
            "rows": line.rows,
            "cohortAt": time_text(line.cohort_at),
            "issuedAt": time_text(line.issued_at),
            "epsilon": line.epsilon,
            "delta": line.delta,
            "measures": [
                {
                    "measure": one.name,
                    "value": one.value,
                    "low": one.low,
                    "high": one.high,
                    "n": one.n,
                    "protocol": one.protocol,
                }
                for one in line.attested
            ],
        },
    }
