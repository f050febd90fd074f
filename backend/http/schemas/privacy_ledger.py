"""What releases cost one contributor, and which datasets their records went into."""

from typing import Annotated

from pydantic import Field

from backend.http.schemas.base import KindName, Moment, Told
from backend.use_cases.show_privacy_ledger import Ledger, LedgerLine


class ShareShown(Told):
    contribution_id: str
    windows: Annotated[
        int, Field(description="learnt from; 0 where it was held out and only measured against")
    ]


class LedgerLineShown(Told):
    """One release that a record of yours was in the cohort of."""

    dataset_id: str
    title: str
    kind: KindName
    released_at: Moment
    retired_at: Moment | None
    certificate: Annotated[str | None, Field(description="where it lies on IPFS")]
    epsilon: Annotated[float | None, Field(description="null without differential privacy")]
    delta: float | None
    membership_bound: Annotated[
        float,
        Field(
            description="upper 95 % bound of how well anybody could tell who was in it; "
            "0.5 is not at all"
        ),
    ]
    shares: list[ShareShown]

    @staticmethod
    def of(line: LedgerLine) -> "LedgerLineShown":
        return LedgerLineShown(
            dataset_id=line.run_id,
            title=line.title,
            kind=line.kind.name.lower(),
            released_at=line.entry.at,
            retired_at=line.retired_at,
            certificate=line.certificate_cid,
            epsilon=line.entry.epsilon,
            delta=line.entry.delta,
            membership_bound=line.entry.membership_high,
            shares=[
                ShareShown(contribution_id=share.contribution_id, windows=share.windows)
                for share in line.shares
            ],
        )


class PrivacyLedgerShown(Told):
    """ε and δ add up over releases; a release without them counts as a plain one."""

    spent_epsilon: float
    spent_delta: float
    plain_releases: int
    most_epsilon: Annotated[float, Field(description="what all releases together may cost you")]
    most_delta: float
    most_plain_releases: int
    releases: list[LedgerLineShown]

    @staticmethod
    def of(ledger: Ledger) -> "PrivacyLedgerShown":
        spent, budget = ledger.spent, ledger.budget
        return PrivacyLedgerShown(
            spent_epsilon=spent.epsilon,
            spent_delta=spent.delta,
            plain_releases=spent.plain,
            most_epsilon=budget.epsilon,
            most_delta=budget.delta,
            most_plain_releases=budget.plain,
            releases=[LedgerLineShown.of(line) for line in ledger.lines],
        )
