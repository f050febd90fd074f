"""What is sealed of vital signs: the same bytes for the same trace, nothing of other columns."""

import hashlib

import numpy as np
import pytest
from vitals_reading import person, read, trace_of

from ml.records.errors import UnreadableRecord
from ml.records.vitals import VitalsTrace, canonical_bytes, from_canonical_bytes, to_csv
from scripts.simulation.vitals_files import to_json_rows, to_nested_json, to_vitals_csv

GOLDEN = (
    "timestamp,hr,temp_c,status,memo\n"
    "2026-11-01 08:00,72,36.6,주의,secret\n2026-11-02 08:00,,36.7,,\n"
)


def same(one: VitalsTrace, other: VitalsTrace) -> bool:
    times = all(
        (a is None) == (b is None) and (a is None or np.array_equal(a, b))
        for a, b in ((one.utc, other.utc), (one.local, other.local))
    )
    heads = (one.format, one.zone, one.variables) == (other.format, other.zone, other.variables)
    return heads and times and np.array_equal(one.values, other.values, equal_nan=True)


@pytest.mark.parametrize("write", [to_nested_json, to_json_rows, to_vitals_csv])
def test_a_trace_comes_back_whole(write) -> None:
    trace = read(write(person(11), zone="Asia/Seoul"))
    sealed = canonical_bytes(trace)
    assert same(trace, from_canonical_bytes(sealed))
    assert canonical_bytes(from_canonical_bytes(sealed)) == sealed


def test_version_1_has_these_bytes_for_ever() -> None:
    sealed = canonical_bytes(read(GOLDEN))
    assert sealed[:10] == b"VMVT\x01\x00\x85\x00\x00\x00"
    header, times, values = sealed[10:143], sealed[143:163], sealed[163:-32]
    assert header == (
        b'{"count":2,"decimals":[0,1,0],"format":"csv","timed":true,'
        b'"variables":["heart_rate","body_temperature","status"],"zone":"Asia/Seoul"}'
    )
    assert np.frombuffer(times[:16], "<i8").tolist() == [1793487600 * 10**6, 1793574000 * 10**6]
    assert np.frombuffer(times[16:], "<i2").tolist() == [540, 540]
    missing = -(2**31)
    assert np.frombuffer(values, "<i4").tolist() == [72, missing, 366, 367, 1, missing]
    assert sealed[-32:] == hashlib.sha256(sealed[:-32]).digest()


def test_nothing_of_another_column_is_sealed() -> None:
    sealed = canonical_bytes(read(GOLDEN))
    assert b"secret" not in sealed and b"memo" not in sealed


def test_a_row_without_a_time_has_the_same_bytes_in_every_zone() -> None:
    text = '{"hr": 72, "age": 40}'
    assert canonical_bytes(read(text, "Asia/Seoul")) == canonical_bytes(read(text, "UTC"))
    assert same(read(text), from_canonical_bytes(canonical_bytes(read(text))))


def test_wall_times_without_a_zone_are_not_sealed() -> None:
    with pytest.raises(UnreadableRecord, match="name the zone"):
        canonical_bytes(read(GOLDEN, zone=None))


@pytest.mark.parametrize("at", [0, 4, 12, 150, -40, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(canonical_bytes(read(GOLDEN)))
    sealed[at] ^= 1
    with pytest.raises(UnreadableRecord, match="canonical"):
        from_canonical_bytes(bytes(sealed))


def test_a_trace_cut_short_or_that_promises_more_is_refused() -> None:
    sealed = canonical_bytes(read(GOLDEN))
    body = sealed[:-32].replace(b'"count":2', b'"count":3')
    for broken in (sealed[:20], sealed[:-1], b"", body + hashlib.sha256(body).digest()):
        with pytest.raises(UnreadableRecord):
            from_canonical_bytes(broken)


def test_the_persons_own_csv_reads_back_as_the_same_measurements() -> None:
    trace = read(to_nested_json(person(12), zone="Asia/Seoul"))
    again = read(to_csv(trace))
    assert again.variables == trace.variables
    assert np.array_equal(again.values, trace.values, equal_nan=True)
    assert np.array_equal(again.utc, trace.utc) and np.array_equal(again.local, trace.local)


def test_arrays_of_a_trace_cannot_be_written_to() -> None:
    trace = trace_of(("heart_rate",), np.array([[70.0]]))
    with pytest.raises(ValueError, match="read-only"):
        trace.values[0, 0] = 71


def test_variables_in_another_order_than_the_vocabularys_make_no_trace() -> None:
    with pytest.raises(ValueError, match="in order"):
        trace_of(("age", "heart_rate"), np.array([[40.0, 70.0]]))
