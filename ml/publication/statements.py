"""What is said of every release: where it comes from, what it is good for, and what it is not."""

from dataclasses import dataclass

from ml.publication.limits import few_people, guarantee
from ml.publication.long_days import SERIES
from ml.publication.release import Release
from ml.records.tables.table import Table

_KINDS = {
    "vitals": ("vital signs", "records of vital signs"),
    "cgm": ("continuous glucose monitoring", "days of continuous glucose readings"),
}


@dataclass(frozen=True)
class Statements:
    """Sentences that datasheet, description and README share; plain text."""

    keywords: tuple[str, ...]
    what: str
    collection: str
    generator: str
    guarantee: str
    missing: str
    preprocessing: tuple[str, ...]
    fit_for: tuple[str, ...]
    unfit_for: tuple[str, ...]
    limits: tuple[str, ...]
    biases: tuple[str, ...]
    sensitive: tuple[str, ...]
    impact: str
    maintenance: str


def state(release: Release, table: Table) -> Statements:
    """The sentences for one release."""
    topic, records = _KINDS[release.kind]
    card = release.published_card()
    return Statements(
        keywords=(topic, "tabular" if release.kind == "vitals" else "time series"),
        what=_what(release, table, records),
        collection=(
            f"A generator learnt from {records} of {release.people:,} people, who consented to "
            "their use for training and sale; every published row was drawn from the generator, "
            "and none was measured on anybody."
        ),
        generator=f"{card['name']}, licence: {card['licence']}",
        guarantee=guarantee(card),
        missing=_missing(table),
        preprocessing=_preprocessing(release),
        fit_for=(
            "Developing and testing software and statistical methods",
            "Teaching",
            "Training models that are then checked on real data before anybody relies on them",
        ),
        unfit_for=(
            "Any decision about a person",
            "Estimates of how frequent a disease or value is in a population",
            "Attempts to find out who contributed, or what a contributor's values were",
        ),
        limits=_limits(release),
        biases=(
            "People who contribute to a marketplace are not a sample of any population.",
            "A generator thins out what is rare: small groups are less faithful than large ones.",
        ),
        sensitive=(
            "No personal information: no row belongs to a person.",
            "The kind of information is health data; the report's privacy figures say how well "
            "its rows were kept apart from those of the people learnt from.",
        ),
        impact=(
            "Methods can be developed without anybody's records leaving the service. A model "
            "trained on these rows alone may fail people whose like were rare among contributors."
        ),
        maintenance=(
            "Never changed: a correction is a new version with a certificate of its own. When a "
            "contributor revokes consent, later versions are learnt without them; this one stays "
            "as certified, or is withdrawn from sale."
        ),
    )


def _what(release: Release, table: Table, records: str) -> str:
    if release.kind == "cgm":
        series = int(table.column(SERIES).max())
        return f"{len(table):,} synthetic readings in {series:,} series: {records}."
    return f"{len(table):,} synthetic rows of {len(table.schema.columns)} columns: {records}."


def _missing(table: Table) -> str:
    empty = [column.name for column in table.schema.columns if column.missing]
    if not empty:
        return "No cell is missing."
    return (
        f"Cells may be missing in {len(empty)} of {len(table.schema.columns)} columns, where the "
        "generator left them out; nothing was filled in afterwards."
    )


def _preprocessing(release: Release) -> tuple[str, ...]:
    rounding = (
        "Glucose days are written in long form, one row per reading, rounded to 0.1 mg/dL; "
        "series are numbered and carry neither name nor calendar day."
    )
    return (
        *release.preparation,
        "Rows are published as the generator drew them, within the ranges and steps of the schema.",
        *((rounding,) if release.kind == "cgm" else ()),
    )


def _limits(release: Release) -> tuple[str, ...]:
    told = release.report.get("limits", ())
    own = (
        "The figures were measured by the seller on real data that nobody else can see; a "
        "certificate attests to them, it does not prove them.",
    )
    return (few_people(release), *(str(each) for each in told), *own)
