"""How far the indexer has followed the chain."""

from sqlalchemy import delete
from sqlmodel import col, select

from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import FollowedBlockRow


class SqlChainCursor:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def recent(self) -> list[tuple[int, str]]:
        rows = self._rows.all(
            select(FollowedBlockRow).order_by(col(FollowedBlockRow.number).desc())
        )
        return [(row.number, row.hash) for row in rows]

    def advance(self, number: int, block_hash: str, *, keep: int) -> None:
        """Following a number again replaces its hash; only the `keep` newest stay."""
        statement = self._rows.insert_into(FollowedBlockRow).values(number=number, hash=block_hash)
        self._rows.returned(
            statement.on_conflict_do_update(
                index_elements=["number"], set_={"hash": block_hash}
            ).returning(col(FollowedBlockRow.number))
        )
        stale = col(FollowedBlockRow.number) <= number - keep
        self._rows.change(delete(FollowedBlockRow).where(stale))

    def rewind(self, number: int) -> None:
        self._rows.change(delete(FollowedBlockRow).where(col(FollowedBlockRow.number) > number))
