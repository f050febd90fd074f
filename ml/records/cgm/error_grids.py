"""Error grids: what it could cost a person to act on a predicted glucose.

They were made for meters and sensors beside a blood reference. Of a forecast they summarise risk;
they say nothing of a device's accuracy.

=========  ======================================================================================
grid       where its lines come from, and what others do otherwise
=========  ======================================================================================
Clarke     Clarke et al., Diabetes Care 10 (1987) 622-628. A: within 20 % of the reference, or
           both below 70. R's `ega` takes a reference of 58.3 in place of 70 for A's corner and
           counts a prediction of exactly 70 beside a lower reference to B, here D.
Parkes     "Consensus" grids for type 1 and type 2: Parkes et al., Diabetes Care 23 (2000)
           1143-1148; vertices from Pfützner et al., J Diabetes Sci Technol 7 (2013) 1275-1281.
           The last stretch of each line goes on beyond 550 mg/dL. `methcomp` 1.0.0 ends
           the lower C-D line of type 1 too high (150 becomes 161 at 550), from a vertex of type 2.
DTS        Klonoff et al., J Diabetes Sci Technol 18 (2024) 1346-1361, supplement 2, table A1:
           straight lines, the same for meters and sensors. The paper's risk function,
           2.75 ln(M/R) above and 2.25 ln(M/R) below the reference with both held at 50 or more,
           cut at 0.5, 1.5, 2.5 and 3.5, gives the same lines to within 1.2 mg/dL.
=========  ======================================================================================
"""

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Zones = npt.NDArray[np.str_]
Floats = npt.NDArray[np.float64]
Points = tuple[tuple[float, float], ...]

LETTERS = ("A", "B", "C", "D", "E")


class ErrorGrid(enum.Enum):
    """The grids there are."""

    CLARKE = "clarke"
    PARKES_TYPE_1 = "parkes-type-1"
    PARKES_TYPE_2 = "parkes-type-2"
    DTS = "dts"


@dataclass(frozen=True)
class _Lines:
    """Borders A-B, B-C, C-D and D-E as (reference, predicted) in mg/dL, from left to right.

    Above `upper` a prediction is worse. Below `lower` it is, too, but only right of the first
    vertex: up to there the border runs straight down.
    """

    upper: tuple[Points, ...]
    lower: tuple[Points, ...]


_PARKES_TYPE_1 = _Lines(
    upper=(
        ((0, 50), (30, 50), (140, 170), (280, 380), (430, 550)),
        ((0, 60), (30, 60), (50, 80), (70, 110), (260, 550)),
        ((0, 100), (25, 100), (50, 125), (80, 215), (125, 550)),
        ((0, 150), (35, 155), (50, 550)),
    ),
    lower=(
        ((50, 30), (170, 145), (385, 300), (550, 450)),
        ((120, 30), (260, 130), (550, 250)),
        ((250, 40), (550, 150)),
    ),
)

_PARKES_TYPE_2 = _Lines(
    upper=(
        ((0, 50), (30, 50), (230, 330), (440, 550)),
        ((0, 60), (30, 60), (280, 550)),
        ((0, 80), (25, 80), (35, 90), (125, 550)),
        ((0, 200), (35, 200), (50, 550)),
    ),
    lower=(
        ((50, 30), (90, 80), (330, 230), (550, 450)),
        ((90, 0), (260, 130), (550, 250)),
        ((250, 40), (410, 110), (550, 160)),
    ),
)

_DTS = _Lines(
    upper=(
        ((0, 60), (50, 60), (500, 600)),
        ((0, 86.5), (50, 86.5), (347, 600)),
        ((0, 124), (50, 124), (241, 600)),
        ((0, 179), (50, 179), (167, 600)),
    ),
    lower=(
        ((62.5, 50), (600, 480)),
        ((97.5, 50), (600, 307)),
        ((153, 50), (600, 197)),
        ((238, 50), (600, 126)),
    ),
)

_LINES = {
    ErrorGrid.PARKES_TYPE_1: _PARKES_TYPE_1,
    ErrorGrid.PARKES_TYPE_2: _PARKES_TYPE_2,
    ErrorGrid.DTS: _DTS,
}


def zones(reference: npt.ArrayLike, predicted: npt.ArrayLike, *, grid: ErrorGrid) -> Zones:
    """The letter of each pair's zone, ``<U1``, in the shape of the arguments.

    Args:
        reference: what glucose was, mg/dL, above 0.
        predicted: what was said it would be, mg/dL, above 0, of the same shape.
        grid: which error grid; a point on a line counts to the better zone, but for Clarke's,
            whose D and E hold their own borders, as in its published programs.

    Raises:
        ValueError: shapes differ, or a value is no positive number.
    """
    was, said = np.asarray(reference, np.float64), np.asarray(predicted, np.float64)
    if was.shape != said.shape:
        raise ValueError(f"references {was.shape} and predictions {said.shape} come in pairs")
    if not ((was > 0) & np.isfinite(was) & (said > 0) & np.isfinite(said)).all():
        raise ValueError("error grids take glucose in mg/dL above 0, without missing values")
    if grid is ErrorGrid.CLARKE:
        return _clarke(was, said)
    lines = _LINES[grid]
    worst = np.zeros(was.shape, dtype=np.intp)
    for rank, line in enumerate(lines.upper, start=1):
        worst[said > _height(line, was)] = rank
    for rank, line in enumerate(lines.lower, start=1):
        below = (was > line[0][0]) & (said < _height(line, was))
        worst[below] = np.maximum(worst[below], rank)
    return np.array(LETTERS)[worst]


def zone_shares(found: Zones) -> dict[str, float]:
    """The share of each of the five zones, adding up to 1.

    Raises:
        ValueError: there is no pair.
    """
    if found.size == 0:
        raise ValueError("there is no pair to take shares of")
    return {letter: float((found == letter).mean()) for letter in LETTERS}


def _height(line: Points, at: Floats) -> Floats:
    """The line at these references; its last stretch goes on for ever."""
    x, y = (np.array(column, dtype=np.float64) for column in zip(*line, strict=True))
    stretch = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    slope = np.diff(y) / np.diff(x)
    height: Floats = y[stretch] + (at - x[stretch]) * slope[stretch]
    return height


def _clarke(was: Floats, said: Floats) -> Zones:
    a = (np.abs(said - was) <= 0.2 * was) | ((was < 70) & (said < 70))
    c = ((was > 70) & (said > 180) & (said > was + 110)) | (
        (was >= 130) & (was <= 180) & (said < 7 / 5 * (was - 130))
    )
    d = ((was < 70) | (was > 240)) & (said >= 70) & (said < 180)
    e = ((was <= 70) & (said >= 180)) | ((was >= 180) & (said <= 70))
    return np.select([a, c, d, e], ["A", "C", "D", "E"], "B").astype("<U1")
