"""Everything of the caller's, to take away."""

import io
import zipfile
from collections.abc import Iterable

from fastapi import APIRouter, Response

from backend.http.guard import GuardedRoute
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.export_own_data import ExportPart
from backend.use_cases.export_own_data import export_own_data as export

router = APIRouter(tags=["export"], route_class=GuardedRoute)

ZIP = "application/zip"
_BINARY = {ZIP: {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/api/export",
    summary="Take away everything of one's own",
    response_class=Response,
    responses={200: {"content": _BINARY, "description": "a zip of JSON and CSV files"}},
)
def export_own_data(account_id: AccountHere, ports: PortsHere) -> Response:
    """Profile, guardians, consents, contributions with rewards and records as CSV, trainings, what
    one's own model says, the journal, the access log. Whatever is opened for it is written to the
    access log first; for a record that cannot be read, a file says why."""
    archive = _zipped(export(account_id, ports=ports))
    name = 'attachment; filename="vitalmint-export.zip"'
    return Response(archive, media_type=ZIP, headers={"Content-Disposition": name})


def _zipped(parts: Iterable[ExportPart]) -> bytes:
    """The parts in one archive, in memory: nothing opened is ever written to a disk here."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.writestr(part.name, part.content)
    return buffer.getvalue()
