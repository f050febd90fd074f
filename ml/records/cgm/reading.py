"""From the bytes of an upload to a trace."""

from datetime import datetime

from ml.records.cgm.assembly import assemble
from ml.records.cgm.formats import NIGHTSCOUT
from ml.records.cgm.layout import recognise
from ml.records.cgm.nightscout import looks_like_json, read_entries
from ml.records.cgm.plausibility import refuse_impossible
from ml.records.cgm.table import read_table
from ml.records.cgm.trace import CgmTrace
from ml.records.intake import MAX_BYTES, admit_text


def read_cgm(
    data: bytes, *, zone: str | None, received_at: datetime, limit: int = MAX_BYTES
) -> CgmTrace:
    """The glucose trace in an export of any of `FORMATS`.

    Args:
        data: the file as uploaded.
        zone: IANA name of the zone whose wall time the file has. Without one the trace has no
            `utc`: it can be inspected, and cannot be contributed.
        received_at: when the upload arrived, aware; readings after it are refused.
        limit: bytes that are accepted.

    Raises:
        UnreadableRecord: whatever keeps the file from being read, with its line where it has one.
    """
    text = admit_text(data, limit=limit)
    if looks_like_json(text):
        raw = read_entries(text, NIGHTSCOUT)
    else:
        raw = read_table(text, recognise(text))
    trace = assemble(raw, zone=zone, received_at=received_at)
    refuse_impossible(trace)
    return trace
