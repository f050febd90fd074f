"""What every figure of a report measures, which way is good, and what strangers reach.

A figure of a report is named as its measure, or has its learner's name before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from ml.publication.explained_fidelity import OF_DAYS, OF_TABLES

_HIGHER, _LOWER = "Higher is better.", "Lower is better."


@dataclass(frozen=True)
class Explanation:
    """One measure for people who never met it.

    Attributes:
        measures: what it measures, in one sentence.
        good: which way is good, in one sentence.
        aim: the best it can be; ±inf where more, or less, is better without end.
        counts: what its n counts.
        strangers: what rows of strangers, who were not learnt from, would score; None where the
            report says that itself, as baseline or ceiling.
        exact: whether it was counted, so that there is no interval.
    """

    measures: str
    good: str
    aim: float
    counts: str = "people"
    strangers: str | None = None
    exact: bool = False

    @property
    def text(self) -> str:
        """Both sentences."""
        return f"{self.measures} {self.good}"


def explained(name: str) -> Explanation | None:
    """The explanation of a figure by its name in a report; None of one that is not known."""
    return EXPLANATIONS.get(measure_of(name))


def measure_of(name: str) -> str:
    """The measure that a figure is of, without its learner; its whole name where none is known."""
    parts = name.split("_")
    ends = ("_".join(parts[start:]) for start in range(len(parts)))
    return next((end for end in ends if end in EXPLANATIONS), name)


def in_order(names: Iterable[str]) -> list[str]:
    """Figures learner by learner as they came, each learner's in the order of `EXPLANATIONS`;
    those that are not known last."""
    known = {name: at for at, name in enumerate(EXPLANATIONS)}
    given = [(name, measure_of(name)) for name in names]
    learners = [name.removesuffix(measure) for name, measure in given]
    order = sorted(
        range(len(given)),
        key=lambda at: (
            given[at][1] not in known,
            learners.index(learners[at]),
            known.get(given[at][1], 0),
        ),
    )
    return [given[at][0] for at in order]


def _better(measures: str, aim: float, good: str = "", counts: str = "people") -> Explanation:
    usual = _HIGHER if aim == inf else _LOWER if aim == -inf else f"Best: {aim:g}."
    return Explanation(measures, good or usual, aim, counts)


_UTILITY: Mapping[str, Explanation] = {
    "auroc": _better(
        "How well a model trained on these rows ranks held-out people's real rows by their class.",
        1, "Best: 1; 0.5 is a guess.",
    ),
    "auprc": _better(
        "How rarely a model trained on these rows is wrong where it says that a rare class is "
        "there, over all thresholds.",
        1, "Best: 1; a guess scores the share of the class.",
    ),
    "macro_f1": _better(
        "How well a model trained on these rows names the classes, every class weighing the same "
        "however rare.",
        1,
    ),
    "accuracy": _better(
        "Share of held-out rows whose class a model trained on these rows names correctly.",
        1, "Best: 1; always naming the most frequent class can come close.",
    ),
    "recall": _better(
        "Share of the rarer class's rows that a model trained on these rows finds; of several "
        "classes the mean.",
        1,
    ),
    "recall_at_specificity": _better(
        "Share of the rarer class's rows that a model trained on these rows finds while at most a "
        "tenth of the others are reported wrongly.",
        1,
    ),
    "brier": _better(
        "Mean squared error of the probabilities that a model trained on these rows gives.", 0
    ),
    "ece": _better(
        "How far the probabilities of a model trained on these rows are from how often it is "
        "right.",
        0,
    ),
    "importance_agreement": _better(
        "Whether models trained on these and on real rows find the same columns important: the "
        "rank correlation of both.",
        1, "Best: 1; 0 is no agreement. With few columns it is rough.", "columns",
    ),
    **{
        f"{name}_ratio": _better(
            f"{word} of the model trained on these rows over that of one trained on as many real "
            "rows.",
            1, "Best: 1, nothing lost.",
        )
        for name, word in (("auroc", "AUROC"), ("auprc", "AUPRC"), ("macro_f1", "Macro F1"))
    },
    **{
        name: _better(
            "Mean absolute error in mg/dL with which a network trained on these days foretells "
            f"held-out people's glucose {when}.",
            -inf,
        )
        for name, when in (("next_step_mae", "at the next step"), ("hour_mae", "in an hour"))
    },
    **{
        name: _better(
            f"Error in foretelling glucose {when}, over that of the same network trained on as "
            "many real days.",
            -inf, "1: nothing lost; more is worse.",
        )
        for name, when in (
            ("next_step_mae_ratio", "at the next step"),
            ("hour_mae_ratio", "in an hour"),
        )
    },
}  # fmt: skip


def _counted(measures: str, counts: str = "rows") -> Explanation:
    return Explanation(measures, "Best: 0.", 0, counts, "0", exact=True)


def _membership(who: str) -> Explanation:
    return Explanation(
        f"How well {who} tells people who were learnt from, from people who were not.",
        "Best: 0.5, a guess; 1 is always right.", 0.5, "people", "0.5",
    )  # fmt: skip


_PRIVACY: Mapping[str, Explanation] = {
    "exact_matches": _counted("Rows that are equal to a real row that was learnt from."),
    "too_near": _counted("Rows nearer to a real row than rows of different people ever are."),
    "near_copies": Explanation(
        "Share of rows nearer to a real row than all but 1 % of strangers' rows are.",
        "Best: 0; up to 0.01 is no more than strangers.", 0, "rows", "0.01",
    ),
    "partial_copies": _counted(
        "Rows that share so rare a combination of cells with one real row that chance does not "
        "explain it."
    ),
    "shared_cells": Explanation(
        "How much rarer the cells are that a row shares with a real one than those that strangers "
        "share.",
        "Best: 0 or less.", 0, "rows", "0",
    ),
    "dcr_share": Explanation(
        "Share of rows whose nearest real row belongs to somebody learnt from rather than held "
        "out (distance to closest record).",
        "Best: 0.5 or less; 1 would be copying.", 0.5, "rows", "0.5",
    ),
    "nndr_below": Explanation(
        "Share of rows that cling to one person: far nearer to the nearest than to the second "
        "nearest (nearest neighbour distance ratio).",
        "Best: 0; up to 0.05 is no more than strangers.", 0, "rows", "0.05",
    ),
    "membership_auc": _membership(
        "an attacker who has someone's real rows and the dataset, over many trainings,"
    ),
    "membership_auc_of_own": _membership(
        "an attacker who also knows what to expect of that very person"
    ),
    "membership_auc_of_one_split": _membership("an attacker who has this one training alone"),
    "attribute_advantage": Explanation(
        "How much better a hidden value is guessed of people who were learnt from than of people "
        "who were not.",
        "Best: 0 or less.", 0, "people", "0",
    ),
    "outlier_exposure": _counted(
        "Unusual real rows that a synthetic row sits closer to than a stranger's would.",
        "unusual rows",
    ),
    "people_across_split": _counted(
        "People found both among those learnt from and those held out, which would spoil the test.",
        "people",
    ),
}  # fmt: skip

EXPLANATIONS: Mapping[str, Explanation] = {
    **{name: _better(*told) for name, told in {**OF_TABLES, **OF_DAYS}.items()},
    **_UTILITY,
    **_PRIVACY,
}
"""By the name of the measure."""
