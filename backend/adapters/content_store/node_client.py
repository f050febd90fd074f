"""Calls to one IPFS node through ipfshttpclient 0.7.0, each bounded in time and size.

`ipfshttpclient.Client` builds every request and decodes every answer. It is handed a
`requests` session of our own, because the one it makes follows redirects, reads proxies
from the environment, and bounds neither the time nor the length of an answer.
"""

import ipaddress
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import ipfshttpclient
import requests
from ipfshttpclient import exceptions

from backend.adapters.content_store.transport import AnswerTooLarge, BoundedAdapter
from backend.adapters.content_store.watchdog import Watchdog
from backend.domain.errors import ContentStoreUnavailable, MisconfiguredService

T = TypeVar("T")
Ask = Callable[[Any, dict[str, Any]], T]
"""What to ask a client; the mapping holds the options that every call is to be given."""

_KEPT = 8
_SEND_PIECE = 256 * 1024
_UNUSABLE = (AssertionError, KeyError, IndexError, TypeError, ValueError)
"""What ipfshttpclient raises on JSON that is none of the node's answers."""


class NodeSaid(Exception):
    """The node is there and answered the call with an error."""

    @property
    def nothing_found(self) -> bool:
        """Whether it looked for a content and has none."""
        words = str(self).lower()
        signs = ("timed out", "deadline exceeded", "not found", "could not find")
        return any(sign in words for sign in signs)

    @property
    def too_late(self) -> bool:
        """Whether it gave up while it read its own blocks, as Kubo puts it: it never searches
        offline. jsipfs always searches, and says "timed out" of what it has not."""
        return "deadline exceeded" in str(self).lower()

    @property
    def not_pinned(self) -> bool:
        return "not pinned" in str(self).lower()


@dataclass(frozen=True)
class NodeAddress:
    """Where a node's RPC API is; `shown` is the form without credentials."""

    multiaddr: str
    base: str
    shown: str
    auth: tuple[str, str] | None = field(default=None, repr=False)


def node_address(api_url: str) -> NodeAddress:
    """The address in `http(s)://[user:password@]host[:port][/path]` or in a multiaddr."""
    if api_url.startswith("/"):
        return NodeAddress(api_url, "api/v0", api_url)
    try:
        parts = urlsplit(api_url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _unusable_address() from error
    if parts.scheme not in ("http", "https") or not host:
        raise _unusable_address()
    port = port or (443 if parts.scheme == "https" else 80)
    path = parts.path.strip("/").removesuffix("api/v0").strip("/")
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return NodeAddress(
        f"/{_family(host)}/{host}/tcp/{port}/{parts.scheme}",
        f"{path}/api/v0".lstrip("/"),
        f"{parts.scheme}://{host}:{port}",
        auth,
    )


def _unusable_address() -> MisconfiguredService:
    return MisconfiguredService(
        ("the IPFS API address is neither http(s)://host:port nor a multiaddr such as "
         "/ip4/127.0.0.1/tcp/5001",)
    )  # fmt: skip


def _family(host: str) -> str:
    try:
        return f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        return "dns"


class NodeClients:
    """Kept-open clients of one node, each lent to one thread at a time."""

    def __init__(self, address: NodeAddress) -> None:
        self._address = address
        self._idle: deque[_Client] = deque()
        self._watchdog = Watchdog()
        _Client(address).close()  # an address that cannot be used is told at start

    def call(self, ask: Ask[T], *, seconds: float, limit: int) -> T:
        """What `ask` returns, within `seconds` in all and `limit` bytes of answer.

        Raises `NodeSaid`, `AnswerTooLarge` or `ContentStoreUnavailable`. A connection that
        the node closed while it was idle is replaced once; every call here may be repeated.
        """
        until = time.monotonic() + seconds
        while True:
            client = self._take()
            kept = client.adapter.calls > 0
            try:
                answer = self._once(client, ask, max(until - time.monotonic(), 0.001), limit)
            except _FAILURES as error:
                if isinstance(error, AnswerTooLarge):
                    raise
                if kept and not client.adapter.was_cut and isinstance(error, _BROKEN):
                    continue
                raise self._named(error, client, seconds) from error
            if client.adapter.was_cut:  # a cut may look like the end of the answer
                raise self._late(seconds)
            return answer

    def _once(self, client: "_Client", ask: Ask[T], seconds: float, limit: int) -> T:
        reusable = False
        try:
            with self._watchdog.watch(seconds, client.adapter.cut):
                answer = client.ask(ask, seconds, limit)
            reusable = True
            return answer
        except NodeSaid:
            reusable = True
            raise
        finally:
            if reusable and not client.adapter.was_cut and len(self._idle) < _KEPT:
                self._idle.append(client)
            else:
                client.close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._take().close()

    def _take(self) -> "_Client":
        try:
            return self._idle.pop()
        except IndexError:
            return _Client(self._address)

    def _named(
        self, error: Exception, client: "_Client", seconds: float
    ) -> ContentStoreUnavailable:
        at = f"the IPFS node at {self._address.shown}"
        if client.adapter.was_cut or isinstance(error, exceptions.TimeoutError | requests.Timeout):
            return self._late(seconds)
        if isinstance(error, exceptions.StatusError):
            return ContentStoreUnavailable(f"{at} refused the call ({_words(error)}): see its log")
        if isinstance(error, exceptions.EncoderError | AssertionError | LookupError | TypeError):
            return ContentStoreUnavailable(
                f"{at} answered with something that no IPFS node answers: check the address"
            )
        return ContentStoreUnavailable(
            f"{at} cannot be reached or broke off ({_words(error)}): start it or check the address"
        )

    def _late(self, seconds: float) -> ContentStoreUnavailable:
        return ContentStoreUnavailable(
            f"the IPFS node at {self._address.shown} did not finish its answer within "
            f"{seconds:.3g} s: see whether it is overloaded, then try again"
        )


class _Client:
    """One ipfshttpclient client with its one connection."""

    def __init__(self, address: NodeAddress) -> None:
        self.adapter = BoundedAdapter()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = address.auth
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.mount("http://", self.adapter)
        self._session.mount("https://", self.adapter)
        try:
            self._client = ipfshttpclient.Client(
                address.multiaddr, base=address.base, chunk_size=_SEND_PIECE
            )
        except exceptions.AddressError as error:
            raise _unusable_address() from error
        self._client._client._session = self._session

    def ask(self, ask: Ask[T], seconds: float, limit: int) -> T:
        self.adapter.start(limit=limit)
        try:
            return ask(self._client, {"timeout": (seconds, seconds)})
        except exceptions.ErrorResponse as error:
            raise NodeSaid(_words(error)) from error

    def close(self) -> None:
        self._session.close()


_FAILURES = (exceptions.Error, OSError, *_UNUSABLE)
_BROKEN = (exceptions.ProtocolError, exceptions.ConnectionError, requests.ConnectionError)


def _words(error: Exception) -> str:
    """The start of an error's text, in one printable line."""
    text = " ".join(str(error).split())
    return "".join(letter for letter in text if letter.isprintable())[:200]
