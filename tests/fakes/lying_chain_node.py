"""A real HTTP server that speaks JSON-RPC as a test wishes: late, broken, or lying."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from backend.adapters.chain.deployment import DeployedContract, Deployment
from backend.domain.identifiers import TxHash, WalletAddress
from tests.fakes.chain import SCHEDULE

Answer = Callable[[str, list[Any]], Any]

WALLET = WalletAddress("0x" + "11" * 20)
PAPER_DEPLOYMENT = Deployment(
    chain_id=1337,
    deployer=WALLET,
    contracts={
        "ConsentRegistry": DeployedContract(
            WalletAddress("0x" + "01" * 20), TxHash("0x" + "ab" * 32), 5
        ),
        "RewardToken": DeployedContract(
            WalletAddress("0x" + "02" * 20), TxHash("0x" + "ab" * 32), 6
        ),
        "ContributionRegistry": DeployedContract(
            WalletAddress("0x" + "03" * 20), TxHash("0x" + "ab" * 32), 7
        ),
    },
    recorder=WALLET,
    operator=WALLET,
    schedule=SCHEDULE,
)
"""A deployment that is nowhere, for a node that says whatever it is told to."""


class Refuse(Exception):
    """Answer with a JSON-RPC error."""

    def __init__(self, message: str, *, code: int = -32000, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "LyingNode"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        question = json.loads(body)
        self.server.asked.append(question["method"])
        try:
            self.server.behave(self, question)
        except (BrokenPipeError, ConnectionResetError):  # the client had enough, as it should
            self.close_connection = True

    def reply(self, content: bytes, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class LyingNode(ThreadingHTTPServer):
    """`behave` answers one request; `asked` lists the methods so far."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.behave: Callable[[_Handler, dict[str, Any]], None] = answering(lambda *_: None)
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def answering(answer: Answer) -> Callable[[_Handler, dict[str, Any]], None]:
    """Proper JSON-RPC with these results."""

    def behave(handler: _Handler, question: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": question["id"]}
        try:
            reply["result"] = answer(question["method"], question["params"])
        except Refuse as refusal:
            reply["error"] = refusal.error
        handler.reply(json.dumps(reply).encode())

    return behave


def saying(content: bytes, *, status: int = 200) -> Callable[[_Handler, dict[str, Any]], None]:
    """These very bytes, whatever was asked."""
    return lambda handler, _: handler.reply(content, status=status)


def hanging(handler: _Handler, _: dict[str, Any]) -> None:
    """Accept the question and never answer."""
    handler.server.closing.wait()


def dripping_headers(handler: _Handler, _: dict[str, Any]) -> None:
    """One header byte now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.closing.is_set():
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def dripping_body(handler: _Handler, _: dict[str, Any]) -> None:
    """One byte of the body now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.server.closing.is_set():
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: _Handler, _: dict[str, Any]) -> None:
    """A body without end, as fast as it is read."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    while not handler.server.closing.is_set():
        handler.wfile.write(b" " * 1_000_000)


def breaking_off(handler: _Handler, _: dict[str, Any]) -> None:
    """Promise a body and close in the middle of it."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"jsonrpc"')
    handler.close_connection = True


@contextmanager
def lying_node() -> Iterator[LyingNode]:
    """The server, running on a free port."""
    node = LyingNode()
    thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield node
    finally:
        node.closing.set()
        node.shutdown()
        thread.join()
        node.server_close()
