"""Which texts can be published in a file that people, browsers and spreadsheets open."""

import unicodedata

LONGEST_CELL = 1000
"""Characters of a category; a name of a column has at most a fifth of it."""
LONGEST_NAME = 200

_BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Marks that make a text look other than it is; the letters they serve need none of them."""


def text_fault(text: str, *, longest: int, lines: bool = True) -> str | None:
    """Why `text` cannot be published, as the end of a sentence; None when it can.

    Control characters, private and unpaired code points and bidirectional marks cannot; line
    breaks can where `lines` says so.
    """
    if not text.strip():
        return "is empty"
    if len(text) > longest:
        return f"has {len(text):,} characters; at most {longest:,} are taken"
    for letter in text:
        if letter == "\n" and lines:
            continue
        if letter in _BIDIRECTIONAL or unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn"):
            return f"holds the character U+{ord(letter):04X}, which cannot be shown: take it out"
    return None
