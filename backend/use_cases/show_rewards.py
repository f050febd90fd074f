"""What a person has earned, and what their wallet holds on chain now."""

from dataclasses import dataclass

from backend.domain.contribution import Contribution
from backend.domain.errors import NotAuthenticated
from backend.domain.identifiers import AccountId, WalletAddress
from backend.domain.money import TokenAmount
from backend.ports import Ports


@dataclass(frozen=True)
class Rewards:
    """`earned` is what was minted for the listed contributions; `balance` is the chain's word."""

    wallet: WalletAddress
    balance: TokenAmount
    earned: TokenAmount
    contributions: list[Contribution]


def show_rewards(account_id: AccountId, *, ports: Ports) -> Rewards:
    """The rewarded contributions of one account, and its balance."""
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
        contributions = unit.contributions.of_account(account_id)
    if account is None:
        raise NotAuthenticated("the account is gone: sign up again")
    rewarded = [entry for entry in contributions if entry.reward is not None]
    earned = sum((entry.reward.base_units for entry in rewarded if entry.reward), start=0)
    balance = ports.chain.balance_of(account.wallet)
    return Rewards(account.wallet, balance, TokenAmount(earned), rewarded)
