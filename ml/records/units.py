"""Glucose units: the names files use, and the one factor between them."""

import re

import numpy as np
import numpy.typing as npt

MG_DL = "mg/dL"
MMOL_L = "mmol/L"

# 1 / 0.0555: the conversion factor for glucose in the SI table of the AMA Manual of Style.
MG_DL_PER_MMOL_L = 18.018

# One regular expression for every spelling met in exports; the group is read by `unit_named`.
UNIT_PATTERN = r"(?P<unit>mg ?/ ?dl|mg_dl|mgdl|mmol ?/ ?l|mmol_l|mmoll)"

_PER_UNIT = {MG_DL: 1.0, MMOL_L: MG_DL_PER_MMOL_L}


def unit_named(text: str) -> str | None:
    """The unit a spelling stands for (``mg_dL``, ``mmol / l`` …), or None if it names none."""
    found = re.fullmatch(UNIT_PATTERN, text.strip(), re.IGNORECASE)
    if found is None:
        return None
    return MMOL_L if found["unit"].lower().startswith("mmol") else MG_DL


def tenths_of_mg_dl(values: npt.ArrayLike, unit: str) -> npt.NDArray[np.int64]:
    """Glucose in whole tenths of mg/dL, the resolution every trace is kept at.

    One tenth of mg/dL is finer than either unit is ever written (1 mg/dL, 0.1 mmol/L), so
    rounding to it loses nothing and a value in mmol/L can be recovered exactly.
    """
    return np.rint(np.asarray(values, dtype=np.float64) * _PER_UNIT[unit] * 10).astype(np.int64)
