"""Bytes leave by named doors alone, and a dataset only as a package that passed the gate (REL-25).

Every way in which the web layer makes a response of bytes is found in the source and compared with
the list below; a new one fails here until it is looked at. Of these one carries files of datasets,
and it takes nothing but a `GatedPackage`, which nothing but the gate makes.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from backend.crypto.gated import GatedPackage
from backend.http.api import build_api
from backend.http.download import package_response
from backend.http.openapi import operations

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"
ANSWERS = {
    "Response",
    "StreamingResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "ORJSONResponse",
    "UJSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "EventResponse",
    "StaticFiles",
    "send_file",
}
DOORS = {
    ("http/download.py", "package_response", "Response"): "a gated package",
    ("http/download.py", "certificate_response", "Response"): "a listed dataset's certificate",
    ("http/events.py", "EventResponse", "StreamingResponse"): "how a run stands",
    ("http/events.py", "watched", "Response"): "nothing: 204",
    ("http/events.py", "watched", "EventResponse"): "how a run stands",
    ("http/picture.py", "picture_response", "Response"): "a picture of one's own",
    ("http/problem.py", "problem_response", "JSONResponse"): "an error",
    ("http/routers/contributions.py", "read_contribution", "Response"): "one's own record",
    ("http/routers/documentation.py", "show_documentation", "HTMLResponse"): "the documentation",
    ("http/routers/documentation.py", "show_openapi", "JSONResponse"): "the documentation",
    ("http/routers/export.py", "export_own_data", "Response"): "everything of one's own",
    ("http/routers/health.py", "show_metrics", "Response"): "figures of the service",
}
"""(file, function, class) of each response of bytes, and what it carries."""
NO_MODEL = {
    "log_out",
    "accept_invitation",
    "read_contribution",
    "delete_journal_entry",
    "show_forecast_plot",
    "show_glucose_profile_plot",
    "watch_run",
    "show_certificate",
    "download_dataset",
    "retire_dataset",
    "export_own_data",
    "show_metrics",
    "show_openapi",
    "show_documentation",
}
"""Operations whose answer has no schema: through a door above, or empty."""


def names_in(source: str) -> Iterator[tuple[str, str]]:
    """(function or class, name) of every call or base class that makes a response of bytes."""
    yield from _walked(ast.parse(source), "")


def _walked(node: ast.AST, inside: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not inside:
        inside = node.name
    if isinstance(node, ast.ClassDef):
        yield from ((node.name, name) for base in node.bases if (name := _named(base)) in ANSWERS)
    if isinstance(node, ast.Call) and (name := _named(node.func)) in ANSWERS:
        yield inside, name
    for child in ast.iter_child_nodes(node):
        yield from _walked(child, inside)


def _named(node: ast.AST) -> str:
    """The last part of a name: `responses.FileResponse` is `FileResponse`."""
    return ast.unparse(node).rsplit(".", 1)[-1]


def doors() -> set[tuple[str, str, str]]:
    """Every place of the web layer that makes a response of bytes."""
    files = [*(BACKEND / "http").rglob("*.py"), BACKEND / "app.py"]
    return {
        (str(file.relative_to(BACKEND)), inside, name)
        for file in files
        for inside, name in names_in(file.read_text())
    }


def users(*names: str) -> set[str]:
    """The files of the backend in which one of these names is used (imports apart)."""
    return {
        str(file.relative_to(BACKEND))
        for file in BACKEND.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in names
    }


def test_bytes_leave_by_the_named_doors_alone() -> None:
    assert doors() == set(DOORS)


@pytest.mark.parametrize(
    "source",
    [
        "def leak(path):\n    return FileResponse(path)",
        "def leak(rows):\n    return responses.StreamingResponse(iter(rows))",
        "def leak(rows):\n    def inner():\n        return Response(rows, media_type='x')\n"
        "    return inner()",
        "class Leak(StreamingResponse):\n    pass",
        "async def leak():\n    return starlette.responses.PlainTextResponse('x')",
        "app.mount('/data', StaticFiles(directory='data'))",
    ],
    ids=range(6),
)
def test_another_door_would_be_found(source: str) -> None:
    assert [name for _, name in names_in(source)] != []


def test_every_other_answer_has_a_schema_of_its_own() -> None:
    """No operation answers with whatever it is given: a dict, a list of anything, bytes."""
    without = {route.name for route in operations(build_api()) if not has_schema(route)}
    assert without == NO_MODEL


def has_schema(route: APIRoute) -> bool:
    model = route.response_model
    return isinstance(model, type) and issubclass(model, BaseModel) and bool(model.model_fields)


def test_the_response_of_a_package_takes_a_gated_package_and_nothing_else() -> None:
    """In its annotation, which `mypy --strict` holds every caller to, and when it runs."""
    assert package_response.__annotations__["package"] is GatedPackage
    (config,) = [line for line in (ROOT / "pyproject.toml").read_text().splitlines()
                 if line.startswith("strict =")]  # fmt: skip
    assert config == "strict = true"
    assert users("package_response") == {"http/routers/datasets.py"}


def test_only_the_gate_makes_a_gated_package() -> None:
    assert users("_GATE") == {"crypto/gated.py"}
    assert users("GatedPackage.__new__", "object.__new__") == set()
    made = {
        str(file.relative_to(BACKEND))
        for file in BACKEND.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and _named(node.func) == "GatedPackage"
    }
    assert made == {"crypto/gated.py"}


def test_a_sealed_package_is_opened_by_the_gates_use_case_alone() -> None:
    assert users("gated") == {"use_cases/open_dataset.py"}
    assert users("RunPart.PACKAGE") == {"use_cases/open_dataset.py", "use_cases/release_dataset.py"}
    assert users("open_dataset") == {"http/routers/datasets.py"}


def test_no_command_and_no_job_reaches_a_package() -> None:
    """What the command line and the worker import of it is nothing."""
    for name in ("cli.py", "worker.py", "auditor.py", *_files("jobs"), *_files("adapters")):
        source = (BACKEND / name).read_text()
        assert "open_dataset" not in source and "GatedPackage" not in source, name


def _files(room: str) -> list[str]:
    return [str(file.relative_to(BACKEND)) for file in (BACKEND / room).rglob("*.py")]
