"""A table as Parquet with its schema inside: the same table gives the same bytes.

Equal bytes need one release of DuckDB, which writes them (`constraints.txt` pins it). The file is
made in memory: a table may be plaintext that no disk should see.
"""

import json
import os

import duckdb

from ml.records.errors import UnreadableRecord
from ml.records.tables.frames import from_frame, to_frame
from ml.records.tables.schema import InvalidSchema, Schema
from ml.records.tables.table import InvalidTable, Table

_KEY = "vitalmint.schema"


def to_parquet(table: Table) -> bytes:
    """The bytes of the table; categories are written as what they are, missing cells as null."""
    schema = json.dumps(table.schema.as_json(), sort_keys=True).replace("'", "''")
    place = os.memfd_create("table.parquet")
    with os.fdopen(place, "rb") as file, duckdb.connect(config={"threads": 1}) as engine:
        engine.register("rows", to_frame(table))
        engine.execute(
            f"COPY rows TO '/proc/self/fd/{place}' (FORMAT parquet, COMPRESSION zstd, "
            f"USE_TMP_FILE false, KV_METADATA {{'{_KEY}': '{schema}'}})"
        )
        return file.read()


def from_parquet(data: bytes) -> Table:
    """The table of which `data` are the bytes.

    Raises:
        UnreadableRecord: no whole Parquet file, or one that `to_parquet` did not write.
    """
    place = os.memfd_create("table.parquet")
    with os.fdopen(place, "wb") as file, duckdb.connect(config={"threads": 1}) as engine:
        file.write(data)
        file.flush()
        path = f"/proc/self/fd/{place}"
        try:
            found = engine.execute(
                "SELECT value FROM parquet_kv_metadata(?) WHERE key = ?", [path, _KEY.encode()]
            ).fetchone()
            if found is None:
                raise UnreadableRecord("the Parquet file carries no schema of this release")
            schema = Schema.from_json(json.loads(found[0]))
            frame = engine.execute("SELECT * FROM read_parquet(?)", [path]).df()
            return from_frame(frame.set_axis(list(schema.names), axis=1), schema)
        except UnreadableRecord:
            raise
        except (duckdb.Error, InvalidSchema, InvalidTable, KeyError, TypeError, ValueError):
            raise UnreadableRecord("not a whole Parquet file of this release") from None
