"""The package: the same bytes for the same release, and nothing else is opened."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ml.publication.container import BrokenPackage, pack
from ml.publication.package import (
    MEMBERS,
    build_package,
    dataset_digest,
    digest,
    open_package,
)
from ml.publication.release import InvalidRelease
from ml.records.tables.parquet import from_parquet
from tests.ml.publication import released

_ROOT = Path(__file__).parents[3]
_IN_ANOTHER_PROCESS = """
import hashlib
from ml.publication.package import build_package
from tests.ml.publication import released
print(hashlib.sha256(build_package(released.release())).hexdigest())
"""


@pytest.fixture(scope="module")
def package() -> bytes:
    return build_package(released.release())


def _members(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_two_processes_with_other_hash_seeds_and_zones_make_the_same_bytes(package: bytes) -> None:
    for seed, zone in (("1", "Asia/Seoul"), ("2", "America/Lima")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "OMP_NUM_THREADS": "2"}
        found = subprocess.run(
            [sys.executable, "-c", _IN_ANOTHER_PROCESS],
            env=environment,
            cwd=_ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
        assert found.stdout.strip() == digest(package).hex()


def test_other_rows_make_another_package(package: bytes) -> None:
    other = build_package(released.release(data=released.table(seed=2)))
    assert dataset_digest(other) != dataset_digest(package)


def test_an_opened_package_gives_back_rows_report_and_digests(package: bytes) -> None:
    opened = open_package(package, expected=digest(package))
    assert tuple(opened.members) == MEMBERS
    assert opened.table() == released.table()
    assert opened.digest == hashlib.sha256(package).digest()
    assert opened.dataset_digest == hashlib.sha256(opened.members["data.parquet"]).digest()
    assert opened.report_digest == hashlib.sha256(opened.members["report.json"]).digest()
    assert opened.report["evidence"] == released.EVIDENCE


def test_nobodys_name_and_no_calendar_day_is_in_a_package_of_glucose() -> None:
    days = released.glucose_days()
    opened = open_package(build_package(released.release(kind="cgm", data=days)))
    assert not any(b"singan-" in content for content in opened.members.values())
    assert not any(b"2000-01-0" in content for content in opened.members.values())
    table = opened.table()
    assert table.schema.names == ("series", "minute", "glucose_mg_dl")
    assert np.array_equal(np.unique(table.column("series")), [1, 2, 3])
    assert table.column("minute").max() == 2 * 1440 - 15
    assert np.allclose(table.column("glucose_mg_dl"), days.mg_dl.ravel(), atol=0.051)


def test_the_generators_seed_stays_inside(package: bytes) -> None:
    card = json.loads(_members(package)["card.json"])
    assert card == {
        "name": "tvae",
        "licence": "Apache-2.0",
        "settings": {"epochs": 3, "layers": [8, 8]},
        "epsilon": None,
        "delta": None,
    }
    assert b"8675309" not in package
    with pytest.raises(InvalidRelease, match="holds a seed"):
        released.release(card=released.CARD | {"settings": {"sampling": {"Seed": 3}}})


def test_any_changed_byte_is_found(package: bytes) -> None:
    rng = np.random.default_rng(3)
    for at in rng.choice(len(package), 150, replace=False).tolist():
        changed = bytearray(package)
        changed[at] ^= 1 << int(rng.integers(8))
        with pytest.raises(BrokenPackage, match=r"no whole package of a dataset: .* again\.$"):
            open_package(bytes(changed))


def test_any_cut_is_found(package: bytes) -> None:
    for end in (0, 1, 22, len(package) // 2, len(package) - 1):
        with pytest.raises(BrokenPackage):
            open_package(package[:end])
    for around in (package + b"\0", b"\0" + package):
        with pytest.raises(BrokenPackage):
            open_package(around)


def test_a_member_that_was_replaced_is_found_though_its_checksum_is_right(package: bytes) -> None:
    for name in set(MEMBERS) - {"croissant.json"}:
        members = _members(package)
        members[name] += b" "
        with pytest.raises(BrokenPackage, match=re.escape(f"{name} is not the one described")):
            open_package(pack({each: members[each] for each in MEMBERS}))


def test_a_description_that_was_replaced_is_found_by_the_certificates_digest(
    package: bytes,
) -> None:
    members = _members(package)
    members["README.md"] += b" "
    described = json.loads(members["croissant.json"])
    for each in described["distribution"]:
        if each["name"] == "README.md":
            each["sha256"] = hashlib.sha256(members["README.md"]).hexdigest()
    members["croissant.json"] = json.dumps(described).encode()
    forged = pack({each: members[each] for each in MEMBERS})
    with pytest.raises(BrokenPackage, match="not the one that the certificate names"):
        open_package(forged, expected=digest(package))


@pytest.mark.parametrize(
    "described", [b"{}", b"[]", b"\xff", b'{"distribution": []}', b'{"distribution": [1]}']
)
def test_a_description_of_nothing_is_refused(package: bytes, described: bytes) -> None:
    members = _members(package) | {"croissant.json": described}
    with pytest.raises(BrokenPackage, match=r"croissant\.json"):
        open_package(pack(members))


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/passwd", "data.csv/", "extra.txt"])
def test_a_file_too_many_is_refused(package: bytes, name: str) -> None:
    with pytest.raises(BrokenPackage, match="no package has"):
        open_package(pack(_members(package) | {name: b"x"}))


def test_files_that_lack_are_twice_or_in_another_order_are_refused(package: bytes) -> None:
    members = _members(package)
    with pytest.raises(BrokenPackage, match=r"lacks LICENCE\.txt"):
        open_package(pack({n: c for n, c in members.items() if n != "LICENCE.txt"}))
    with pytest.raises(BrokenPackage, match="order"):
        open_package(pack(dict(reversed(members.items()))))
    out = io.BytesIO(package)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("data.csv", b"x")
    with pytest.raises(BrokenPackage, match="twice"):
        open_package(out.getvalue())


def test_a_bomb_is_refused_before_it_is_unpacked(package: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(package).items():
            archive.writestr(name, bytes(50_000_000) if name == "data.csv" else content)
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(BrokenPackage, match="compressed"):
        open_package(out.getvalue())


def test_rows_that_differ_between_the_two_files_are_found(package: bytes) -> None:
    members = _members(package)
    other = build_package(released.release(data=released.table(seed=2)))
    members["data.csv"] = _members(other)["data.csv"]
    described = json.loads(members["croissant.json"])
    for each in described["distribution"]:
        each["sha256"] = hashlib.sha256(members[each["name"]]).hexdigest()
    members["croissant.json"] = json.dumps(described).encode()
    with pytest.raises(BrokenPackage, match="different rows"):
        open_package(pack(members)).table()


def test_hundred_thousand_rows_of_twenty_columns_pack_in_bounded_memory() -> None:
    script = """
import resource
import numpy as np
from ml.publication.package import build_package
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from tests.ml.publication import released
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
rng = np.random.default_rng(1)
numbers = [Column(f"n{i}", "continuous", minimum=0, maximum=1) for i in range(10)]
texts = [Column(f"c{i}", "categorical", categories=tuple("abcdefgh")) for i in range(10)]
values = np.hstack([rng.random((100_000, 10)), rng.integers(0, 8, (100_000, 10))])
table = Table(Schema((*numbers, *texts)), values)
build_package(released.release())
before = peak()
print(len(build_package(released.release(data=table))), peak() - before)
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, capture_output=True, check=True, text=True
    )
    size, grown = map(int, found.stdout.split())
    assert size > 20_000_000
    assert grown < 200 * 1024**2


def test_parquet_alone_carries_types_and_schema(package: bytes) -> None:
    assert from_parquet(_members(package)["data.parquet"]).schema == released.SCHEMA
