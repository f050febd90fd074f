"""The README of a package: what lies in it, how to read it, how to check it."""

from collections.abc import Iterable

from ml.publication.croissant import Member
from ml.publication.release import Release
from ml.publication.statements import Statements
from ml.records.tables.table import Table

_READING = """\
## Read it

`data.parquet` has types; any Parquet reader takes it. `data.csv` holds the same rows: UTF-8,
commas, CR LF, a header, missing cells empty, truth values `true` and `false`.

One rule of the CSV: a category that a spreadsheet would run as a formula, or take for a number, a
date, a truth value or a missing cell, has an apostrophe (`'`) in front. Take one leading
apostrophe off every text to have the categories of the Parquet file; `croissant.json` says so to
programs. In pandas:

    import pandas
    rows = pandas.read_csv("data.csv", float_precision="round_trip")
    for name in rows.select_dtypes("object"):
        rows[name] = rows[name].map(lambda t: t[1:] if isinstance(t, str) and t[:1] == "'" else t)

`datasheet.html` opens in any browser and loads nothing from anywhere.
"""

_CHECKING = """\
## Check it

Every file's SHA-256 is below, and in `croissant.json` under `distribution`:

    sha256sum data.parquet

The dataset's certificate names the SHA-256 of `data.parquet` (its dataset digest), of
`report.json`, and of the whole package as it was downloaded. To check certificate, lineage and
consents against the chain, without asking the seller:

    vitalmint audit --certificate FILE
"""


def to_readme(
    release: Release, table: Table, members: Iterable[Member], statements: Statements
) -> bytes:
    """The README as Markdown; texts of the release stand in it as they are."""
    files = "\n".join(f"| `{each.name}` | {each.about} | `{each.sha256}` |" for each in members)
    parts = [
        f"# {_line(release.title)}",
        _paragraph(release.description),
        statements.what,
        f"Version {release.version}, published {release.published.isoformat()}. "
        f"Made by {_line(statements.generator)}. {statements.guarantee} "
        "The terms are in `LICENCE.txt`.",
        _READING.strip(),
        _CHECKING.strip(),
        f"| file | what it is | SHA-256 |\n|---|---|---|\n{files}",
        "## Do not use it for",
        "\n".join(f"- {each}" for each in statements.unfit_for),
        "## Limits",
        "\n".join(f"- {_line(each)}" for each in statements.limits),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def _line(text: str) -> str:
    """One line, so that no text of the release becomes a heading or HTML of the page."""
    return " ".join(text.split()).replace("<", "&lt;")


def _paragraph(text: str) -> str:
    return "\n\n".join(_line(part) for part in text.split("\n\n"))
