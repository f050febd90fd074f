"""The API process put together: the routes, what they reach the outside with, what watches them."""

from typing import TextIO

import anyio
from fastapi import FastAPI

from backend.http.api import build_api
from backend.http.config import HttpConfig
from backend.http.metrics import Metrics
from backend.http.observe import Observed
from backend.http.rate_limits import RateLimits
from backend.http.request_log import request_logger
from backend.ports import Ports


def create_app(config: HttpConfig, ports: Ports, *, log_to: TextIO | None = None) -> FastAPI:
    """The service over these ports; its log goes to `log_to` or standard error."""
    app = build_api()
    metrics = Metrics(ports)
    app.state.config = config
    app.state.ports = ports
    app.state.metrics = metrics
    app.state.rate_limits = RateLimits(config)
    app.state.upload_turns = anyio.Semaphore(config.concurrent_uploads)
    app.add_middleware(
        Observed,
        log=request_logger(log_to),
        metrics=metrics,
        random_bytes=ports.random_bytes,
        https=config.cookie_secure,
    )
    return app
