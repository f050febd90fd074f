"""Previews of datasets for anybody: those that are held answer at once, the others by turns.

Opening a package costs memory and time in proportion to it, and whoever asks has no account. So
one is opened at a time, whoever waits holds no thread, and only so long.
"""

from typing import Annotated

import anyio
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from backend.domain.errors import RateLimited
from backend.domain.identifiers import RunId
from backend.ports import Ports
from backend.use_cases.preview_dataset import (
    DatasetPreview,
    PreviewShelf,
    held_preview,
    open_preview,
)

_COME_BACK_S = 5


class Previews:
    """A shelf of previews and one place to open packages at. Used from the event loop alone."""

    def __init__(self, most_bytes: int, *, wait_s: float) -> None:
        self._shelf = PreviewShelf(most_bytes)
        self._place = anyio.Semaphore(1)
        self._wait_s = wait_s

    async def of(self, run_id: RunId, ports: Ports) -> DatasetPreview:
        """The preview of a listed dataset, or `RateLimited` when the place came free too late."""
        held = await run_in_threadpool(held_preview, run_id, self._shelf, ports=ports)
        if held is not None:
            return held
        with anyio.move_on_after(self._wait_s) as waiting:
            await self._place.acquire()
        if waiting.cancelled_caught:
            raise RateLimited(
                "too many previews are being opened: try again in a few seconds",
                retry_after_s=_COME_BACK_S,
            )
        try:
            return await run_in_threadpool(open_preview, run_id, self._shelf, ports=ports)
        finally:
            self._place.release()


async def _previews(request: Request) -> Previews:
    previews: Previews = request.app.state.previews
    return previews


PreviewsHere = Annotated[Previews, Depends(_previews)]
