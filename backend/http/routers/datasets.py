"""Released datasets: found and judged by anybody, downloaded by researchers."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from backend.crypto.gated_preview import PreviewFile
from backend.domain.identifiers import run_id as known_id
from backend.http.download import (
    DOCUMENT,
    PACKAGE,
    certificate_response,
    package_response,
    preview_described,
    preview_response,
)
from backend.http.guard import GuardedRoute
from backend.http.previews import PreviewsHere
from backend.http.rate_limits import BROWSED, DOWNLOADED
from backend.http.schemas.datasets import DatasetList, DatasetShown
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.list_datasets import LARGEST_PAGE, ListDatasets
from backend.use_cases.list_datasets import list_datasets as list_released
from backend.use_cases.list_datasets import show_dataset as show
from backend.use_cases.open_dataset import OpenDataset, open_dataset
from backend.use_cases.retire_dataset import retire_dataset as retire

IfNoneMatch = Annotated[str | None, Header(description="an ETag that the caller has")]
_SHEET = "<!doctype html>…"
_REPORT = {"protocol": "Held out by person.", "n": {}, "fidelity": {}, "utility": {}, "privacy": {}}
_CROISSANT = {"@type": "sc:Dataset", "name": "Synthetic vital signs", "distribution": []}

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=GuardedRoute)


@router.get("", summary="List released datasets", dependencies=BROWSED)
def list_datasets(
    ports: PortsHere,
    limit: Annotated[int, Query(description=f"1 to {LARGEST_PAGE}")] = 50,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> DatasetList:
    """Everything that passed the gate and is not retired, the newest first, with what was measured
    and where certificate, lineage and policy lie on IPFS: an auditor needs no login. Until the
    market opens there is no price and no licence token."""
    return DatasetList.of(list_released(ListDatasets(limit, after), ports=ports))


@router.get("/{dataset_id}", summary="Show a released dataset", dependencies=BROWSED)
def show_dataset(dataset_id: str, ports: PortsHere) -> DatasetShown:
    """One that the gate kept in, or that was retired, is not found, as one that does not exist."""
    return DatasetShown.of(show(known_id(dataset_id), ports=ports))


@router.get(
    "/{dataset_id}/certificate",
    summary="Take a dataset's certificate",
    response_class=Response,
    responses=DOCUMENT,
    dependencies=BROWSED,
)
def show_certificate(dataset_id: str, ports: PortsHere) -> Response:
    """The signed document as it lies on IPFS, with the policy: `vitalmint audit --certificate`
    takes it as a file."""
    return certificate_response(show(known_id(dataset_id), ports=ports).dataset)


@router.get(
    "/{dataset_id}/datasheet",
    summary="Read a dataset's datasheet",
    response_class=Response,
    responses=preview_described(PreviewFile.DATASHEET, _SHEET),
    dependencies=BROWSED,
)
async def show_datasheet(
    dataset_id: str, ports: PortsHere, previews: PreviewsHere, if_none_match: IfNoneMatch = None
) -> Response:
    """The page that lies in the package: what the rows are, what they were learnt from, what they
    are fit for, every figure with its interval. It runs nothing and loads nothing."""
    found = await previews.of(known_id(dataset_id), ports)
    return preview_response(
        found.preview, PreviewFile.DATASHEET, found.dataset, known=if_none_match
    )


@router.get(
    "/{dataset_id}/report",
    summary="Read a dataset's evaluation report",
    response_class=Response,
    responses=preview_described(PreviewFile.REPORT, _REPORT),
    dependencies=BROWSED,
)
async def show_report(
    dataset_id: str, ports: PortsHere, previews: PreviewsHere, if_none_match: IfNoneMatch = None
) -> Response:
    """The file whose SHA-256 the certificate names."""
    found = await previews.of(known_id(dataset_id), ports)
    return preview_response(found.preview, PreviewFile.REPORT, found.dataset, known=if_none_match)


@router.get(
    "/{dataset_id}/croissant",
    summary="Read a dataset's Croissant description",
    response_class=Response,
    responses=preview_described(PreviewFile.CROISSANT, _CROISSANT),
    dependencies=BROWSED,
)
async def show_croissant(
    dataset_id: str, ports: PortsHere, previews: PreviewsHere, if_none_match: IfNoneMatch = None
) -> Response:
    """Columns, types, files with their SHA-256: the files themselves come with the package."""
    found = await previews.of(known_id(dataset_id), ports)
    return preview_response(
        found.preview, PreviewFile.CROISSANT, found.dataset, known=if_none_match
    )


@router.get(
    "/{dataset_id}/package",
    summary="Download a dataset",
    response_class=Response,
    responses=PACKAGE,
    dependencies=DOWNLOADED,
)
def download_dataset(dataset_id: str, account_id: AccountHere, ports: PortsHere) -> Response:
    """The package: Parquet, CSV, datasheet, Croissant metadata and report. It is held against its
    certificate once more before it leaves. Until the market opens a session is enough: nothing is
    paid, and no licence token is asked for."""
    command = OpenDataset(account_id, known_id(dataset_id))
    return package_response(open_dataset(command, ports=ports))


@router.delete("/{dataset_id}", status_code=204, summary="Retire a dataset")
def retire_dataset(dataset_id: str, account_id: AccountHere, ports: PortsHere) -> None:
    """Off the list for good: its package's key is destroyed. Certificate, lineage and policy stay
    on IPFS for those who have the package already."""
    retire(account_id, known_id(dataset_id), ports=ports)
