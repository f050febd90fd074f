"""Every job that a use case queues is one that the worker can run."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from backend.jobs import PERIODIC, job_functions
from backend.use_cases.relay_transactions import AFTERWARDS
from backend.use_cases.resume_work import RESUMED

USE_CASES = Path(__file__).resolve().parents[2] / "backend" / "use_cases"


def queued_names() -> Iterator[str]:
    """The second argument of every `….jobs.enqueue(…)`, constants of the module resolved."""
    for file in USE_CASES.rglob("*.py"):
        parts = file.relative_to(USE_CASES.parents[1]).with_suffix("").parts
        for node in ast.walk(ast.parse(file.read_text())):
            yield from _names(node, ".".join(parts))


def _names(node: ast.AST, module: str) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("jobs.enqueue"):
        return
    name = node.args[1]
    if isinstance(name, ast.Constant):
        yield str(name.value)
    elif isinstance(name, ast.Name):
        constant = getattr(importlib.import_module(module), name.id, None)
        if constant is not None:
            yield str(constant)


def test_every_queued_job_has_a_function() -> None:
    queued = set(queued_names())
    assert len(queued) >= 3
    wanted = queued | set(AFTERWARDS.values()) | set(RESUMED.values()) | set(PERIODIC)
    assert wanted <= set(job_functions())
