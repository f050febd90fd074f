"""A trace as a file for the person whose it is."""

import numpy as np
import pandas as pd

from ml.records.cgm.trace import CgmTrace

_CENSORED = np.array(["low", "", "high"])


def to_csv(trace: CgmTrace) -> bytes:
    """UTF-8 CSV, one line a reading: utc, local, mg_dl, censored (low, high or nothing)."""
    utc = np.datetime_as_string(trace.moments, unit="s")
    table = pd.DataFrame(
        {
            "utc": np.char.add(utc, "Z") if trace.utc is not None else "",
            "local": np.datetime_as_string(trace.local, unit="s"),
            "mg_dl": trace.tenths / 10,
            "censored": _CENSORED[trace.censored + 1],
        }
    )
    return table.to_csv(index=False, lineterminator="\n").encode()
