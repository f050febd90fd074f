"""From a drawing to bytes: no window, no global state left changed, the same bytes every time."""

import io
import threading
from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from backend.ports.plots import PictureFormat

DOTS_PER_INCH = 110
_SIZE_INCHES = (9.0, 4.8)
_STYLE: Any = {"font.size": 11.0, "svg.fonttype": "path", "svg.hashsalt": "vitalmint"}
_DRAWING = threading.Lock()
"""Matplotlib's settings and font cache belong to the process: one picture at a time."""


def picture(draw: Callable[[Axes], None], form: PictureFormat) -> bytes:
    """What `draw` puts on the axes, as PNG or SVG without a date."""
    out = io.BytesIO()
    with _DRAWING, matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        metadata = {"Date": None} if form is PictureFormat.SVG else {"Software": None}
        figure.savefig(out, format=form.value, dpi=DOTS_PER_INCH, metadata=metadata)
    return out.getvalue()
