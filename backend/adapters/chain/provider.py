"""JSON-RPC over HTTP with an end: no answer takes longer or is larger than allowed.

`requests` bounds the time between two bytes only, so a node that sends one byte now and then
would hold a caller for ever. Here the connection is cut when the request's time is over.
"""

import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

LARGEST_ANSWER = 64 * 1024 * 1024
CONNECTIONS = 32
_PIECE = 64 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BoundedHTTPProvider(JSONBaseProvider):
    """A web3 provider that asks each question once, within `limit_s`, and retries nothing."""

    def __init__(self, url: str, *, limit_s: float) -> None:
        super().__init__()
        self.global_ccip_read_enabled = False
        self._url = url
        self._limit_s = limit_s
        self._timing = threading.local()
        self._session = requests.Session()
        # A proxy named by the environment is not for a node on this machine.
        self._session.trust_env = urlsplit(url).hostname not in _LOOPBACK
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _CuttableAdapter(self._timing))

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """The node's answer, result or error; OSError or ValueError when there is none to read."""
        return self.request(method, params, limit_s=self._limit_s)

    def request(self, method: RPCEndpoint, params: Any, *, limit_s: float) -> RPCResponse:
        """The same within another time."""
        body = self.encode_rpc_request(method, params)
        return self.decode_rpc_response(self._post(body, limit_s))

    def _post(self, body: bytes, limit_s: float) -> bytes:
        with _Deadline(limit_s) as deadline:
            self._timing.deadline = deadline
            try:
                return self._exchange(body, limit_s)
            except (requests.RequestException, HTTPError) as error:
                if deadline.over:
                    raise requests.Timeout("the answer did not end in time") from error
                raise requests.ConnectionError("the answer broke off") from error

    def _exchange(self, body: bytes, limit_s: float) -> bytes:
        with self._session.post(
            self._url,
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=limit_s,
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != 200:
                raise requests.HTTPError(f"HTTP status {response.status_code}")
            return _read(response.raw)


def _read(body: BaseHTTPResponse) -> bytes:
    """The whole body, decompressed, unless it is larger than any honest answer."""
    pieces: list[bytes] = []
    taken = 0
    for piece in body.stream(_PIECE, decode_content=True):
        taken += len(piece)
        if taken > LARGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("the answer is too large")
        pieces.append(piece)
    return b"".join(pieces)


class _Deadline:
    """Shuts the watched connection down when the time is over: a blocked read ends at once."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._guard = threading.Lock()
        self._watched: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._guard:
            self._watched = None

    def watch(self, connection: socket.socket) -> None:
        with self._guard:
            self._watched = connection
            if self.over:
                _shut(connection)

    def _pass(self) -> None:
        with self._guard:
            self.over = True
            if self._watched is not None:
                _shut(self._watched)


def _shut(connection: socket.socket) -> None:
    try:
        # Past TLS's own shutdown, which may not be called while another thread reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:  # the other side was first
        return


class _CuttableAdapter(HTTPAdapter):
    """Connections that hand their socket to the deadline of the request they carry."""

    def __init__(self, timing: threading.local) -> None:
        self._timing = timing
        super().__init__(pool_maxsize=CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._timing)


def _pools(timing: threading.local) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def getresponse(self) -> Any:
            timing.deadline.watch(self.sock)
            return super().getresponse()

    class Secure(HTTPSConnection):
        def getresponse(self) -> Any:
            timing.deadline.watch(self.sock)
            return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
