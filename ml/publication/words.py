"""What the columns mean that this project itself names: vital signs, and glucose in long form."""

from collections.abc import Mapping
from typing import Literal

from ml.publication.long_days import WORDS as GLUCOSE_WORDS
from ml.records.vitals.vocabulary import VOCABULARY

DatasetKind = Literal["vitals", "cgm"]
Words = Mapping[str, tuple[str, str]]
"""Name of a column → what it means, and its unit ("" for none)."""


def known_words(kind: DatasetKind) -> Words:
    """Meaning and unit of every column that a dataset of this kind can have by our own names."""
    if kind == "cgm":
        return GLUCOSE_WORDS
    return {
        each.name: (
            each.title[0].upper() + each.title[1:],
            each.units[0].name if each.units else "",
        )
        for each in VOCABULARY
    }
