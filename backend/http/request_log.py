"""One JSON line a request: never a query string, a body, an address or a person's data."""

import sys
import traceback
from pathlib import PurePath
from typing import Any, TextIO

import structlog

_FRAMES = 8


def request_logger(stream: TextIO | None = None) -> Any:
    """A logger of its own, writing JSON lines to `stream` or standard error."""
    return structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
    )


def fault_of(error: BaseException) -> dict[str, Any]:
    """What an unforeseen error was and where it arose; its message may hold data and stays out."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": type(error).__name__,
        "causes": _causes(error),
        "where": [f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames],
    }


def _causes(error: BaseException) -> list[str]:
    names: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(names) < _FRAMES:
        names.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return names
