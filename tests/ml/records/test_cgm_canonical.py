"""The canonical trace: the same bytes for the same trace, and no others are accepted."""

import hashlib
import struct

import numpy as np
import pytest
from cgm_files import read, vendor_export
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.records.cgm import canonical_bytes, from_canonical_bytes, inspect
from ml.records.errors import UnreadableRecord
from ml.simulation.glucose import Condition, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv


def simulated(seed: int, days: float = 1, condition: Condition = Condition.TYPE_1):
    return simulate_trace(np.random.default_rng(seed), days, condition)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    days=st.floats(0.2, 4),
    condition=st.sampled_from(Condition),
    unit=st.sampled_from(["mg/dL", "mmol/L"]),
    libre=st.booleans(),
)
def test_a_trace_comes_back_from_its_canonical_bytes_unchanged(
    seed, days, condition, unit, libre
) -> None:
    write = to_libreview_csv if libre else to_clarity_csv
    trace = read(write(simulated(seed, days, condition), unit=unit), "Europe/London")
    sealed = canonical_bytes(trace)
    again = from_canonical_bytes(sealed)
    for column in ("local", "utc", "mg_dl", "censored", "scanned"):
        assert np.array_equal(getattr(again, column), getattr(trace, column))
        assert getattr(again, column).dtype == getattr(trace, column).dtype
    assert inspect(again) == inspect(trace)
    assert canonical_bytes(again) == sealed


def test_files_that_differ_in_names_quotes_and_order_have_the_same_canonical_bytes() -> None:
    person = simulated(1)
    header, *rows = to_clarity_csv(person, name=("Zaphodina", "Beeblebrox")).split(b"\n")
    shuffled = b"\n".join([header, *sorted(rows, key=lambda row: row[::-1])])
    other = to_clarity_csv(person, quoted=True, transmitter="8OTHER", bom=False)
    sealed = {canonical_bytes(read(data, "Europe/London")) for data in (shuffled, other)}
    assert len(sealed) == 1


def test_the_canonical_bytes_hold_no_name_and_no_serial_number() -> None:
    data = vendor_export("libreview_uk_mmol_dmy24h_insulin-food.csv")
    sealed = canonical_bytes(read(data, "Europe/London"))
    for private in (b"REDACTED", b"758d93d8", b"FreeStyle"):
        assert private in data and private not in sealed


def test_the_layout_is_the_documented_one() -> None:
    """Other programs read these bytes after us: they must not change under version 1."""
    trace = read(
        b"time,mg/dL\n2026-07-01 10:00,100\n2026-07-01 10:05,Low\n2026-07-01 10:10,High\n",
        "Europe/London",
    )
    header = (
        b'{"count":3,"duplicates":0,"format":"plain-csv","high":1,"low":1,'
        b'"unit":"mg/dL","zone":"Europe/London"}'
    )
    content = (
        b"VMCT\x01\x00"
        + struct.pack("<I", len(header))
        + header
        + struct.pack("<3q", 1782896400, 1782896700, 1782897000)
        + struct.pack("<3h", 60, 60, 60)
        + struct.pack("<3H", 1000, 200, 6000)
        + bytes([0, 1, 2])
    )
    assert canonical_bytes(trace) == content + hashlib.sha256(content).digest()


def test_a_trace_read_without_a_zone_has_no_canonical_form() -> None:
    with pytest.raises(UnreadableRecord, match="time zone"):
        canonical_bytes(read(to_clarity_csv(simulated(2))))


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return canonical_bytes(read(to_clarity_csv(simulated(3)), "Europe/London"))


@settings(max_examples=60, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_changed_byte_is_noticed(sealed: bytes, at: float, flip: int) -> None:
    altered = bytearray(sealed)
    altered[int(at * len(sealed))] ^= flip
    with pytest.raises(UnreadableRecord):
        from_canonical_bytes(bytes(altered))


@settings(max_examples=40, deadline=None)
@given(length=st.floats(0, 1, exclude_max=True))
def test_any_truncation_is_noticed(sealed: bytes, length: float) -> None:
    with pytest.raises(UnreadableRecord):
        from_canonical_bytes(sealed[: int(length * len(sealed))])


def test_a_newer_version_is_refused_by_its_number(sealed: bytes) -> None:
    newer = bytearray(sealed)
    newer[4:6] = struct.pack("<H", 2)
    with pytest.raises(UnreadableRecord, match="version 2; this software reads version 1"):
        from_canonical_bytes(bytes(newer))


@pytest.mark.parametrize(
    "header",
    [b"{}", b"[]", b"\xff", b'{"count":3,"duplicates":0,"format":"x","high":0,"low":0,"unit":"x"}'],
)
def test_a_well_hashed_but_wrong_header_is_refused(header: bytes) -> None:
    content = b"VMCT\x01\x00" + struct.pack("<I", len(header)) + header
    with pytest.raises(UnreadableRecord):
        from_canonical_bytes(content + hashlib.sha256(content).digest())
