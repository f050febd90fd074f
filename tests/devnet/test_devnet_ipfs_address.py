"""Addresses of an IPFS API, as people write them into IPFS_API_URL."""

import ipfshttpclient
import pytest

from scripts.devnet.errors import AddressUnreadable
from scripts.devnet.ipfs_address import parse_ipfs_address


@pytest.mark.parametrize(
    ("text", "url", "multiaddr"),
    [
        ("http://127.0.0.1:5001", "http://127.0.0.1:5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("http://localhost:5001/", "http://localhost:5001", "/dns/localhost/tcp/5001/http"),
        ("http://10.1.2.3:5001/api/v0", "http://10.1.2.3:5001", "/ip4/10.1.2.3/tcp/5001/http"),
        ("https://ipfs.example", "https://ipfs.example:443", "/dns/ipfs.example/tcp/443/https"),
        ("http://[::1]:5001", "http://[::1]:5001", "/ip6/::1/tcp/5001/http"),
        ("/ip4/127.0.0.1/tcp/5001", "http://127.0.0.1:5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("/dns4/node/tcp/5001/https", "https://node:5001", "/dns/node/tcp/5001/https"),
    ],
)
def test_an_address_is_read_from_a_url_or_a_multiaddr(text: str, url: str, multiaddr: str) -> None:
    address = parse_ipfs_address(text)

    assert (address.url, address.multiaddr) == (url, multiaddr)


@pytest.mark.parametrize("text", ["http://127.0.0.1:5001", "https://ipfs.example", "http://[::1]"])
def test_the_multiaddr_is_one_that_ipfshttpclient_takes(text: str) -> None:
    ipfshttpclient.Client(parse_ipfs_address(text).multiaddr)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:5001",
        "ftp://127.0.0.1:5001",
        "http://user:word@127.0.0.1:5001",
        "http://127.0.0.1:5001/ipfs",
        "http://127.0.0.1:70000",
        "http://127.0.0.1:0x10",
        "http://",
        "/ip4/127.0.0.1/udp/5001",
        "/ip4/127.0.0.1/tcp/0",
        "/unix/tmp/socket",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(AddressUnreadable, match=r"http://127\.0\.0\.1:5001"):
        parse_ipfs_address(text)
