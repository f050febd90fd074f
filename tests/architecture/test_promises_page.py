"""The page of promises names tests that exist, and every number that the audit prints."""

import re
from pathlib import Path

import pytest

from backend.domain.audit_checks import MEANINGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text()
ROWS = re.findall(r"^\| ((?:SRV|JRN|GDN|AUD|CNT|REL)-\d+) \|.*\| ([^|]*) \|$", PAGE, re.MULTILINE)


def test_the_page_has_the_services_promises() -> None:
    assert {number for number, _ in ROWS} >= {f"SRV-{n}" for n in range(1, 13)}


@pytest.mark.parametrize(("number", "held_by"), ROWS)
def test_what_holds_a_promise_exists(number: str, held_by: str) -> None:
    named = re.findall(r"`([^`]+)`", held_by)
    assert named, f"{number} names no test"
    for name in named:
        if "/" in name or name.endswith(".py"):
            assert (
                list((ROOT / "tests").rglob(name.rstrip("/"))) or (ROOT / "tests" / name).exists()
            )
        else:
            found = (name in file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
            assert any(found), f"{number} names {name}, which is no test"


def test_every_promise_that_the_audit_prints_is_on_the_page() -> None:
    printed = {number for _, promises in MEANINGS.values() for number in promises}
    on_page = set(re.findall(r"\b[A-Z]{3}-\d+\b", PAGE))
    assert printed <= on_page
