"""What anybody may see of a dataset before they have it: three files of its gated package.

A `GatedPreview` is made of a `GatedPackage` and of nothing else, and holds no row of the dataset.
Before it is shown it is held against the dataset once more, as a package is.
"""

import io
import zipfile
from enum import StrEnum
from hashlib import sha256
from typing import NoReturn

from backend.crypto.gated import GatedPackage, let_out
from backend.domain.errors import ContentMismatch
from backend.domain.generation import Dataset
from backend.domain.identifiers import RunId, WalletAddress

MOST_OF_A_FILE = 8 * 1024 * 1024
"""Bytes of one file of a preview; they grow with the columns and not with the rows."""


class PreviewFile(StrEnum):
    """The files of a package that are shown to everybody: none with rows is among them."""

    DATASHEET = "datasheet.html"
    REPORT = "report.json"
    CROISSANT = "croissant.json"


class GatedPreview:
    """The files that describe a package which passed the gate; it never changes."""

    __slots__ = ("_files", "_package_digest", "_run_id")

    _files: dict[PreviewFile, bytes]
    _package_digest: bytes
    _run_id: RunId

    def __init__(self, package: GatedPackage) -> None:
        """Raises `ContentMismatch` for a package that does not hold the three files."""
        if type(package) is not GatedPackage:
            raise TypeError("a preview is made of a gated package, or not at all")
        object.__setattr__(self, "_files", _files(package))
        object.__setattr__(self, "_package_digest", package.digest)
        object.__setattr__(self, "_run_id", package.run_id)

    def file(self, which: PreviewFile) -> bytes:
        """One of them, byte for byte as it lies in the package."""
        return self._files[which]

    @property
    def package_digest(self) -> bytes:
        """SHA-256 of the package it is of."""
        return self._package_digest

    @property
    def run_id(self) -> RunId:
        return self._run_id

    @property
    def size(self) -> int:
        """Bytes of the files together."""
        return sum(map(len, self._files.values()))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a preview never changes")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("there is one kind of preview")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a preview is neither copied nor stored")


def shown_now(preview: GatedPreview, dataset: Dataset, evaluator: WalletAddress) -> GatedPreview:
    """The preview, when the dataset is let out now and the preview is of its certified package.

    Raises `NotReleasable` as `crypto.gated.let_out`, and `ContentMismatch` for another dataset's.
    """
    certificate = let_out(dataset, evaluator)
    report = sha256(preview.file(PreviewFile.REPORT)).digest()
    if (
        preview.package_digest != certificate.package_digest
        or report != certificate.report_digest
        or preview.run_id != certificate.run_id
    ):
        raise ContentMismatch(f"this is no preview of the certified package of {dataset.run_id}")
    return preview


def _files(package: GatedPackage) -> dict[PreviewFile, bytes]:
    """Members of a package are stored and not deflated, so that none is larger than it says."""
    try:
        with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
            return {which: _member(archive, which) for which in PreviewFile}
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, ValueError, RuntimeError) as fault:
        raise ContentMismatch(
            f"the package of dataset {package.run_id} does not hold {', '.join(PreviewFile)}, "
            f"each once, stored and of at most {MOST_OF_A_FILE} bytes: make it again"
        ) from fault


def _member(archive: zipfile.ZipFile, which: PreviewFile) -> bytes:
    (entry,) = [one for one in archive.infolist() if one.filename == which.value]
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > MOST_OF_A_FILE:
        raise ValueError(which)
    return archive.read(entry)
