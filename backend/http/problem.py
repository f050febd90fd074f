"""The one shape of every error (RFC 9457)."""

from typing import Annotated

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class FieldFault(BaseModel):
    """One field that cannot be used, and why; never its value."""

    field: str
    reason: str


class Problem(BaseModel):
    """What happened, to what, and what to do. `code` is stable; `detail` is for people."""

    type: Annotated[str, Field(examples=["urn:vitalmint:problem:not_authenticated"])]
    title: Annotated[str, Field(examples=["Not authenticated"])]
    status: Annotated[int, Field(examples=[401])]
    detail: Annotated[str, Field(examples=["this needs a session: log in at /api/login first"])]
    code: Annotated[str, Field(examples=["not_authenticated"])]
    instance: Annotated[str, Field(examples=["urn:vitalmint:request:8f14e45fceea167a"])]
    line: int | None = None
    field: str | None = None
    needs: Annotated[str | None, Field(description="what would be enough")] = None
    retry_after: int | None = None
    errors: list[FieldFault] | None = None


def problem_response(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    line: int | None = None,
    field: str | None = None,
    needs: str | None = None,
    retry_after: int | None = None,
    errors: list[FieldFault] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """The error as problem+json; the request log is told its code."""
    request.state.problem = code
    problem = Problem(
        type=f"urn:vitalmint:problem:{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        instance=f"urn:vitalmint:request:{request.state.request_id}",
        line=line,
        field=field,
        needs=needs,
        retry_after=retry_after,
        errors=errors,
    )
    sent = dict(headers or {})
    if retry_after is not None:
        sent["Retry-After"] = str(retry_after)
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=status,
        headers=sent,
        media_type=MEDIA_TYPE,
    )
