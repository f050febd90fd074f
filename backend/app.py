"""The API process put together: the routes, what they reach the outside with, what watches them."""

import atexit
import sys
from contextlib import ExitStack
from typing import TextIO

import anyio
from fastapi import FastAPI

from backend.domain.errors import MisconfiguredService
from backend.http.api import build_api
from backend.http.config import HttpConfig
from backend.http.events import EventStreams
from backend.http.metrics import Metrics
from backend.http.observe import Observed
from backend.http.previews import Previews
from backend.http.rate_limits import RateLimits
from backend.http.readiness import ReadinessWatch
from backend.http.request_log import request_logger
from backend.http.upload import UploadTurns
from backend.ports import Ports
from backend.settings import read_settings
from backend.wiring import configure_logging, connect, leave_no_core_dumps


def create_app(config: HttpConfig, ports: Ports, *, log_to: TextIO | None = None) -> FastAPI:
    """The service over these ports; its log goes to `log_to` or standard error."""
    app = build_api()
    metrics = Metrics(ports)
    app.state.config = config
    app.state.ports = ports
    app.state.metrics = metrics
    app.state.rate_limits = RateLimits(config)
    app.state.readiness = ReadinessWatch(ports, good_for_s=config.readiness_s)
    app.state.upload_turns = UploadTurns(config.concurrent_uploads)
    app.state.previews = Previews(config.preview_memory, wait_s=config.preview_wait_s)
    places = config.concurrent_streams
    app.state.event_streams = EventStreams(places, of_one=max(1, places // 8))
    app.state.hashing_turns = anyio.Semaphore(config.concurrent_hashes)
    app.add_middleware(
        Observed,
        log=request_logger(log_to),
        metrics=metrics,
        random_bytes=ports.random_bytes,
        https=config.cookie_secure,
    )
    return app


def production_app() -> FastAPI:
    """What `uvicorn --factory` starts; faulty settings are all listed, and exit 2."""
    leave_no_core_dumps()
    opened = ExitStack()
    atexit.register(opened.close)
    try:
        settings = read_settings()
        configure_logging(settings)
        return create_app(settings.http(), opened.enter_context(connect(settings)))
    except MisconfiguredService as fault:
        sys.stderr.write(f"{fault.message}\n")
        raise SystemExit(2) from fault
