"""What a certificate says can be true: its numbers against each other and against its lineage."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.consistency import (
    LEAST_ON_A_SIDE,
    LearntFrom,
    against_lineage,
    contradictions,
)
from backend.domain.release import Certificate, Evidence, Measure, Spent
from ml.evaluation.release.judging import FEWEST_PEOPLE
from tests.releases import ISSUED_AT, certificate, evidence, measure

LINEAGE = LearntFrom(people=60, learning=40, windows=160)


def of(name: str, value: float, low: float, high: float, n: int | None = None) -> Certificate:
    """A certificate in which one measure is another."""
    kept = evidence()
    held = kept.measures.get(name, measure(0.5))
    one = Measure(value, low, high, held.n if n is None else n, "test")
    return certificate(evidence=replace(kept, measures={**kept.measures, name: one}))


def counted(**changes: Any) -> Certificate:
    return certificate(evidence=evidence(**changes))


def test_what_is_honest_contradicts_nothing() -> None:
    assert contradictions(certificate()) == ()
    assert against_lineage(evidence(), LINEAGE) == ()


@pytest.mark.parametrize(
    "one",
    [
        of("exact_matches", 500, 500, 500),
        of("too_near", 3, 3, 3),
        of("near_copies", 1, 1, 1),
        of("dcr_share", 0.5, 0.5 + 1e-12, 0.5 + 1e-12),
        of("nndr_below", 0, 0, 0),
        of("membership_auc", 1, 0.9, 1),
        of("membership_auc", 0.5, 0.5, 0.66),
        of("membership_auc_of_one_split", 0.53, 0.5, 0.7, n=60),
        of("attribute_advantage", -0.9, -1.3, -0.2),
        of("attribute_advantage", 0.1, -0.2, 0.4, n=58),
        of("outlier_exposure", 0, 0, 0, n=0),
        of("a_measure_to_come", 7, 8, 9, n=3),
        counted(people=50, training_people=30, largest_share=1 / 30),
        counted(people=10, training_people=5, holdout_people=5, largest_share=0.2),
        counted(largest_share=1.0),
        counted(privacy=Spent(1.987, 1e-4, 1.977, "two")),
        counted(privacy=Spent(0.12, 1e-6, 0.1, "two")),
        counted(privacy=Spent(3.0, 1e-6, 2.65, "two")),
        certificate(cohort_at=ISSUED_AT),
    ],
    ids=range(19),
)
def test_what_can_be_is_no_contradiction_though_it_may_not_pass(one: Certificate) -> None:
    assert contradictions(one) == ()


def test_people_on_both_sides_are_none_where_they_are_told() -> None:
    """The gate keeps it in; the numbers are true."""
    assert contradictions(across(3)) == ()
    assert contradictions(across(2)) != ()


def across(told: int) -> Certificate:
    """Three people are on both sides; `told` of them are attested."""
    found = evidence(people=57)
    named = {**found.measures, "people_across_split": measure(float(told), 40)}
    return certificate(evidence=replace(found, measures=named))


@pytest.mark.parametrize(
    ("one", "named"),
    [
        (of("exact_matches", 501, 501, 501), "exact_matches"),
        (of("exact_matches", 0, 0, 1), "exact_matches"),
        (of("exact_matches", 0.5, 0.5, 0.5), "exact_matches"),
        (of("too_near", -1, -1, -1), "too_near"),
        (of("too_near", 0, 0, 0, n=499), "too_near"),
        (of("outlier_exposure", 4, 4, 4, n=3), "outlier_exposure"),
        (of("people_across_split", 0, 0, 0, n=41), "people_across_split"),
        (of("near_copies", 0, -0.1, 0), "near_copies"),
        (of("near_copies", 0.2, 0.1, 1.1), "near_copies"),
        (of("near_copies", 0.5, 0.0, 0.01), "near_copies"),
        (of("dcr_share", 0.3, 0.4, 0.5), "dcr_share"),
        (of("dcr_share", 0.5, 0.4, 0.6, n=60), "dcr_share"),
        (of("nndr_below", 0.05, 0.06, 0.04), "nndr_below"),
        (of("membership_auc", 0.4, 0.3, 0.5), "membership_auc"),
        (of("membership_auc", 0.9, 0.8, 1.2), "membership_auc"),
        (of("membership_auc", 0.52, 0.5, 0.54, n=61), "membership_auc"),
        (of("membership_auc_of_own", 0.9, 0.5, 0.54), "membership_auc_of_own"),
        (of("attribute_advantage", -1.1, -1.2, 0.1), "attribute_advantage"),
        (of("attribute_advantage", 0, -0.1, 0.1, n=61), "attribute_advantage"),
        (of("a_measure_to_come", 1, 2, 1, n=3), "a_measure_to_come"),
        (counted(people=61), "in all"),
        (counted(people=59), "in all"),
        (counted(people=30), "40 are learnt from"),
        (counted(people=44, holdout_people=4), "too few"),
        (counted(people=24, training_people=4, largest_share=0.25), "too few"),
        (counted(largest_share=0.02), "largest share"),
        (counted(largest_share=1.01), "largest share"),
        (counted(synthetic_rows=0), "no synthetic row"),
        (counted(privacy=Spent(0.0, 1e-5, 0.0, "two")), "epsilon"),
        (counted(privacy=Spent(1.0, 1e-5, 1.1, "two")), "epsilon"),
        (counted(privacy=Spent(3.0, 1e-5, 2.55, "two")), "accountants"),
        (counted(privacy=Spent(1.0, 0.0, 1.0, "two")), "delta"),
        (counted(privacy=Spent(1.0, 1 / 40, 1.0, "two")), "delta"),
        (certificate(cohort_at=ISSUED_AT + timedelta(seconds=1)), "issued before"),
    ],
    ids=range(34),
)
def test_what_cannot_be_is_told_by_name(one: Certificate, named: str) -> None:
    assert any(named in sentence for sentence in contradictions(one))


@pytest.mark.parametrize(
    ("attested", "learnt"),
    [
        (evidence(), replace(LINEAGE, learning=39)),
        (evidence(), replace(LINEAGE, learning=60)),
        (evidence(), replace(LINEAGE, people=59)),
        (evidence(), replace(LINEAGE, windows=59)),
        (evidence(training_people=41, people=61), LINEAGE),
        (evidence(holdout_people=21, people=61), LINEAGE),
    ],
    ids=range(6),
)
def test_what_cannot_be_beside_the_lineage_is_told(attested: Evidence, learnt: LearntFrom) -> None:
    assert against_lineage(attested, learnt) != ()


def test_more_people_in_the_lineage_without_a_window_are_no_contradiction() -> None:
    """Some of a cohort have nothing that could be learnt from or measured against."""
    assert against_lineage(evidence(), replace(LINEAGE, people=70)) == ()


def test_no_measure_is_taken_of_fewer_people_than_here() -> None:
    assert LEAST_ON_A_SIDE == FEWEST_PEOPLE
