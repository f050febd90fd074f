"""A meal's name in the person's own words: quoted only when it can be nothing but a name."""

import re
import unicodedata

from ml.guidance.validator import forbidden_in

LONGEST = 40
MOST_WORDS = 4
_WORD = re.compile(r"[a-z]+|[\uac00-\ud7a3]+")
_BETWEEN = re.compile(r"[ '\-]")
_NOWHERE_IN_A_NAME = re.compile(
    "unit|dose|dosis|bolus|basal|inject|insul|metform|pill|tablet|drug|medic|diabet|glyc|hypo|hyper"
    "|ketoac|diagnos|disease|prescri|take|twice|double|triple|increase|두배|늘리|맞으|유닛|단위|용량|주사|인슐|복용|투여|약|병|당뇨|혈당|진단|처방"
)


def quotable(name: str) -> str | None:
    """The name when every word is of Latin or of Hangul letters alone and none of it reads as a
    dose, a drug, a diagnosis or markup, also with the gaps closed; else None.

    Accents may stay; digits, other scripts and every sign but space, hyphen and apostrophe make
    it unquotable, whatever they mean.
    """
    if not name.isprintable():
        return None
    text = " ".join(unicodedata.normalize("NFC", name).split())
    plain = unicodedata.normalize("NFC", _unaccented(text)).lower()
    words = [word for word in _BETWEEN.split(plain) if word]
    if not (0 < len(text) <= LONGEST and 0 < len(words) <= MOST_WORDS):
        return None
    if not all(_WORD.fullmatch(word) for word in words):
        return None
    joined = "".join(words)
    if _NOWHERE_IN_A_NAME.search(joined) or forbidden_in(plain) or forbidden_in(joined):
        return None
    return text


def same_name(name: str) -> str:
    """What two spellings of one name have in common."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(folded.split())


def _unaccented(text: str) -> str:
    """Latin letters without their accents; Hangul falls into its letters and is joined again."""
    parts = unicodedata.normalize("NFD", text)
    return "".join(c for c in parts if not ("\u0300" <= c <= "\u036f"))
