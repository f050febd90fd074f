"""Findings in words: the sentences lie by code in `sentences/`, one file a language."""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import get_args

from ml.guidance.advice import Advice, Finding, Language, Number
from ml.guidance.quoting import quotable
from ml.guidance.validator import checked

LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Catalogue:
    """One language: sentences by code, words for codes inside them, and what always stays."""

    sentences: dict[str, str]
    pieces: dict[str, dict[str, str]]
    fixed: dict[str, str]


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: Language) -> Catalogue:
    """The sentences of a language."""
    file = resources.files("ml.guidance") / "sentences" / f"{language}.json"
    return Catalogue(**json.loads(file.read_text(encoding="utf-8")))


def said(finding: Finding, language: Language) -> Advice:
    """The finding in words.

    Raises:
        ForbiddenAdvice: the sentence breaks a rule of the validator.
    """
    words, numbers = catalogue(language), finding.evidence.numbers
    values = {name: "" if value is None else str(value) for name, value in numbers.items()}
    values |= words.fixed
    for kind, key in (
        ("slot", "slot"),
        ("unlike", "unlike"),
        ("carried", "served"),
        ("unweighed", "weighed"),
    ):
        values[kind] = _piece(words, kind, numbers.get(key))
    name = quotable(finding.quoted)
    label = words.pieces["label"]["named" if name else "unnamed"]
    values["label"] = label.format(slot=values["slot"], name=name)
    text = words.sentences[finding.code].format(**values)
    return Advice(finding.code, checked(text), finding.evidence)


def _piece(words: Catalogue, kind: str, value: Number) -> str:
    return "" if value is None else words.pieces[kind][str(value)]
