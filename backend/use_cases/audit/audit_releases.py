"""Certificates of releases: signed, judged again, and every leaf of their lineage on chain.

What was measured is attested: only who holds the real data could take it again. Everything else
is read from chain and content store. The moments in a certificate are the evaluator's word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from backend.crypto.certificates import (
    MOST_LINEAGE,
    MOST_RELEASE,
    SignedRelease,
    certificate_of,
    certificate_signer,
    read_release_document,
)
from backend.crypto.cid import digest_of, digest_of_cid
from backend.domain.audit_checks import Check
from backend.domain.audit_report import AttestedMeasure, ReleaseLine
from backend.domain.consistency import contradictions
from backend.domain.deployment import ContractName, Deployment
from backend.domain.errors import ContentMismatch, ContentMissing, InvalidField, PayloadTooLarge
from backend.domain.identifiers import Cid, WalletAddress
from backend.domain.release import POLICIES, Certificate
from backend.use_cases.audit.audit_consents import ConsentBook
from backend.use_cases.audit.audit_content import LARGEST_CONTENT, ContentSources
from backend.use_cases.audit.audit_lineage import Chained, Counted, audit_lineage
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.tally import Tally


@dataclass(frozen=True)
class NamedRelease:
    """A certificate that the auditor names: by its CID, or as the document itself."""

    name: str
    document: bytes | None = None
    """None where `name` is the CID under which it lies."""


class ReleaseAudit:
    """Judges certificates against one deployment, its replayed chain and its content store."""

    def __init__(
        self,
        deployment: Deployment,
        registered: Sequence[Registered],
        marks: Mapping[bytes, Mark],
        consents: ConsentBook,
        sources: ContentSources,
        tally: Tally,
    ) -> None:
        self._deployment = deployment
        self._chained = Chained(
            {one.event.digest: one for one in reversed(registered)}, marks, consents
        )
        self._sources = sources
        self._tally = tally

    def audit(self, named: NamedRelease) -> ReleaseLine | None:
        """Everything about one certificate; None where there is none to speak of."""
        subject = f"certificate {named.name}"
        document = self._document(subject, named)
        release = None if document is None else self._release(subject, document)
        if document is None or release is None:
            return None
        certificate = self._certificate(subject, release)
        if certificate is None:
            return None
        self._check_signature(subject, release, certificate)
        self._check_policy(subject, release, certificate)
        self._check_gate(subject, certificate)
        self._check_consistency(subject, certificate)
        self._check_package(subject, certificate)
        counted = self._lineage(subject, certificate)
        return _line(document, certificate, counted)

    def _document(self, subject: str, named: NamedRelease) -> bytes | None:
        if named.document is not None:
            return named.document
        content, found = self._fetched(named.name, MOST_RELEASE)
        self._tally.that(
            Check.RELEASE_FORM,
            f"{subject}, its document",
            content is not None,
            expected="a document under this CID",
            found=found,
        )
        return content

    def _release(self, subject: str, document: bytes) -> SignedRelease | None:
        try:
            return read_release_document(document)
        except InvalidField as error:
            self._malformed(subject, error)
            return None

    def _certificate(self, subject: str, release: SignedRelease) -> Certificate | None:
        """The certificate, when it is one of this deployment."""
        try:
            certificate = certificate_of(release.content)
        except InvalidField as error:
            self._malformed(subject, error)
            return None
        self._tally.same(
            Check.RELEASE_FORM,
            subject,
            {"chain": self._deployment.chain_id, "registry": self._registry},
            {"chain": certificate.chain_id, "registry": certificate.registry},
        )
        return certificate

    def _check_signature(
        self, subject: str, release: SignedRelease, certificate: Certificate
    ) -> None:
        """For this deployment, whatever the certificate says of itself."""
        evaluator = self._deployment.evaluator
        signer = certificate_signer(
            release.content,
            release.signature,
            chain_id=self._deployment.chain_id,
            registry=self._registry,
        )
        wanted = "an evaluator in the deployment file" if evaluator is None else _text(evaluator)
        self._tally.that(
            Check.RELEASE_SIGNED, subject, signer == wanted, expected=wanted, found=signer
        )

    def _check_policy(self, subject: str, release: SignedRelease, certificate: Certificate) -> None:
        known = POLICIES.get(certificate.policy_digest)
        self._tally.same(
            Check.RELEASE_POLICY,
            subject,
            {
                "policy is known": True,
                "policy beside it": certificate.policy_digest,
                "text": None if known is None else known.content,
            },
            {
                "policy is known": known is not None,
                "policy beside it": sha256(release.policy).digest(),
                "text": None if known is None else release.policy,
            },
        )

    def _check_gate(self, subject: str, certificate: Certificate) -> None:
        """Each rule again, on the attested measures."""
        if certificate.policy_digest not in POLICIES:
            return
        for finding in certificate.findings():
            self._tally.that(
                Check.RELEASE_GATE,
                f"{subject}, rule {finding.rule.measure}",
                finding.holds,
                expected="a measure that keeps the rule",
                found=finding.text(),
            )

    def _check_consistency(self, subject: str, certificate: Certificate) -> None:
        """What is attested can be true; whether it is, only who holds the data could say."""
        found = contradictions(certificate)
        self._tally.that(
            Check.RELEASE_CONSISTENT,
            subject,
            not found,
            expected="measures, counts and moments that can be true together",
            found="; ".join(found),
        )

    def _check_package(self, subject: str, certificate: Certificate) -> None:
        """The sealed package lies under its CID, and is not the package itself."""
        cid = certificate.sealed_package
        if cid is None:
            content, found = None, "no sealed package is named"
        else:
            content, found = self._fetched(cid, LARGEST_CONTENT)
        self._tally.same(
            Check.RELEASE_PACKAGE,
            f"{subject}, its package",
            {"held": "sealed bytes under this CID", "sealed": True},
            {
                "held": found if content is None else "sealed bytes under this CID",
                "sealed": content is None or sha256(content).digest() != certificate.package_digest,
            },
        )

    def _lineage(self, subject: str, certificate: Certificate) -> Counted:
        content, found = self._fetched(certificate.lineage, MOST_LINEAGE)
        if content is None:
            self._tally.that(
                Check.LINEAGE_ROOT,
                f"{subject}, its lineage",
                False,
                expected="the leaves under this CID",
                found=found,
            )
            return Counted()
        return audit_lineage(subject, content, certificate, self._chained, self._tally)

    def _fetched(self, cid: str, limit: int) -> tuple[bytes | None, str]:
        """The content under the CID, hashed again; or None and what is there instead."""
        try:
            digest = digest_of_cid(cid)
        except InvalidField as error:
            return None, error.message
        try:
            content = self._get(Cid(cid), limit)
        except ContentMissing:
            return None, "nothing"
        except (ContentMismatch, PayloadTooLarge) as error:
            return None, error.message
        computed = digest_of(content)
        if computed != digest:
            return None, f"{len(content)} bytes with digest {computed.hex}"
        return content, ""

    def _get(self, cid: Cid, limit: int) -> bytes:
        try:
            return self._sources.held.get(cid, limit=limit)
        except ContentMissing:
            if self._sources.network is None:
                raise
        return self._sources.network.get(cid, limit=limit)

    def _malformed(self, subject: str, error: InvalidField) -> None:
        self._tally.that(
            Check.RELEASE_FORM,
            subject,
            False,
            expected="a certificate in its canonical form",
            found=error.message,
        )

    @property
    def _registry(self) -> WalletAddress:
        return _text(self._deployment.address(ContractName.REGISTRY))


def _line(document: bytes, certificate: Certificate, counted: Counted) -> ReleaseLine:
    known = POLICIES.get(certificate.policy_digest)
    evidence, spent = certificate.evidence, certificate.evidence.privacy
    digest = digest_of(document)
    return ReleaseLine(
        document=digest.sha256,
        codec=digest.codec,
        run=certificate.run_id,
        title=certificate.title,
        kind=int(certificate.kind),
        generator=f"{certificate.generator.name} {certificate.generator.version}",
        licence=certificate.generator.licence,
        policy_version=None if known is None else known.version,
        passes=certificate.passes,
        cohort_at=int(certificate.cohort_at.timestamp()),
        issued_at=int(certificate.issued_at.timestamp()),
        rows=evidence.synthetic_rows,
        leaves=counted.leaves,
        people=counted.people,
        largest_share=counted.largest_share,
        erased=counted.erased,
        epsilon=None if spent is None else spent.epsilon,
        delta=None if spent is None else spent.delta,
        attested=tuple(
            AttestedMeasure(name, one.value, one.low, one.high, one.n, one.protocol)
            for name, one in sorted(evidence.measures.items())
        ),
    )


def _text(address: bytes) -> WalletAddress:
    return WalletAddress("0x" + address.hex())
