"""Distributions and profiles as inline SVG: coloured by the page, so that they follow its theme.

Filled shapes are synthetic; real figures, where the report gives them, are a stepped line or a
tick, so that they are told apart without colour.
"""

import unicodedata

import numpy as np
import numpy.typing as npt

from ml.publication.marginals import Marginal
from ml.publication.markup import Html, element

Floats = npt.NDArray[np.floating]

_WIDTH, _HEIGHT = 340, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 8, 8, 24
_DAY_WIDTH, _DAY_HEIGHT, _DAY_LEFT = 680, 240, 38
_DAY_ACROSS = _DAY_WIDTH - _DAY_LEFT - _RIGHT
_ROW, _LABEL = 20, 130
_LABEL_EM = 11.8
"""Room for a label of the bars, in heights of its font."""
_TICKS = 4


def histogram(shown: Marginal, title: str) -> Html:
    """Bars over the bins; real shares as a stepped line that stops where they are suppressed."""
    assert shown.edges is not None
    across, most = _across(shown.edges), _most(shown)
    bars = [
        element(
            "rect",
            x=_at(across[at]),
            y=_at(_up(share / most)),
            width=_at(max(0.6, across[at + 1] - across[at] - 1)),
            height=_at(_up(0) - _up(share / most)),
            class_="made",
        )
        for at, share in enumerate(shown.synthetic)
        if share > 0
    ]
    steps = [] if shown.real is None else _steps(across, shown.real / most)
    ends = [
        _text(across[0], _HEIGHT - 8, shown.ends[0]),
        _text(across[-1], _HEIGHT - 8, shown.ends[1], anchor="end"),
    ]
    return _picture(title, _HEIGHT, *_shares_axis(most), *bars, *steps, *ends)


def bars(shown: Marginal, title: str) -> Html:
    """A bar per category, or per bin where these are not equally wide; the real share is a tick
    across its bar."""
    most = _most(shown)
    room = _WIDTH - _LABEL - 52
    drawn: list[Html] = []
    for at, (label, share) in enumerate(zip(shown.labels, shown.synthetic, strict=True)):
        y = 4 + at * _ROW
        drawn += [
            _text(_LABEL - 6, y + 12, _cut(label), anchor="end"),
            element(
                "rect", x=_LABEL, y=y + 2, width=_at(room * share / most), height=13, class_="made"
            ),
            _text(_LABEL + room + 6, y + 12, f"{share:.1%}"),
        ]
        if shown.real is not None and np.isfinite(shown.real[at]):
            x = _at(_LABEL + room * shown.real[at] / most)
            drawn.append(element("line", x1=x, x2=x, y1=y, y2=y + 17, class_="real"))
    return _picture(title, 8 + _ROW * len(shown.labels), *drawn)


def profile(hours: Floats, bands: Floats, real: Floats, title: str) -> Html:
    """Percentiles over the day: `hours` (n,), `bands` and `real` (n, 5) from the lowest to the
    highest; of `real`, only levels that are known at every hour are drawn."""
    high = float(np.ceil(max(bands.max(), np.nanmax(real, initial=200)) / 50) * 50)
    x, y = _DAY_LEFT + _DAY_ACROSS * hours / 24, _raised(bands, high)
    ways = [
        element("path", d=_closed(x, y[:, outer], y[:, 4 - outer]), class_=f"band band-{outer}")
        for outer in (0, 1)
    ]
    middle = element("polyline", points=_points(x, y[:, 2]), class_="median")
    theirs = _raised(real, high)
    lines = [
        element(
            "polyline", points=_points(x, theirs[:, at]), class_="real" if at == 2 else "real dash"
        )
        for at in range(real.shape[1])
        if np.isfinite(real[:, at]).all()
    ]
    return _picture(title, _DAY_HEIGHT, *_day_axes(high), *ways, middle, *lines, width=_DAY_WIDTH)


def _raised(glucose: Floats, high: float) -> Floats:
    """Where on the page glucose lies, from 0 at the bottom to `high` at the top."""
    found: Floats = _TOP + (_DAY_HEIGHT - _TOP - _BOTTOM) * (1 - glucose / high)
    return found


def _day_axes(high: float) -> list[Html]:
    marks: list[Html] = []
    levels = np.arange(0, high + 1, 50 if high <= 300 else 100)
    for level, at in zip(levels, _raised(levels, high), strict=True):
        marks += [
            element(
                "line", x1=_DAY_LEFT, x2=_DAY_WIDTH - _RIGHT, y1=_at(at), y2=_at(at), class_="rule"
            ),
            _text(_DAY_LEFT - 4, at + 4, f"{level:.0f}", anchor="end"),
        ]
    for hour, anchor in ((0, "start"), (6, "middle"), (12, "middle"), (18, "middle"), (24, "end")):
        x = _DAY_LEFT + _DAY_ACROSS * hour / 24
        marks.append(_text(x, _DAY_HEIGHT - 8, f"{hour}:00", anchor=anchor))
    return marks


def _picture(title: str, height: float, *parts: Html, width: float = _WIDTH) -> Html:
    return element(
        "svg",
        element("title", title),
        *parts,
        viewBox=f"0 0 {_at(width)} {_at(height)}",
        role="img",
        xmlns="http://www.w3.org/2000/svg",
    )


def _across(edges: Floats) -> Floats:
    share = (edges - edges[0]) / (edges[-1] - edges[0])
    found: Floats = _LEFT + (_WIDTH - _LEFT - _RIGHT) * share
    return found


def _up(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)


def _most(shown: Marginal) -> float:
    highest = float(shown.synthetic.max(initial=0))
    if shown.real is not None:
        highest = max(highest, float(np.nanmax(shown.real, initial=0)))
    return highest or 1.0


def _shares_axis(most: float) -> list[Html]:
    step = next(
        step
        for step in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
        if step * _TICKS >= most
    )
    marks: list[Html] = []
    for number in range(int(most / step + 1e-9) + 1):
        y = _up(number * step / most)
        marks += [
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_at(y), y2=_at(y), class_="rule"),
            _text(_LEFT - 4, y + 4, f"{number * step * 100:.3g} %", anchor="end"),
        ]
    return marks


def _steps(across: Floats, heights: Floats) -> list[Html]:
    """One line for every run of bins that are not suppressed."""
    lines, points = [], []
    for at, height in enumerate(heights):
        if np.isfinite(height):
            y = _at(_up(height))
            points += [f"{_at(across[at])},{y}", f"{_at(across[at + 1])},{y}"]
        if points and (not np.isfinite(height) or at == len(heights) - 1):
            lines.append(element("polyline", points=" ".join(points), class_="real"))
            points = []
    return lines


def _closed(x: Floats, low: Floats, high: Floats) -> str:
    there = [f"{_at(a)},{_at(b)}" for a, b in zip(x, low, strict=True)]
    back = [f"{_at(a)},{_at(b)}" for a, b in zip(x[::-1], high[::-1], strict=True)]
    return f"M{' L'.join(there + back)}Z"


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{_at(a)},{_at(b)}" for a, b in zip(x, y, strict=True))


def _text(x: float, y: float, text: str, anchor: str = "start") -> Html:
    return element("text", text, x=_at(x), y=_at(y), text_anchor=anchor)


def _cut(label: str) -> str:
    """The label, or as much of its beginning as there is room for left of the bars."""
    if sum(map(_em, label)) <= _LABEL_EM:
        return label
    room, kept = _LABEL_EM - 1, 0
    for letter in label:
        room -= _em(letter)
        if room < 0:
            break
        kept += 1
    return f"{label[:kept]}…"


def _em(letter: str) -> float:
    """How wide a letter is at most, in heights of the font, in the widest of the usual fonts."""
    if letter in "WMmw@%" or unicodedata.east_asian_width(letter) in ("W", "F", "A"):
        return 1.0
    return 0.75 if letter.isupper() else 0.62


def _at(number: float) -> str:
    """Two decimals are less than a pixel, and the same on every machine."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
