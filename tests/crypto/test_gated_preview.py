"""What anybody may see of a package: three files of it, as the certificate lets out, and no row."""

import copy
import io
import pickle
import zipfile
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from backend.crypto import gated_preview
from backend.crypto.gated import gated
from backend.crypto.gated_preview import GatedPreview, PreviewFile, shown_now
from backend.domain.errors import ContentMismatch, NotReleasable
from backend.domain.generation import Dataset
from backend.domain.identifiers import RunId
from tests.releases import EVALUATOR, ISSUED_AT, certificate, dataset, failing

ROWS = b"a,b\n1,2\n"
FILES = {
    "datasheet.html": b"<!doctype html><title>sheet</title>",
    "report.json": b'{"protocol":"held out by person"}',
    "croissant.json": b'{"@type":"sc:Dataset"}',
    "data.csv": ROWS,
}


def packed(files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def released(package: bytes, **changes: Any) -> Dataset:
    """The dataset of that package, certified."""
    report = sha256(FILES["report.json"]).digest()
    digests = {"package_digest": sha256(package).digest(), "report_digest": report}
    return dataset(certificate(**digests | changes))


def preview_of(package: bytes) -> GatedPreview:
    return GatedPreview(gated(package, released(package), EVALUATOR))


def test_a_preview_has_the_three_files_of_its_package_and_nothing_of_the_rows() -> None:
    package = packed(FILES)
    preview = preview_of(package)
    for which in PreviewFile:
        assert preview.file(which) == FILES[which.value]
    assert preview.package_digest == sha256(package).digest()
    held = [getattr(preview, name) for name in GatedPreview.__slots__]
    assert ROWS not in repr(held).encode() and "data.csv" not in repr(held)
    assert shown_now(preview, released(package), EVALUATOR) is preview


@pytest.mark.parametrize(
    "files",
    [
        {name: FILES[name] for name in FILES if name != "datasheet.html"},
        {**FILES, "croissant.json": b"x" * 65},
        {},
    ],
    ids=["no datasheet", "too large", "nothing"],
)
def test_a_package_without_readable_files_has_no_preview(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gated_preview, "MOST_OF_A_FILE", 64)
    with pytest.raises(ContentMismatch):
        preview_of(packed(files))


def test_files_that_could_grow_or_that_are_there_twice_are_none() -> None:
    twice = packed({**FILES, "report.jsom": b"{}"}).replace(b"report.jsom", b"report.json")
    spoilt = packed(FILES)
    spoilt = spoilt.replace(FILES["datasheet.html"], FILES["datasheet.html"][::-1])
    for package in (packed(FILES, zipfile.ZIP_DEFLATED), twice, spoilt, b"PK", b""):
        with pytest.raises(ContentMismatch):
            preview_of(package)


@pytest.mark.parametrize(
    ("now", "refusal"),
    [
        (lambda one: replace(one, retired_at=ISSUED_AT), NotReleasable),
        (lambda one: replace(one, signature=bytes(65)), NotReleasable),
        (lambda one: replace(one, run_id=RunId("aa" * 16)), NotReleasable),
        (lambda one: released(packed(FILES), evidence=failing()), NotReleasable),
        (lambda one: released(packed(FILES) + b"x"), ContentMismatch),
        (lambda one: released(packed(FILES), report_digest=bytes(32)), ContentMismatch),
        (lambda one: released(packed(FILES), run_id=RunId("aa" * 16)), ContentMismatch),
    ],
    ids=["retired", "unsigned", "another row", "failing", "other bytes", "other report", "another"],
)
def test_a_preview_that_is_held_is_shown_only_while_its_dataset_is_let_out(
    now: Any, refusal: type[Exception]
) -> None:
    preview = preview_of(packed(FILES))
    with pytest.raises(refusal):
        shown_now(preview, now(released(packed(FILES))), EVALUATOR)


def test_a_preview_of_what_passed_no_gate_cannot_be_made_nor_one_changed() -> None:
    class Passing:
        """Looks like a gated package."""

        content, digest, run_id = packed(FILES), sha256(packed(FILES)).digest(), "ab" * 16

    preview = preview_of(packed(FILES))
    forgeries: list[Any] = [
        lambda: GatedPreview(packed(FILES)),  # type: ignore[arg-type]
        lambda: GatedPreview(Passing()),  # type: ignore[arg-type]
        lambda: type("Loose", (GatedPreview,), {}),
        lambda: copy.copy(preview),
        lambda: pickle.dumps(preview),
    ]
    for forge in forgeries:
        with pytest.raises(TypeError):
            forge()
    for name in ("_files", "_package_digest", "anything"):
        with pytest.raises(AttributeError):
            setattr(preview, name, {})
