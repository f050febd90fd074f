"""What /readyz answers: asked once for everybody who wants to know at the same time."""

import math
import time

import anyio
from fastapi.concurrency import run_in_threadpool

from backend.ports import Ports
from backend.use_cases.check_readiness import check_readiness


class ReadinessWatch:
    """The parts' last answers, given again for `good_for_s`.

    However many ask while the outside is silent, one thread waits for it; the others wait on the
    event loop, from which alone this is used, and take that answer.
    """

    def __init__(self, ports: Ports, *, good_for_s: float) -> None:
        self._ports = ports
        self._good_for_s = good_for_s
        self._asking = anyio.Lock()
        self._answers: dict[str, bool] = {}
        self._answered_at = -math.inf

    async def answers(self) -> dict[str, bool]:
        """Part by part, whether it answers, as of `good_for_s` before this call at the latest."""
        called_at = time.monotonic()
        async with self._asking:
            if self._answered_at < called_at - self._good_for_s:
                self._answers = await run_in_threadpool(check_readiness, ports=self._ports)
                self._answered_at = time.monotonic()
            return self._answers
