"""Around every request: its number, its headers, its line in the log, its place in the metrics."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.http.errors import unexpected
from backend.http.metrics import Metrics
from backend.http.request_log import fault_of

_CLIENT_WENT_AWAY = 499
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise itself."""
HSTS = "max-age=31536000"


class Observed:
    """The outermost layer of our own; no error passes it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: Any,
        metrics: Metrics,
        random_bytes: Callable[[int], bytes],
        https: bool,
    ) -> None:
        self._app = app
        self._log = log
        self._metrics = metrics
        self._random_bytes = random_bytes
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._random_bytes(8).hex()
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), request_id)
            await send(message)

        fault: dict[str, Any] = {}
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            status = _CLIENT_WENT_AWAY
        except Exception as error:  # noqa: BLE001 - the edge: it ends here, told to log and caller
            fault = fault_of(error)
            if status == 0:
                await unexpected(Request(scope))(scope, receive, answer)
        self._record(scope, status, time.perf_counter() - started, fault)

    def _add_headers(self, headers: MutableHeaders, request_id: str) -> None:
        headers["X-Request-ID"] = request_id
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        if self._https:
            headers["Strict-Transport-Security"] = HSTS

    def _record(self, scope: Scope, status: int, seconds: float, fault: dict[str, Any]) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.count(method, route, status, seconds)
        line = {
            "request_id": scope["state"]["request_id"],
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 1),
            **({"problem": problem} if (problem := scope["state"].get("problem")) else {}),
            **fault,
        }
        (self._log.error if status >= 500 else self._log.info)("request", **line)
