"""Progress as server-sent events: whole states, so that whoever reconnects has missed nothing.

A stream holds no thread and no database connection between two looks, ends after a while by
itself, and there are only so many at a time: browsers reconnect by themselves and say which state
they have seen last.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import anyio
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from backend.domain.errors import RateLimited, VitalMintError

MEDIA_TYPE = "text/event-stream"
LAST_SEEN = "Last-Event-ID"
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        "description": "server-sent events",
    },
    204: {"description": "the last event that was received was the end"},
}
"""For the description of an operation."""

_COME_BACK_S = 5
_RECONNECT_MS = 1000
_ALIVE_S = 10.0


@dataclass(frozen=True)
class Seen:
    """One look: what is told, and whether that is the end."""

    state: BaseModel
    ended: bool

    @property
    def id(self) -> str:
        """Of what is told: the same state has the same."""
        return sha256(self.state.model_dump_json().encode()).hexdigest()[:32]

    def text(self) -> str:
        """One event."""
        name = "end" if self.ended else "progress"
        return f"id: {self.id}\nevent: {name}\ndata: {self.state.model_dump_json()}\n\n"


Look = Callable[[], Seen]


class EventStreams:
    """So many streams at a time, and so many of one account. Used from the event loop alone."""

    def __init__(self, places: int, of_one: int) -> None:
        self._places = places
        self._of_one = of_one
        self._held: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """How many go on."""
        return self._held.total()

    def take(self, account_id: str) -> None:
        """A place for one stream, or `RateLimited`."""
        if self.held >= self._places or self._held[account_id] >= self._of_one:
            raise RateLimited(
                "too many are watching: try again in a few seconds", retry_after_s=_COME_BACK_S
            )
        self._held[account_id] += 1

    def give_back(self, account_id: str) -> None:
        """The stream is over."""
        self._held[account_id] -= 1
        self._held += Counter()


class EventResponse(StreamingResponse):
    """A stream in a place that is given back however it ends."""

    def __init__(self, events: AsyncIterator[str], streams: EventStreams, account_id: str) -> None:
        super().__init__(events, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
        self._streams = streams
        self._account_id = account_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.give_back(self._account_id)


async def watched(
    look: Look,
    last_seen: str | None,
    *,
    streams: EventStreams,
    account_id: str,
    every_s: float,
    for_s: float,
) -> Response:
    """The stream from the first state that differs from `last_seen`; 204 when that was the end.

    What the first look raises is the answer; a later one that fails ends the stream, and the
    reconnecting caller is told.
    """
    streams.take(account_id)
    try:
        first = await run_in_threadpool(look)
    except BaseException:
        streams.give_back(account_id)
        raise
    if first.ended and first.id == last_seen:
        streams.give_back(account_id)
        return Response(status_code=204)
    return EventResponse(
        _events(look, first, last_seen, every_s=every_s, for_s=for_s), streams, account_id
    )


async def _events(
    look: Look, first: Seen, last_seen: str | None, *, every_s: float, for_s: float
) -> AsyncIterator[str]:
    yield f"retry: {_RECONNECT_MS}\n\n"
    seen, told, until = first, last_seen, time.monotonic() + for_s
    spoken = time.monotonic()
    while True:
        if seen.id != told:
            told, spoken = seen.id, time.monotonic()
            yield seen.text()
        elif time.monotonic() - spoken >= _ALIVE_S:
            spoken = time.monotonic()
            yield ": nothing new\n\n"
        if seen.ended or time.monotonic() >= until:
            return
        await anyio.sleep(every_s)
        try:
            seen = await run_in_threadpool(look)
        except VitalMintError:
            return
