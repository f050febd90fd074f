"""JSON-RPC in batches over HTTP: many questions, one journey."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from backend.domain.errors import ChainUnavailable

BATCH = 100
"""Public nodes refuse batches much longer than this."""


@dataclass(frozen=True)
class Question:
    method: str
    params: tuple[Any, ...]


@dataclass(frozen=True)
class Refusal:
    """The node's own error in place of an answer."""

    code: int
    message: str


class JsonRpc:
    """One node. Its address may carry an access key, so errors name only the host."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._host = urlsplit(url).hostname or "?"
        self._client = httpx.Client(timeout=timeout_s, verify=url.startswith("https:"))

    def close(self) -> None:
        self._client.close()

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """One answer (or `Refusal`) a question, in order, or `ChainUnavailable`."""
        answers: list[Any] = []
        for at in range(0, len(questions), BATCH):
            answers += self._ask_batch(questions[at : at + BATCH])
        return answers

    def _ask_batch(self, questions: Sequence[Question]) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": one.method, "params": one.params}
            for number, one in enumerate(questions)
        ]
        try:
            response = self._client.post(self._url, json=body)
            response.raise_for_status()
            replies = response.json()
            by_id = {reply["id"]: reply for reply in replies}
            return [_answer(by_id[number]) for number in range(len(questions))]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ChainUnavailable(
                f"the node at {self._host} gave no usable answer to a batch of {len(questions)} "
                f"× {questions[0].method} ({type(error).__name__}): check that it runs and takes "
                "JSON-RPC batches, or name another"
            ) from error


def _answer(reply: dict[str, Any]) -> Any:
    if reply.get("error"):
        error = reply["error"]
        return Refusal(int(error.get("code", 0)), str(error.get("message", "")))
    return reply["result"]
