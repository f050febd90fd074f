"""The part of the page on training with synthetic rows alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.experiments.rare.classifiers import CLASSIFIERS
from ml.experiments.rare.writing import TRAINED, ordered, table, text, trained

Row = Mapping[str, Any]
_ABOUT = (
    "Generators of the whole training fold, both classes; as many synthetic rows as real ones "
    "train the classifiers, untouched real rows test them. Ratio: AUPRC over that of the real "
    "training rows in the same run. DCR: median Gower distance of synthetic rows to the closest "
    "row learnt; strangers': of the real test rows. SMOTE is the simple baseline: it makes rows "
    "out of rows, and its DCR is what a generator has to be ahead of. `class_copula` draws its "
    "rows evenly, not independently of each other. SDV's four are comparators under the Business "
    "Source License; nothing of theirs is released. The negative control has no signal that could "
    "be kept and is left out."
)
_CHANGED = """\
The first publication of this page had no `class_copula` and five runs of every generator of whole
tables; on known-bayes the best reached 0.960 [0.895, 1.024] (LightGBM, tabddpm) and 0.986 [0.954,
1.019] (logistic, tvae), the former undecided. What limits it was then looked for on other draws of
the simulated set, 9,600 rows to learn and the true risk of 60,000 further rows to judge by, never
on the rows of this page. There LightGBM reached, over eight draws, 0.963 with a copula for each
class and independent draws, 0.981 with even ones, and 0.996 with four times as many even rows;
over two draws 0.948 with tabddpm of 3,000 iterations and 0.934 with tvae of 100 epochs, 0.960 and
0.949 with four times as many rows. So `class_copula` was added and cheap generators of whole
tables were given 20 runs. On the rows of this page it then reached 0.969 [0.937, 1.002] for
LightGBM with as many rows as real ones; the lines with four times as many were added after that,
for cheap generators alone, and stand beside it, with a verdict each. The target names no number of
rows: if it means as many as real ones, LightGBM is undecided. LightGBM on SMOTE's rows gains by
more of them, too. Nothing was tuned on the rows of this page.
The simulated set is made of normal scores, which suits every copula; KTAS and maternal risk are
not."""


def tstr(result: Row) -> str:
    """Figures set by set, with more rows where that was measured, and the best of either side."""
    parts = [_ABOUT]
    for each in result["sets"]:
        rows = [row for row in result["tstr"] if row["set"] == each["name"]]
        if rows:
            parts += [f"### {each['name']}", _figures(rows)]
        more = [row for row in result["tstr_more"] if row["set"] == each["name"]]
        if more:
            times = result["protocol"]["tstr_times"]
            parts += [
                f"### {each['name']}, {times} times as many synthetic rows",
                f"The same generators, drawn {times} times as long; the ratio is to the real rows "
                "of the same runs, of which there are no more.",
                _figures(more),
            ]
    head = ("set", "classifier", "best own", "best SDV", "runs", "ratio")
    parts += [
        "### Best own over best SDV generator",
        "AUPRC of training on as many synthetic rows, run by run; the best of either side has the "
        "highest mean over its own runs, these among them.",
        table(head, [_pair(row) for row in result["best"]]),
        "![Train on synthetic, test on real](rare_disease_tstr.png)",
    ]
    return "\n\n".join(parts)


def changed(result: Row) -> list[str]:
    """What was changed after figures had been seen; a quick run has none of its own."""
    return [] if result["protocol"]["quick"] else ["## Changed after the first look", _CHANGED]


def _figures(rows: Sequence[Row]) -> str:
    heads = [f"{name} {what}" for name in CLASSIFIERS for what in ("AUPRC", "ratio")]
    head = ("trained on", *TRAINED, *heads, "DCR", "strangers' DCR", "copied")
    return table(head, [_line(row) for row in ordered(rows)])


def _line(row: Row) -> tuple[str, ...]:
    scores = (
        text(row[name][score], 3) for name in CLASSIFIERS for score in ("auprc", "auprc_ratio")
    )
    near = row.get("privacy")
    nearness = ("", "", "")
    if near:
        nearness = (
            f"{near['dcr']:.3f}",
            f"{near['strangers_dcr']:.3f}",
            f"{near['copied_share']:.4f}",
        )
    return (row["arm"], *trained(row), *scores, *nearness)


def _pair(row: Row) -> tuple[str, ...]:
    names = (row[name] for name in ("set", "classifier", "own", "sdv"))
    return (*names, str(row["runs"]), text(row["ratio"], 3))
