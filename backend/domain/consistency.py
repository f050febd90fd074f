"""Whether what a certificate says can be true at all, whoever took the measures.

Arithmetic that binds its numbers to each other and to its lineage. The service signs nothing, and
lets nothing out, that contradicts itself; the audit asks the same again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from backend.domain.release import Certificate, Evidence, Measure, Spent

LEAST_ON_A_SIDE = 5
"""With fewer people learnt from, or held out, no measure has an interval over people: none was
taken of them (`ml.evaluation.release.judging.FEWEST_PEOPLE`)."""
_HAIR = 1e-9
_APART, _APART_SHARE = 0.1, 0.1
"""How far two accountants of one training may differ: ten times what was seen (decision 0459)."""


@dataclass(frozen=True)
class _Form:
    """What a measure can be: its range, whether it counts, and how many it is of.

    Attributes:
        of: a count of the evidence that `n` is equal to; None where `n` is only bounded.
    """

    least: float
    most: float
    counts: bool = False
    of: str | None = None


_SHARE_OF_ROWS = _Form(0, 1, of="synthetic_rows")
_COUNT_OF_ROWS = _Form(0, inf, counts=True, of="synthetic_rows")
_FOLDED_AREA = _Form(0.5, 1, of="people")
_FORMS = {
    "exact_matches": _COUNT_OF_ROWS,
    "too_near": _COUNT_OF_ROWS,
    "partial_copies": _COUNT_OF_ROWS,
    "near_copies": _SHARE_OF_ROWS,
    "dcr_share": _SHARE_OF_ROWS,
    "nndr_below": _SHARE_OF_ROWS,
    "membership_auc": _FOLDED_AREA,
    "membership_auc_of_one_split": _FOLDED_AREA,
    "membership_auc_of_own": _FOLDED_AREA,
    "outlier_exposure": _Form(0, inf, counts=True),
    "people_across_split": _Form(0, inf, counts=True, of="training_people"),
}
"""Of other measures nothing is known but that their lower bound is not above their upper one."""
_ADVANTAGE = "attribute_advantage"
_OUTLIERS = "outlier_exposure"
_ACROSS = "people_across_split"


@dataclass(frozen=True)
class LearntFrom:
    """What a lineage adds up to.

    Attributes:
        people: behind its leaves.
        learning: those of them with any window.
        windows: of all of them.
    """

    people: int
    learning: int
    windows: int


def contradictions(certificate: Certificate) -> tuple[str, ...]:
    """What in a certificate cannot be true beside the rest of it, a sentence each."""
    evidence = certificate.evidence
    found = [*_of_people(evidence)]
    for name, measure in sorted(evidence.measures.items()):
        found += _of_measure(name, measure, evidence)
    if evidence.privacy is not None:
        found += _of_privacy(evidence.privacy, evidence.training_people)
    if certificate.cohort_at > certificate.issued_at:
        found.append("it was issued before its cohort was taken")
    return tuple(found)


def against_lineage(evidence: Evidence, learnt: LearntFrom) -> tuple[str, ...]:
    """What in the evidence cannot be true beside the lineage, a sentence each."""
    found = []
    if evidence.training_people != learnt.learning:
        found.append(
            f"{evidence.training_people} people are said to be learnt from, {learnt.learning} "
            "have windows in the lineage"
        )
    beside = learnt.people - learnt.learning
    if evidence.holdout_people - _overlap(evidence) > beside:
        found.append(
            f"{evidence.holdout_people} people are said to be held out, {beside} of the lineage "
            "have no window"
        )
    outliers = evidence.measures.get(_OUTLIERS)
    if outliers is not None and outliers.n > learnt.windows:
        found.append(f"{_OUTLIERS} is of {outliers.n} rows, the lineage has {learnt.windows}")
    return tuple(found)


def _of_people(evidence: Evidence) -> Iterator[str]:
    people, training, holdout = evidence.people, evidence.training_people, evidence.holdout_people
    if min(training, holdout) < LEAST_ON_A_SIDE:
        yield f"{training} and {holdout} people are too few for anything to be measured of them"
    if max(training, holdout) > people:
        yield f"of {people} people {training} are learnt from and {holdout} held out"
    across = evidence.measures.get(_ACROSS)
    both = _overlap(evidence)
    if not 0 <= both <= (0 if across is None else across.value):
        yield f"{training} people learnt from and {holdout} held out are not {people} in all"
    share = evidence.largest_share
    if share > 1 or share < 1 / max(training, 1) - _HAIR:
        yield f"{share:.4g} is no largest share of {training} people"
    if evidence.synthetic_rows < 1:
        yield "there is no synthetic row"


def _overlap(evidence: Evidence) -> int:
    """How many people must be on both sides, by the counts."""
    return evidence.training_people + evidence.holdout_people - evidence.people


def _of_measure(name: str, measure: Measure, evidence: Evidence) -> Iterator[str]:
    if measure.low > measure.high + _HAIR:
        yield f"{name} has its bounds the wrong way round: {measure.low:.4g}, {measure.high:.4g}"
    if name == _ADVANTAGE:
        if not -1 - _HAIR <= measure.value <= 1 + _HAIR:
            yield f"{name} is {measure.value:.4g}, and lies between -1 and 1"
        if measure.n > evidence.training_people + evidence.holdout_people:
            yield f"{name} is of {measure.n} people, of whom there are fewer"
        yield from _around(name, measure)
    if (form := _FORMS.get(name)) is not None:
        yield from _around(name, measure)
        yield from _of_form(name, measure, form)
        if form.of is not None and measure.n != getattr(evidence, form.of):
            what = form.of.replace("_", " ")
            yield f"{name} is of {measure.n}, {what} are {getattr(evidence, form.of)}"


def _around(name: str, measure: Measure) -> Iterator[str]:
    if not measure.low - _HAIR <= measure.value <= measure.high + _HAIR:
        yield (
            f"{name} is {measure.value:.4g}, outside of its own bounds "
            f"{measure.low:.4g} and {measure.high:.4g}"
        )


def _of_form(name: str, measure: Measure, form: _Form) -> Iterator[str]:
    numbers = (measure.value, measure.low, measure.high)
    if form.counts:
        if len(set(numbers)) > 1 or not float(measure.value).is_integer():
            yield f"{name} is a count and says {measure.value:.6g}, with bounds"
        if measure.value > measure.n:
            yield f"{name} counts {measure.value:.6g} of {measure.n}"
    if min(numbers) < form.least - _HAIR or max(numbers) > form.most + _HAIR:
        yield f"{name} goes beyond what it can be: {form.least:g} to {form.most:g}"


def _of_privacy(spent: Spent, training_people: int) -> Iterator[str]:
    first, second = spent.epsilon, spent.second_epsilon
    if not 0 < second <= first:
        yield f"epsilon is {first:.4g} by one accountant and {second:.4g} by the lower one"
    elif first - second > _APART + _APART_SHARE * first:
        yield f"two accountants of one training say epsilon {first:.4g} and {second:.4g}"
    if not 0 < spent.delta < 1 / max(training_people, 1):
        yield f"delta is {spent.delta:.4g}, which promises {training_people} people nothing"
