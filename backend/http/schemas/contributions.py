"""Contributions, as responses; the requests are forms."""

from typing import Annotated

from pydantic import Field

from backend.crypto.wallets import checksum_address
from backend.domain.contribution import RecordSummary
from backend.http.schemas.base import Address, Amount, Custodial, KindName, Moment, Told
from backend.http.schemas.remains import OF_A_CONTRIBUTION
from backend.use_cases.erase_contribution import ErasureReceipt
from backend.use_cases.read_contribution import ContributionView, IntegrityProof

Scalar = str | int | float | None


class Summary(Told):
    """What was understood of a record; never its readings."""

    kind: KindName
    quality: Annotated[float, Field(description="0 to 1; it scales the reward")]
    quality_parts: dict[str, float]
    fields: dict[str, Scalar]

    @staticmethod
    def of(summary: RecordSummary) -> "Summary":
        return Summary(
            kind=summary.kind.name.lower(),
            quality=summary.quality / 10_000,
            quality_parts=summary.quality_parts,
            fields=dict(summary.fields),
        )


class ContributionShown(Told):
    contribution_id: str
    kind: KindName
    status: Annotated[str, Field(description="sealed, submitted, anchored, rejected, …")]
    reason: Annotated[str | None, Field(description="why the chain refused it, if it did")]
    cid: Annotated[str, Field(description="of the sealed record on IPFS")]
    digest: Annotated[str, Field(description="what the chain holds of it")]
    size: int
    custodial: Custodial
    created_at: Moment
    anchored_at: Moment | None
    transaction: str | None
    reward: Amount | None
    summary: Summary | None

    @staticmethod
    def of(view: ContributionView) -> "ContributionShown":
        row = view.contribution
        return ContributionShown(
            contribution_id=row.id,
            kind=row.kind.name.lower(),
            status=row.status,
            reason=row.reason,
            cid=row.cid,
            digest=row.digest.hex,
            size=row.size,
            custodial=row.custodial,
            created_at=row.created_at,
            anchored_at=row.anchored_at,
            transaction=view.transaction,
            reward=None if row.reward is None else str(row.reward),
            summary=None if view.summary is None else Summary.of(view.summary),
        )


class ContributionList(Told):
    contributions: list[ContributionShown]


class Proof(Told):
    """With these and `vitalmint audit`, anyone can check the contribution without this service."""

    contribution_id: str
    contributor: Address
    custodial: Custodial
    kind: KindName
    cid: str
    digest: str
    codec: Annotated[str, Field(description="multicodec of the root block: 0x55 or 0x70")]
    quality: float
    reward: Amount | None
    anchored_at: Moment | None
    chain_id: int
    registry: Address
    transaction: str
    block_number: int

    @staticmethod
    def of(proof: IntegrityProof) -> "Proof":
        row = proof.contribution
        return Proof(
            contribution_id=row.id,
            contributor=checksum_address(row.contributor),
            custodial=row.custodial,
            kind=row.kind.name.lower(),
            cid=row.cid,
            digest=row.digest.hex,
            codec=hex(row.digest.codec),
            quality=row.quality / 10_000,
            reward=None if row.reward is None else str(row.reward),
            anchored_at=row.anchored_at,
            chain_id=proof.chain_id,
            registry=checksum_address(proof.registry),
            transaction=proof.transaction,
            block_number=proof.block_number,
        )


class Erased(Told):
    """The key is destroyed now; from `final_from` on no backup of the keyring that is kept as the
    operator's guide says holds it either."""

    contribution_id: str
    erased_at: Moment
    final_from: Moment
    remains: Annotated[str, Field(description="what cannot be erased or is kept, in full")]

    @staticmethod
    def of(receipt: ErasureReceipt) -> "Erased":
        return Erased(**vars(receipt), remains=OF_A_CONTRIBUTION)
