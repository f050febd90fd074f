"""The lineage of a release against the chain: each leaf registered, consented to, and counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from backend.crypto.certificates import Lineage, LineageEntry, read_lineage
from backend.domain.audit_checks import Check
from backend.domain.consent import Purpose
from backend.domain.consistency import LearntFrom, against_lineage
from backend.domain.errors import InvalidField
from backend.domain.evidence import Address
from backend.domain.release import POLICIES, POLICY_1, Certificate
from backend.use_cases.audit.audit_consents import ConsentBook
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.contents import GRACE_S
from backend.use_cases.audit.tally import Tally, hexed

WANTED = int(Purpose.TRAINING | Purpose.SALE)
_COUNTED_RULES = ("people", "largest_share")
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Chained:
    """What the chain says: each digest's first registration, its mark, and all consents."""

    registered: Mapping[bytes, Registered]
    marks: Mapping[bytes, Mark]
    consents: ConsentBook


@dataclass(frozen=True)
class Counted:
    """What a lineage adds up to; contributors by their addresses on chain."""

    leaves: int = 0
    people: int = 0
    largest_share: float | None = None
    erased: int = 0


def audit_lineage(
    subject: str, content: bytes, certificate: Certificate, chained: Chained, tally: Tally
) -> Counted:
    """Judges every leaf; what the leaves add up to."""
    lineage = _read(subject, content, certificate, tally)
    if lineage is None:
        return Counted()
    windows: Counter[Address] = Counter()
    erased = 0
    for entry in lineage.entries:
        about = f"{subject}, leaf {hexed(entry.digest.sha256)}"
        record = chained.registered.get(entry.digest.sha256)
        mark = chained.marks.get(entry.digest.sha256)
        erased += mark is not None
        _check_record(about, entry, record, mark, certificate, tally)
        if record is not None:
            windows[record.event.contributor] += entry.windows
            _check_consent(about, record.event.contributor, certificate, chained, tally)
    learnt = LearntFrom(len(windows), sum(n > 0 for n in windows.values()), windows.total())
    total = learnt.windows
    share = max(windows.values()) / total if total else None
    counted = Counted(len(lineage.entries), len(windows), share, erased)
    _check_people(subject, counted, certificate, tally)
    _check_attested(subject, learnt, certificate, tally)
    return counted


def _read(subject: str, content: bytes, certificate: Certificate, tally: Tally) -> Lineage | None:
    """The leaves, when they are this certificate's."""
    try:
        lineage = read_lineage(content)
    except InvalidField as error:
        tally.that(
            Check.LINEAGE_ROOT,
            f"{subject}, its lineage",
            False,
            expected="a lineage in its canonical form",
            found=error.message,
        )
        return None
    tally.same(
        Check.LINEAGE_ROOT,
        f"{subject}, its lineage",
        {
            "root": certificate.lineage_root,
            "chain": certificate.chain_id,
            "registry": certificate.registry,
            "kind": certificate.kind,
        },
        {
            "root": lineage.root,
            "chain": lineage.chain_id,
            "registry": lineage.registry,
            "kind": lineage.kind,
        },
    )
    return lineage


def _check_record(
    subject: str,
    entry: LineageEntry,
    record: Registered | None,
    mark: Mark | None,
    certificate: Certificate,
    tally: Tally,
) -> None:
    """Registered as this before the cohort was taken, and not erased before the certificate.

    A contributor who marks past the service gives it an hour to notice.
    """
    issued = certificate.issued_at.timestamp()
    grace = 0 if mark is None or mark.by_recorder else GRACE_S
    tally.same(
        Check.LINEAGE_RECORDS,
        subject,
        {
            "registered": True,
            "codec": entry.digest.codec,
            "kind": int(certificate.kind),
            "before the cohort was taken": True,
            "erased before": False,
        },
        {
            "registered": record is not None,
            "codec": None if record is None else record.event.codec,
            "kind": None if record is None else record.event.kind,
            "before the cohort was taken": record is not None
            and record.place.time <= certificate.cohort_at.timestamp(),
            "erased before": mark is not None and mark.place.time + grace < issued,
        },
    )


def _check_consent(
    subject: str, contributor: Address, certificate: Certificate, chained: Chained, tally: Tally
) -> None:
    """In force when the cohort was taken, and still when the certificate was issued."""
    moments = {
        "when the cohort was taken": certificate.cohort_at,
        "when the certificate was issued": certificate.issued_at,
    }
    tally.same(
        Check.LINEAGE_CONSENT,
        subject,
        dict.fromkeys(moments, True),
        {
            name: chained.consents.covered(
                contributor, int(certificate.kind), WANTED, time=int(moment.timestamp())
            )
            for name, moment in moments.items()
        },
    )


def _check_people(subject: str, counted: Counted, certificate: Certificate, tally: Tally) -> None:
    """The policy's two rules on what the chain shows, and claims that flatter nothing.

    The certificate may call the cohort smaller, or a share larger, than the chain shows.
    """
    policy = POLICIES.get(certificate.policy_digest, POLICY_1)
    claimed = certificate.evidence
    share = 1.0 if counted.largest_share is None else counted.largest_share
    recounted = replace(claimed, people=counted.people, largest_share=share)
    for finding in policy.judge(recounted):
        if finding.rule.measure in _COUNTED_RULES:
            tally.that(
                Check.LINEAGE_PEOPLE,
                f"{subject}, {finding.rule.measure} on chain",
                finding.holds,
                expected="what keeps the rule",
                found=finding.text(),
            )
    tally.same(
        Check.LINEAGE_PEOPLE,
        f"{subject}, what it claims of its cohort",
        {"more people than on chain": False, "a smaller share than on chain": False},
        {
            "more people than on chain": claimed.people > counted.people,
            "a smaller share than on chain": claimed.largest_share < share - _ROUNDING,
        },
    )


def _check_attested(
    subject: str, learnt: LearntFrom, certificate: Certificate, tally: Tally
) -> None:
    """Who is said to be learnt from has windows in the lineage, and nobody who is held out has."""
    found = against_lineage(certificate.evidence, learnt)
    tally.that(
        Check.LINEAGE_PEOPLE,
        f"{subject}, who it was learnt from",
        not found,
        expected="as many people with windows, and without, as the certificate attests",
        found="; ".join(found),
    )
