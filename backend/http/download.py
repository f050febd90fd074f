"""The only two ways in which anything of a dataset leaves: a gated package, a signed certificate.

No route makes a file response of its own but those that `tests/architecture/test_only_gated.py`
names: one's own export, pictures, the metrics. Only a `GatedPackage` gets through here, and only
the gate makes one.
"""

import base64
from hashlib import sha256
from typing import Any

from fastapi import Response

from backend.crypto.certificates import release_document
from backend.crypto.gated import GatedPackage
from backend.domain.errors import NotFound
from backend.domain.generation import Dataset
from backend.domain.release import POLICIES

ZIP, JSON = "application/zip", "application/json"
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
