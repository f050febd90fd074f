"""ChainHistory over an Ethereum node: blocks and events, without any key."""

from collections.abc import Iterator, Sequence

from backend.adapters.chain.answers import block
from backend.adapters.chain.deployment import Deployment
from backend.adapters.chain.events import EventReader
from backend.adapters.chain.logs import logs_between
from backend.adapters.chain.node import Node
from backend.domain.chain_events import Block, ChainEvent


class EthereumHistory:
    """Reads one deployment; a later one joins the list and the earlier stays readable."""

    def __init__(self, deployments: Sequence[Deployment], node: Node) -> None:
        self._deployments = deployments
        self._node = node
        self._reader = EventReader(deployments)

    @property
    def first_block(self) -> int:
        return min(deployment.first_block for deployment in self._deployments)

    def head(self) -> Block:
        return block(self._node.ask("eth_getBlockByNumber", "latest", False))

    def block(self, number: int) -> Block | None:
        answer = self._node.ask("eth_getBlockByNumber", hex(number), False)
        return None if answer is None else block(answer, number=number)

    def events(self, first: int, last: int) -> Iterator[ChainEvent]:
        logs = logs_between(self._node, first, last, self._reader.addresses)
        yield from self._reader.read(logs)
