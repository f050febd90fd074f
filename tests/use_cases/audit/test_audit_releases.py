"""Certificates of releases under audit: any one changed byte, field or leaf is found."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.crypto.cid import content_cid
from backend.domain.audit_checks import OF_RELEASES, Check
from backend.domain.consent import Kind, Purpose
from backend.domain.identifiers import DAG_PB, wallet_address
from backend.domain.release import (
    CURRENT_POLICY,
    POLICY_1,
    Bound,
    Evidence,
    Measure,
    ReleasePolicy,
    Rule,
    Spent,
    canonical_json,
)
from backend.use_cases.audit.audit_registrations import Mark
from tests.releases import EVALUATOR, evidence, failing, leaves, measure
from tests.use_cases.audit.certified import (
    BEFORE,
    BOTH,
    COHORT,
    ISSUED,
    LATER,
    SEALED,
    Certified,
    certified,
    consent,
    contributor,
    grant,
    place,
)

SEED = 20261122


@pytest.fixture
def one() -> Certified:
    return certified()


def test_an_honest_release_holds_in_every_check(one: Certified) -> None:
    tally, line = one.audited()
    assert tally.breaches() == ()
    looked_at = {result.check for result in tally.results() if result.checked}
    assert looked_at == OF_RELEASES
    assert line is not None
    assert (line.leaves, line.people, line.erased) == (60, 60, 0)
    assert line.largest_share == pytest.approx(1 / 40)
    assert line.passes and line.policy_version == CURRENT_POLICY.version


def test_a_release_of_the_first_policy_holds_by_its_rules_and_by_no_later_one(
    one: Certified,
) -> None:
    """The parts of rows were not measured then."""
    measures = {rule.measure: evidence().measures.get(rule.measure) for rule in POLICY_1.rules}
    then = replace(evidence(), measures={name: each for name, each in measures.items() if each})
    one.attest(evidence=then, policy_digest=POLICY_1.digest)
    assert one.breached() == {Check.RELEASE_POLICY}, "the current one lies beside it"
    one.policy = POLICY_1
    tally, line = one.audited()
    assert tally.breaches() == () and line is not None
    assert line.passes and line.policy_version == 1
    one.attest(policy_digest=CURRENT_POLICY.digest)
    one.policy = CURRENT_POLICY
    assert one.breached() == {Check.RELEASE_GATE}


def test_measures_are_told_as_attested_with_their_intervals(one: Certified) -> None:
    _, line = one.audited()
    assert line is not None
    named = {rule.measure for rule in CURRENT_POLICY.rules} - {"people", "largest_share", "epsilon"}
    assert {attested.name for attested in line.attested} == named
    assert all(attested.n and attested.protocol for attested in line.attested)


def test_a_certificate_is_fetched_by_its_cid_and_hashed_again(one: Certified) -> None:
    cid = content_cid(one.document)
    other = content_cid(b"other")
    assert one.breached_by_cid(cid) == {Check.RELEASE_FORM}, "it is not there"
    one.shelf[cid] = one.document
    assert one.breached_by_cid(cid) == set()
    one.shelf[cid] = one.document + b" "
    assert one.breached_by_cid(cid) == {Check.RELEASE_FORM}
    assert one.breached_by_cid(other) == {Check.RELEASE_FORM}
    assert one.breached_by_cid("not a cid") == {Check.RELEASE_FORM}


def test_any_changed_byte_of_the_document_is_found(one: Certified) -> None:
    source, document = random.Random(SEED), one.document
    survivors = []
    for at in source.sample(range(len(document)), 120):
        changed = bytearray(document)
        changed[at] ^= 1 << source.randrange(8)
        if not one.breached(bytes(changed)):
            survivors.append(document[at - 10 : at + 10])
    assert survivors == []


def test_a_document_that_is_cut_or_grown_is_found(one: Certified) -> None:
    document = one.document
    for changed in (b"", document[:-1], document + b"\n", document[1:], document * 2):
        assert one.breached(changed) == {Check.RELEASE_FORM}


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from leaves_of(inside, (*path, name))
    elif isinstance(value, list):
        for at, inside in enumerate(value):
            yield from leaves_of(inside, (*path, at))
    else:
        yield path


def test_any_other_value_of_any_field_is_found(one: Certified) -> None:
    """Without a new signature, in canonical form, and of the same type."""
    whole = json.loads(one.document)
    inner = json.loads(whole["certificate"])
    paths = list(leaves_of(inner))
    assert len(paths) > 60
    survivors = []
    for path in paths:
        changed = json.loads(whole["certificate"])
        place_of = changed
        for step in path[:-1]:
            place_of = place_of[step]
        place_of[path[-1]] = other(place_of[path[-1]])
        document = {**whole, "certificate": canonical_json(changed).decode()}
        if not one.breached(canonical_json(document)):
            survivors.append(path)
    assert survivors == []


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return value + 1
    if value.startswith("0x"):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return value[:-1] + ("a" if value[-1:] != "a" else "b")


def test_another_signer_or_none_named_in_the_deployment_is_found(one: Certified) -> None:
    assert one.breached(evaluator=None) == {Check.RELEASE_SIGNED}
    assert one.breached(evaluator="0x" + "ab" * 20) == {Check.RELEASE_SIGNED}
    one.key = bytes([8]) * 32
    assert one.breached(evaluator=EVALUATOR) == {Check.RELEASE_SIGNED}


LAX = ReleasePolicy(2, (Rule("people", Bound.VALUE, "one is enough", least=1),))


@pytest.mark.parametrize(
    ("attested", "found"),
    [
        ({"chain_id": 1}, {Check.RELEASE_FORM, Check.RELEASE_SIGNED, Check.LINEAGE_ROOT}),
        (
            {"registry": wallet_address("0x" + "77" * 20)},
            {Check.RELEASE_FORM, Check.RELEASE_SIGNED, Check.LINEAGE_ROOT},
        ),
        ({"kind": Kind.VITALS}, {Check.LINEAGE_ROOT, Check.LINEAGE_RECORDS}),
        ({"policy_digest": bytes(32)}, {Check.RELEASE_POLICY}),
        ({"policy_digest": LAX.digest}, {Check.RELEASE_POLICY}),
        ({"lineage_root": bytes(32)}, {Check.LINEAGE_ROOT}),
        ({"lineage": content_cid(b"gone")}, {Check.LINEAGE_ROOT}),
        ({"lineage": content_cid(SEALED)}, {Check.LINEAGE_ROOT}),
        ({"sealed_package": None}, {Check.RELEASE_PACKAGE}),
        ({"sealed_package": content_cid(b"gone")}, {Check.RELEASE_PACKAGE}),
        ({"evidence": failing()}, {Check.RELEASE_GATE}),
        ({"evidence": failing("membership_auc", 0.5500001)}, {Check.RELEASE_GATE}),
        ({"evidence": evidence(measures={})}, {Check.RELEASE_GATE}),
        ({"evidence": evidence(people=61, holdout_people=21)}, {Check.LINEAGE_PEOPLE}),
        ({"evidence": evidence(people=49, holdout_people=9)}, {Check.RELEASE_GATE}),
        (
            {"evidence": evidence(largest_share=0.01)},
            {Check.RELEASE_CONSISTENT, Check.LINEAGE_PEOPLE},
        ),
        ({"evidence": evidence(largest_share=0.06)}, {Check.RELEASE_GATE}),
    ],
    ids=range(17),
)
def test_an_evaluator_that_signs_what_is_not_so_is_found(
    one: Certified, attested: dict[str, Any], found: set[Check]
) -> None:
    one.attest(**attested)
    assert one.breached() == found


def test_a_cohort_taken_after_the_certificate_was_issued_is_found(one: Certified) -> None:
    one.attest(cohort_at=one.certificate.issued_at + timedelta(seconds=1))
    assert Check.RELEASE_CONSISTENT in one.breached()


@pytest.mark.parametrize(
    "attested",
    [
        evidence(people=70),
        evidence(measures={**evidence().measures, "dcr_share": Measure(0.4, 0.1, 0.3, 500, "x")}),
        evidence(measures={**evidence().measures, "too_near": measure(0.0, 40)}),
        evidence(measures={**evidence().measures, "membership_auc": measure(0.4)}),
        evidence(privacy=Spent(2.0, 1e-5, 0.5, "two of them")),
    ],
    ids=["more people than on both sides", "outside its bounds", "not all rows", "below a half",
         "accountants apart"],
)  # fmt: skip
def test_an_evaluator_that_signs_what_cannot_be_true_is_found(
    one: Certified, attested: Evidence
) -> None:
    """Each keeps every rule of the policy."""
    one.attest(evidence=attested)
    tally, line = one.audited()
    assert line is not None and line.passes
    breached = {breach.check for breach in tally.breaches()}
    assert Check.RELEASE_CONSISTENT in breached and Check.RELEASE_GATE not in breached


def test_learning_from_people_who_are_said_to_be_held_out_is_found(one: Certified) -> None:
    one.learn_from(tuple(replace(leaf, windows=4) for leaf in leaves()))
    assert one.breached() == {Check.LINEAGE_PEOPLE}


def test_another_policy_beside_the_certificate_is_found(one: Certified) -> None:
    one.policy = LAX
    assert one.breached() == {Check.RELEASE_POLICY}


def test_a_policy_that_nobody_knows_judges_nothing_and_is_found(one: Certified) -> None:
    one.policy = LAX
    one.attest(policy_digest=LAX.digest, evidence=failing())
    tally, line = one.audited()
    assert {breach.check for breach in tally.breaches()} == {Check.RELEASE_POLICY}
    assert line is not None and not line.passes and line.policy_version is None


def test_any_changed_byte_of_lineage_or_package_is_found(one: Certified) -> None:
    source = random.Random(SEED)
    for content, check in ((one.lineage, Check.LINEAGE_ROOT), (SEALED, Check.RELEASE_PACKAGE)):
        cid = content_cid(content)
        for at in source.sample(range(len(content)), 30):
            changed = bytearray(content)
            changed[at] ^= 1 << source.randrange(8)
            one.shelf[cid] = bytes(changed)
            assert one.breached() == {check}
        del one.shelf[cid]
        assert one.breached() == {check}
        one.shelf[cid] = content
    assert one.breached() == set()


def test_a_package_that_lies_there_unsealed_is_found(one: Certified) -> None:
    plain = b"PK\x03\x04 the package"
    one.shelf[content_cid(plain)] = plain
    one.attest(sealed_package=content_cid(plain))
    assert one.breached() == {Check.RELEASE_PACKAGE}


@pytest.mark.parametrize(
    "change",
    [{"kind": int(Kind.VITALS)}, {"codec": DAG_PB}, {"digest": bytes(32)}],
)
def test_a_leaf_that_is_registered_otherwise_is_found(
    one: Certified, change: dict[str, Any]
) -> None:
    held = one.registered.pop(one.digest())
    event = replace(held.event, **change)
    one.registered[event.digest] = replace(held, event=event)
    assert Check.LINEAGE_RECORDS in one.breached()


def test_a_leaf_that_was_never_registered_is_found(one: Certified) -> None:
    del one.registered[one.digest(7)]
    assert Check.LINEAGE_RECORDS in one.breached()


def test_a_leaf_that_was_registered_after_the_cohort_was_taken_is_found(one: Certified) -> None:
    held = one.registered[one.digest()]
    one.registered[one.digest()] = replace(held, place=place(COHORT + 1))
    assert one.breached() == {Check.LINEAGE_RECORDS}


@pytest.mark.parametrize(
    "standings",
    [
        [],
        [(BEFORE, None)],
        [(BEFORE, grant(0, purposes=int(Purpose.CARE | Purpose.TRAINING)))],
        [(BEFORE, grant(0, purposes=int(Purpose.CARE | Purpose.SALE)))],
        [(BEFORE, grant(0, kinds=Kind.VITALS.bit))],
        [(BEFORE, grant(0, expires_at=COHORT))],
        [(BEFORE, grant(0, expires_at=ISSUED))],
        [(COHORT + 1, grant(0))],
        [(BEFORE, grant(0)), (COHORT - 1, None)],
        [(BEFORE, grant(0)), (COHORT + 1, None)],
        [(BEFORE, grant(0)), (ISSUED - 1, None), (ISSUED + 1, grant(0))],
        [(BEFORE, grant(0)), (ISSUED - 1, grant(0, purposes=int(Purpose.CARE)))],
    ],
    ids=range(12),
)
def test_a_leaf_without_consent_to_training_and_sale_at_both_moments_is_found(
    one: Certified, standings: list[Any]
) -> None:
    consent(one, 0, *standings)
    assert one.breached() == {Check.LINEAGE_CONSENT}


@pytest.mark.parametrize(
    "standings",
    [
        [(BEFORE, grant(0)), (ISSUED + 1, None)],
        [(BEFORE, grant(0)), (COHORT + 5, grant(0, purposes=BOTH))],
        [(BEFORE, None), (COHORT, grant(0, expires_at=ISSUED + 1))],
    ],
    ids=["taken back later", "renewed meanwhile", "just in time"],
)
def test_a_consent_that_covered_both_moments_is_enough(
    one: Certified, standings: list[Any]
) -> None:
    consent(one, 0, *standings)
    assert one.breached() == set()


def mark(moment: int, *, by_recorder: bool) -> Mark:
    return Mark(place(moment), contributor(0), by_recorder)


def test_a_leaf_erased_before_the_certificate_is_found(one: Certified) -> None:
    for early in (mark(ISSUED - 1, by_recorder=True), mark(ISSUED - 3_601, by_recorder=False)):
        one.marks[one.digest()] = early
        assert one.breached() == {Check.LINEAGE_RECORDS}


def test_a_leaf_erased_since_is_told_and_breaks_nothing(one: Certified) -> None:
    for late in (mark(LATER, by_recorder=True), mark(ISSUED - 60, by_recorder=False)):
        one.marks[one.digest()] = late
        tally, line = one.audited()
        assert tally.breaches() == () and line is not None and line.erased == 1


def test_too_few_people_behind_enough_records_are_found(one: Certified) -> None:
    """Sixty records of forty-nine contributors, whatever the certificate says."""
    for number in range(49, 60):
        held = one.registered[one.digest(number)]
        event = replace(held.event, contributor=contributor(number - 40))
        one.registered[one.digest(number)] = replace(held, event=event)
    assert one.breached() == {Check.LINEAGE_PEOPLE}


def test_one_person_with_too_much_of_it_is_found(one: Certified) -> None:
    """More than a twentieth of the windows that were learnt from."""
    grown = (replace(leaves()[0], windows=13), *leaves()[1:])
    one.learn_from(grown)
    one.attest(evidence=evidence(largest_share=0.05))
    assert one.breached() == {Check.LINEAGE_PEOPLE}


def test_a_lineage_of_no_window_at_all_is_found(one: Certified) -> None:
    one.learn_from(tuple(replace(leaf, windows=0) for leaf in leaves()))
    assert one.breached() == {Check.LINEAGE_PEOPLE}


@pytest.mark.parametrize("change", [lambda given: given[1:], lambda given: given[:-5]])
def test_a_lineage_from_which_leaves_were_taken_is_found(
    one: Certified, change: Callable[[Any], Any]
) -> None:
    root = one.certificate.lineage_root
    one.learn_from(change(leaves()))
    one.attest(lineage_root=root)
    assert Check.LINEAGE_ROOT in one.breached()


def test_an_evaluator_alone_cannot_pass_a_measure_that_is_missing(one: Certified) -> None:
    for name in one.certificate.evidence.measures:
        kept = {k: v for k, v in one.certificate.evidence.measures.items() if k != name}
        assert _with(one, {**kept, "unheard": measure(0.0)}) == {Check.RELEASE_GATE}


def _with(one: Certified, measures: dict[str, Any]) -> set[Check]:
    one_more = certified()
    one_more.attest(evidence=replace(one.certificate.evidence, measures=measures))
    return one_more.breached()
