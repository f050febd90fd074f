"""Listed datasets as everybody sees them."""

from typing import Annotated

from pydantic import Field

from backend.crypto.cid import content_cid
from backend.domain.generation import Dataset
from backend.domain.release import POLICIES
from backend.http.schemas.base import KindName, Moment, Told
from backend.http.schemas.runs import EvidenceShown
from backend.use_cases.list_datasets import DatasetPage, DatasetView
from backend.use_cases.preview_dataset import previewable

Digest = Annotated[str, Field(description="SHA-256, 0x and 64 digits")]
ContentId = Annotated[str, Field(description="where it lies on IPFS", examples=["bafkrei…"])]


class GeneratedBy(Told):
    name: str
    version: int
    licence: str


class PreviewShown(Told):
    """Where anybody sees what the dataset is like; its rows are in the package alone."""

    datasheet: Annotated[str, Field(description="a page for people, with pictures")]
    report: Annotated[str, Field(description="the evaluation, as JSON")]
    croissant: Annotated[str, Field(description="the description for machines, as JSON-LD")]

    @staticmethod
    def of(dataset: Dataset) -> "PreviewShown | None":
        if not previewable(dataset):
            return None
        place = f"/api/datasets/{dataset.run_id}"
        return PreviewShown(
            datasheet=f"{place}/datasheet", report=f"{place}/report", croissant=f"{place}/croissant"
        )


class DatasetShown(Told):
    """A dataset that passed the gate. Until the market opens it has no price and no licence token:
    researchers download it with their session."""

    dataset_id: str
    title: str
    description: str
    kind: KindName
    generator: GeneratedBy
    issued_at: Moment
    size: Annotated[int, Field(description="of the package, in bytes")]
    evidence: EvidenceShown
    preview: Annotated[
        PreviewShown | None,
        Field(
            description="paths of the open preview; null where the package is too large for one, "
            "or has too few rows"
        ),
    ]
    contributors_withdrawn: Annotated[
        int,
        Field(
            description="people of its cohort who took a consent back or erased a record since: "
            "later cohorts leave them out"
        ),
    ]
    certificate: ContentId
    lineage: ContentId
    policy: ContentId
    sealed_package: ContentId | None
    dataset_digest: Digest
    package_digest: Digest
    report_digest: Digest
    lineage_root: Digest
    policy_digest: Digest
    seed_commitment: Digest

    @staticmethod
    def of(view: DatasetView) -> "DatasetShown":
        dataset, one = view.dataset, view.dataset.certificate
        assert dataset.certificate_cid is not None
        return DatasetShown(
            dataset_id=dataset.run_id,
            title=one.title,
            description=view.description,
            kind=one.kind.name.lower(),
            generator=GeneratedBy(
                name=one.generator.name,
                version=one.generator.version,
                licence=one.generator.licence,
            ),
            issued_at=one.issued_at,
            size=dataset.package_size,
            evidence=EvidenceShown.of(one),
            preview=PreviewShown.of(dataset),
            contributors_withdrawn=view.contributors_withdrawn,
            certificate=dataset.certificate_cid,
            lineage=one.lineage,
            policy=content_cid(POLICIES[one.policy_digest].content),
            sealed_package=one.sealed_package,
            dataset_digest=_hexed(one.dataset_digest),
            package_digest=_hexed(one.package_digest),
            report_digest=_hexed(one.report_digest),
            lineage_root=_hexed(one.lineage_root),
            policy_digest=_hexed(one.policy_digest),
            seed_commitment=_hexed(one.seed_commitment),
        )


class DatasetList(Told):
    datasets: list[DatasetShown]
    next: Annotated[
        str | None, Field(description="send as `after` for the next page; null at the end")
    ]

    @staticmethod
    def of(page: DatasetPage) -> "DatasetList":
        return DatasetList(
            datasets=[DatasetShown.of(view) for view in page.datasets], next=page.next
        )


def _hexed(digest: bytes) -> str:
    return "0x" + digest.hex()
