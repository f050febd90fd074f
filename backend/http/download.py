"""The only ways in which anything of a dataset leaves: a gated package, a preview of one, a signed
certificate.

No route makes a file response of its own but those that `tests/architecture/test_only_gated.py`
names: one's own export, pictures, the metrics. Only a `GatedPackage` and what is made of one get
through here, and only the gate makes one.
"""

import base64
from hashlib import sha256
from typing import Any

from fastapi import Response

from backend.crypto.certificates import release_document
from backend.crypto.gated import GatedPackage
from backend.crypto.gated_preview import GatedPreview, PreviewFile
from backend.domain.errors import NotFound
from backend.domain.generation import Dataset
from backend.domain.release import POLICIES

ZIP, JSON, HTML, JSON_LD = "application/zip", "application/json", "text/html", "application/ld+json"
PREVIEWS = {
    PreviewFile.DATASHEET: (HTML, "the datasheet, a page for people that loads and runs nothing"),
    PreviewFile.REPORT: (JSON, "the evaluation report: fidelity, utility, privacy, marginals"),
    PreviewFile.CROISSANT: (JSON_LD, "the description in Croissant, for machines"),
}
"""What each file of a preview is sent as, and what it is."""
SHEET_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
"""Of a datasheet: whatever stands in it runs nothing, loads nothing, sends nothing, and belongs to
no origin. Its own style is all that it may have."""
KEPT = "public, no-cache"
"""A preview may be kept and is asked for again before it is shown: it may have been retired."""
PACKAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        "description": "the package: Parquet, CSV, datasheet, Croissant, report",
    }
}
DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {JSON: {"schema": {"type": "object"}}},
        "description": "the signed document, byte for byte as it lies on IPFS",
    }
}
"""For the description of an operation."""


def package_response(package: GatedPackage) -> Response:
    """The package, with its digest, so that a reader can hold it against the certificate."""
    if type(package) is not GatedPackage or sha256(package.content).digest() != package.digest:
        raise TypeError("only a gated package leaves")
    name = f"vitalmint-{package.run_id}.zip"
    return Response(
        package.content,
        media_type=ZIP,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Repr-Digest": f"sha-256=:{base64.b64encode(package.digest).decode()}:",
        },
    )


def preview_response(
    preview: GatedPreview, which: PreviewFile, dataset: Dataset, *, known: str | None
) -> Response:
    """One file of it; 304 and no bytes where `known`, an If-None-Match, has its digest."""
    if type(preview) is not GatedPreview or type(which) is not PreviewFile:
        raise TypeError("only a preview of a gated package is shown")
    if not dataset.listed or preview.package_digest != dataset.certificate.package_digest:
        raise NotFound("there is no dataset of this id: list them at /api/datasets")
    content = preview.file(which)
    digest = sha256(content)
    headers = {"ETag": f'"{digest.hexdigest()}"', "Cache-Control": KEPT}
    if which is PreviewFile.DATASHEET:  # with 304 as well: a cache takes over what that says
        headers["Content-Security-Policy"] = SHEET_POLICY
    if _has(known, digest.hexdigest()):
        return Response(status_code=304, headers=headers)
    headers |= {
        "Content-Disposition": f'inline; filename="vitalmint-{preview.run_id}-{which}"',
        "Repr-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
    }
    return Response(content, media_type=PREVIEWS[which][0], headers=headers)


def preview_described(which: PreviewFile, example: Any) -> dict[int | str, dict[str, Any]]:
    """For the description of an operation."""
    media_type, about = PREVIEWS[which]
    schema = {"type": "string"} if which is PreviewFile.DATASHEET else {"type": "object"}
    return {
        200: {
            "content": {media_type: {"schema": schema, "example": example}},
            "description": about,
        },
        304: {"description": "the caller has it already"},
    }


def _has(known: str | None, digest: str) -> bool:
    """Whether an If-None-Match names the digest (RFC 9110, 13.1.2: weak and strong alike)."""
    tags = [tag.strip().removeprefix("W/") for tag in (known or "").split(",")]
    return "*" in tags or f'"{digest}"' in tags


def certificate_response(dataset: Dataset) -> Response:
    """The certificate of a listed dataset with its signature and its policy: what auditors take."""
    policy = POLICIES.get(dataset.certificate.policy_digest)
    if not dataset.listed or policy is None:
        raise NotFound("there is no dataset of this id: list them at /api/datasets")
    document = release_document(dataset.signed, dataset.signature, policy)
    name = f"vitalmint-{dataset.run_id}-certificate.json"
    return Response(
        document,
        media_type=JSON,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
