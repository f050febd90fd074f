"""The one table from domain error to HTTP status, and what turns errors into answers."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from backend.domain import errors as domain
from backend.http.problem import FieldFault, problem_response

STATUS: dict[type[domain.VitalMintError], int] = {
    domain.VitalMintError: 500,
    domain.BadInput: 400,
    domain.UnreadableRecord: 422,
    domain.ZoneMissing: 422,
    domain.PayloadTooLarge: 413,
    domain.UploadTimedOut: 408,
    domain.NotEnoughData: 422,
    domain.InvalidField: 422,
    domain.InvitationRequired: 403,
    domain.NotAllowed: 403,
    domain.NotAuthenticated: 401,
    domain.NotFound: 404,
    domain.Conflict: 409,
    domain.StaleVersion: 412,
    domain.RateLimited: 429,
    domain.KeyUnavailable: 500,
    domain.KeyDestroyed: 410,
    domain.SealBroken: 500,
    domain.ContentMismatch: 502,
    domain.ContentMissing: 502,
    domain.Unavailable: 503,
    domain.ChainRejected: 409,
    domain.RegistryPaused: 503,
    domain.ConsentNotInForceOnChain: 403,
    domain.RecorderRefused: 500,
    domain.MisconfiguredService: 500,
}
"""An error not listed has the status of its nearest listed ancestor."""

_PUBLIC_DETAIL: dict[type[domain.VitalMintError], str] = {
    domain.VitalMintError: "something went wrong here, not in your request: say the instance "
    "of this answer to the operator",
    domain.ContentMismatch: "the content store returned other bytes than were stored: nothing "
    "was done, try again or say the instance of this answer to the operator",
    domain.ContentMissing: "the content store does not hold this content at the moment: say the "
    "instance of this answer to the operator",
    domain.ContentStoreUnavailable: "the content store does not answer: nothing was done, try "
    "again in a minute",
    domain.ChainUnavailable: "the chain does not answer: nothing was done, try again in a minute",
    domain.DatabaseUnavailable: "the database does not answer: nothing was done, try again in a "
    "minute",
    domain.KeyringUnavailable: "the keyring does not answer: nothing was done, try again in a "
    "minute",
    domain.Unavailable: "a part of the service does not answer: nothing was done, try again in "
    "a minute",
}
"""What the caller is told where the error's own message is for the operator."""

_RETRY_LATER_S = 10
_UNEXPECTED = "unexpected"


def add_error_handlers(app: FastAPI) -> None:
    """Every error that a request can end in becomes a problem document."""
    app.add_exception_handler(domain.VitalMintError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


def status_of(error_type: type[domain.VitalMintError]) -> int:
    """The status of the nearest listed class."""
    return next(STATUS[kind] for kind in error_type.__mro__ if kind in STATUS)


def unexpected(request: Request) -> JSONResponse:
    """The answer to an error that nobody foresaw: its number, and nothing of the inside."""
    detail = _PUBLIC_DETAIL[domain.VitalMintError]
    return problem_response(request, status=500, code=_UNEXPECTED, detail=detail)


def _domain_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, domain.VitalMintError)
    status = status_of(type(error))
    retry_after = getattr(error, "retry_after_s", None)
    if status == 503 and retry_after is None:
        retry_after = _RETRY_LATER_S
    return problem_response(
        request,
        status=status,
        code=error.code,
        detail=_detail(error, status),
        line=getattr(error, "line", None),
        field=getattr(error, "field", None),
        needs=getattr(error, "needs", None),
        retry_after=retry_after,
        headers={"WWW-Authenticate": "VitalMintSession"} if status == 401 else None,
    )


def _detail(error: domain.VitalMintError, status: int) -> str:
    if status < 500 or (isinstance(error, domain.ChainRejected) and status == 503):
        return error.message
    return next(_PUBLIC_DETAIL[kind] for kind in type(error).__mro__ if kind in _PUBLIC_DETAIL)


def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [
        FieldFault(field=_place(fault["loc"]), reason=_reason(fault)) for fault in error.errors()
    ]
    return problem_response(
        request,
        status=422,
        code="invalid_request",
        detail=f"the request cannot be used: {faults[0].field}: {faults[0].reason}",
        errors=faults,
    )


def _reason(fault: dict[str, Any]) -> str:
    """Pydantic's words, but where these repeat what was sent."""
    if fault["type"] == "union_tag_invalid":
        return f"this is one of {fault['ctx']['expected_tags']}"
    return str(fault["msg"])


def _place(location: tuple[str | int, ...]) -> str:
    """`body.age`; a name that the caller made up may be of any length and no text at all."""
    name = ".".join(str(part)[:64] for part in location)
    return name.encode("utf-8", "replace").decode()


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, detail = {
        404: ("no_such_path", "there is nothing at this path: see /openapi.json"),
        405: ("method_not_allowed", "this path does not take this method: see /openapi.json"),
    }.get(error.status_code, ("bad_request", "the request cannot be read: see /openapi.json"))
    return problem_response(
        request,
        status=error.status_code,
        code=code,
        detail=detail,
        headers=dict(error.headers or {}),
    )
