"""The one shape every vitals file becomes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.vitals.variable import Variable
from ml.records.vitals.vocabulary import position, variable


@dataclass(frozen=True, eq=False)
class VitalsTrace:
    """Measurements of one person in order of time, one row a moment; all arrays are read-only.

    Attributes:
        format: ``csv`` or ``json``.
        zone: IANA name that moments without an offset were read in, or None.
        variables: names of the vocabulary, in its order; each has a value in some row.
        values: (rows, variables) float64: numbers in the variable's own unit and decimals,
            categories as positions, NaN where nothing was measured.
        local: wall time of each row, datetime64[us]; None for a single row without a time.
        utc: the moment of each row, ascending, no two equal; None without a time, and None where
            the file has wall times and no zone was named.
    """

    format: str
    zone: str | None
    variables: tuple[str, ...]
    values: npt.NDArray[np.float64]
    local: npt.NDArray[np.datetime64] | None
    utc: npt.NDArray[np.datetime64] | None

    def __post_init__(self) -> None:
        places = [position(name) for name in self.variables]
        if places != sorted(set(places)) or self.values.shape[1:] != (len(places),):
            raise ValueError("the variables of a trace are those of its columns, in order")
        for column in (self.values, self.local, self.utc):
            if column is not None:
                column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def vocabulary(self) -> tuple[Variable, ...]:
        """What the columns are."""
        return tuple(variable(name) for name in self.variables)

    @property
    def timed(self) -> bool:
        """Whether the rows have a time."""
        return self.local is not None

    @property
    def moments(self) -> npt.NDArray[np.datetime64] | None:
        """`utc`, or `local` where the zone is not known: what steps and spans are measured on."""
        return self.local if self.utc is None else self.utc

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """The values of a variable; `KeyError` when the trace does not have it."""
        if name not in self.variables:
            raise KeyError(f"the trace has no {name!r}")
        return self.values[:, self.variables.index(name)]
