"""What the operator watches of the relayer."""

from dataclasses import dataclass

from backend.domain.identifiers import WalletAddress
from backend.ports import Ports


@dataclass(frozen=True)
class RelayerState:
    """`low` asks for ether; `unsettled` counts transactions that are not deep enough yet."""

    relayer: WalletAddress
    balance_wei: int
    low: bool
    unsettled: int


def relayer_state(*, ports: Ports) -> RelayerState:
    """Balance and backlog of the service's one signer."""
    balance = ports.chain.relayer_balance()
    with ports.database.read() as unit:
        unsettled = len(unit.transactions.unfinished(ports.chain.relayer))
    low = balance < ports.policy.low_balance_wei
    return RelayerState(ports.chain.relayer, balance, low, unsettled)
