"""The one form in which a dataset leaves: a package that its certificate lets out.

A `GatedPackage` is made by `gated` and by nothing else, and the only response that carries a
package takes nothing else (`backend/http/download.py`). What of it anybody may look at is made of
a `GatedPackage` (`crypto/gated_preview.py`).
"""

from hashlib import sha256
from typing import Final, NoReturn

from backend.crypto.certificates import certificate_content, certificate_of, certificate_signer
from backend.domain.consistency import contradictions
from backend.domain.errors import ContentMismatch, NotReleasable
from backend.domain.generation import Dataset
from backend.domain.identifiers import RunId, WalletAddress
from backend.domain.release import Certificate

_GATE: Final = object()


class GatedPackage:
    """A package that passed the gate, under a signature of this evaluator; it never changes."""

    __slots__ = ("_content", "_digest", "_run_id")

    _content: bytes
    _digest: bytes
    _run_id: RunId

    def __init__(self, content: bytes, digest: bytes, run_id: RunId, *, gate: object) -> None:
        if gate is not _GATE:
            raise TypeError("a package passes through backend.crypto.gated.gated, or not at all")
        object.__setattr__(self, "_content", content)
        object.__setattr__(self, "_digest", digest)
        object.__setattr__(self, "_run_id", run_id)

    @property
    def content(self) -> bytes:
        """A ZIP, as the certificate names it."""
        return self._content

    @property
    def digest(self) -> bytes:
        """Its SHA-256."""
        return self._digest

    @property
    def run_id(self) -> RunId:
        return self._run_id

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a gated package never changes")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("there is one kind of gated package")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a gated package is neither copied nor stored")


def gated(package: bytes, dataset: Dataset, evaluator: WalletAddress) -> GatedPackage:
    """The package, when everything holds now; checked on the signed bytes, not on the row.

    Raises `NotReleasable` as `let_out`, and `ContentMismatch` for bytes that it does not name.
    """
    certificate = let_out(dataset, evaluator)
    digest = sha256(package).digest()
    if digest != certificate.package_digest:
        raise ContentMismatch(f"the package of dataset {dataset.run_id} is not the certified one")
    return GatedPackage(package, digest, certificate.run_id, gate=_GATE)


def let_out(dataset: Dataset, evaluator: WalletAddress) -> Certificate:
    """What was signed, when it lets the dataset out now.

    Raises `NotReleasable` for a certificate that another key signed, that contradicts itself, that
    its own policy does not let out or that is withdrawn.
    """
    certificate = certificate_of(dataset.signed)
    run = certificate.run_id
    signer = certificate_signer(
        dataset.signed,
        dataset.signature,
        chain_id=certificate.chain_id,
        registry=certificate.registry,
    )
    if signer != evaluator:
        raise NotReleasable(f"the certificate of dataset {run} is not signed by the evaluator")
    if dataset.run_id != run or certificate_content(dataset.certificate) != dataset.signed:
        raise NotReleasable(f"dataset {run} has another certificate than the signed one")
    if contradictions(certificate):
        raise NotReleasable(f"the certificate of dataset {run} contradicts itself")
    if not certificate.passes or not dataset.listed:
        raise NotReleasable(
            f"dataset {run} is not released: its certificate says why, or it was withdrawn"
        )
    return certificate
