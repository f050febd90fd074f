"""Certificates of releases and what lies beside them on IPFS, as bytes and back.

What is signed is the canonical JSON; a wallet or a contract signs and checks the EIP-712 struct
over its SHA-256. Whatever is read is refused unless it is exactly what would have been written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from backend.crypto.evidence_json import evidence_json, evidence_of
from backend.crypto.keccak import keccak
from backend.crypto.merkle import lineage_leaf
from backend.crypto.merkle import root as merkle_root
from backend.crypto.signed_messages import domain_hash, signer_of
from backend.crypto.strict_json import Fields, canonical_bytes, canonical_value, moment_text
from backend.domain.consent import Kind
from backend.domain.errors import InvalidField
from backend.domain.generation import LineageLeaf
from backend.domain.identifiers import ContentDigest, RunId, WalletAddress, run_id
from backend.domain.release import (
    CERTIFICATE_SCHEMA,
    Certificate,
    GeneratorCard,
    ReleasePolicy,
)

LINEAGE_SCHEMA = "vitalmint.lineage/1"
RELEASE_SCHEMA = "vitalmint.release/1"
SIGNATURE_BYTES = 65
MOST_CERTIFICATE = 256 * 1024
MOST_LINEAGE = 64 * 1024 * 1024
MOST_RELEASE = 1024 * 1024

_DOMAIN_NAME = "VitalMint Releases"
_STRUCT = "ReleaseCertificate"
_STRUCT_TYPE = keccak(b"ReleaseCertificate(bytes32 content)")
_KINDS = {kind.name.lower(): kind for kind in Kind}
_CERTIFICATE = (
    "schema run chainId registry kind title datasetDigest packageDigest sealedPackage "
    "reportDigest lineageRoot lineage policyDigest generator seedCommitment evidence cohortAt "
    "issuedAt"
)
_DIGESTS = {
    "datasetDigest": "dataset_digest",
    "packageDigest": "package_digest",
    "reportDigest": "report_digest",
    "lineageRoot": "lineage_root",
    "policyDigest": "policy_digest",
    "seedCommitment": "seed_commitment",
}


def certificate_content(certificate: Certificate) -> bytes:
    """The canonical JSON that is signed; `InvalidField` where a figure is not finite."""
    one = certificate
    digests = {name: _hexed(getattr(one, field)) for name, field in _DIGESTS.items()}
    content = canonical_bytes(
        "certificate",
        {
            **digests,
            "schema": CERTIFICATE_SCHEMA,
            "run": one.run_id,
            "chainId": one.chain_id,
            "registry": one.registry,
            "kind": one.kind.name.lower(),
            "title": one.title,
            "sealedPackage": one.sealed_package,
            "lineage": one.lineage,
            "generator": {
                "name": one.generator.name,
                "version": one.generator.version,
                "licence": one.generator.licence,
                "settings": dict(one.generator.settings),
            },
            "evidence": evidence_json(one.evidence),
            "cohortAt": moment_text("certificate", one.cohort_at),
            "issuedAt": moment_text("certificate", one.issued_at),
        },
    )
    certificate_of(content)
    return content


def certificate_of(content: bytes) -> Certificate:
    """The certificate; `InvalidField` for any byte that `certificate_content` does not write."""
    whole = canonical_value("certificate", content, most=MOST_CERTIFICATE)
    fields = Fields("certificate", whole, _CERTIFICATE)
    fields.exactly("schema", CERTIFICATE_SCHEMA)
    sealed = fields.raw("sealedPackage")
    return Certificate(
        run_id=run_id(fields.text("run")),
        chain_id=fields.whole("chainId"),
        registry=fields.wallet("registry"),
        kind=_kind(fields, "certificate"),
        title=fields.text("title"),
        dataset_digest=fields.octets("datasetDigest", 32),
        package_digest=fields.octets("packageDigest", 32),
        sealed_package=None if sealed is None else fields.cid("sealedPackage"),
        report_digest=fields.octets("reportDigest", 32),
        lineage_root=fields.octets("lineageRoot", 32),
        lineage=fields.cid("lineage"),
        policy_digest=fields.octets("policyDigest", 32),
        generator=_generator(fields.raw("generator")),
        seed_commitment=fields.octets("seedCommitment", 32),
        evidence=evidence_of(fields.raw("evidence")),
        cohort_at=fields.moment("cohortAt"),
        issued_at=fields.moment("issuedAt"),
    )


def certificate_typed_data(
    content: bytes, *, chain_id: int, registry: WalletAddress
) -> dict[str, Any]:
    """The EIP-712 message over the SHA-256 of the content, as wallets and contracts take it."""
    domain = [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ]
    return {
        "types": {
            "EIP712Domain": domain,
            _STRUCT: [{"name": "content", "type": "bytes32"}],
        },
        "primaryType": _STRUCT,
        "domain": {
            "name": _DOMAIN_NAME,
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": registry,
        },
        "message": {"content": sha256(content).digest()},
    }


def certificate_signer(
    content: bytes, signature: bytes, *, chain_id: int, registry: WalletAddress
) -> WalletAddress | None:
    """Who signed, by the contracts' own rules (the lower s alone); None where nobody did."""
    domain = domain_hash(_DOMAIN_NAME, chain_id, bytes.fromhex(registry[2:]))
    struct = keccak(_STRUCT_TYPE + sha256(content).digest())
    signer = signer_of(keccak(b"\x19\x01" + domain + struct), signature)
    return None if signer is None else WalletAddress("0x" + signer.hex())


def stream_seed(seed: int, salt: bytes) -> int:
    """What a run draws everything from: 256 bits, which nobody finds by trying seeds."""
    return int.from_bytes(sha256(b"VitalMint stream\0" + seed.to_bytes(32, "big") + salt).digest())


def seed_commitment(run_id: RunId, seed: int, salt: bytes) -> bytes:
    """SHA-256 over run, seed and salt: says nothing of the seed, and admits no other later."""
    digits = seed.to_bytes(32, "big")
    return sha256(b"VitalMint seed\0" + bytes.fromhex(run_id) + digits + salt).digest()


@dataclass(frozen=True)
class LineageEntry:
    """One registered content of the cohort, and how many of the windows learnt from are its.

    Of people held out, whom the result is measured against, none is.
    """

    digest: ContentDigest
    windows: int


@dataclass(frozen=True)
class Lineage:
    """Everything that a dataset was made from, in the order of the digests; and no account."""

    chain_id: int
    registry: WalletAddress
    kind: Kind
    entries: tuple[LineageEntry, ...]

    @property
    def leaves(self) -> tuple[bytes, ...]:
        """The Merkle leaf of each entry."""
        return tuple(
            lineage_leaf(
                chain_id=self.chain_id,
                registry=self.registry,
                digest=entry.digest,
                kind=self.kind,
                windows=entry.windows,
            )
            for entry in self.entries
        )

    @property
    def root(self) -> bytes:
        return merkle_root(self.leaves)


def lineage_document(
    leaves: Sequence[LineageLeaf], *, chain_id: int, registry: WalletAddress, kind: Kind
) -> bytes:
    """The leaves as they are published: digests, kind and windows, no account and no id of ours."""
    entries = sorted((leaf.digest_sha256, leaf.digest_codec, leaf.windows) for leaf in leaves)
    content = canonical_bytes(
        "lineage",
        {
            "schema": LINEAGE_SCHEMA,
            "chainId": chain_id,
            "registry": registry,
            "kind": kind.name.lower(),
            "leaves": [
                {"digest": _hexed(digest), "codec": codec, "windows": windows}
                for digest, codec, windows in entries
            ],
        },
    )
    read_lineage(content)
    return content


def read_lineage(content: bytes) -> Lineage:
    """The lineage, at least one leaf and none twice; `InvalidField` for any other bytes."""
    whole = canonical_value("lineage", content, most=MOST_LINEAGE)
    fields = Fields("lineage", whole, "schema chainId registry kind leaves")
    fields.exactly("schema", LINEAGE_SCHEMA)
    entries = tuple(_entry(leaf) for leaf in fields.each("leaves"))
    digests = [entry.digest.sha256 for entry in entries]
    if not digests or digests != sorted(set(digests)):
        raise InvalidField("lineage", "a lineage has leaves, each once, in the order of digests")
    lineage = Lineage(
        fields.whole("chainId"), fields.wallet("registry"), _kind(fields, "lineage"), entries
    )
    _ = lineage.leaves
    return lineage


@dataclass(frozen=True)
class SignedRelease:
    """The public document: what was signed, by which signature, and the policy it names."""

    content: bytes
    signature: bytes
    policy: bytes


def release_document(content: bytes, signature: bytes, policy: ReleasePolicy) -> bytes:
    """The document that goes to IPFS; certificate and policy stand in it byte for byte as text."""
    document = canonical_bytes(
        "release",
        {
            "schema": RELEASE_SCHEMA,
            "certificate": content.decode(),
            "signature": _hexed(signature),
            "policy": policy.content.decode(),
        },
    )
    read_release_document(document)
    return document


def read_release_document(document: bytes) -> SignedRelease:
    """The three parts; `InvalidField` for any other bytes. Nothing is verified yet."""
    whole = canonical_value("release", document, most=MOST_RELEASE)
    fields = Fields("release", whole, "schema certificate signature policy")
    fields.exactly("schema", RELEASE_SCHEMA)
    return SignedRelease(
        fields.text("certificate").encode(),
        fields.octets("signature", SIGNATURE_BYTES),
        fields.text("policy").encode(),
    )


def _generator(value: Any) -> GeneratorCard:
    fields = Fields("certificate", value, "name version licence settings")
    return GeneratorCard(
        fields.text("name"),
        fields.whole("version"),
        fields.text("licence"),
        fields.named("settings"),
    )


def _entry(value: Any) -> LineageEntry:
    fields = Fields("lineage", value, "digest codec windows")
    digest = ContentDigest(fields.octets("digest", 32), fields.whole("codec"))
    return LineageEntry(digest, fields.whole("windows"))


def _kind(fields: Fields, document: str) -> Kind:
    name = fields.text("kind")
    if name not in _KINDS:
        raise InvalidField(document, f"{document}: 'kind' is one of {', '.join(_KINDS)}")
    return _KINDS[name]


def _hexed(value: bytes) -> str:
    return "0x" + value.hex()
