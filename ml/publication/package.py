"""A release as one file, and back: every member checked before anybody reads it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ml.publication.container import LARGEST, BrokenPackage, pack, unpack
from ml.publication.croissant import Member, digests, member, to_croissant
from ml.publication.datasheet import to_datasheet
from ml.publication.readme import to_readme
from ml.publication.release import InvalidRelease, Release, canonical_json
from ml.publication.separated import to_csv
from ml.publication.statements import state
from ml.records.errors import UnreadableRecord
from ml.records.tables.parquet import from_parquet, to_parquet
from ml.records.tables.table import Table

DATA, CSV, DATASHEET = "data.parquet", "data.csv", "datasheet.html"
DESCRIPTION, REPORT, README = "croissant.json", "report.json", "README.md"
LICENCE, CARD = "LICENCE.txt", "card.json"
MEMBERS = (README, LICENCE, DATASHEET, DESCRIPTION, REPORT, CARD, CSV, DATA)
"""The files of a package, in their order."""

_ABOUT = {
    DATA: "The data, typed; the schema of VitalMint is among the file's key-value metadata.",
    CSV: "The same data as text.",
    REPORT: "Fidelity, utility, privacy, marginals, limits, and the evidence the gate judged.",
    CARD: "The generator: its name, licence, settings, and differential privacy if any.",
    LICENCE: "The terms under which the dataset is given.",
    DATASHEET: "The datasheet, for people.",
    README: "What is in the package, and how to check it.",
}


@dataclass(frozen=True)
class OpenedPackage:
    """A package whose files are those that its description names.

    Attributes:
        members: name → bytes.
        digest: SHA-256 of the whole package, as a certificate names it.
    """

    members: Mapping[str, bytes] = field(repr=False)
    digest: bytes

    @property
    def dataset_digest(self) -> bytes:
        """SHA-256 of data.parquet."""
        return hashlib.sha256(self.members[DATA]).digest()

    @property
    def report_digest(self) -> bytes:
        """SHA-256 of report.json."""
        return hashlib.sha256(self.members[REPORT]).digest()

    @property
    def report(self) -> dict[str, Any]:
        """The report, with what the gate judged under `evidence`."""
        return dict(json.loads(self.members[REPORT]))

    def table(self) -> Table:
        """The rows; `BrokenPackage` unless Parquet and CSV hold the same ones."""
        try:
            table = from_parquet(self.members[DATA])
        except UnreadableRecord as fault:
            raise BrokenPackage(f"its data.parquet cannot be read: {fault}") from None
        if to_csv(table) != self.members[CSV]:
            raise BrokenPackage("its data.csv and data.parquet hold different rows")
        return table


def build_package(release: Release) -> bytes:
    """The package as a ZIP; an equal release gives equal bytes with the pinned packages.

    Raises:
        InvalidRelease: it would be too large, or a name or category cannot be published.
    """
    table = release.table()
    statements = state(release, table)
    members = {CSV: to_csv(table), DATA: to_parquet(table)}
    if sum(map(len, members.values())) > LARGEST // 2:
        raise InvalidRelease(f"the data fill more than {LARGEST // 2:,} bytes: publish fewer rows")
    members[REPORT] = canonical_json(release.published_report())
    members[CARD] = canonical_json(release.published_card())
    members[LICENCE] = (release.licence.strip() + "\n").encode()
    entries = [_entry(name, members) for name in (DATA, CSV, REPORT, CARD, LICENCE)]
    members[DATASHEET] = to_datasheet(release, table, entries, statements)
    members[README] = to_readme(release, table, entries, statements)
    entries += [_entry(name, members) for name in (DATASHEET, README)]
    members[DESCRIPTION] = to_croissant(release, table.schema, entries, statements)
    return pack({name: members[name] for name in MEMBERS})


def open_package(data: bytes, *, expected: bytes | None = None) -> OpenedPackage:
    """The package in `data`, whole and unchanged.

    Args:
        expected: the digest that a certificate names; without it, the files are held only
            against the description that lies beside them.

    Raises:
        BrokenPackage: anything else than the bytes that `build_package` made.
    """
    found = hashlib.sha256(data).digest()
    if expected is not None and found != expected:
        raise BrokenPackage(_refusal("it is not the one that the certificate names"))
    try:
        members = unpack(data, MEMBERS)
        promised = digests(members[DESCRIPTION])
    except BrokenPackage as fault:
        raise BrokenPackage(_refusal(str(fault))) from None
    except ValueError as fault:
        raise BrokenPackage(_refusal(f"its {DESCRIPTION} is {fault}")) from None
    if set(promised) != set(MEMBERS) - {DESCRIPTION}:
        raise BrokenPackage(_refusal(f"its {DESCRIPTION} describes other files"))
    for name, promise in promised.items():
        if hashlib.sha256(members[name]).hexdigest() != promise:
            raise BrokenPackage(_refusal(f"its {name} is not the one described"))
    return OpenedPackage(members, found)


def digest(package: bytes) -> bytes:
    """SHA-256 of the package."""
    return hashlib.sha256(package).digest()


def dataset_digest(package: bytes) -> bytes:
    """SHA-256 of the package's data.parquet; `BrokenPackage` as `open_package`."""
    return open_package(package).dataset_digest


def _entry(name: str, members: Mapping[str, bytes]) -> Member:
    return member(name, members[name], _ABOUT[name])


def _refusal(why: str) -> str:
    return f"this is no whole package of a dataset: {why}. Download it again."
