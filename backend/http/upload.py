"""Uploads: counted per account, a few at a time, held in memory only."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from weakref import WeakValueDictionary

import anyio
from fastapi import Depends, Request

from backend.domain.consent import Kind
from backend.domain.errors import InvalidField, RateLimited, UploadTimedOut
from backend.domain.personal import zone_name
from backend.http.multipart import declared_too_large, read_form, too_large

_COME_BACK_S = 5


@dataclass(frozen=True)
class Upload:
    """One file with what its sender says about it; `zone` is None when they said nothing."""

    data: bytes = field(repr=False)
    kind: Kind
    zone: str | None


class UploadTurns:
    """So many uploads at a time; where there are several places, one account never has them all.

    Used from the event loop alone.
    """

    def __init__(self, places: int) -> None:
        self._places = anyio.Semaphore(places)
        self._most = max(1, places - 1)
        self._of_account: WeakValueDictionary[str, anyio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, account_id: str, *, wait_s: float) -> AsyncIterator[None]:
        """Hold a place, or `RateLimited` when none came free in time.

        An account waits for its own uploads first, out of the line that everybody stands in.
        """
        own = self._of_account.get(account_id)
        if own is None:
            own = self._of_account[account_id] = anyio.Semaphore(self._most)
        async with AsyncExitStack() as held:
            with anyio.move_on_after(wait_s) as waiting:
                await held.enter_async_context(own)
                await held.enter_async_context(self._places)
            if waiting.cancelled_caught:
                raise RateLimited(
                    "too many uploads are under way: try again in a few seconds",
                    retry_after_s=_COME_BACK_S,
                )
            yield


async def _upload(request: Request) -> AsyncIterator[Upload]:
    account_id = request.state.caller.account.id
    request.app.state.rate_limits.count_upload(account_id)
    limit = request.app.state.ports.policy.upload_limit
    if declared_too_large(request.headers.get("content-length"), limit):
        raise too_large(limit)
    turns: UploadTurns = request.app.state.upload_turns
    async with turns.one(account_id, wait_s=request.app.state.config.upload_wait_s):
        yield await _read(request, limit)


UploadHere = Annotated[Upload, Depends(_upload)]


async def _read(request: Request, limit: int) -> Upload:
    time_s = request.app.state.config.upload_time_s
    with anyio.move_on_after(time_s) as reading:
        form = await read_form(
            request.stream(),
            request.headers.get("content-type", ""),
            file_field="file",
            file_limit=limit,
            fields=("kind", "zone"),
        )
    if reading.cancelled_caught:
        raise UploadTimedOut(f"the upload took more than {time_s:g} seconds: try again")
    return _understood(form)


def _understood(form: dict[str, bytes]) -> Upload:
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
