"""What a buyer is told of a figure: what it means, which way is good, and why there is none."""

import re

import numpy as np
import pytest

from ml.evaluation.release.evidence import MEASURES as OF_PRIVACY
from ml.evaluation.synthesis import MEASURES as OF_DAYS
from ml.evaluation.tables.fidelity_neighbours import MEASURES as OF_NEIGHBOURS
from ml.evaluation.tables.utility import MEASURES as OF_UTILITY
from ml.evaluation.tables.utility import RATIOS
from ml.publication.drawings import bars
from ml.publication.explanations import EXPLANATIONS, explained, in_order
from ml.publication.figures import figure_table
from ml.publication.marginals import Marginal
from ml.publication.package import build_package, open_package
from tests.ml.publication import released

_FIGURE = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 20}
_OTHERS = (
    *("column_shapes", "column_shapes_worst", "missing_shares", "column_pairs", "correlations"),
    *("contingencies", "discriminator_auc", "discriminative", "logistic_importance_agreement"),
    *("next_step_mae", "next_step_mae_ratio", "hour_mae", "hour_mae_ratio"),
    *("membership_auc_of_one_split", "membership_auc_of_own"),
)


def _sheet(**changes: object) -> str:
    package = build_package(released.release(**changes))
    return open_package(package).members["datasheet.html"].decode()


@pytest.mark.parametrize(
    "name",
    [
        *OF_PRIVACY,
        *OF_DAYS,
        *OF_NEIGHBOURS,
        *(f"boosting_{name}" for name in OF_UTILITY),
        *(f"boosting_{name}_ratio" for name in RATIOS),
        *_OTHERS,
    ],
)
def test_every_figure_that_is_measured_is_explained_with_the_way_that_is_good(name: str) -> None:
    found = explained(name)
    assert found is not None
    assert found.text in figure_table("Figures", {name: _FIGURE}).replace("&#x27;", "'")
    assert re.search(r"Best|better|1: nothing lost", found.good)


def test_every_figure_of_privacy_says_what_strangers_reach() -> None:
    assert all(EXPLANATIONS[name].strangers is not None for name in OF_PRIVACY)


def test_a_figure_that_nobody_explained_says_so() -> None:
    assert explained("boosting_charm") is None
    assert "No explanation of this figure is kept" in figure_table("Figures", {"charm": _FIGURE})


def test_no_cell_is_a_dash_and_a_value_that_is_not_shown_has_its_reason() -> None:
    empty = dict.fromkeys(("value", "low", "high", "baseline", "ceiling"))
    fidelity = {
        "column_shapes": _FIGURE | {"baseline": 0.8, "ceiling": 0.95},
        "column_shapes_worst": empty | {"n": 20, "reason": "Not shown: 20 people."},
        "coverage": empty | {"n": 20},
    }
    told = figure_table("Fidelity", fidelity)
    assert ">–<" not in told
    assert "Not shown: 20 people." in told and "Not shown: it could not be had" in told
    assert ">–<" not in _sheet(report=released.report(fidelity=fidelity))
    days = released.glucose_days()
    assert ">–<" not in _sheet(kind="cgm", data=days, report=released.report(fidelity=fidelity))


def test_figures_are_counted_against_the_baseline_whichever_way_is_good() -> None:
    section = {
        "coverage": _FIGURE | {"baseline": 0.5},
        "discriminator_auc": _FIGURE | {"value": 0.8, "baseline": 0.6},
        "hour_mae": _FIGURE | {"value": 11.0, "baseline": 12.0},
        "sd_ratio": _FIGURE | {"value": 1.3, "baseline": 0.9},
        "auroc": _FIGURE,
    }
    assert "Better than the simple baseline: 2 of 4 figures" in figure_table("All", section)


def test_figures_come_in_one_order_however_the_report_sorts_them() -> None:
    names = ["logistic_auprc", "charm", "logistic_auroc", "boosting_auprc", "boosting_auroc"]
    assert in_order(names) == [
        *("logistic_auroc", "logistic_auprc", "boosting_auroc", "boosting_auprc", "charm"),
    ]
    assert in_order(["coverage", "column_shapes"]) == ["column_shapes", "coverage"]


@pytest.mark.parametrize(
    ("card", "why"),
    [
        (released.CARD, "the report gives none"),
        (released.CARD | {"epsilon": 2.0, "delta": 1e-5}, "the generator has a privacy budget"),
    ],
)
def test_the_legend_names_nothing_real_where_nothing_real_is_drawn(
    card: dict[str, object], why: str
) -> None:
    told = {"risk": {"categories": ["high", "low"], "real": [None, None]}}
    source = _sheet(card=card, report=released.report(marginals=told))
    assert "line or tick: real" not in source and ">real</th>" not in source
    assert "No real share is shown" in source and why in source
    told["risk"]["real"] = [0.5, 0.5]
    assert "line or tick: real" in _sheet(report=released.report(marginals=told))


def test_a_name_breaks_after_its_underscores_and_nowhere_else() -> None:
    assert ">heart_<wbr/>rate<" in _sheet()
    style = _sheet().partition("</style>")[0]
    assert "max-width:24rem;overflow-wrap:break-word" in style


@pytest.mark.parametrize("letter", ["i", "W", "心", "a"])
def test_a_label_of_a_bar_is_cut_to_the_room_that_it_has(letter: str) -> None:
    shown = Marginal((letter * 40, "short"), None, np.array([0.5, 0.5]), None, (0.0, np.nan))
    label = bars(shown, "Title").partition("…</text>")[0].rpartition(">")[2]
    assert 3 <= len(label) <= (10 if letter in "W心" else 18) and set(label) == {letter}
    assert ">short</text>" in bars(shown, "Title")


def test_few_people_and_a_privacy_budget_are_put_in_plain_words() -> None:
    evidence = released.EVIDENCE | {"people": 60, "training_people": 40, "holdout_people": 20}
    plain = _sheet(people=40, evidence=evidence)
    assert "60: 40 learnt from, 20 held out to judge by" in plain
    assert "What one person in 13 has is missing among so many one time in twenty" in plain
    assert np.isclose((1 - 1 / 13) ** 40, 0.05, atol=0.02)
    assert "Without differential privacy nothing bounds" in plain
    card = released.CARD | {"epsilon": 2.0, "delta": 1e-5}
    private = _sheet(people=40, evidence=evidence, card=card)
    assert f"at most {np.exp(2):.3g} times as likely" in private
    for told in ("what many people share survives best", "What was not measured?"):
        assert told in private


def test_it_says_how_to_cite_it_by_version_and_digest() -> None:
    opened = open_package(build_package(released.release()))
    source = opened.members["datasheet.html"].decode()
    cited = source[source.index("How is it cited?") :].partition("</p>")[0]
    for told in ("VitalMint (2026)", "version 1.0.0", opened.dataset_digest.hex()):
        assert told in cited
