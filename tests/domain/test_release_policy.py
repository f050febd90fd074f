"""What the current policy lets out, written down a second time and by hand: a rule that is
loosened, dropped or read at another bound is found here, whatever the code says of itself."""

from dataclasses import replace
from math import inf, nan

import pytest

from backend.domain.release import (
    CURRENT_POLICY,
    POLICIES,
    POLICY_1,
    POLICY_2,
    Bound,
    Evidence,
    Measure,
    ReleasePolicy,
    Rule,
    Spent,
    passes,
)
from tests.releases import certificate

_FIRST = "8afd596a2b00d00376b4fab5cede378b1e394106ba46e01bb2a3d54cec00aacb"
_SECOND = "369a87b709dd809634642608723cc670a434c8f9c7ca5101bb9f996797c3e142"

# measure, the bound that decides, the last number that passes, the nearest one that does not
COUNTED = [
    ("people_across_split", "value", 0, 1),
    ("exact_matches", "value", 0, 1),
    ("too_near", "value", 0, 1),
    ("partial_copies", "value", 0, 1),
    ("outlier_exposure", "value", 0, 1),
]
SHARES = [
    ("near_copies", "low", 0.01, 0.0101),
    ("dcr_share", "low", 0.5, 0.5001),
    ("nndr_below", "low", 0.05, 0.0501),
    ("membership_auc", "high", 0.55, 0.5501),
    ("attribute_advantage", "low", 0.0, 0.0001),
    ("shared_cells", "low", 0.0, 0.0001),
]
OF_THE_COHORT = [
    ("people", 50, 49),
    ("largest_share", 0.05, 0.0501),
]
_BEST, _WORST = -1.0, 9.0


def at(bound: str, number: float) -> Measure:
    """`number` at the bound, and at the two others what no rule lets through."""
    return _measure(_WORST, bound, number)


def otherwise_best(bound: str, number: float) -> Measure:
    """`number` at the bound, and nothing to object to at the two others."""
    return _measure(_BEST, bound, number)


def _measure(elsewhere: float, bound: str, number: float) -> Measure:
    bounds = dict.fromkeys(("value", "low", "high"), elsewhere) | {bound: number}
    return Measure(**bounds, n=60, protocol="by hand")


def at_the_edge(**changes: Measure) -> Evidence:
    """Evidence that keeps every rule, but by nothing."""
    kept = {name: at(bound, last) for name, bound, last, _ in COUNTED + SHARES}
    return Evidence(50, 33, 17, 0.05, 500, kept | changes)


def broken(evidence: Evidence) -> list[str]:
    return [finding.rule.measure for finding in CURRENT_POLICY.judge(evidence) if not finding.holds]


def test_evidence_at_the_edge_of_every_rule_is_let_out() -> None:
    assert broken(at_the_edge()) == []
    assert passes(CURRENT_POLICY.judge(at_the_edge()))


@pytest.mark.parametrize(("name", "bound", "_", "over"), COUNTED + SHARES)
def test_a_hair_over_one_rule_keeps_it_in(name: str, bound: str, _: float, over: float) -> None:
    found = at_the_edge(**{name: otherwise_best(bound, over)})
    assert broken(found) == [name]
    assert not passes(CURRENT_POLICY.judge(found))


@pytest.mark.parametrize(("field", "last", "over"), OF_THE_COHORT)
def test_a_cohort_too_small_or_too_uneven_keeps_it_in(field: str, last: float, over: float) -> None:
    assert broken(replace(at_the_edge(), **{field: last})) == []
    assert broken(replace(at_the_edge(), **{field: over})) == [field]


@pytest.mark.parametrize(("name", "bound", "last", "_"), COUNTED + SHARES)
@pytest.mark.parametrize("nothing", [nan, inf, -inf])
def test_what_is_no_number_keeps_it_in(
    name: str, bound: str, last: float, _: float, nothing: float
) -> None:
    assert broken(at_the_edge(**{name: at(bound, nothing)})) == [name]


@pytest.mark.parametrize(("name", "bound", "last", "_"), COUNTED + SHARES)
def test_what_was_not_measured_keeps_it_in(name: str, bound: str, last: float, _: float) -> None:
    evidence = at_the_edge()
    fewer = {each: found for each, found in evidence.measures.items() if each != name}
    assert broken(replace(evidence, measures=fewer)) == [name]


@pytest.mark.parametrize("epsilon", [10.01, inf, nan])
def test_an_epsilon_that_promises_nothing_keeps_it_in(epsilon: float) -> None:
    assert broken(replace(at_the_edge(), privacy=Spent(10.0, 1e-5, 10.0, "rdp"))) == []
    assert broken(replace(at_the_edge(), privacy=Spent(epsilon, 1e-5, 1.0, "rdp"))) == ["epsilon"]


def test_one_broken_rule_of_many_is_enough() -> None:
    findings = CURRENT_POLICY.judge(at_the_edge(exact_matches=at("value", 1)))
    assert sum(finding.holds for finding in findings) == len(findings) - 1
    assert not passes(findings)


def test_a_policy_without_rules_lets_nothing_out() -> None:
    assert not passes(ReleasePolicy(2, ()).judge(at_the_edge()))


def test_a_rule_may_ask_for_both_ends() -> None:
    between = Rule("dcr_share", Bound.VALUE, "neither copied nor shunned", least=0.4, most=0.5)
    for number, holds in ((0.39, False), (0.4, True), (0.5, True), (0.51, False)):
        assert between.holds(at_the_edge(dcr_share=otherwise_best("value", number))) is holds


def test_a_certificate_under_a_policy_that_nobody_knows_does_not_pass() -> None:
    lax = ReleasePolicy(1, (Rule("people", Bound.VALUE, "anything goes", least=1),))
    assert lax.digest not in POLICIES
    assert not certificate(policy_digest=lax.digest).passes
    assert certificate().passes


@pytest.mark.parametrize(("policy", "digest"), [(POLICY_1, _FIRST), (POLICY_2, _SECOND)])
def test_a_policy_is_the_one_that_its_certificates_name(policy: ReleasePolicy, digest: str) -> None:
    """A change to it, a word of a meaning included, is a new version beside it."""
    assert policy.digest.hex() == digest
    assert POLICIES[policy.digest] is policy
    assert CURRENT_POLICY is POLICY_2


def test_a_certificate_of_the_first_policy_is_judged_by_its_rules_alone() -> None:
    """The parts of rows were not measured then: it passed, and passes."""
    measures = dict(at_the_edge().measures)
    del measures["partial_copies"], measures["shared_cells"]
    then = replace(at_the_edge(), measures=measures)
    assert certificate(policy_digest=POLICY_1.digest, evidence=then).passes
    assert not certificate(evidence=then).passes
