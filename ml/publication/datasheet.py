"""The datasheet as one HTML page that loads nothing and runs nothing.

Its questions are those of Gebru et al., Datasheets for Datasets (CACM 64(12), 2021), in the order
in which a buyer asks them.
"""

from collections.abc import Sequence

from ml.publication import sections
from ml.publication.croissant import Member
from ml.publication.markup import Html, element, joined, paragraph
from ml.publication.release import Release
from ml.publication.statements import Statements
from ml.publication.style import STYLE
from ml.records.tables.table import Table

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_NOTE = (
    "Every row was drawn from a generator. No row was measured on anybody, and nothing here is "
    "fit for a decision about a person."
)

Section = tuple[str, str, Html]
"""Identifier, heading, content."""


def to_datasheet(
    release: Release, table: Table, members: Sequence[Member], statements: Statements
) -> bytes:
    """The page; `members` are the files whose digests it can name."""
    parts: list[Section] = [
        ("glance", "At a glance", sections.glance(release, table, members, statements)),
        ("content", "What is in it", sections.content(release, table, statements)),
        ("people", "Who is in it", sections.people(release, statements)),
        ("making", "How it was made", sections.making(release, statements)),
        ("closeness", "How close it is to real data", sections.closeness(release)),
        ("uses", "What it is good for", sections.uses(release, statements)),
        (
            "privacy",
            "What privacy was measured, and what was not",
            sections.privacy(release, statements),
        ),
        ("limits", "What limits it", sections.limits(statements)),
        ("checking", "How to cite and verify it", sections.checking(release, members)),
        ("maintenance", "What happens to it next", sections.maintenance(statements)),
    ]
    contents = [element("li", element("a", title, href=f"#{name}")) for name, title, _ in parts]
    body = joined(
        [
            element(
                "header",
                element("p", f"Datasheet · synthetic dataset · {release.kind}", class_="kicker"),
                element("h1", release.title),
                *sections.paragraphs(release.description),
                element("p", _NOTE, class_="note"),
            ),
            element("nav", element("ul", *contents), aria_label="Contents"),
            element("main", *(_section(*each) for each in parts)),
            element("footer", paragraph(f"Version {release.version}, {release.published}.")),
        ]
    )
    return f"<!doctype html>\n{_page(release.title, body)}\n".encode()


def _page(title: str, body: Html) -> Html:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} · datasheet"),
        element("style", Html(STYLE)),
    )
    return element("html", head, element("body", body), lang="en")


def _section(name: str, title: str, content: Html) -> Html:
    return element("section", element("h2", title, id=name), content)
