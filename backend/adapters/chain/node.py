"""One Ethereum node, asked over JSON-RPC."""

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from backend.domain.errors import ChainUnavailable, MisconfiguredService

if TYPE_CHECKING:
    from backend.adapters.chain.provider import BoundedHTTPProvider

_SHOWN = 200
_SOON_S = 2.0


class NodeRefused(ChainUnavailable):
    """The node answered with an error; `data` is what a contract gave for its revert, if any."""

    def __init__(self, method: str, said: str, data: object) -> None:
        super().__init__(f"the chain's node refused {method}: {said[:_SHOWN]}")
        self.said = said
        self.data = data


class Node:
    """Every question is answered within `limit_s`, or ends in `ChainUnavailable`."""

    def __init__(self, url: str, *, limit_s: float) -> None:
        self._url = url
        self._limit_s = limit_s
        self.host = _host(url)

    def ask(self, method: str, *params: Any) -> object:
        """The result of one JSON-RPC method."""
        return self._ask(method, params, self._limit_s)

    def ask_twice(self, method: str, *params: Any) -> object:
        """As `ask`; what is not answered soon is asked once more, within the same limit in all.

        Ganache 7.9.2 never answers an `eth_estimateGas` that met a block being mined.
        """
        soon = min(_SOON_S, self._limit_s / 4)
        started = time.monotonic()
        try:
            return self._ask(method, params, soon)
        except NodeRefused:
            raise
        except ChainUnavailable:
            if time.monotonic() - started < soon:
                raise
        return self._ask(method, params, self._limit_s - soon)

    def _ask(self, method: str, params: tuple[Any, ...], limit_s: float) -> object:
        try:
            answer: object = self._provider.request(
                method,  # type: ignore[arg-type]
                params,
                limit_s=limit_s,
            )
        except (OSError, ValueError, RecursionError) as error:
            structlog.get_logger("chain").info(
                "node_failed", host=self.host, method=method, fault=type(error).__name__
            )
            raise ChainUnavailable(
                f"the chain's node at {self.host} did not answer {method}: "
                "see that it runs and try again"
            ) from error
        if not isinstance(answer, dict):
            raise ChainUnavailable(f"the chain's node at {self.host} does not speak JSON-RPC")
        if answer.get("error") is not None:
            raise _refusal(method, answer["error"])
        return answer.get("result")

    @cached_property
    def _provider(self) -> "BoundedHTTPProvider":
        from backend.adapters.chain.provider import BoundedHTTPProvider

        return BoundedHTTPProvider(self._url, limit_s=self._limit_s)


def _host(url: str) -> str:
    """All that is ever shown of the URL: the rest of it may be an access key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MisconfiguredService(
            ("VITALMINT_RPC_URL: it must be an http or https address of a node",)
        )
    return parts.hostname


def _refusal(method: str, error: object) -> NodeRefused:
    """What JSON-RPC nodes put into `error`: an object as a rule, plain text from some."""
    if not isinstance(error, dict):
        return NodeRefused(method, str(error), None)
    return NodeRefused(method, str(error.get("message", "")), error.get("data"))
