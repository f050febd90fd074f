"""What a test or a demonstration may do to a Ganache chain and no real chain allows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import NetworkConflict
from .rpc import json_rpc


class ChainControl:
    """Blocks, clock and history of a Ganache chain, by its RPC URL."""

    def __init__(self, rpc_url: str) -> None:
        self.rpc_url = rpc_url

    def call(self, method: str, *params: Any) -> Any:
        """The result of any JSON-RPC method."""
        return json_rpc(self.rpc_url, method, *params, timeout=30.0)

    def block_number(self) -> int:
        """The height of the chain."""
        return int(self.call("eth_blockNumber"), 16)

    def block_hash(self, number: int) -> str:
        """The hash of the block that now counts at that height."""
        block = self.call("eth_getBlockByNumber", hex(number), False)
        if block is None:
            raise NetworkConflict(f"the chain has no block {number}: its height is lower")
        return str(block["hash"])

    def timestamp(self) -> int:
        """Seconds since 1970 of the latest block."""
        return int(self.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def mine(self, blocks: int = 1) -> None:
        """Mine that many blocks, the waiting transactions in the first."""
        self.call("evm_mine", {"blocks": blocks})

    def increase_time(self, seconds: int) -> None:
        """Move the chain's clock forward and mine a block there; forgotten by a restart."""
        if seconds < 0:
            raise NetworkConflict(f"the clock cannot go back by {-seconds} s: use a snapshot")
        self.call("evm_increaseTime", seconds)
        self.mine()

    def set_time(self, timestamp: int) -> None:
        """Set the chain's clock to seconds since 1970 and mine a block there."""
        latest = self.timestamp()
        if timestamp < latest:
            raise NetworkConflict(
                f"the clock cannot be set to {timestamp}, before the latest block at {latest}: "
                "revert to a snapshot instead"
            )
        self.call("evm_setTime", timestamp * 1000)
        self.mine()

    def snapshot(self) -> str:
        """A mark of the present state; a mark can be reverted to once."""
        return str(self.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Return blocks, state and clock to the mark; later marks are gone."""
        if not self.call("evm_revert", snapshot):
            raise NetworkConflict(f"snapshot {snapshot} is unknown or was reverted to already")

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Whatever happens to the chain inside is undone at the end."""
        mark = self.snapshot()
        try:
            yield
        finally:
            self.revert(mark)

    def stop_mining(self) -> None:
        """Let transactions wait in the pool until `mine` or `start_mining`."""
        self.call("miner_stop")

    def start_mining(self) -> None:
        """Mine again; a chain without block time mines one block now, be it empty."""
        self.call("miner_start")
