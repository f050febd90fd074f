"""Uploads: counted per account, a few at a time, held in memory only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import anyio
from fastapi import Depends, Request

from backend.domain.consent import Kind
from backend.domain.errors import InvalidField, RateLimited, UploadTimedOut
from backend.domain.personal import zone_name
from backend.http.config import HttpConfig
from backend.http.multipart import declared_too_large, read_form, too_large

_FIELDS = frozenset({"file", "kind", "zone"})
_COME_BACK_S = 5


@dataclass(frozen=True)
class Upload:
    """One file with what its sender says about it; `zone` is None when they said nothing."""

    data: bytes = field(repr=False)
    kind: Kind
    zone: str | None


async def _upload(request: Request) -> AsyncIterator[Upload]:
    request.app.state.rate_limits.count_upload(request.state.caller.account.id)
    limit = request.app.state.ports.policy.upload_limit
    if declared_too_large(request.headers.get("content-length"), limit):
        raise too_large(limit)
    async with _turn(request.app.state.upload_turns, request.app.state.config):
        yield await _read(request, limit)


UploadHere = Annotated[Upload, Depends(_upload)]


@asynccontextmanager
async def _turn(turns: anyio.Semaphore, config: HttpConfig) -> AsyncIterator[None]:
    """Hold one of the places for uploads, or `RateLimited` when none came free in time."""
    with anyio.move_on_after(config.upload_wait_s) as waiting:
        await turns.acquire()
    if waiting.cancelled_caught:
        raise RateLimited(
            "too many uploads are under way: try again in a few seconds",
            retry_after_s=_COME_BACK_S,
        )
    try:
        yield
    finally:
        turns.release()


async def _read(request: Request, limit: int) -> Upload:
    time_s = request.app.state.config.upload_time_s
    with anyio.move_on_after(time_s) as reading:
        form = await read_form(
            request.stream(),
            request.headers.get("content-type", ""),
            file_field="file",
            file_limit=limit,
        )
    if reading.cancelled_caught:
        raise UploadTimedOut(f"the upload took more than {time_s:g} seconds: try again")
    return _understood(form)


def _understood(form: dict[str, bytes]) -> Upload:
    if unknown := sorted(set(form) - _FIELDS):
        raise InvalidField(unknown[0][:64], "the form has only the fields file, kind and zone")
    if "file" not in form:
        raise InvalidField("file", "the form has no field named file")
    zone = form.get("zone", b"").decode("utf-8", "replace").strip()
    return Upload(form["file"], _kind(form), zone_name(zone) if zone else None)


def _kind(form: dict[str, bytes]) -> Kind:
    name = form.get("kind", b"").decode("utf-8", "replace").strip()
    kinds = {kind.name.lower(): kind for kind in Kind}
    if name not in kinds:
        raise InvalidField("kind", f"kind is one of {', '.join(kinds)}")
    return kinds[name]


def multipart_schema(*, example: dict[str, str]) -> dict[str, Any]:
    """How OpenAPI describes such a form, with an example that works."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file", "kind"],
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "kind": {"type": "string", "enum": [k.name.lower() for k in Kind]},
                            "zone": {
                                "type": "string",
                                "description": "IANA name of the zone of the device's clock; "
                                "without it the zone of the profile is taken",
                            },
                        },
                    },
                    "example": example,
                }
            },
        }
    }
