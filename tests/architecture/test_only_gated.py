"""Bytes leave by named doors alone, and a dataset only as a package that passed the gate (REL-25).

Every way in which the web layer makes a response of bytes is found in the source and compared with
the list below; a new one fails here until it is looked at. Of these two carry files of datasets:
one takes nothing but a `GatedPackage`, which nothing but the gate makes, the other nothing but a
`GatedPreview`, which is made of a `GatedPackage`.
"""

import ast
from collections.abc import Iterator, Set
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from backend.crypto.gated import GatedPackage
from backend.crypto.gated_preview import GatedPreview, PreviewFile
from backend.http.api import build_api
from backend.http.download import package_response, preview_response
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
    ("http/download.py", "preview_response", "Response"): "a gated package's datasheet, report, "
    "Croissant",
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
    "show_datasheet",
    "show_report",
    "show_croissant",
    "download_dataset",
    "retire_dataset",
    "export_own_data",
    "show_metrics",
    "show_openapi",
    "show_documentation",
}
"""Operations whose answer has no schema: through a door above, or empty."""


def names_in(source: str, names: Set[str] = ANSWERS) -> Iterator[tuple[str, str]]:
    """(function or class, name) of every call or base class of these names: by default of those
    that make a response of bytes."""
    yield from _walked(ast.parse(source), "", names)


def _walked(node: ast.AST, inside: str, names: Set[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not inside:
        inside = node.name
    if isinstance(node, ast.ClassDef):
        yield from ((node.name, name) for base in node.bases if (name := _named(base)) in names)
    if isinstance(node, ast.Call) and (name := _named(node.func)) in names:
        yield inside, name
    for child in ast.iter_child_nodes(node):
        yield from _walked(child, inside, names)


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


def test_the_response_of_a_preview_takes_a_gated_preview_and_nothing_else() -> None:
    assert preview_response.__annotations__["preview"] is GatedPreview
    assert preview_response.__annotations__["which"] is PreviewFile
    assert users("preview_response") == {"http/routers/datasets.py"}


def test_a_preview_is_made_of_a_gated_package_and_has_no_file_with_rows() -> None:
    assert GatedPreview.__init__.__annotations__["package"] is GatedPackage
    assert {which.value for which in PreviewFile} == {
        "datasheet.html",
        "report.json",
        "croissant.json",
    }


def test_only_the_gate_makes_a_gated_package() -> None:
    assert users("_GATE") == {"crypto/gated.py"}
    assert users("GatedPackage.__new__", "GatedPreview.__new__", "object.__new__") == set()
    assert makers("GatedPackage") == {("crypto/gated.py", "gated")}
    assert makers("GatedPreview") == {("use_cases/preview_dataset.py", "open_preview")}


def makers(name: str) -> set[tuple[str, str]]:
    """(file, function) of every call of this class in the backend."""
    return {
        (str(file.relative_to(BACKEND)), inside)
        for file in BACKEND.rglob("*.py")
        for inside, _ in names_in(file.read_text(), {name})
    }


def test_a_sealed_package_is_opened_by_the_gates_use_case_alone() -> None:
    assert users("gated") == {"use_cases/open_dataset.py"}
    assert users("RunPart.PACKAGE") == {"use_cases/open_dataset.py", "use_cases/release_dataset.py"}
    assert users("open_dataset") == {"http/routers/datasets.py"}
    assert users("opened_package") == {"use_cases/open_dataset.py", "use_cases/preview_dataset.py"}
    assert users("held_preview", "open_preview") == {"http/previews.py"}


def test_a_preview_is_held_against_its_dataset_whenever_it_is_shown() -> None:
    """What the shelf holds is reached by one use case, and leaves it through `shown_now` alone."""
    assert users("PreviewShelf") == {"http/previews.py", "use_cases/preview_dataset.py"}
    assert users("shown_now") == {"use_cases/preview_dataset.py"}
    assert makers("DatasetPreview") == {("use_cases/preview_dataset.py", "_shown")}


def test_no_command_and_no_job_reaches_a_package() -> None:
    """What the command line and the worker import of it is nothing."""
    for name in ("cli.py", "worker.py", "auditor.py", *_files("jobs"), *_files("adapters")):
        source = (BACKEND / name).read_text()
        for word in ("open_dataset", "preview_dataset", "GatedPackage", "GatedPreview"):
            assert word not in source, name


def _files(room: str) -> list[str]:
    return [str(file.relative_to(BACKEND)) for file in (BACKEND / room).rglob("*.py")]
