"""What a trained thing is kept as: weights in safetensors, ONNX or a native format, and a card.

An artifact lives in memory, so that a personal model can be sealed without touching a disk. As
bytes it is an uncompressed zip with fixed dates: the same artifact gives the same bytes.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
CARD = "card.json"
_SUFFIXES = (".safetensors", ".onnx", ".txt", ".json")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LARGEST = 256 * 1024 * 1024


class BrokenArtifact(ValueError):
    """The bytes are not a whole artifact: truncated, changed, or not one at all."""


class NewerArtifact(ValueError):
    """The artifact was written by a newer release than this one."""


@dataclass(frozen=True)
class Artifact:
    """A trained thing at rest.

    Attributes:
        kind: catalogue name of the class that can load it, e.g. ``singan`` or ``gru``.
        version: format of that class's files; each class refuses a newer one.
        card: what it was trained on and how, its seed, settings, figures and licence; JSON.
        files: name → bytes; names end in .safetensors, .onnx, .txt (boosters) or .json.
    """

    kind: str
    version: int
    card: Mapping[str, Any]
    files: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        for name in self.files:
            if name == CARD or "/" in name or not name.endswith(_SUFFIXES):
                raise ValueError(f"{name!r} is no name for a file of an artifact")


def require(artifact: Artifact, kind: str, newest: int) -> None:
    """Raises `BrokenArtifact` for another kind and `NewerArtifact` for a newer version."""
    if artifact.kind != kind:
        raise BrokenArtifact(f"this is a {artifact.kind!r} model, not a {kind!r} one")
    if artifact.version > newest:
        raise NewerArtifact(
            f"this {kind!r} model has format {artifact.version}, this release reads up to "
            f"{newest}: upgrade, or train it again"
        )


def pack(artifact: Artifact) -> bytes:
    """The artifact as bytes; equal artifacts give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(CARD, _EPOCH), _card_bytes(artifact))
        for name in sorted(artifact.files):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), artifact.files[name])
    return out.getvalue()


def unpack(data: bytes) -> Artifact:
    """The artifact in `data`, every file checked against the card's digests."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise BrokenArtifact("the model is larger than any model of this release")
            files = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, EOFError, OSError, KeyError) as fault:
        raise BrokenArtifact(
            "the model file is truncated or is no model: train it again"
        ) from fault
    return _checked(files)


def write(artifact: Artifact, folder: Path) -> None:
    """Put the artifact's files into `folder`; the card comes last, so half a model has none."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in artifact.files.items():
        _write_file(folder / name, content)
    _write_file(folder / CARD, _card_bytes(artifact))


def read(folder: Path) -> Artifact:
    """The artifact in `folder`, or `BrokenArtifact`."""
    try:
        card = (folder / CARD).read_bytes()
        names = json.loads(card)["files"]
        files = {name: (folder / Path(name).name).read_bytes() for name in names}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BrokenArtifact(f"no whole model lies in {folder.name}: train it again") from fault
    return _checked({CARD: card, **files})


def digest(artifact: Artifact) -> str:
    """SHA-256 of the packed artifact, as registries and reports name it."""
    return hashlib.sha256(pack(artifact)).hexdigest()


def _card_bytes(artifact: Artifact) -> bytes:
    content = {
        "format": FORMAT,
        "kind": artifact.kind,
        "version": artifact.version,
        "files": {
            name: hashlib.sha256(content).hexdigest()
            for name, content in sorted(artifact.files.items())
        },
        "card": dict(artifact.card),
    }
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode()


def _checked(files: dict[str, bytes]) -> Artifact:
    try:
        head = json.loads(files.pop(CARD))
        form, kind, version = int(head["format"]), str(head["kind"]), int(head["version"])
        promised, card = dict(head["files"]), dict(head["card"])
    except (KeyError, ValueError, TypeError) as fault:
        raise BrokenArtifact("the model has no readable card: train it again") from fault
    if form > FORMAT:
        raise NewerArtifact(
            f"this model is kept in format {form}, this release reads up to {FORMAT}: upgrade"
        )
    if promised != {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}:
        raise BrokenArtifact("the model's files are not those that its card names: train it again")
    return Artifact(kind, version, card, files)


def _write_file(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
