"""A trace as a file for the person whose it is."""

import csv
import io

import numpy as np
import numpy.typing as npt

from ml.records.vitals.trace import VitalsTrace
from ml.records.vitals.variable import Variable


def to_csv(trace: VitalsTrace) -> bytes:
    """UTF-8 CSV, one line a row: utc, local, then every variable with its unit in the name.

    Categories are words; what was not measured is empty. `read_vitals` reads it back.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    moments = trace.utc if trace.utc is not None else trace.local
    stamps = [] if moments is None else ["utc" if trace.utc is not None else "timestamp", "local"]
    writer.writerow([*stamps, *(_header(known) for known in trace.vocabulary)])
    columns = [
        _texts(known, column)
        for known, column in zip(trace.vocabulary, trace.values.T, strict=True)
    ]
    if moments is not None and trace.local is not None:
        suffix = "Z" if trace.utc is not None else ""
        columns = [_stamps(moments, suffix), _stamps(trace.local, ""), *columns]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode()


def _header(known: Variable) -> str:
    return f"{known.name} ({known.units[0].name})" if known.units else known.name


def _stamps(moments: npt.NDArray[np.datetime64], suffix: str) -> list[str]:
    whole = (moments.astype(np.int64) % 1_000_000 == 0).all()
    texts = np.datetime_as_string(moments, unit="s" if whole else "us")
    return [text + suffix for text in texts.tolist()]


def _texts(known: Variable, column: npt.NDArray[np.float64]) -> list[str]:
    if known.numeric:
        return ["" if cell != cell else f"{cell:.{known.decimals}f}" for cell in column.tolist()]
    words = [str(category).lower() for category in known.categories]
    return ["" if cell != cell else words[int(cell)] for cell in column.tolist()]
