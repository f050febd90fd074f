"""The tables that are known by their header, each one declarative value; `FORMATS` is the list.

To read another hospital's CSV, add a value here and its file to the tests. Any other CSV is read
as `PLAIN`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ml.records.tables.inference import Wish


@dataclass(frozen=True)
class Split:
    """A column that holds several numbers, as in 158/88.

    Attributes:
        separator: between the numbers.
        into: names of the columns that replace it.
    """

    separator: str
    into: tuple[str, ...]


@dataclass(frozen=True)
class TableFormat:
    """One kind of CSV.

    Attributes:
        name: as experiments and reports name it.
        title: as people know it.
        header: names that tell it from all others; every one must be there.
        encodings: tried in this order.
        leave_out: identifiers, free text and dates, which are never taken up.
        kinds: where a kind cannot be told from the cells, or the levels of an ordinal column.
        split: columns of several numbers.
        plausible: lowest and highest believable number; anything else is a missing cell.
        target: what is to be predicted.
    """

    name: str
    title: str
    header: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ("utf-8",)
    leave_out: tuple[str, ...] = ()
    kinds: Mapping[str, Wish] = field(default_factory=dict)
    split: Mapping[str, Split] = field(default_factory=dict)
    plausible: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    target: str | None = None


KTAS = TableFormat(
    name="ktas",
    title="Emergency triage with expert label (KTAS), Moon et al. 2019",
    header=("KTAS_expert", "KTAS_RN", "NRS_pain", "Chief_complain"),
    encodings=("utf-8", "windows-1254"),
    leave_out=("Chief_complain", "Diagnosis in ED"),
    kinds={
        "Group": "categorical",
        "Sex": "categorical",
        "Arrival mode": "categorical",
        "Injury": "categorical",
        "Disposition": "categorical",
        "Error_group": "categorical",
        "mistriage": "categorical",
        "Mental": (1, 2, 3, 4),
        "KTAS_RN": (1, 2, 3, 4, 5),
        "KTAS_expert": (1, 2, 3, 4, 5),
    },
    target="KTAS_expert",
)

HEART_ATTACK = TableFormat(
    name="heart-attack",
    title="Heart attack prediction dataset (simulated; its label carries no signal)",
    header=("Patient ID", "Heart Attack Risk", "Sedentary Hours Per Day", "Blood Pressure"),
    encodings=("utf-8", "windows-1252"),
    leave_out=("Patient ID",),
    split={"Blood Pressure": Split("/", ("Systolic", "Diastolic"))},
    target="Heart Attack Risk",
)

MATERNAL = TableFormat(
    name="maternal-risk",
    title="Maternal health risk, UCI 863",
    header=("SystolicBP", "DiastolicBP", "BodyTemp", "RiskLevel"),
    kinds={"RiskLevel": ("low risk", "mid risk", "high risk")},
    plausible={"HeartRate": (20, 250)},
    target="RiskLevel",
)

NEWS2 = TableFormat(
    name="news2-risk",
    title="Health risk dataset labelled by NEWS2 (simulated)",
    header=("Patient_ID", "O2_Scale", "Consciousness", "Risk_Level"),
    leave_out=("Patient_ID",),
    kinds={
        "Consciousness": "categorical",
        "O2_Scale": "categorical",
        "Risk_Level": ("Normal", "Low", "Medium", "High"),
    },
    target="Risk_Level",
)

HUMAN_VITALS = TableFormat(
    name="human-vitals-2024",
    title="Human vital signs dataset 2024 (simulated)",
    header=("Patient ID", "Derived_HRV", "Derived_MAP", "Risk Category"),
    leave_out=("Patient ID", "Timestamp"),
    target="Risk Category",
)

PLAIN = TableFormat(name="plain", title="any CSV with one header line")

FORMATS: tuple[TableFormat, ...] = (KTAS, HEART_ATTACK, MATERNAL, NEWS2, HUMAN_VITALS)
