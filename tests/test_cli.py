"""The command line: what it prints, and with which status it ends."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ml.simulation.glucose import simulate_trace
from scripts.simulate_patients import simulate_vitals_patients
from scripts.simulation.clarity import to_clarity_csv
from tests.world import export_of

FIELDS = [
    "format", "unit", "zone", "readings", "low", "high", "duplicates", "cadence", "gaps",
    "start", "end", "coverage", "quality",
]  # fmt: skip
COULD_NOT = 3


def vitalmint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Called in an empty folder with an empty environment, as on somebody else's machine."""
    command = [str(Path(sys.executable).with_name("vitalmint")), *arguments]
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "120"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def export(tmp_path: Path) -> Path:
    file = tmp_path / "export [of a person].csv"
    file.write_bytes(export_of(seed=9))
    return file


def test_inspect_tells_machines_exactly_the_named_fields(tmp_path: Path, export: Path) -> None:
    shown = vitalmint(tmp_path, "inspect", export.name, "--zone", "Europe/London", "--json")
    assert shown.returncode == 0, shown.stderr
    fields = json.loads(shown.stdout)
    assert list(fields) == FIELDS
    assert fields["zone"] == "Europe/London" and fields["format"] == "dexcom-clarity"


def test_inspect_shows_people_the_parts_of_the_quality(tmp_path: Path, export: Path) -> None:
    shown = vitalmint(tmp_path, "inspect", export.name)
    assert shown.returncode == 0
    assert "export [of a person].csv" in shown.stdout
    assert "continuity" in shown.stdout and "plausibility" in shown.stdout


def test_inspect_reads_vital_signs_when_told_that_they_are(tmp_path: Path) -> None:
    (file,) = simulate_vitals_patients(1, people=1)
    (tmp_path / "watch.json").write_bytes(file.data)
    told = ("--kind", "vitals", "--zone", file.zone)
    shown = vitalmint(tmp_path, "inspect", "watch.json", *told, "--json")
    assert shown.returncode == 0, shown.stderr
    fields = json.loads(shown.stdout)
    assert fields["readings"] == 20 and fields["variables"].startswith("heart_rate, ")
    assert vitalmint(tmp_path, "inspect", "watch.json").returncode == COULD_NOT


def test_inspect_unpacks_a_gz_and_refuses_one_that_is_none(tmp_path: Path, export: Path) -> None:
    packed = tmp_path / "export.csv.gz"
    packed.write_bytes(gzip.compress(export.read_bytes()))
    assert vitalmint(tmp_path, "inspect", packed.name).returncode == 0
    packed.write_bytes(packed.read_bytes()[:100])
    broken = vitalmint(tmp_path, "inspect", packed.name)
    assert broken.returncode == COULD_NOT and "no whole gzip file" in broken.stderr


def test_an_unreadable_file_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "junk.csv").write_bytes(b"\x00\x01\x02")
    ended = vitalmint(tmp_path, "inspect", "junk.csv")
    assert ended.returncode == COULD_NOT
    assert ended.stderr.startswith("unreadable_record: ") and ended.stderr.count("\n") == 1


def test_an_audit_that_cannot_be_made_is_told_apart_from_a_breach(tmp_path: Path) -> None:
    ended = vitalmint(tmp_path, "audit", "--rpc", "http://127.0.0.1:1", "--ipfs", "nonsense")
    assert ended.returncode == COULD_NOT
    assert "--ipfs" in ended.stderr and "--deployment" in ended.stderr


def test_the_same_person_gives_the_same_file() -> None:
    import numpy as np

    one, two = (to_clarity_csv(simulate_trace(np.random.default_rng(9), 2)) for _ in range(2))
    assert one == two == export_of(seed=9)
