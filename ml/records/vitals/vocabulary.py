"""Everything that is read of a vitals file; what is not here is never kept."""

from ml.records.vitals.facts import FACTS, OUTCOMES
from ml.records.vitals.signs import SIGNS
from ml.records.vitals.variable import Variable

VOCABULARY: tuple[Variable, ...] = SIGNS + FACTS + OUTCOMES
"""Its order is that of the columns of traces, exports and tables."""


def variable(name: str) -> Variable:
    """The variable of that name; `KeyError` with the known names when there is none."""
    for known in VOCABULARY:
        if known.name == name:
            return known
    raise KeyError(f"no variable {name!r}; there are {', '.join(one.name for one in VOCABULARY)}")


def position(name: str) -> int:
    """Where the variable stands in the vocabulary."""
    return VOCABULARY.index(variable(name))
