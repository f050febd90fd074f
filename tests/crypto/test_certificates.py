"""Certificates: the same bytes there and back, one signer, and every other byte refused."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.crypto.certificates import (
    certificate_content,
    certificate_of,
    certificate_signer,
    certificate_typed_data,
    lineage_document,
    read_lineage,
    read_release_document,
    release_document,
    seed_commitment,
    stream_seed,
)
from backend.crypto.merkle import proof, verify
from backend.crypto.typed_data import recover_signer
from backend.domain.consent import Kind
from backend.domain.errors import InvalidField
from backend.domain.identifiers import RunId, wallet_address
from backend.domain.release import CURRENT_POLICY, Measure, Spent, canonical_json
from tests.releases import (
    CHAIN_ID,
    EVALUATOR,
    LINEAGE,
    REGISTRY,
    RUN,
    certificate,
    evidence,
    failing,
    leaves,
    signed,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
CONTENT, SIGNATURE = signed(certificate())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sealed_package": None},
        {"evidence": failing()},
        {"evidence": evidence(privacy=Spent(3.0, 1e-6, 2.9, "rdp"))},
        {"kind": Kind.VITALS, "title": "Vitalzeichen, 바이탈"},
    ],
)
def test_a_certificate_comes_back_as_it_was_written(change: dict[str, Any]) -> None:
    one = certificate(**change)
    assert certificate_of(certificate_content(one)) == one
    assert certificate_content(certificate_of(certificate_content(one))) == certificate_content(one)


@settings(max_examples=60, deadline=None)
@given(FINITE, FINITE, FINITE, st.integers(0, 2**63 - 1), st.text(max_size=20))
def test_every_finite_figure_comes_back(
    value: float, low: float, high: float, n: int, protocol: str
) -> None:
    if any("\ud800" <= character <= "\udfff" for character in protocol):
        protocol = "half"
    one = certificate(evidence=evidence(measures={"m": Measure(value, low, high, n, protocol)}))
    assert certificate_of(certificate_content(one)) == one


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_figure_that_is_not_finite_is_not_written(value: float) -> None:
    with pytest.raises(InvalidField):
        certificate_content(certificate(evidence=failing("too_near", value)))
    with pytest.raises(InvalidField):
        certificate_content(certificate(evidence=evidence(largest_share=value)))


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 11, 22), datetime(2026, 11, 22, 9, 0, 0, 1, UTC)],
    ids=["without zone", "with a fraction"],
)
def test_a_moment_is_a_whole_second_utc(moment: datetime) -> None:
    with pytest.raises(InvalidField):
        certificate_content(certificate(issued_at=moment))


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    there = certificate().issued_at.astimezone(timezone(timedelta(hours=9)))
    assert certificate_content(certificate(issued_at=there)) == CONTENT


def hostile(change: Callable[[dict[str, Any]], None]) -> bytes:
    """The certificate's JSON after a change, again in canonical form where that is possible."""
    value = json.loads(CONTENT)
    change(value)
    return canonical_json(value)


@pytest.mark.parametrize("name", sorted(json.loads(CONTENT)))
def test_a_missing_field_or_one_of_another_type_is_refused(name: str) -> None:
    with pytest.raises(InvalidField, match=name):
        certificate_of(hostile(lambda value: value.pop(name)))
    for other in ([], 1.5, True, {"x": 1}, -1, ""):
        if name == "title" and other == "":
            continue
        with pytest.raises(InvalidField):
            certificate_of(hostile(lambda value, other=other: value.update({name: other})))


@pytest.mark.parametrize(
    "within", [(), ("evidence",), ("generator",), ("evidence", "measures", "dcr_share")]
)
def test_a_field_that_nobody_knows_is_refused(within: tuple[str, ...]) -> None:
    def add(value: dict[str, Any]) -> None:
        for name in within:
            value = value[name]
        value["readings"] = [90.0, 91.0]

    with pytest.raises(InvalidField, match="readings"):
        certificate_of(hostile(add))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        "\ufeff{}".encode(),
        CONTENT + b"\n",
        b" " + CONTENT,
        CONTENT.replace(b'"people":60', b'"people":60,"people":60'),
        CONTENT.replace(b'"people":60', b'"people":60.0'),
        CONTENT.replace(b'"people":60', b'"people":true'),
        CONTENT.replace(b'"people":60', b'"people":1e400'),
        CONTENT.replace(b'"people":60', b'"people":9223372036854775808'),
        CONTENT.replace(b'"largestShare":0.025', b'"largestShare":NaN'),
        CONTENT.replace(b'"largestShare":0.025', b'"largestShare":1e999'),
        CONTENT.replace(b'"largestShare":0.025', b'"largestShare":1'),
        CONTENT.replace(b'"title":"g', b'"title":"\\u0067'),
        CONTENT.replace(b'"title":"g', b'"title":"\\ud800'),
        CONTENT.replace(b'"kind":"cgm"', b'"kind":"CGM"'),
        CONTENT.replace(b'T10:00:00Z"', b'T10:00:00+00:00"'),
        CONTENT.replace(b'-22T10:00:00Z"', b'-31T10:00:00Z"'),
        CONTENT.replace(b"certificate/1", b"certificate/2"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 100_000,
        b'"' + b"x" * (1 << 20) + b'"',
    ],
    ids=range(26),
)
def test_any_other_form_of_the_same_is_refused_with_one_error(content: bytes) -> None:
    assert content != CONTENT
    with pytest.raises(InvalidField):
        certificate_of(content)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_changed_byte_is_refused_or_another_certificate_that_nobody_signed(
    data: st.DataObject,
) -> None:
    at = data.draw(st.integers(0, len(CONTENT) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != CONTENT[at]))
    changed = CONTENT[:at] + bytes([byte]) + CONTENT[at + 1 :]
    with suppress(InvalidField):
        assert certificate_of(changed) != certificate()
    assert signer(changed) != EVALUATOR


def signer(content: bytes, signature: bytes = SIGNATURE, **where: Any) -> str | None:
    there = {"chain_id": CHAIN_ID, "registry": REGISTRY, **where}
    return certificate_signer(content, signature, **there)


def test_the_signer_is_found_as_wallets_and_as_the_contracts_rules_find_it() -> None:
    typed = certificate_typed_data(CONTENT, chain_id=CHAIN_ID, registry=REGISTRY)
    assert signer(CONTENT) == EVALUATOR == recover_signer(typed, SIGNATURE)


def test_another_signer_chain_registry_or_signature_is_not_the_evaluator() -> None:
    assert signer(*signed(certificate(), bytes([8]) * 32)) != EVALUATOR
    assert signer(CONTENT, chain_id=1) != EVALUATOR
    assert signer(CONTENT, registry=wallet_address("0x" + "33" * 20)) != EVALUATOR
    for junk in (b"", SIGNATURE[:-1], bytes(65), SIGNATURE[:-1] + b"\x05", b"\xff" * 65):
        assert signer(CONTENT, junk) != EVALUATOR


def test_the_same_signature_in_its_other_form_is_none() -> None:
    """(r, n − s) with the other v recovers the same key: it is refused, as the contracts do."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(SIGNATURE[32:64], "big")
    twisted = SIGNATURE[:32] + s.to_bytes(32, "big") + bytes([55 - SIGNATURE[64]])
    assert signer(CONTENT, twisted) is None


def test_a_seed_commitment_binds_run_seed_and_salt() -> None:
    one = seed_commitment(RUN, 7, b"salt")
    others = {
        seed_commitment(RunId("5e" * 16), 7, b"salt"),
        seed_commitment(RUN, 8, b"salt"),
        seed_commitment(RUN, 7, b"salu"),
    }
    assert len(one) == 32 and one not in others and len(others) == 3


def test_a_lineage_names_digests_and_windows_and_nobody() -> None:
    lineage = read_lineage(LINEAGE)
    assert sorted(entry.windows for entry in lineage.entries) == [0] * 20 + [4] * 40
    for leaf in leaves():
        assert leaf.account_id.encode() not in LINEAGE
        assert leaf.contribution_id.encode() not in LINEAGE
    assert all(
        verify(lineage.root, leaf, proof(lineage.leaves, at))
        for at, leaf in enumerate(lineage.leaves)
    )


def test_the_order_in_which_leaves_are_given_does_not_matter() -> None:
    backwards = lineage_document(
        leaves()[::-1], chain_id=CHAIN_ID, registry=REGISTRY, kind=Kind.CGM
    )
    assert backwards == LINEAGE


def test_a_person_held_out_is_in_the_lineage_with_no_window() -> None:
    held_out = replace(leaves()[0], windows=0)
    document = lineage_document([held_out], chain_id=1, registry=REGISTRY, kind=Kind.CGM)
    assert read_lineage(document).entries[0].windows == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["leaves"].clear(),
        lambda value: value["leaves"].append(value["leaves"][-1]),
        lambda value: value["leaves"].reverse(),
        lambda value: value["leaves"][0].update(windows=-1),
        lambda value: value["leaves"][0].update(windows=2**40),
        lambda value: value["leaves"][0].update(codec=1),
        lambda value: value["leaves"][0].update(account="ab" * 16),
        lambda value: value["leaves"][0].pop("codec"),
        lambda value: value.update(leaves={}),
        lambda value: value.update(kind="teeth"),
        lambda value: value.update(registry="0x" + "AB" * 20),
        lambda value: value.update(schema="vitalmint.lineage/2"),
    ],
    ids=range(12),
)
def test_a_lineage_of_any_other_form_is_refused(change: Callable[[Any], None]) -> None:
    value = json.loads(LINEAGE)
    change(value)
    with pytest.raises(InvalidField):
        read_lineage(canonical_json(value))


def test_a_lineage_without_leaves_or_with_one_twice_is_not_written() -> None:
    for given_leaves in ((), (leaves()[0], leaves()[0])):
        with pytest.raises(InvalidField):
            lineage_document(given_leaves, chain_id=1, registry=REGISTRY, kind=Kind.CGM)


def test_the_public_document_carries_certificate_and_policy_byte_for_byte() -> None:
    release = read_release_document(release_document(CONTENT, SIGNATURE, CURRENT_POLICY))
    assert (release.content, release.signature) == (CONTENT, SIGNATURE)
    assert sha256(release.policy).digest() == certificate().policy_digest


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(signature="0x00"),
        lambda value: value.update(signature=value["signature"].upper()),
        lambda value: value.update(policy={}),
        lambda value: value.pop("policy"),
        lambda value: value.update(package="AAAA"),
        lambda value: value.update(schema="vitalmint.release/0"),
    ],
    ids=range(6),
)
def test_a_public_document_of_any_other_form_is_refused(change: Callable[[Any], None]) -> None:
    value = json.loads(release_document(CONTENT, SIGNATURE, CURRENT_POLICY))
    change(value)
    with pytest.raises(InvalidField):
        read_release_document(canonical_json(value))


def test_what_a_run_draws_from_is_known_to_nobody_who_knows_the_seed_alone() -> None:
    assert stream_seed(7, b"salt") == stream_seed(7, b"salt")
    assert len({stream_seed(7, b"salt"), stream_seed(7, b"pepper"), stream_seed(8, b"salt")}) == 3
    assert stream_seed(7, b"salt") > 2**128


@pytest.mark.parametrize(
    "change",
    [
        {"package_digest": bytes(31)},
        {"lineage_root": b""},
        {"registry": "0x" + "AB" * 20},
        {"lineage": "not a content id"},
        {"chain_id": -1},
        {"run_id": "5D" * 16},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_nobody_could_read_back_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidField):
        certificate_content(certificate(**change))
