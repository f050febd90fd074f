"""Sends a transaction that may be refused, and says what came of it and when."""

from dataclasses import dataclass
from typing import Any

from brownie import chain, web3
from brownie.exceptions import VirtualMachineError


@dataclass(frozen=True)
class Outcome:
    """The block's second, the refusal as Brownie writes it (None when it went through), events."""

    moment: int
    refusal: str | None
    events: Any


def attempt(function: Any, *arguments: Any, sender: Any) -> Outcome:
    """Mines the call either way: a refusal is judged by the time of the block that holds it."""
    try:
        transaction = function(*arguments, {"from": sender})
    except VirtualMachineError as refusal:
        block = web3.eth.get_transaction_receipt(refusal.txid)["blockNumber"]
        return Outcome(chain[block].timestamp, refusal.revert_msg, None)
    return Outcome(transaction.timestamp, None, transaction.events)
