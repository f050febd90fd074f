"""HTTP to a content node that may lie, stall or never stop: no call longer or larger than allowed.

`requests` bounds the time between two bytes only, so a server that sends one byte now and
then holds a caller for ever. Here the connection itself is cut when the call's time is over.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse

ERROR_BODY_LIMIT = 64 * 1024
_PIECE = 64 * 1024


class AnswerTooLarge(requests.RequestException):
    """The answer was longer than the call allows; nothing of it is used."""


class BoundedAdapter(HTTPAdapter):
    """Carries one call at a time over one kept-open connection that can be cut."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._twin: socket.socket | None = None
        self._limit = 0
        self.was_cut = False
        """Whether the last call's time ran out."""
        self.calls = 0
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As `requests` does it, with connections that can be cut."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._connected)

    def start(self, *, limit: int) -> None:
        """Begin a call that may be answered with `limit` bytes."""
        self._limit = limit
        self.was_cut = False
        self.calls += 1

    def cut(self) -> None:
        """End the call that is under way, from another thread, wherever it is blocked."""
        with self._guard:
            self.was_cut = True
            if self._twin is not None:
                _shut(self._twin)

    def close(self) -> None:
        """Close the connection and forget it."""
        super().close()
        with self._guard:
            self._drop_twin()

    def build_response(
        self, req: requests.PreparedRequest, resp: BaseHTTPResponse
    ) -> requests.Response:
        """The response, with a body that ends in `AnswerTooLarge` at the call's limit."""
        response = super().build_response(req, resp)
        if response.is_redirect:
            raise requests.TooManyRedirects("the answer points to another address")
        if response.status_code < 400:
            response.raw = _BoundedBody(resp, self._limit, AnswerTooLarge)
        else:
            response.raw = _BoundedBody(resp, ERROR_BODY_LIMIT, requests.RequestException)
        return response

    def _connected(self, connection: socket.socket) -> None:
        # A duplicate of the descriptor stays valid through TLS and after urllib3's own close,
        # and shutting it down ends a read or write that is blocked on the original.
        with self._guard:
            self._drop_twin()
            self._twin = connection.dup()
            if self.was_cut:
                _shut(self._twin)

    def _drop_twin(self) -> None:
        if self._twin is not None:
            self._twin.close()
            self._twin = None


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # the other side closed it first
        return


def _pools(connected: Callable[[socket.socket], None]) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose connections report their socket as soon as it is open."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            opened = super()._new_conn()
            connected(opened)
            return opened

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            opened = super()._new_conn()
            connected(opened)
            return opened

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _BoundedBody:
    """The part of a urllib3 response that `requests` uses, with an end."""

    def __init__(
        self, body: BaseHTTPResponse, limit: int, error: type[requests.RequestException]
    ) -> None:
        self._body = body
        self._limit = limit
        self._error = error

    def stream(self, amt: int | None, decode_content: bool) -> Iterator[bytes]:
        """The body in pieces, never decompressed: what a node sends compressed is not ours."""
        taken = 0
        for piece in self._body.stream(_PIECE, decode_content=False):
            taken += len(piece)
            if taken > self._limit:
                raise self._error(f"the answer is longer than {self._limit} bytes")
            yield piece

    def close(self) -> None:
        self._body.close()

    def release_conn(self) -> None:
        self._body.release_conn()
