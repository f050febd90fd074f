"""A release of sixty people with everything an auditor finds of it, to be spoilt piece by piece."""

from dataclasses import dataclass, field, replace
from typing import Any

from backend.crypto.certificates import lineage_document, read_lineage, release_document
from backend.crypto.cid import content_cid
from backend.domain.audit_checks import Check
from backend.domain.audit_report import ReleaseLine
from backend.domain.consent import Kind, Purpose
from backend.domain.deployment import ContractName, DeployedContract, Deployment, Terms
from backend.domain.generation import LineageLeaf
from backend.domain.identifiers import RAW
from backend.domain.ledger import ConsentGranted, ContributionRegistered, Place
from backend.domain.release import CURRENT_POLICY, Certificate, ReleasePolicy
from backend.use_cases.audit.audit_consents import ConsentBook, Standing
from backend.use_cases.audit.audit_content import ContentSources
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.audit_releases import NamedRelease, ReleaseAudit
from backend.use_cases.audit.tally import Tally
from tests.releases import (
    CHAIN_ID,
    COHORT_AT,
    EVALUATOR,
    EVALUATOR_KEY,
    ISSUED_AT,
    REGISTRY,
    certificate,
    evidence,
    leaves,
    signed,
)
from tests.use_cases.audit.conftest import ShelfOfBytes

COHORT, ISSUED = int(COHORT_AT.timestamp()), int(ISSUED_AT.timestamp())
BEFORE, LATER = COHORT - 86_400, ISSUED + 86_400
SEALED = b"a sealed package of some bytes"
BOTH = int(Purpose.CARE | Purpose.TRAINING | Purpose.SALE)
CGM = int(Kind.CGM)


def contributor(number: int) -> bytes:
    return number.to_bytes(20, "big")


def place(time: int) -> Place:
    return Place(1, time, bytes(32), 0)


def grant(number: int, **changes: Any) -> ConsentGranted:
    """A consent of that person to everything, for a long time."""
    whole = ConsentGranted(1, contributor(number), 15, BOTH, True, LATER + 86_400, 0)
    return replace(whole, **changes)


def deployment(evaluator: str | None = EVALUATOR) -> Deployment:
    """The one that the certificates are for."""
    address = bytes.fromhex(REGISTRY[2:])
    return Deployment(
        chain_id=CHAIN_ID,
        deployer=bytes(20),
        contracts={name: DeployedContract(address, bytes(32), 1) for name in ContractName},
        recorder=bytes(20),
        terms=Terms(bytes(20), (1, 1, 1, 1), 1, 1, 1),
        sha256=bytes(32),
        evaluator=None if evaluator is None else bytes.fromhex(evaluator[2:]),
    )


@dataclass
class Certified:
    """Everything there is of a release; `audited` looks at it."""

    certificate: Certificate
    lineage: bytes
    policy: ReleasePolicy = CURRENT_POLICY
    key: bytes = EVALUATOR_KEY
    registered: dict[bytes, Registered] = field(default_factory=dict)
    marks: dict[bytes, Mark] = field(default_factory=dict)
    consents: ConsentBook = field(default_factory=ConsentBook)
    shelf: dict[str, bytes] = field(default_factory=dict)

    @property
    def document(self) -> bytes:
        content, signature = signed(self.certificate, self.key)
        return release_document(content, signature, self.policy)

    def digest(self, number: int = 0) -> bytes:
        """Of one leaf."""
        return leaves()[number].digest_sha256

    def attest(self, **changes: Any) -> None:
        """The evaluator signs something else."""
        self.certificate = replace(self.certificate, **changes)

    def learn_from(self, given: tuple[LineageLeaf, ...]) -> None:
        """Another lineage, honestly certified."""
        self.lineage = lineage_document(given, chain_id=CHAIN_ID, registry=REGISTRY, kind=Kind.CGM)
        cid = content_cid(self.lineage)
        self.shelf[cid] = self.lineage
        self.attest(lineage_root=read_lineage(self.lineage).root, lineage=cid)

    def audited(
        self, document: bytes | None = None, *, evaluator: str | None = EVALUATOR
    ) -> tuple[Tally, ReleaseLine | None]:
        """The findings about the document, by default the right one."""
        given = self.document if document is None else document
        return self._audited(NamedRelease("release.json", given), evaluator)

    def breached(self, document: bytes | None = None, **how: Any) -> set[Check]:
        """Which checks found something wrong."""
        return {breach.check for breach in self.audited(document, **how)[0].breaches()}

    def breached_by_cid(self, cid: str) -> set[Check]:
        """The same for a document that is to be fetched."""
        tally, _ = self._audited(NamedRelease(cid), EVALUATOR)
        return {breach.check for breach in tally.breaches()}

    def _audited(
        self, named: NamedRelease, evaluator: str | None
    ) -> tuple[Tally, ReleaseLine | None]:
        tally = Tally()
        store = ShelfOfBytes({})
        store.shelf = dict(self.shelf)  # type: ignore[arg-type]
        audit = ReleaseAudit(
            deployment(evaluator),
            list(self.registered.values()),
            self.marks,
            self.consents,
            ContentSources(store),  # type: ignore[arg-type]
            tally,
        )
        return tally, audit.audit(named)


def certified() -> Certified:
    """Sixty people who consented a day before, and one record of each."""
    one = Certified(certificate(sealed_package=content_cid(SEALED), evidence=evidence()), b"")
    one.learn_from(leaves())
    one.shelf[content_cid(SEALED)] = SEALED
    for number, leaf in enumerate(leaves()):
        event = ContributionRegistered(
            1, leaf.digest_sha256, contributor(number), CGM, RAW, 9_000, 5
        )
        one.registered[leaf.digest_sha256] = Registered(number, place(BEFORE), event, None)
        consent(one, number, (BEFORE - 60, grant(number)))
    return one


def consent(one: Certified, number: int, *standings: tuple[int, ConsentGranted | None]) -> None:
    """Replace a person's history of consents."""
    one.consents.standings[contributor(number)] = [
        Standing(order, moment, granted) for order, (moment, granted) in enumerate(standings)
    ]
