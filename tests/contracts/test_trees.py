"""Every leaf of every branch tree is a test of that name, and every test is a leaf."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TREES = sorted(HERE.rglob("*.tree"))


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.stem)
def test_the_tree_and_its_tests_say_the_same(tree):
    source = ast.parse(tree.with_name(f"test_{tree.stem}.py").read_text())
    tests = [
        node.name
        for node in source.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert tests == [f"test_{name}" for name in leaves(tree.read_text())]


def test_every_function_that_changes_something_has_a_tree():
    interfaces = HERE.parents[1] / "contracts" / "interfaces"
    changing = re.compile(r"function (\w+)\([^)]*\) external;")
    functions = {
        re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
        for interface in interfaces.glob("I*.sol")
        for name in changing.findall(interface.read_text())
    }
    assert "register" in functions
    assert functions <= {tree.stem for tree in TREES}


def leaves(tree: str) -> list[str]:
    """The sentences that nothing hangs below, as names of tests."""
    lines = [line for line in tree.splitlines()[1:] if line.strip()]
    depths = [len(line) - len(line.lstrip("│├└─ ")) for line in lines]
    return [
        re.sub(r"\W+", "_", line.lstrip("│├└─ ").lower())
        for line, depth, following in zip(lines, depths, [*depths[1:], 0], strict=True)
        if following <= depth
    ]
