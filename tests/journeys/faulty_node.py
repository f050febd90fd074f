"""A real IPFS node behind a door that can be told to answer some of its commands otherwise."""

from types import TracebackType

import httpx

from tests.fakes.hostile_node import Behaviour, Call, HostileNode

_TIMEOUT_S = 60.0


class FaultyNode:
    """Passes every call on, but for the commands in `faults` (as `block/get`)."""

    def __init__(self, api_url: str) -> None:
        self.faults: dict[str, Behaviour] = {}
        self._client = httpx.Client(base_url=api_url, timeout=_TIMEOUT_S, trust_env=False)
        self._door = HostileNode(self._answer)

    @property
    def api_url(self) -> str:
        return self._door.api_url

    def __enter__(self) -> "FaultyNode":
        self._door.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._door.__exit__(kind, error, trace)
        self._client.close()

    def _answer(self, call: Call) -> None:
        self.faults.get(call.command_path, self._pass_on)(call)

    def _pass_on(self, call: Call) -> None:
        headers = {"Content-Type": call.headers.get("Content-Type", "")}
        answer = self._client.post(call.path, content=body_of(call), headers=headers)
        respond(call, answer.content, answer.status_code, answer.headers["Content-Type"])


def body_of(call: Call) -> bytes:
    """The request's body, whichever way it is framed."""
    if call.headers.get("Transfer-Encoding") != "chunked":
        return call.rfile.read(int(call.headers.get("Content-Length", 0)))
    body = bytearray()
    while size := int(call.rfile.readline(), 16):
        body += call.rfile.read(size)
        call.rfile.readline()
    call.rfile.readline()
    return bytes(body)


def respond(call: Call, content: bytes, status: int, content_type: str) -> None:
    """A whole and well-formed answer to a call whose body was taken."""
    call.send_response(status)
    call.send_header("Content-Type", content_type)
    call.send_header("Content-Length", str(len(content)))
    call.end_headers()
    call.wfile.write(content)


def echo_as_error(call: Call) -> None:
    """A fault that repeats everything it was sent, as servers in debugging do."""
    respond(call, body_of(call), 500, "text/plain")


def no_space(call: Call) -> None:
    """What a node says whose disk is full."""
    call.say("ENOSPC: no space left on device, write")


def other_bytes(call: Call) -> None:
    """Content that is not what was asked for."""
    call.answer(b"VMS1" + bytes(200), Content_Type="application/octet-stream")
