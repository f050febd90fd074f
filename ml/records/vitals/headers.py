"""What the name of a column says: which variable in which unit, a time, or none of ours."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from ml.records.vitals.variable import Unit, Variable
from ml.records.vitals.vocabulary import VOCABULARY

MOMENTS = (
    *("utc", "timestamp", "datetime", "measuredat", "recordedat", "takenat", "measurementtime"),
    *("측정시각", "측정시간", "측정일시", "일시", "time", "시각", "시간", "createdat", "updatedat"),
)
"""Names of a moment, the one to be preferred first."""
DATES = ("date", "day", "measurementdate", "날짜", "측정일", "측정일자", "일자")
CLOCKS = ("time", "clock", "timeofday", "시각", "시간")
PRESSURES = ("bp", "bloodpressure", "혈압")

# Objects that only hold things together; any other name before a key changes what it means.
_NEUTRAL = re.compile(
    "vitals|vitalsigns|data|record|records|measurement|measurements|reading|readings|user|"
    "patient|person|profile|sensor|sensors|biometrics|signs|body|생체신호|측정|측정값|환자|사용자"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SPLIT = re.compile(r"[^\w%]+|_+")
_PER_MINUTE = re.compile(r"/ ?(?:min(?:ute)?|분)\b")


@dataclass(frozen=True)
class Named:
    """A column that the vocabulary knows; `key` is its name without case and separators."""

    variable: Variable
    unit: Unit | None
    key: str


def words_of(name: str) -> list[str]:
    """The words of a name: split at separators and capitals, without case."""
    plain = _PER_MINUTE.sub(" perminute", unicodedata.normalize("NFKC", name).replace("°", " "))
    return [word for word in _SPLIT.split(_CAMEL.sub(" ", plain).casefold()) if word]


def key_of(name: str) -> str:
    """The name of a column as it is compared, without the objects that only hold it."""
    return "".join(_words_of_path(name))


def understand(name: str) -> Named | None:
    """The variable that a column of this name holds, or None."""
    words = _words_of_path(name)
    known = _known()
    for end in range(len(words), 0, -1):
        key = "".join(words[:end])
        if key not in known:
            continue
        variable = known[key]
        if end == len(words):
            return Named(variable, None, key)
        unit = unit_named("".join(words[end:]), variable)
        return None if unit is None else Named(variable, unit, key)
    return None


def unit_named(spelled: str, variable: Variable) -> Unit | None:
    """The unit of `variable` that is spelled so, or None."""
    key = "".join(words_of(spelled))
    return next((unit for unit in variable.units if key in _spellings(unit)), None)


def _words_of_path(name: str) -> list[str]:
    parts = name.split(".")
    while len(parts) > 1 and _NEUTRAL.fullmatch("".join(words_of(parts[0]))):
        del parts[0]
    return words_of(" ".join(parts))


def _spellings(unit: Unit) -> set[str]:
    return {"".join(words_of(unit.name)), *unit.spellings} - {""}


@cache
def _known() -> dict[str, Variable]:
    """Every name of every variable, as it is compared."""
    return {
        "".join(words_of(name)): variable
        for variable in VOCABULARY
        for name in (variable.name, *variable.aliases)
    }
