"""Where the real exports are, and short ways to read files in these tests."""

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml.records.cgm import CgmTrace, read_cgm

RECEIVED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

_HERE = Path(__file__).resolve().parents[3]
_DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", _HERE.parent / "shared" / "data"))


def shared_file(folder: str, name: str) -> Path:
    """The path of a real file, or the test is skipped with the name of what is missing."""
    path = _DATA / folder / name
    if not path.exists():
        pytest.skip(f"needs the real file {folder}/{name} under {_DATA}")
    return path


def vendor_export(name: str) -> bytes:
    """The bytes of a real export as a patient uploads it, unpacked."""
    path = shared_file("cgm-vendor-exports", name)
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def read(data: bytes, zone: str | None = None) -> CgmTrace:
    """`read_cgm` at a fixed moment of receipt."""
    return read_cgm(data, zone=zone, received_at=RECEIVED)
