"""The API's description: one shape of errors, who may call what, stable operation ids."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from backend.http.access import ACCESS, Open
from backend.http.problem import MEDIA_TYPE, Problem
from backend.http.session import COOKIE, CSRF_HEADER

TITLE = "VitalMint"
VERSION = "0.1.0"
DESCRIPTION = (
    "Patients contribute health records, sealed and anchored on a chain; only synthetic datasets "
    "ever leave. Every error is a problem document (RFC 9457) with a stable `code`. Log in at "
    f"/api/login: the session is a cookie, and everything but GET and HEAD needs the header "
    f"`{CSRF_HEADER}` with the token that the login told."
)
_READS = frozenset({"get", "head"})
_MEANING = {
    "400": "the request cannot be read",
    "401": "no session, or the wrong credentials",
    "403": "this caller may not do this",
    "404": "nothing of that name that this caller may see",
    "409": "it is already so, or in a state that does not allow this",
    "408": "the bytes did not arrive in time",
    "410": "erased for good",
    "412": "it was changed since the caller looked",
    "413": "too many bytes",
    "422": "the request or the file cannot be used",
    "429": "too many attempts",
    "502": "the content store returned something else than was stored",
    "503": "something outside does not answer",
}
_BY_ID = ("404", "409")
_UPLOADS = {
    "contribute": ("403", "408", "409", "413", "429", "502"),
    "inspect_file": ("408", "413", "429"),
}
_MORE: dict[str, tuple[str, ...]] = {
    "sign_up": ("403", "409", "429"),
    "log_in": ("401", "429"),
    "recover_account": ("401", "429"),
    "offer_sign_in": ("429",),
    "sign_in_with_ethereum": ("401", "404", "429"),
    "sign_up_with_ethereum": ("401", "403", "409", "429"),
    "change_password": ("429",),
    "erase_account": ("409", "429"),
    "export_wallet": ("404", "429"),
    "accept_invitation": ("429",),
    "grant_consent": ("409", "429"),
    "revoke_consent": ("404", "409", "429"),
    "show_contribution": ("404",),
    "prove_integrity": _BY_ID,
    "create_journal_entry": ("409",),
    "show_journal_entry": ("404",),
    "edit_journal_entry": ("404", "412"),
    "delete_journal_entry": ("404", "412"),
    "show_guidance": ("404", "410", "429", "502"),
    "erase_contribution": _BY_ID,
    "read_contribution": (*_BY_ID, "410", "502"),
    "request_training": ("404", "409", "422", "429"),
    "show_training": ("404",),
    "cancel_training": ("404",),
    "show_forecast": ("404", "409", "410", "422", "429", "502"),
    "show_forecast_plot": ("404", "409", "410", "422", "429", "502"),
    "show_glucose_summary": ("410", "422", "429", "502"),
    "show_glucose_profile": ("410", "422", "429", "502"),
    "show_glucose_profile_plot": ("410", "422", "429", "502"),
    "request_run": ("409", "422", "429"),
    "show_run": ("404",),
    "cancel_run": ("404",),
    "show_findings": ("404",),
    "watch_run": ("404", "429"),
    "list_datasets": ("429",),
    "show_dataset": ("404", "429"),
    "show_certificate": ("404", "429"),
    "show_datasheet": ("404", "410", "429", "502"),
    "show_report": ("404", "410", "429", "502"),
    "show_croissant": ("404", "410", "429", "502"),
    "download_dataset": ("404", "410", "429", "502"),
    "retire_dataset": ("404",),
    "show_privacy_ledger": ("404",),
    **_UPLOADS,
}
_ANSWERS_NOTHING_OUTSIDE = frozenset(
    {"check_health", "check_readiness", "show_metrics", "show_documentation", "show_openapi"}
)


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole OpenAPI document; the same for every start of the same release."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=TITLE, version=VERSION, description=DESCRIPTION, routes=app.routes
        )
        _add_components(document)
        for path in document["paths"].values():
            for method, operation in path.items():
                _complete(operation, method)
        app.openapi_schema = document
    return app.openapi_schema


def operations(app: FastAPI) -> list[APIRoute]:
    """Every operation that the app serves."""
    contexts = iter_route_contexts(app.routes)
    return [c.original_route for c in contexts if isinstance(c.original_route, APIRoute)]


def _add_components(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    }


def _complete(operation: dict[str, Any], method: str) -> None:
    """Add who may call it and every error that it can end in."""
    name = operation["operationId"]
    access = ACCESS[name]
    responses = operation["responses"]
    responses.pop("422", None)
    statuses = set(_MORE.get(name, ()))
    if not isinstance(access, Open):
        needs: dict[str, list[str]] = (
            {"session": []} if method in _READS else {"session": [], "csrf": []}
        )
        operation["security"] = [needs]
        operation["x-roles"] = sorted(access)
        statuses |= {"401", "403"}
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        statuses |= {"400", "413"}
    if "requestBody" in operation or "parameters" in operation:
        statuses.add(
            "422",
        )
    if name not in _ANSWERS_NOTHING_OUTSIDE:
        statuses.add(
            "503",
        )
    for status in sorted(statuses - set(responses)):
        responses[status] = {
            "description": _MEANING.get(status, "see `code`"),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
