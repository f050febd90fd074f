"""Reading what the contracts have said, without any key: for the indexer and the audit."""

from collections.abc import Iterator
from typing import Protocol

from backend.domain.chain_events import Block, ChainEvent


class ChainHistory(Protocol):
    """Every call ends within its time limit or raises `ChainUnavailable`."""

    @property
    def first_block(self) -> int:
        """The block in which the first of the deployment's contracts appeared."""
        ...

    def head(self) -> Block: ...

    def block(self, number: int) -> Block | None:
        """The block now standing at `number`."""
        ...

    def events(self, first: int, last: int) -> Iterator[ChainEvent]:
        """Every event of the deployment's contracts in blocks first..last, in order.

        A log that cannot be read comes as `UnreadableEvent`: it never hides the others.
        """
        ...
