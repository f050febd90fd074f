"""Stand-ins for a dataset whose package is a really built one, and for a store that is watched."""

import io
import zipfile
from dataclasses import replace
from hashlib import sha256
from threading import Event
from typing import Any

from backend.domain.identifiers import Cid
from backend.ports.generators import Generated
from tests.fakes.content_store import InMemoryContentStore
from tests.fakes.generators import FakeCohortGenerators


class Packing(FakeCohortGenerators):
    """Packs as the real ones do, with texts in it that attack a page; `spoil` changes the ZIP."""

    def __init__(self, package: bytes) -> None:
        super().__init__()
        self.package = package

    def generate(self, members: Any, plan: Any, **given: Any) -> Generated:
        made = super().generate(members, plan, **given)
        with zipfile.ZipFile(io.BytesIO(self.package)) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        return replace(
            made,
            package=self.package,
            dataset_digest=sha256(held["data.parquet"]).digest(),
            report_digest=sha256(held["report.json"]).digest(),
        )


class Counting(InMemoryContentStore):
    """Counts what is fetched; `hold` keeps whoever fetches waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[Cid] = []
        self.began, self.hold = Event(), Event()
        self.hold.set()

    def get(self, cid: Cid, *, limit: int) -> bytes:
        self.fetched.append(cid)
        self.began.set()
        assert self.hold.wait(30)
        return super().get(cid, limit=limit)
