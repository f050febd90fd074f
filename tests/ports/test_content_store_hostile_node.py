"""A node that stalls, lies or never stops costs one clear error and a bounded time."""

import gzip
import json
import socket
import urllib.request
from collections.abc import Callable

import pytest

from backend.adapters.content_store.kubo import KuboContentStore
from backend.crypto.cid import CHUNK, content_cid
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    ContentStoreUnavailable,
    MisconfiguredService,
    PayloadTooLarge,
)
from backend.domain.identifiers import Cid
from backend.ports.content_store import ContentStore
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.fakes.hostile_node import Behaviour, Call, HostileNode

_CONTENT = b"sealed " * 1_000
_CID = content_cid(_CONTENT)
_OTHER = content_cid(b"something else")

Use = Callable[[ContentStore], object]

_USES: dict[str, Use] = {
    "add": lambda store: store.add(_CONTENT),
    "add a large one": lambda store: store.add(bytes(8 * CHUNK)),
    "get": lambda store: store.get(_CID, limit=10_000),
    "get a large one": lambda store: store.get(content_cid(bytes(3 * CHUNK)), limit=3 * CHUNK),
    "unpin": lambda store: store.unpin(_CID),
    "pinned": lambda store: store.pinned(),
    "collect": lambda store: store.collect_garbage(),
    "ping": lambda store: store.ping(),
}
_CALLS = pytest.mark.parametrize("use", _USES.values(), ids=list(_USES))


def _store(api_url: str, *, timeout_s: float = 10) -> KuboContentStore:
    return KuboContentStore(api_url, timeout_s=timeout_s, collect_timeout_s=timeout_s)


def _never_answers(call: Call) -> None:
    call.read_body()
    call.stopped.wait()


def _never_reads(call: Call) -> None:
    call.stopped.wait()


def _trickles_headers(call: Call) -> None:
    call.read_body()
    call.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not call.stopped.wait(0.05):
        call.wfile.write(b"z")


def _trickles_body(call: Call) -> None:
    call.read_body()
    call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7000\r\n\r\n")
    while not call.stopped.wait(0.05):
        call.wfile.write(b" ")


def _trickles_one_chunk(call: Call) -> None:
    call.read_body()
    call.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1b58\r\n")
    while not call.stopped.wait(0.05):
        call.wfile.write(b" ")


@pytest.mark.parametrize(
    "behaviour",
    [_never_answers, _never_reads, _trickles_headers, _trickles_body, _trickles_one_chunk],
)
@_CALLS
def test_a_call_ends_when_its_time_is_over(behaviour: Behaviour, use: Use) -> None:
    with (
        HostileNode(behaviour) as node,
        pytest.raises(ContentStoreUnavailable, match=r"within 0\.3 s"),
    ):
        use(_store(node.api_url, timeout_s=0.3))


@_CALLS
def test_a_node_that_is_down_is_unavailable(use: Use) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ContentStoreUnavailable, match=f"127.0.0.1:{port} cannot be reached"):
        use(_store(f"http://127.0.0.1:{port}"))


def _hangs_up(call: Call) -> None:
    call.read_body()
    call.close_connection = True


def _breaks_off(call: Call) -> None:
    call.read_body()
    call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7000\r\n\r\n" + _CONTENT[:3_000])
    call.close_connection = True


def _breaks_off_in_chunks(call: Call) -> None:
    call.read_body()
    call.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n")
    call.wfile.write(_CONTENT[:1_000] + b"\r\n")
    call.close_connection = True


def _speaks_no_http(call: Call) -> None:
    call.read_body()
    call.wfile.write(b"220 mail.example ESMTP ready\r\n")
    call.close_connection = True


def _redirects(call: Call) -> None:
    call.answer(b"", status=307, Location="http://127.0.0.1:1/api/v0/version")


def _server_error(call: Call) -> None:
    call.answer(b"<html>Internal error</html>", status=500)


def _other_service(call: Call) -> None:
    call.answer(b"no such page", status=404)


def _disk_full(call: Call) -> None:
    call.say("ENOSPC: no space left on device, write")


def _endless_error(call: Call) -> None:
    call.read_body()
    call.wfile.write(b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n")
    _pour(call)


def _pour(call: Call) -> None:
    while not call.stopped.is_set():
        call.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")


@pytest.mark.parametrize(
    "behaviour",
    [
        _hangs_up,
        _breaks_off,
        _breaks_off_in_chunks,
        _speaks_no_http,
        _redirects,
        _server_error,
        _other_service,
        _disk_full,
        _endless_error,
    ],
)
@_CALLS
def test_a_node_in_trouble_is_unavailable(behaviour: Behaviour, use: Use) -> None:
    with HostileNode(behaviour) as node, pytest.raises(ContentStoreUnavailable):
        use(_store(node.api_url))


def test_a_full_disk_is_told_in_the_words_of_the_node() -> None:
    with (
        HostileNode(_disk_full) as node,
        pytest.raises(ContentStoreUnavailable, match="no space left on device"),
    ):
        _store(node.api_url).add(_CONTENT)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"7", b'"Hash"', b"null", b"{", b"\xff\xfe", b'{"Keys": 3}']
)
@pytest.mark.parametrize("use", [_USES["add"], _USES["pinned"]], ids=["add", "pinned"])
def test_an_answer_that_no_ipfs_node_gives_is_unavailable(body: bytes, use: Use) -> None:
    with (
        HostileNode(lambda call: call.answer(body)) as node,
        pytest.raises((ContentStoreUnavailable, ContentMismatch)),
    ):
        use(_store(node.api_url))


@pytest.mark.parametrize(
    "returned", [_CONTENT[:-1], _CONTENT + b"!", b"", b"other", b"X" + _CONTENT[1:]]
)
def test_other_bytes_are_a_mismatch(returned: bytes) -> None:
    with (
        HostileNode(lambda call: call.answer(returned)) as node,
        pytest.raises(ContentMismatch, match=_CID),
    ):
        _store(node.api_url).get(_CID, limit=10_000)


def test_other_bytes_below_a_root_are_a_mismatch(ipfs_node: IpfsNodeUnderTest) -> None:
    content = bytes(range(256)) * 8_192
    honest = KuboContentStore(ipfs_node.api_url, timeout_s=20)
    cid = honest.add(content)

    def lie_about_leaves(call: Call) -> None:
        if call.argument == cid:
            call.answer(_block(ipfs_node.api_url, cid))
        else:
            call.answer(bytes(CHUNK))

    with HostileNode(lie_about_leaves) as node, pytest.raises(ContentMismatch):
        _store(node.api_url).get(cid, limit=len(content))


def test_an_endless_answer_is_left_at_the_limit() -> None:
    def pour(call: Call) -> None:
        call.read_body()
        call.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        _pour(call)

    with HostileNode(pour) as node, pytest.raises(PayloadTooLarge, match="10000 bytes"):
        _store(node.api_url).get(_CID, limit=10_000)


def test_a_compressed_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with (
        HostileNode(lambda call: call.answer(bomb, Content_Encoding="gzip")) as node,
        pytest.raises(ContentMismatch),
    ):
        _store(node.api_url).get(_CID, limit=100_000)


def test_a_wrong_cid_is_handed_on_for_the_caller_to_refuse() -> None:
    with HostileNode(lambda call: call.answer(_named(_OTHER))) as node:
        assert _store(node.api_url).add(_CONTENT) == _OTHER


@pytest.mark.parametrize("name", ["QmRaaUwTNfwgFZpeUy8qrZwrp2dY4kCKmmB5xEqvH3vtD1", "nonsense"])
def test_another_kind_of_cid_is_let_go_of_and_refused(name: str) -> None:
    with HostileNode(lambda call: call.answer(_named(name))) as node:
        with pytest.raises(ContentMismatch, match="another kind of CID"):
            _store(node.api_url).add(_CONTENT)
        assert [command for command, _ in node.calls] == ["add", "pin/rm"]
        assert node.calls[1][1] == name


def test_a_connection_that_the_node_closed_while_idle_is_replaced() -> None:
    def close_after_answering(call: Call) -> None:
        call.answer(b'{"Version": "0.1"}')
        call.close_connection = True

    with HostileNode(close_after_answering) as node:
        store = _store(node.api_url)
        for _ in range(5):
            store.ping()


def test_a_node_that_searches_in_vain_misses_the_content() -> None:
    def searches(call: Call) -> None:
        if call.command_path == "pin/ls":
            call.say(f"path '{call.argument}' is not pinned")
        else:
            call.say("Failed to get block: request timed out")

    with HostileNode(searches) as node, pytest.raises(ContentMissing, match=_CID):
        _store(node.api_url).get(_CID, limit=10_000)


def test_a_busy_node_that_has_the_pin_is_given_the_rest_of_the_time() -> None:
    def busy(call: Call) -> None:
        tries = [command for command, _ in node.calls].count("block/get")
        if call.command_path == "pin/ls":
            call.answer(json.dumps({"Keys": {_CID: {"Type": "recursive"}}}).encode())
        elif tries == 1:
            call.say("Failed to get block: request timed out")
        else:
            call.answer(_CONTENT)

    with HostileNode(busy) as node:
        assert _store(node.api_url).get(_CID, limit=10_000) == _CONTENT


def test_a_node_too_slow_for_what_it_holds_is_unavailable_and_misses_nothing() -> None:
    """What is missing is left out of runs, and what only comes late must not be."""

    def slow(call: Call) -> None:
        if call.command_path == "pin/ls":
            call.answer(json.dumps({"Keys": {_CID: {"Type": "recursive"}}}).encode())
        else:
            call.say("context deadline exceeded")

    with (
        HostileNode(slow) as node,
        pytest.raises(ContentStoreUnavailable, match="deadline exceeded"),
    ):
        _store(node.api_url).get(_CID, limit=10_000)


def test_a_collection_that_fails_halfway_is_told() -> None:
    body = b'{"Key":{"/":"bafkreia"}}\n{"Error":"could not delete block"}\n'
    with (
        HostileNode(lambda call: call.answer(body)) as node,
        pytest.raises(ContentStoreUnavailable, match="could not delete block"),
    ):
        _store(node.api_url).collect_garbage()


@pytest.mark.parametrize("pins", [{}, {"QmRaaUwTNfwgFZpeUy8qrZwrp2dY4kCKmmB5xEqvH3vtD1": {}}])
def test_pins_of_other_kinds_are_not_ours(pins: dict[str, dict[str, str]]) -> None:
    body = json.dumps({"Keys": {**pins, _CID: {"Type": "recursive"}}}).encode()
    with HostileNode(lambda call: call.answer(body)) as node:
        assert _store(node.api_url).pinned() == {_CID}


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1:5001", "ftp://host", "http://", "http://host:x", "/ip4/nowhere"]
)
def test_an_address_that_cannot_be_used_is_told_at_start(address: str) -> None:
    with pytest.raises(MisconfiguredService, match="IPFS API address"):
        KuboContentStore(address, timeout_s=1)


def test_the_password_of_a_node_is_never_shown() -> None:
    with HostileNode(_server_error) as node:
        url = node.api_url.replace("http://", "http://operator:sesame@")
        store = _store(url)
        with pytest.raises(ContentStoreUnavailable) as caught:
            store.ping()
    assert "sesame" not in repr(store) + str(caught.value) + repr(caught.value.__cause__)


def _named(name: str) -> bytes:
    return json.dumps({"Name": name, "Hash": name, "Size": "7000"}).encode()


def _block(api_url: str, cid: Cid) -> bytes:
    request = urllib.request.Request(f"{api_url}/api/v0/block/get?arg={cid}", method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())
