"""A simulated trace as Nightscout entries and as a plain CSV."""

import json
from datetime import UTC, datetime

from ml.simulation.glucose import SimulatedTrace

LOW_CODE, HIGH_CODE = 39, 401


def to_nightscout_json(trace: SimulatedTrace, *, one_per_line: bool = False) -> bytes:
    """Entries newest first, as the API answers, or one object per line, as mongoexport writes."""
    entries = [
        json.dumps(
            {
                "_id": f"{i:024x}",
                "type": "sgv",
                "sgv": min(max(int(value), LOW_CODE), HIGH_CODE),
                "date": int(utc) * 1000,
                "dateString": datetime.fromtimestamp(int(utc), UTC).isoformat() + "Z",
                "direction": "Flat",
                "device": "simulated",
                "utcOffset": int(local - utc) // 60,
            }
        ).replace("+00:00Z", ".000Z")
        for i, (utc, local, value) in enumerate(
            zip(trace.utc, trace.local, trace.mg_dl, strict=True)
        )
    ]
    if one_per_line:
        return ("\n".join(entries) + "\n").encode()
    return ("[" + ",".join(reversed(entries)) + "]").encode()


def to_plain_csv(trace: SimulatedTrace, *, unit: str = "mg/dL") -> bytes:
    """Two columns, wall time and glucose, the unit in the name of the latter."""
    column = {"mg/dL": "glucose_mg_dl", "mmol/L": "glucose_mmol_l"}[unit]
    lines = [f"timestamp,{column}"]
    for local, value in zip(trace.local, trace.mg_dl, strict=True):
        at = datetime.fromtimestamp(int(local), UTC).strftime("%Y-%m-%d %H:%M:%S")
        shown = str(value) if unit == "mg/dL" else f"{value / 18.018:.1f}"
        lines.append(f"{at},{shown}")
    return ("\n".join(lines) + "\n").encode()
