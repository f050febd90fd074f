"""Risk of low and of high glucose: the symmetrised scale of Kovatchev and its two indices.

Source: Kovatchev et al., "Symmetrization of the blood glucose measurement scale and its
applications", Diabetes Care 20 (1997) 1655-1658; "Assessment of risk for severe hypoglycemia among
adults with IDDM", Diabetes Care 21 (1998) 1870-1875. The scale turns at 112.5 mg/dL. The first
paper writes 22.77 f², with 1.509 outside of the square; that is the same as 10 (1.509 f)² here.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GlucoseRisk:
    """Means of risk over readings, without unit, from 0 to 100.

    Attributes:
        lbgi: low blood glucose index; up to 1.1 minimal, to 2.5 low, to 5 moderate, above high.
        hbgi: high blood glucose index; up to 4.5 low, to 9 moderate, above high.
    """

    lbgi: float
    hbgi: float


def glucose_risk(mg_dl: npt.ArrayLike) -> GlucoseRisk:
    """Both indices of readings in mg/dL, any shape; NaN is left out.

    Raises:
        ValueError: there is no reading, or one below 1 mg/dL.
    """
    values = np.asarray(mg_dl, dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise ValueError("there is no reading to take a risk of")
    low, high = risks(values)
    return GlucoseRisk(lbgi=float(low.mean()), hbgi=float(high.mean()))


def risks(mg_dl: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Risk of each reading being low, and of being high; at least one of the two is 0.

    Raises:
        ValueError: a reading is below 1 mg/dL.
    """
    values = np.asarray(mg_dl, dtype=np.float64)
    if (values < 1).any():
        raise ValueError("risk is defined from 1 mg/dL on")
    scale = 1.509 * (np.log(values) ** 1.084 - 5.381)
    risk = 10 * scale**2
    return np.where(scale < 0, risk, 0.0), np.where(scale > 0, risk, 0.0)
