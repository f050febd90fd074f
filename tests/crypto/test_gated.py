"""The gate's last step: a package leaves only under a signed certificate that lets it out."""

import copy
import pickle
from dataclasses import replace
from typing import Any

import pytest

from backend.crypto.gated import GatedPackage, gated
from backend.domain.errors import ContentMismatch, InvalidField, NotReleasable
from backend.domain.generation import Dataset
from backend.domain.identifiers import RunId
from tests.releases import (
    EVALUATOR,
    ISSUED_AT,
    PACKAGE,
    RUN,
    certificate,
    dataset,
    evidence,
    failing,
)


def test_a_listed_dataset_opens() -> None:
    package = gated(PACKAGE, dataset(), EVALUATOR)
    assert (package.content, package.run_id) == (PACKAGE, RUN)
    assert package.digest == certificate().package_digest


@pytest.mark.parametrize(
    "refused",
    [
        dataset(certificate(evidence=failing())),
        dataset(certificate(evidence=failing("membership_auc", 0.56))),
        dataset(certificate(evidence=evidence(people=49, holdout_people=9))),
        dataset(certificate(evidence=evidence(people=61))),
        dataset(certificate(evidence=evidence(measures={}))),
        dataset(certificate(policy_digest=bytes(32))),
        dataset(retired_at=ISSUED_AT),
        dataset(key=bytes([8]) * 32),
        dataset(run_id=RunId("aa" * 16)),
        dataset(signature=bytes(65)),
    ],
    ids=[
        "a real row",
        "membership told",
        "49 people",
        "contradicting itself",
        "nothing measured",
        "a policy of its own",
        "withdrawn",
        "another signer",
        "another run",
        "no signature",
    ],
)
def test_whatever_its_certificate_does_not_let_out_stays(refused: Dataset) -> None:
    with pytest.raises(NotReleasable):
        gated(PACKAGE, refused, EVALUATOR)


def test_a_row_that_says_better_of_itself_than_what_was_signed_stays() -> None:
    """The row's own certificate passes; the signed one does not."""
    withheld = dataset(certificate(evidence=failing()))
    with pytest.raises(NotReleasable):
        gated(PACKAGE, replace(withheld, certificate=certificate()), EVALUATOR)


def test_a_row_that_says_anything_else_than_what_was_signed_stays() -> None:
    """Both pass; but what is listed is not what the evaluator put its name to."""
    other = replace(dataset(), certificate=certificate(title="another title"))
    assert other.listed
    with pytest.raises(NotReleasable, match="another certificate than the signed one"):
        gated(PACKAGE, other, EVALUATOR)


def test_signed_bytes_that_were_changed_stay() -> None:
    listed = dataset()
    swollen = listed.signed.replace(b'"people":60', b'"people":61')
    with pytest.raises(NotReleasable):
        gated(PACKAGE, replace(listed, signed=swollen), EVALUATOR)
    with pytest.raises(InvalidField):
        gated(PACKAGE, replace(listed, signed=listed.signed + b" "), EVALUATOR)


@pytest.mark.parametrize("package", [b"", PACKAGE + b"x", PACKAGE[:-1], b"timestamp,glucose\n"])
def test_other_bytes_than_the_certified_do_not_leave(package: bytes) -> None:
    with pytest.raises(ContentMismatch):
        gated(package, dataset(), EVALUATOR)


def test_nothing_else_makes_or_changes_a_gated_package() -> None:
    package = gated(PACKAGE, dataset(), EVALUATOR)
    forgeries: list[Any] = [
        lambda: GatedPackage(b"rows", bytes(32), RUN, gate=object()),
        lambda: GatedPackage(b"rows", bytes(32), RUN, gate=None),
        lambda: type("Loose", (GatedPackage,), {}),
        lambda: copy.copy(package),
        lambda: pickle.dumps(package),
    ]
    for forge in forgeries:
        with pytest.raises(TypeError):
            forge()
    for name in ("content", "_content", "digest", "anything"):
        with pytest.raises(AttributeError):
            setattr(package, name, b"rows")
