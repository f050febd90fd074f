"""Wallet, rewards and access log."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from backend.crypto.wallets import checksum_address
from backend.domain.access import AccessEntry
from backend.domain.account import Account
from backend.domain.contribution import Contribution
from backend.http.schemas.base import Address, Amount, Asked, Custodial, KindName, Moment, Told
from backend.use_cases.list_access_log import AccessLogView
from backend.use_cases.offer_sign_in import OWN_WALLET_WARNING
from backend.use_cases.show_rewards import Rewards


class WalletView(Told):
    wallet: Address
    custodial: Annotated[bool, Field(description="whether the service keeps the key")]
    chain_id: int
    warning: str | None

    @staticmethod
    def of(account: Account, chain_id: int) -> "WalletView":
        return WalletView(
            wallet=checksum_address(account.wallet),
            custodial=account.custodial,
            chain_id=chain_id,
            warning=None if account.custodial else OWN_WALLET_WARNING,
        )


class WalletExport(Asked):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"password": "a long enough password"}]}
    )

    password: Annotated[str, Field(description="the account's password, again")]
    keystore_password: Annotated[
        str | None, Field(description="encrypts the file; the account's own when not sent")
    ] = None


class Keystore(Told):
    """Web3 Secret Storage, version 3: every wallet can import it."""

    keystore: dict[str, Any]


class Reward(Told):
    contribution_id: str
    kind: KindName
    custodial: Custodial
    quality: Annotated[float, Field(description="0 to 1")]
    anchored_at: Moment | None
    reward: Amount

    @staticmethod
    def of(row: Contribution) -> "Reward":
        return Reward(
            contribution_id=row.id,
            kind=row.kind.name.lower(),
            custodial=row.custodial,
            quality=row.quality / 10_000,
            anchored_at=row.anchored_at,
            reward=str(row.reward),
        )


class RewardsView(Told):
    wallet: Address
    balance: Annotated[Amount, Field(description="what the chain says the wallet holds now")]
    earned: Annotated[Amount, Field(description="what was minted for the contributions below")]
    rewards: list[Reward]

    @staticmethod
    def of(rewards: Rewards) -> "RewardsView":
        return RewardsView(
            wallet=checksum_address(rewards.wallet),
            balance=str(rewards.balance),
            earned=str(rewards.earned),
            rewards=[Reward.of(row) for row in rewards.contributions],
        )


class AccessView(Told):
    """One opening of something of yours; `hash` covers `previous` and every other field."""

    sequence: int
    at: Moment
    actor: Annotated[str, Field(description='account id of who opened it, or "service"')]
    subject: Annotated[
        str,
        Field(
            description="a contribution id, summaries, profile, wallet, journal or glucose model"
        ),
    ]
    purpose: str
    previous: str
    hash: str

    @staticmethod
    def of(entry: AccessEntry) -> "AccessView":
        sent = {**vars(entry), "previous": entry.previous.hex(), "hash": entry.hash.hex()}
        return AccessView(**{name: sent[name] for name in AccessView.model_fields})


class AccessLog(Told):
    intact: Annotated[bool, Field(description="whether every link follows from the one before")]
    broken_at: Annotated[int | None, Field(description="sequence of the first that does not")]
    entries: list[AccessView]

    @staticmethod
    def of(log: AccessLogView) -> "AccessLog":
        return AccessLog(
            intact=log.broken_at is None,
            broken_at=log.broken_at,
            entries=[AccessView.of(entry) for entry in log.entries],
        )
