"""Sound files to damage, and the one way in which a damaged one has to be refused.

Each file carries a name that no message may show.
"""

import numpy as np
import pytest
from cgm_files import read

from ml.records.errors import UnreadableRecord
from ml.simulation.glucose import SimulatedTrace, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv

NAME = "Zaphodina"


def person(days: float = 1, cadence_minutes: int = 5) -> SimulatedTrace:
    rng = np.random.default_rng(3)
    return simulate_trace(rng, days, cadence_minutes=cadence_minutes, gaps_a_day=0)


def clarity() -> bytes:
    return to_clarity_csv(person(), name=(NAME, "Beeblebrox"))


def libreview() -> bytes:
    return to_libreview_csv(person(cadence_minutes=15), unit="mg/dL", name=NAME)


def with_line(data: bytes, number: int, column: int, cell: bytes) -> bytes:
    """`data` with one cell of line `number` (1-based) replaced."""
    lines = data.split(b"\n")
    cells = lines[number - 1].split(b",")
    cells[column] = cell
    lines[number - 1] = b",".join(cells)
    return b"\n".join(lines)


def refusal(data: bytes, zone: str | None = "Europe/London") -> UnreadableRecord:
    with pytest.raises(UnreadableRecord) as caught:
        read(data, zone)
    message = str(caught.value)
    assert NAME not in message and "Beeblebrox" not in message and "\n" not in message
    assert len(message) < 400
    return caught.value
