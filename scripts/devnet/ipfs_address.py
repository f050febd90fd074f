"""The address of an IPFS API, as a URL and as the multiaddr that ipfshttpclient wants."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import AddressUnreadable

_MULTIADDR = re.compile(r"/(ip4|ip6|dns|dns4|dns6)/([^/]+)/tcp/(\d+)(?:/(https?))?/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65_535


@dataclass(frozen=True)
class IpfsAddress:
    """Where an IPFS API listens; host without brackets, scheme `http` or `https`."""

    host: str
    port: int
    scheme: str = "http"

    @property
    def url(self) -> str:
        """As `http://127.0.0.1:5001`, without the API's path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def multiaddr(self) -> str:
        """As `/ip4/127.0.0.1/tcp/5001/http`."""
        return f"/{self._protocol()}/{self.host}/tcp/{self.port}/{self.scheme}"

    def _protocol(self) -> str:
        try:
            return f"ip{ipaddress.ip_address(self.host).version}"
        except ValueError:
            return "dns"


def parse_ipfs_address(text: str) -> IpfsAddress:
    """Read a URL or a multiaddr, or raise AddressUnreadable with an example of each."""
    address = _parse_multiaddr(text) if text.startswith("/") else _parse_url(text)
    if address is None or not 0 < address.port <= _HIGHEST_PORT:
        raise AddressUnreadable(
            f"IPFS_API_URL is {text!r}, which is no address of an IPFS API: "
            "write http://127.0.0.1:5001 or /ip4/127.0.0.1/tcp/5001/http, without a user name"
        )
    return address


def _parse_multiaddr(text: str) -> IpfsAddress | None:
    found = _MULTIADDR.fullmatch(text)
    if found is None:
        return None
    return IpfsAddress(host=found[2], port=int(found[3]), scheme=found[4] or "http")


def _parse_url(text: str) -> IpfsAddress | None:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    path = parts.path.rstrip("/")
    usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and path in ("", "/api/v0")
    if not usable or parts.hostname is None or "@" in parts.netloc or parts.query:
        return None
    return IpfsAddress(parts.hostname, port or _DEFAULT_PORTS[parts.scheme], parts.scheme)
