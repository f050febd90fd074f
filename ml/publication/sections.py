"""The datasheet's sections, each a few questions and their answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ml.publication.croissant import Member
from ml.publication.distributions import column_table, distributions
from ml.publication.figures import figure_table, number
from ml.publication.limits import cohort, in_plain_words, unmeasured
from ml.publication.markup import Content, Html, element, grid, joined, listed, paragraph
from ml.publication.release import Release
from ml.publication.statements import Statements
from ml.records.tables.table import Table

_INSTANCES = {"vitals": "rows", "cgm": "days"}
_READING = (
    "Each figure says what it measures and which way is good. Its interval says how far it could "
    "be off by chance, its n how many stood behind it."
)
_AGAINST = (
    "Simple baseline: shuffled real values without any model, the least that a generator should "
    "beat. Other real people (the protocol's ceiling): what rows of real strangers score, better "
    "than which no generator is expected to be. Perfect: the best there could be."
)
_STRANGERS = (
    "Strangers: what rows of people who were not learnt from would score; a figure that is no "
    "worse shows no leak that this test can see. The limits that the gate held these figures to "
    "are in the policy that the certificate names."
)


def glance(
    release: Release, table: Table, members: Sequence[Member], statements: Statements
) -> Html:
    """The facts that fit on one screen."""
    digest = next(each.sha256 for each in members if each.name == "data.parquet")
    return _facts(
        [
            ("Version", release.version),
            ("Published", release.published.isoformat()),
            ("Rows", f"{len(table):,}"),
            ("Columns", str(len(table.schema.columns))),
            ("People", _people(release)),
            ("Generator", statements.generator),
            ("Differential privacy", statements.guarantee),
            ("Data licence", release.licence.strip().splitlines()[0]),
            ("SHA-256 of data.parquet", element("code", digest)),
        ]
    )


def content(release: Release, table: Table, statements: Statements) -> Html:
    """Rows, columns and how their values are distributed."""
    whole = "Yes: all rows that were published are here; more could be drawn from the generator."
    series = (
        "Rows of one series follow each other in time; series have nothing to do with each other."
        if release.kind == "cgm"
        else "None: each row stands alone."
    )
    return _answers(
        ("What do the instances represent, and how many are there?", statements.what),
        ("What does each instance consist of?", column_table(release, table)),
        ("How are the values distributed?", distributions(release, table)),
        ("Is any information missing?", statements.missing),
        ("Are there relationships between instances?", series),
        ("Does the dataset contain all possible instances?", whole),
        (
            "Are there recommended splits?",
            "None. Judge a model on real data of people who were not learnt from.",
        ),
        (
            "Are there errors, noise or redundancies?",
            "The generator's own: the section on closeness says how far the rows are from "
            "real ones. Equal rows may occur by chance where columns have few values.",
        ),
    )


def people(release: Release, statements: Statements) -> Html:
    """Whose records were learnt from, and with what right."""
    return _answers(
        ("Whose records are behind it?", statements.collection),
        ("How many people are that?", _people(release)),
        (
            "Did the people consent, and can they revoke?",
            "Yes, each by a signed consent that names training and sale as purposes and is "
            "recorded on chain. Every consent was in force when the cohort was put together; one "
            "revoked during the training stops it. The certificate's lineage lists the "
            "contributions by digest, so that an auditor can repeat the check.",
        ),
        ("Are they a sample of anybody?", listed(statements.biases)),
        ("Could it contain confidential or sensitive data?", listed(statements.sensitive)),
    )


def making(release: Release, statements: Statements) -> Html:
    """From contributions to rows."""
    settings = element("pre", element("code", _settings(release)))
    return _answers(
        ("For what purpose was the dataset created?", joined(paragraphs(release.description))),
        (
            "Who created it, and who paid for it?",
            "VitalMint, a marketplace to which people contribute health records. Contributors are "
            "rewarded for contributing; buyers pay for synthetic data and never receive a record.",
        ),
        ("Was the data preprocessed?", listed(statements.preprocessing)),
        ("What made the rows?", statements.generator),
        ("Under which settings?", settings),
        (
            "Was the raw data kept?",
            "Contributions stay encrypted with the service until their owners erase them; none is "
            "part of this package or of any other.",
        ),
    )


def closeness(release: Release) -> Html:
    """How alike rows and real data are, and how that was measured."""
    report = release.report
    return joined(
        [
            element("h3", "How was it measured?"),
            paragraph(str(report.get("protocol") or "The report names no protocol.")),
            *_judged_on(report.get("n")),
            element("h3", "How alike are the rows?"),
            paragraph(f"{_READING} {_AGAINST}"),
            figure_table("Fidelity", report.get("fidelity") or {}, rows=_INSTANCES[release.kind]),
        ]
    )


def uses(release: Release, statements: Statements) -> Html:
    """What can be learnt from it, and what it is not for."""
    figures = figure_table(
        "Utility", release.report.get("utility") or {}, rows=_INSTANCES[release.kind]
    )
    return _answers(
        ("What is it fit for?", listed(statements.fit_for)),
        (
            "Do models trained on it work on real data?",
            joined(
                [
                    paragraph(
                        joined(
                            [
                                "Models were trained on these rows and tested on real ones of "
                                "held-out people. Other real people: the same model trained on as "
                                "many real rows. The protocol stands under ",
                                element("a", "how close it is to real data", href="#closeness"),
                                ".",
                            ]
                        )
                    ),
                    figures,
                ]
            ),
        ),
        ("What must it not be used for?", listed(statements.unfit_for)),
        ("What is its impact?", statements.impact),
    )


def privacy(release: Release, statements: Statements) -> Html:
    """Guarantee, figures, and what neither covers."""
    report, evidence = release.report, release.evidence
    judged = dict(report.get("privacy") or {}) | dict(evidence.get("measures") or {})
    figures = figure_table("Privacy", judged, rows=_INSTANCES[release.kind])
    return _answers(
        ("With which guarantee?", statements.guarantee),
        ("What does that mean?", in_plain_words(release.published_card())),
        ("What was measured?", joined([paragraph(f"{_READING} {_STRANGERS}"), figures])),
        ("What was not measured?", listed(unmeasured(release))),
    )


def limits(statements: Statements) -> Html:
    """What to keep in mind with every figure above."""
    return listed(statements.limits)


def checking(release: Release, members: Sequence[Member]) -> Html:
    """Citation, digests, certificate and licence."""
    digest = next(each.sha256 for each in members if each.name == "data.parquet")
    cited = (
        f"VitalMint ({release.published.year}). {release.title}, version {release.version} "
        f"[synthetic dataset]. Published {release.published.isoformat()}. SHA-256 of "
        f"data.parquet: {digest}."
    )
    files = grid(
        "Files",
        ("file", "what it is", "bytes", "SHA-256"),
        [
            (each.name, each.about, f"{each.size:,}", element("code", each.sha256))
            for each in members
        ],
        class_="stacked",
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
        ("How is it cited?", cited),
        ("How can it be verified?", check),
        ("How is it distributed?", "As one ZIP to holders of its licence; the ZIP is sealed."),
        ("Under which licence?", joined(paragraphs(release.licence))),
    )


def maintenance(statements: Statements) -> Html:
    """Who looks after it, and what can still change."""
    return _answers(
        ("Who maintains it?", "VitalMint, through the marketplace where it was bought."),
        ("Will it be updated?", statements.maintenance),
        (
            "What if somebody finds a person in it?",
            "Report it to the marketplace at once and do not share the finding: a dataset that "
            "fails its privacy policy is withdrawn.",
        ),
    )


def paragraphs(text: str) -> list[Html]:
    """A paragraph of each part between empty lines."""
    return [paragraph(part.strip()) for part in text.split("\n\n") if part.strip()]


def _people(release: Release) -> str:
    whole, learnt, held = cohort(release)
    if learnt is None or held is None:
        return f"{whole:,} learnt from"
    return f"{whole:,}: {learnt:,} learnt from, {held:,} held out to judge by"


def _answers(*pairs: tuple[str, Content]) -> Html:
    parts: list[Html] = []
    for question, answer in pairs:
        told = answer if isinstance(answer, Html) else paragraph(answer)
        parts += [element("h3", question), told]
    return joined(parts)


def _judged_on(n: Any) -> list[Html]:
    """How many there were of what: a number, or several by name."""
    if n is None:
        return []
    named = n if isinstance(n, Mapping) else {"n": n}
    return [_facts([(name.replace("_", " "), number(each)) for name, each in named.items()])]


def _facts(facts: Sequence[tuple[str, Content]]) -> Html:
    told = [each for name, fact in facts for each in (element("dt", name), element("dd", fact))]
    return element("dl", *told, class_="facts")


def _settings(release: Release) -> str:
    settings = release.published_card()["settings"]
    return (
        "\n".join(f"{name} = {json.dumps(settings[name])}" for name in sorted(settings)) or "none"
    )
