"""The datasheet as one HTML page that loads nothing and runs nothing.

Its headings are those of Gebru et al., Datasheets for Datasets (CACM 64(12), 2021).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ml.publication.croissant import Member
from ml.publication.distributions import column_table, distributions
from ml.publication.figures import figure_table, number
from ml.publication.markup import Content, Html, element, grid, joined, listed, paragraph
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
    sections: list[Section] = [
        ("glance", "At a glance", _glance(release, table, members, statements)),
        ("motivation", "Motivation", _motivation(release)),
        ("composition", "Composition", _composition(release, table, statements)),
        ("collection", "Collection process", _collection(release, statements)),
        ("preprocessing", "Preprocessing, cleaning, labelling", _preprocessing(statements)),
        ("evaluation", "Evaluation", _evaluation(release, statements)),
        ("uses", "Uses", _uses(statements)),
        ("distribution", "Distribution", _distribution(release, members)),
        ("maintenance", "Maintenance", _maintenance(statements)),
    ]
    contents = [element("li", element("a", title, href=f"#{name}")) for name, title, _ in sections]
    body = joined(
        [
            element(
                "header",
                element("p", f"Datasheet · synthetic dataset · {release.kind}", class_="kicker"),
                element("h1", release.title),
                *_paragraphs(release.description),
                element("p", _NOTE, class_="note"),
            ),
            element("nav", element("ul", *contents), aria_label="Contents"),
            element("main", *(_section(*each) for each in sections)),
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
    return element("section", element("h2", title, id=f"{name}"), content)


def _answers(*pairs: tuple[str, Content]) -> Html:
    parts: list[Html] = []
    for question, answer in pairs:
        told = answer if isinstance(answer, Html) else paragraph(answer)
        parts += [element("h3", question), told]
    return joined(parts)


def _paragraphs(text: str) -> list[Html]:
    return [paragraph(part.strip()) for part in text.split("\n\n") if part.strip()]


def _glance(
    release: Release, table: Table, members: Sequence[Member], statements: Statements
) -> Html:
    digest = next(each.sha256 for each in members if each.name == "data.parquet")
    facts: list[tuple[str, Content]] = [
        ("Version", release.version),
        ("Published", release.published.isoformat()),
        ("Rows", f"{len(table):,}"),
        ("Columns", str(len(table.schema.columns))),
        ("People learnt from", f"{release.people:,}"),
        ("Generator", statements.generator),
        ("Differential privacy", statements.guarantee),
        ("Data licence", _first_line(release.licence)),
        ("SHA-256 of data.parquet", element("code", digest)),
    ]
    return _facts(facts)


def _motivation(release: Release) -> Html:
    return _answers(
        ("For what purpose was the dataset created?", joined(_paragraphs(release.description))),
        (
            "Who created it, and who paid for it?",
            "VitalMint, a marketplace to which people contribute health records. Contributors are "
            "rewarded for contributing; buyers pay for synthetic data and never receive a record.",
        ),
    )


def _composition(release: Release, table: Table, statements: Statements) -> Html:
    whole = "Yes: all rows that were published are here; more could be drawn from the generator."
    series = (
        "Rows of one series follow each other in time; series have nothing to do with each other."
        if release.kind == "cgm"
        else "None: each row stands alone."
    )
    return joined(
        [
            _answers(
                ("What do the instances represent, and how many are there?", statements.what),
                ("Does the dataset contain all possible instances?", whole),
                ("What does each instance consist of?", column_table(release, table)),
                ("How are the values distributed?", distributions(release, table)),
                ("Is any information missing?", statements.missing),
                ("Are there relationships between instances?", series),
                (
                    "Are there recommended splits?",
                    "None. Judge a model on real data of people who were not learnt from.",
                ),
                (
                    "Are there errors, noise or redundancies?",
                    "The generator's own: the section on evaluation says how far the rows are from "
                    "real ones. Equal rows may occur by chance where columns have few values.",
                ),
                ("Could it contain confidential or sensitive data?", listed(statements.sensitive)),
            )
        ]
    )


def _collection(release: Release, statements: Statements) -> Html:
    settings = element("pre", element("code", _settings(release)))
    return _answers(
        ("How was the data acquired?", statements.collection),
        (
            "Did the people consent, and can they revoke?",
            "Yes, each by a signed consent that names training and sale as purposes and is "
            "recorded on chain. Every consent was in force when the cohort was put together; one "
            "revoked during the training stops it. The certificate's lineage lists the "
            "contributions by digest, so that an auditor can repeat the check.",
        ),
        ("What made the rows?", statements.generator),
        ("Under which settings?", settings),
        ("With which guarantee?", statements.guarantee),
    )


def _preprocessing(statements: Statements) -> Html:
    return _answers(
        ("Was the data preprocessed?", listed(statements.preprocessing)),
        (
            "Was the raw data kept?",
            "Contributions stay encrypted with the service until their owners erase them; none is "
            "part of this package or of any other.",
        ),
    )


def _evaluation(release: Release, statements: Statements) -> Html:
    report = release.report
    judged = dict(report.get("privacy") or {}) | dict(release.evidence.get("measures") or {})
    protocol = str(report.get("protocol") or "The report names no protocol.")
    return joined(
        [
            paragraph(protocol),
            *_judged_on(report.get("n")),
            element("h3", "Fidelity: how alike are the rows?"),
            figure_table("Fidelity", report.get("fidelity") or {}),
            element("h3", "Utility: do models trained on them work on real data?"),
            figure_table("Utility", report.get("utility") or {}),
            element("h3", "Privacy: how far are they from the people learnt from?"),
            figure_table("Privacy", judged),
            element("h3", "Limits"),
            listed(statements.limits),
        ]
    )


def _judged_on(n: Any) -> list[Html]:
    """How many there were of what: a number, or several by name."""
    if n is None:
        return []
    named = n if isinstance(n, Mapping) else {"n": n}
    return [_facts([(name.replace("_", " "), number(each)) for name, each in named.items()])]


def _facts(facts: Sequence[tuple[str, Content]]) -> Html:
    told = [each for name, fact in facts for each in (element("dt", name), element("dd", fact))]
    return element("dl", *told, class_="facts")


def _uses(statements: Statements) -> Html:
    return _answers(
        ("What is it fit for?", listed(statements.fit_for)),
        ("What must it not be used for?", listed(statements.unfit_for)),
        ("What could affect its use?", listed(statements.biases)),
        ("What is its impact?", statements.impact),
    )


def _distribution(release: Release, members: Sequence[Member]) -> Html:
    files = grid(
        "Files",
        ("file", "what it is", "bytes", "SHA-256"),
        [
            (each.name, each.about, f"{each.size:,}", element("code", each.sha256))
            for each in members
        ],
    )
    check = joined(
        [
            paragraph(
                "Compare each file's SHA-256 with the one below. The certificate names the "
                "digests of data.parquet, of report.json and of the whole package; the command "
                "checks it, its lineage and every consent against the chain, without asking us:"
            ),
            element(
                "pre", element("code", "sha256sum data.parquet\nvitalmint audit --certificate FILE")
            ),
            files,
        ]
    )
    return _answers(
        ("How is it distributed?", "As one ZIP to holders of its licence; the ZIP is sealed."),
        ("How can it be verified?", check),
        ("Under which licence?", joined(_paragraphs(release.licence))),
    )


def _maintenance(statements: Statements) -> Html:
    return _answers(
        ("Who maintains it?", "VitalMint, through the marketplace where it was bought."),
        ("Will it be updated?", statements.maintenance),
        (
            "What if somebody finds a person in it?",
            "Report it to the marketplace at once and do not share the finding: a dataset that "
            "fails its privacy policy is withdrawn.",
        ),
    )


def _settings(release: Release) -> str:
    settings = release.published_card()["settings"]
    return (
        "\n".join(f"{name} = {json.dumps(settings[name])}" for name in sorted(settings)) or "none"
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
