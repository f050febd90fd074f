"""What a node once said, said again from memory, with one thing changed if asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.adapters.chain.json_rpc import JsonRpc, Question, Refusal

BLANK = "0x" + "00" * 160
"""What a contract answers about somebody or something that it has never heard of."""

Answers = Mapping[str, Any]


class RecordingNode:
    """Passes questions on and keeps every answer."""

    def __init__(self, node: JsonRpc) -> None:
        self._node = node
        self.answers: dict[str, Any] = {}

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        answers = self._node.ask(questions)
        self.answers |= {
            key_of(one): answer for one, answer in zip(questions, answers, strict=True)
        }
        return answers


class ReplayingNode:
    """Answers from a recording; `changed` answers come first."""

    def __init__(self, answers: Answers, changed: Answers | None = None) -> None:
        self._answers = answers
        self._changed = changed or {}

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        return [self._answer(key_of(one)) for one in questions]

    def _answer(self, key: str) -> Any:
        if key in self._changed:
            return self._changed[key]
        return self._answers.get(key, _unheard(key))


def _unheard(key: str) -> Any:
    """The answer to what was never asked while the recording ran."""
    method = json.loads(key)[0]
    if method == "eth_getBlockReceipts":
        return Refusal(-32601, "the method does not exist")
    return BLANK if method == "eth_call" else None


def key_of(question: Question) -> str:
    """A question as text."""
    return json.dumps([question.method, question.params])


def changed(answers: Answers, key: str, path: Sequence[str | int],
            change: Callable[[Any], Any]) -> dict[str, Any]:  # fmt: skip
    """The recording's answer to `key` with the value at `path` changed, as `{key: answer}`."""
    answer = answers[key]
    if isinstance(answer, Refusal) or not path:
        return {key: change(answer)}
    copy = json.loads(json.dumps(answer))
    inside = copy
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = change(inside[path[-1]])
    return {key: copy}
