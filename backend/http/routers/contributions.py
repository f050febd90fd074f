"""Contributions: give a record, see what became of it, take it back."""

from fastapi import APIRouter, Response

from backend.domain.identifiers import contribution_id as known_id
from backend.http.guard import GuardedRoute
from backend.http.schemas.contributions import (
    ContributionList,
    ContributionShown,
    Erased,
    Proof,
    Summary,
)
from backend.http.session import AccountHere, PortsHere
from backend.http.upload import UploadHere, multipart_schema
from backend.use_cases.contribute_record import ContributeRecord, contribute_record
from backend.use_cases.default_zone import default_zone
from backend.use_cases.erase_contribution import EraseContribution
from backend.use_cases.erase_contribution import erase_contribution as erase
from backend.use_cases.inspect_record import InspectRecord, inspect_record
from backend.use_cases.read_contribution import ReadContribution
from backend.use_cases.read_contribution import list_contributions as list_own
from backend.use_cases.read_contribution import prove_integrity as prove
from backend.use_cases.read_contribution import read_contribution as read
from backend.use_cases.read_contribution import show_contribution as show

router = APIRouter(prefix="/api/contributions", tags=["contributions"], route_class=GuardedRoute)

CSV = "text/csv; charset=utf-8"
EXAMPLE_FILE = "timestamp,glucose_mg_dl\n" + "".join(
    f"2026-10-0{1 + n // 288}T{n // 12 % 24:02}:{n % 12 * 5:02}:00,{100 + n % 40}\n"
    for n in range(12)
)
_FORM = multipart_schema(example={"file": EXAMPLE_FILE, "kind": "cgm", "zone": "Europe/London"})


@router.post("", status_code=202, summary="Contribute a record", openapi_extra=_FORM)
def contribute(upload: UploadHere, account_id: AccountHere, ports: PortsHere) -> ContributionShown:
    """The record is read, sealed and stored when the answer comes; its registration on chain and
    the reward follow within blocks. Needs a consent in force for this kind."""
    zone = upload.zone or default_zone(account_id, ports=ports)
    command = ContributeRecord(account_id, upload.data, upload.kind, zone)
    return ContributionShown.of(contribute_record(command, ports=ports))


@router.post("/inspect", summary="See what is understood of a file", openapi_extra=_FORM)
def inspect_file(upload: UploadHere, account_id: AccountHere, ports: PortsHere) -> Summary:
    """Nothing is kept. Works without a zone, which contributing does not."""
    zone = upload.zone or default_zone(account_id, ports=ports)
    return Summary.of(inspect_record(InspectRecord(upload.data, upload.kind, zone), ports=ports))


@router.get("", summary="List one's contributions")
def list_contributions(account_id: AccountHere, ports: PortsHere) -> ContributionList:
    """The newest first."""
    views = list_own(account_id, ports=ports)
    return ContributionList(contributions=[ContributionShown.of(view) for view in views])


@router.get("/{contribution_id}", summary="Show one contribution")
def show_contribution(
    contribution_id: str, account_id: AccountHere, ports: PortsHere
) -> ContributionShown:
    """Another person's contribution is not found, as one that does not exist."""
    return ContributionShown.of(show(account_id, known_id(contribution_id), ports=ports))


@router.get(
    "/{contribution_id}/record",
    summary="Read one's own record",
    response_class=Response,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "CSV"}},
)
def read_contribution(contribution_id: str, account_id: AccountHere, ports: PortsHere) -> Response:
    """The record as CSV. The opening is written to the access log before it happens."""
    command = ReadContribution(
        account_id, known_id(contribution_id), actor=account_id, purpose="read by its owner"
    )
    name = f'attachment; filename="{contribution_id}.csv"'
    return Response(
        read(command, ports=ports), media_type=CSV, headers={"Content-Disposition": name}
    )


@router.get("/{contribution_id}/proof", summary="Prove a contribution's integrity")
def prove_integrity(contribution_id: str, account_id: AccountHere, ports: PortsHere) -> Proof:
    """Where the chain and IPFS hold it, for anyone to check."""
    return Proof.of(prove(account_id, known_id(contribution_id), ports=ports))


@router.delete("/{contribution_id}", summary="Erase a contribution")
def erase_contribution(contribution_id: str, account_id: AccountHere, ports: PortsHere) -> Erased:
    """Its key is destroyed when the answer comes; IPFS and the mark on chain follow."""
    command = EraseContribution(account_id, known_id(contribution_id))
    return Erased.of(erase(command, ports=ports))
