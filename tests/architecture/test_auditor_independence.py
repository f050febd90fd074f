"""The audit shares no database and no secret with the service (AUD-4)."""

import re
import subprocess
import sys
from pathlib import Path

READS = re.compile(r"environ\b|getenv|BaseSettings")
ROOT = Path(__file__).resolve().parents[2]

FORBIDDEN = (
    "sqlmodel",
    "sqlalchemy",
    "alembic",
    "psycopg",
    "sqlite3",
    "pydantic_settings",
    "fastapi",
    "backend.settings",
    "backend.wiring",
    "backend.adapters.database",
    "backend.adapters.keys",
    "backend.http",
    "ml",
)

PROGRAM = f"""
import sys
import backend.auditor
loaded = [name for name in {FORBIDDEN!r} if name in sys.modules]
sys.exit(", ".join(loaded) or 0)
"""


def test_the_auditor_loads_no_database_no_keyring_and_no_settings(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_audit_reads_the_environment() -> None:
    audit = [
        ROOT / "backend" / "auditor.py",
        *(ROOT / "backend" / "use_cases" / "audit").glob("*.py"),
        *(ROOT / "backend" / "adapters" / "audit_output").glob("*.py"),
        *(ROOT / "backend" / "adapters" / "checkpoint").glob("*.py"),
    ]
    assert len(audit) > 20
    assert [path.name for path in audit if READS.search(path.read_text())] == []
