"""A real HTTP server that answers the IPFS RPC in every wrong way."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

Behaviour = Callable[["Call"], None]


class Call(BaseHTTPRequestHandler):
    """One request; a behaviour answers it, or does not."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    @property
    def command_path(self) -> str:
        """As `block/get`."""
        return urlsplit(self.path).path.removeprefix("/api/v0/")

    @property
    def argument(self) -> str:
        return parse_qs(urlsplit(self.path).query).get("arg", [""])[0]

    @property
    def stopped(self) -> threading.Event:
        """Set when the server is being stopped."""
        return self.server.stopped

    def do_POST(self) -> None:
        self.server.calls.append((self.command_path, self.argument))
        self.server.behaviour(self)

    def read_body(self) -> None:
        """Take the request's body, whichever way it is framed."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        """A whole and well-formed answer."""
        self.read_body()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say(self, message: str, *, status: int = 500) -> None:
        """The node's own form of an error."""
        body = json.dumps({"Message": message, "Code": 0, "Type": "error"})
        self.answer(body.encode(), status=status)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at what the client says."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.behaviour = behaviour
        self.stopped = threading.Event()
        self.calls: list[tuple[str, str]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what these tests are about."""


class HostileNode:
    """The server, running while the `with` block does."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._server = _Server(behaviour)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[tuple[str, str]]:
        """(command, argument) of every call so far."""
        return self._server.calls

    def __enter__(self) -> "HostileNode":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stopped.set()
        self._server.shutdown()
        self._server.server_close()
