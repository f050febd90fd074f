"""Which certificates are audited when a listing names them."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from backend.adapters.public_listing.reader import listed_certificates
from backend.auditor import AuditSettings
from backend.crypto.cid import content_cid
from backend.domain.errors import InvalidField, MisconfiguredService, Unavailable

ONE, OTHER = content_cid(b"one"), content_cid(b"other")


def listing(*cids: Any, following: str | None = None) -> bytes:
    datasets = [{"dataset_id": "x", "certificate": cid} for cid in cids]
    return json.dumps({"datasets": datasets, "next": following}).encode()


@pytest.fixture
def served() -> Iterator[Callable[[dict[str, tuple[int, bytes]]], str]]:
    """Serves pages by their query."""
    servers = []

    def serve(pages: dict[str, tuple[int, bytes]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = pages[self.path.partition("?")[2]]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/api/datasets"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_every_page_of_an_address_is_read_and_each_certificate_named_once(
    served: Callable[[Any], str],
) -> None:
    url = served({"": (200, listing(ONE, following="x 1")), "after=x+1": (200, listing(OTHER, ONE)),
                  "after=x%201": (200, listing(OTHER, ONE))})  # fmt: skip
    assert listed_certificates(url, timeout_s=5) == (ONE, OTHER)


def test_a_listing_kept_in_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "listing.json"
    file.write_bytes(listing(ONE))
    assert listed_certificates(str(file), timeout_s=5) == (ONE,)


@pytest.mark.parametrize(
    "page",
    [b"", b"[]", b"{}", b'{"datasets": {}}', b'{"datasets": [7]}', listing(None), listing("junk")],
)
def test_what_is_no_listing_is_refused(tmp_path: Path, page: bytes) -> None:
    file = tmp_path / "listing.json"
    file.write_bytes(page)
    with pytest.raises(InvalidField):
        listed_certificates(str(file), timeout_s=5)


def test_an_address_that_does_not_answer_says_so(served: Callable[[Any], str]) -> None:
    with pytest.raises(Unavailable):
        listed_certificates(served({"": (500, b"")}), timeout_s=5)
    with pytest.raises(Unavailable):
        listed_certificates("http://127.0.0.1:9/api/datasets", timeout_s=5)


def test_a_listing_that_is_neither_file_nor_address_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "deployment.json"
    file.write_text("{}")
    with pytest.raises(MisconfiguredService, match="--certificates"):
        AuditSettings("http://a", "http://b", file, listings=("ftp://listing",))
