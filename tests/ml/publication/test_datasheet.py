"""The datasheet: one page that loads and runs nothing, and says what the report says."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from ml.publication.package import build_package, open_package
from ml.publication.release import InvalidRelease, Release
from ml.publication.style import STYLE
from tests.ml.publication import released

_GLUCOSE = (
    "Glucose as a continuous sensor would read it",
    "mg/dL",
    "numbers from 39.0 to 401.0 with 1 decimal",
    "never",
)
_REAL = {
    "marginals": {
        "heart_rate": {
            "edges": [40, 80, 120, 160, 200],
            "real": [0.3517, None, 0.2483, 0.1],
            "missing": {"synthetic": 0.1, "real": 0.0917},
            "similarity": 0.8731,
        },
        "risk": {"categories": ["high", "low"], "real": [0.4321, 0.5679]},
    }
}


class _Page(HTMLParser):
    """Elements with their attributes, the text, and the cells of every table's rows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self._inside: list[str] = []
        self.feed(text)
        self.close()
        assert self._inside == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.texts.append(data)
        if {"td", "th"} & set(self._inside):
            self.rows[-1][-1] += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def _sheet(release: Release) -> str:
    return open_package(build_package(release)).members["datasheet.html"].decode()


@pytest.fixture(scope="module")
def source() -> str:
    return _sheet(released.release(title=f"Arrivals {released.SCRIPT}", report=_report()))


@pytest.fixture(scope="module")
def page(source: str) -> _Page:
    return _Page(source)


def _report() -> dict[str, object]:
    return released.report(**_REAL)


def test_a_hostile_category_title_or_name_is_text_and_nothing_else(
    source: str, page: _Page
) -> None:
    assert not {"script", "img", "iframe", "i", "b", "object", "link"} & {
        tag for tag, _ in page.elements
    }
    assert released.SCRIPT not in source
    text = "".join(page.texts)
    assert released.SCRIPT in text and "age group & <i>" in text and released.FORMULA in text


def test_hostile_words_of_report_card_and_licence_are_text_as_well() -> None:
    evil = "</style></svg><script>x</script>"
    page = _Page(
        _sheet(
            released.release(
                report=released.report(protocol=evil, limits=[evil], fidelity={evil: 0.5}),
                card=released.CARD | {"name": evil, "settings": {evil: evil}},
                licence=evil,
                description=evil,
                words={"heart_rate": (evil, evil)},
            )
        )
    )
    assert not page.named("script")
    assert "".join(page.texts).count(evil) >= 9


def test_it_loads_nothing_and_forbids_it(page: _Page) -> None:
    policies = [each["content"] for each in page.named("meta") if "http-equiv" in each]
    assert len(policies) == 1 and str(policies[0]).startswith("default-src 'none'")
    for tag, attributes in page.elements:
        assert "src" not in attributes and not any(name.startswith("on") for name in attributes)
        assert tag == "svg" or not any("://" in str(each) for each in attributes.values())
    targets = {f"#{attributes['id']}" for _, attributes in page.elements if "id" in attributes}
    links = [each["href"] for each in page.named("a")]
    assert links and set(links) <= targets
    assert "url(" not in STYLE and "@import" not in STYLE


def test_headings_tell_the_story_in_the_order_in_which_a_buyer_asks(source: str) -> None:
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", source)
    assert headings == [
        *("At a glance", "What is in it", "Who is in it", "How it was made"),
        *("How close it is to real data", "What it is good for"),
        *("What privacy was measured, and what was not", "What limits it"),
        *("How to cite and verify it", "What happens to it next"),
    ]


def test_every_column_is_described_and_drawn(page: _Page) -> None:
    names = {row[0] for row in page.rows}
    assert set(released.SCHEMA.names) <= names
    titles = "".join(page.texts)
    for name in released.SCHEMA.names:
        assert f"Distribution of {name}" in titles
    assert [
        "heart_rate",
        "Heart rate at rest",
        "1/min",
        "whole numbers from 40 to 180",
        "10.0%",
    ] in (page.rows)


def test_synthetic_shares_are_counted_from_the_rows_and_real_ones_taken_from_the_report(
    page: _Page,
) -> None:
    rates = released.table().column("heart_rate")
    bins = [
        (rates < 80).mean(),
        ((rates >= 80) & (rates < 120)).mean(),
        ((rates >= 120) & (rates < 160)).mean(),
    ]
    shown = [row for row in page.rows if row[0] in ("40 to 79", "80 to 119", "120 to 159")]
    assert [row[1] for row in shown] == [f"{share:.2%}" for share in bins]
    assert [row[2] for row in shown] == ["35.17%", "hidden", "24.83%"]
    assert ["no value", f"{np.isnan(rates).mean():.2%}", "9.17%"] in page.rows
    assert ["high", "50.00%", "43.21%"] in page.rows and ["low", "50.00%", "56.79%"] in page.rows
    assert any("similarity to real rows 0.8731" in text for text in page.texts)


def test_bins_of_different_width_are_not_drawn_as_a_histogram() -> None:
    def drawn(*edges: float) -> str:
        told = {"heart_rate": {"edges": edges, "real": [None] * (len(edges) - 1)}}
        source = _sheet(released.release(report=released.report(marginals=told)))
        return source[source.index("Distribution of heart_rate") :].partition("</svg>")[0]

    assert ">40 to 59<" in drawn(40, 60, 180)
    assert ">40 to 109<" not in drawn(40, 110, 180)


def test_real_shares_that_were_suppressed_are_not_drawn(source: str) -> None:
    figure = source[source.index("Distribution of heart_rate") :]
    lines = re.findall(r'<polyline points="([^"]*)"', figure[: figure.index("</svg>")])
    assert [len(line.split()) for line in lines] == [2, 4]
    without = _sheet(released.release())
    assert 'class="real"' not in without[without.index("Distribution of") :]


def test_figures_stand_with_interval_n_baseline_and_protocol(page: _Page) -> None:
    assert ["measure", "value", "interval", "n", "simple baseline"] in page.rows
    assert ["measure", "value", "interval", "n", "strangers"] in page.rows
    shown = {row[0]: row[1:] for row in page.rows}
    alike = next(name for name in shown if name.startswith("column shapes"))
    assert shown[alike] == ["0.9421", "0.93 to 0.9535", "36 people", "0.961"]
    useful = next(name for name in shown if name.startswith("boosting auprc"))
    assert shown[useful] == ["0.71", "0.6 to 0.8", "9 people"]
    matches = next(name for name in shown if name.startswith("exact matches"))
    assert shown[matches] == ["0", "none: an exact count", "60 rows", "0"]
    assert matches.endswith("How: all")
    text = "".join(page.texts)
    for told in ("Held out by person.", "Lactate is coarse.", "Extremes were clipped."):
        assert told in text
    assert "Trained without differential privacy" in text


def test_an_empty_report_is_said_to_be_one() -> None:
    source = _sheet(released.release(report={}, evidence={}))
    for told in ("Fidelity: nothing was reported.", "The report names no protocol."):
        assert told in source


def test_a_privacy_budget_is_named() -> None:
    card = released.CARD | {"epsilon": 2.5, "delta": 1e-5}
    assert "ε = 2.5, δ = 1e-05" in _sheet(released.release(card=card))


def test_glucose_is_drawn_over_the_day() -> None:
    source = _sheet(released.release(kind="cgm", data=released.glucose_days()))
    page = _Page(source)
    assert [row[0] for row in page.rows if re.fullmatch(r"\d\d:00", row[0])] == [
        f"{hour:02d}:00" for hour in range(24)
    ]
    assert 'class="band band-0"' in source and 'class="median"' in source
    assert page.rows.count(["glucose_mg_dl", *_GLUCOSE]) == 1


def test_real_percentiles_of_glucose_are_drawn_where_the_report_shows_them() -> None:
    real = [[None, 95, 111, 130, None]] * 24
    days, report = released.glucose_days(), released.report(profile={"real": real})
    source = _sheet(released.release(kind="cgm", data=days, report=report))
    hours = [row for row in _Page(source).rows if row[0] == "07:00"]
    assert [row[6:] for row in hours] == [["hidden", "95", "111", "130", "hidden"]]
    figure = source[source.index("Percentiles of glucose") :].partition("</svg>")[0]
    assert figure.count('class="real"') == 1 and figure.count('class="real dash"') == 2
    with pytest.raises(InvalidRelease, match="24 hours"):
        broken = released.report(profile={"real": real[1:]})
        build_package(released.release(kind="cgm", data=days, report=broken))


def test_tables_name_rows_and_columns_and_pictures_have_titles(source: str, page: _Page) -> None:
    assert all(each.get("scope") in ("row", "col") for each in page.named("th"))
    assert source.count("<caption>") == len(page.named("table"))
    pictures = [each for each in page.named("svg") if each.get("aria-hidden") != "true"]
    assert all(each["role"] == "img" for each in pictures)
    assert source.count("<svg><title>") + len(re.findall(r"<svg [^>]*><title>", source)) == len(
        pictures
    )
    assert page.named("html")[0]["lang"] == "en"


def test_texts_can_be_read_in_both_themes() -> None:
    themes = [dict(re.findall(r"--(\w+):(#[0-9a-f]+)", root)) for root in STYLE.split(":root{")[1:]]
    assert len(themes) == 3 and themes[0] == themes[2] != themes[1]
    for theme in themes:
        for colour, least in (("text", 7), ("quiet", 4.5), ("link", 4.5), ("made", 3), ("real", 3)):
            for ground in ("page", "panel"):
                assert _contrast(theme[colour], theme[ground]) >= least, (colour, ground)


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    light, dark = sorted(map(_luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = np.array([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(
    "told",
    [
        {"edges": [40, 40, 180], "real": [0.5, 0.5]},
        {"edges": [40, 180], "real": [0.5, 0.5]},
        {"edges": "far", "real": [0.5]},
        {"edges": [40, 180], "real": [1200]},
        {"edges": [40, 180], "real": ["much"]},
    ],
)
def test_marginals_that_do_not_fit_their_column_are_refused(told: dict[str, object]) -> None:
    with pytest.raises(InvalidRelease, match="marginal of column 'heart_rate'"):
        build_package(released.release(report=released.report(marginals={"heart_rate": told})))
