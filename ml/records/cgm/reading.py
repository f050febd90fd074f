"""From the bytes of an upload to a trace."""

from datetime import datetime

from ml.records.cgm.assembly import assemble
from ml.records.cgm.formats import NIGHTSCOUT
from ml.records.cgm.layout import recognise
from ml.records.cgm.nightscout import looks_like_json, read_entries
from ml.records.cgm.plausibility import refuse_impossible
from ml.records.cgm.table import read_table
from ml.records.cgm.trace import CgmTrace, RawReadings
from ml.records.cgm.workbook import looks_like_workbook, read_workbook
from ml.records.errors import UnreadableRecord
from ml.records.intake import MAX_BYTES, admit_text, refuse_size


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
        UnreadableRecord: whatever keeps the file from being read, with its line, or its sheet and
            row, where it has one.
    """
    raw, sheet = _rows(data, limit)
    try:
        trace = assemble(raw, zone=zone, received_at=received_at)
        refuse_impossible(trace)
    except UnreadableRecord as fault:
        raise fault.in_sheet(sheet) from None
    return trace


def _rows(data: bytes, limit: int) -> tuple[RawReadings, int | None]:
    """The rows of the file, and the sheet they are on where there are sheets."""
    refuse_size(data, limit=limit)
    if looks_like_workbook(data):
        return read_workbook(data, limit=limit)
    text = admit_text(data, limit=limit)
    if looks_like_json(text):
        return read_entries(text, NIGHTSCOUT), None
    return read_table(text, recognise(text)), None
