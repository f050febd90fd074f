"""What runs put into the content store, so that it can be let go of with them."""

from collections.abc import Collection

from sqlalchemy.orm import aliased
from sqlmodel import col, exists, select

from backend.adapters.database.rows import Rows
from backend.adapters.database.run_tables import RunContentRow, RunRow
from backend.domain.generation import UNFINISHED, RunState
from backend.domain.identifiers import Cid, RunId

_KEEPING = sorted(state.value for state in {*UNFINISHED, RunState.RELEASED})
"""What a run of any other state wrote down, it lets go of itself."""


class SqlRunContents:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def name(self, run_id: RunId, cids: Collection[Cid]) -> None:
        for cid in sorted(cids):
            self._rows.insert_new(RunContentRow, {"run_id": run_id, "cid": cid})

    def own(self, run_id: RunId) -> list[Cid]:
        """Two runs over one cohort publish the same lineage: it stays for the other one."""
        other = aliased(RunContentRow)
        keeping = select(col(RunRow.id)).where(col(RunRow.state).in_(_KEEPING))
        elsewhere = select(col(other.cid)).where(
            col(other.cid) == col(RunContentRow.cid),
            col(other.run_id) != run_id,
            col(other.run_id).in_(keeping),
        )
        found = self._rows.all(
            select(col(RunContentRow.cid))
            .where(col(RunContentRow.run_id) == run_id, ~exists(elsewhere))
            .order_by(col(RunContentRow.cid))
        )
        return [Cid(one) for one in found]
