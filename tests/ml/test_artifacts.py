"""What a trained thing at rest promises."""

import json
from pathlib import Path

import pytest

from ml.artifacts import (
    Artifact,
    BrokenArtifact,
    NewerArtifact,
    digest,
    pack,
    read,
    require,
    unpack,
    write,
)

A_MODEL = Artifact("gru", 2, {"seed": 7}, {"weights.safetensors": b"w" * 999, "net.onnx": b"o"})


def test_an_artifact_comes_back_as_it_was() -> None:
    assert unpack(pack(A_MODEL)) == A_MODEL


def test_equal_artifacts_are_equal_bytes_whatever_the_order_of_their_files() -> None:
    turned = Artifact("gru", 2, {"seed": 7}, dict(reversed(A_MODEL.files.items())))
    assert pack(turned) == pack(A_MODEL)
    assert digest(turned) == digest(A_MODEL)


@pytest.mark.parametrize("length", [0, 1, 30, 200, 999, -1])
def test_a_truncated_model_is_refused(length: int) -> None:
    with pytest.raises(BrokenArtifact):
        unpack(pack(A_MODEL)[:length])


def test_any_changed_byte_of_a_file_is_found() -> None:
    packed = bytearray(pack(A_MODEL))
    packed[packed.index(b"www")] ^= 1
    with pytest.raises(BrokenArtifact):
        unpack(bytes(packed))


def test_a_model_of_a_newer_release_is_refused_by_name() -> None:
    with pytest.raises(NewerArtifact, match="format 2"):
        require(A_MODEL, "gru", newest=1)
    require(A_MODEL, "gru", newest=2)


def test_a_container_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    write(A_MODEL, tmp_path)
    card = json.loads((tmp_path / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps(card | {"format": 99}))
    with pytest.raises(NewerArtifact, match="99"):
        read(tmp_path)


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(BrokenArtifact, match="not a 'lstm'"):
        require(A_MODEL, "lstm", newest=9)


def test_a_folder_comes_back_as_it_was_and_half_a_model_has_no_card(tmp_path: Path) -> None:
    write(A_MODEL, tmp_path / "whole")
    assert read(tmp_path / "whole") == A_MODEL
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "net.onnx").write_bytes(b"o")
    with pytest.raises(BrokenArtifact, match="half"):
        read(tmp_path / "half")


@pytest.mark.parametrize("name", ["model.pkl", "card.json", "../x.json", "weights.pt"])
def test_no_other_kind_of_file_can_be_kept(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a file"):
        Artifact("gru", 1, {}, {name: b""})
