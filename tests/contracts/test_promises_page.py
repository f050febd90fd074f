"""docs/promises.md names tests that exist."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "promises.md"
ROWS = [
    line.split("|")
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| (CON|REC|TOK)-\d+ \|", line)
]
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in HERE.rglob("test_*.py"))


def test_the_promises_are_numbered_without_gaps():
    numbers = [row[1].strip().split("-") for row in ROWS]
    for section in ("CON", "REC", "TOK"):
        found = [int(number) for name, number in numbers if name == section]
        assert found == list(range(1, len(found) + 1)) != []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].strip())
def test_the_tests_that_hold_a_promise_exist(row):
    for named in re.findall(r"`([\w/.]+)`", row[4]):
        if named.endswith(".py"):
            assert list(HERE.rglob(named)), named
        elif named.startswith("test_"):
            assert f"def {named}(" in TESTS, named
