"""What people and machines are shown of an audit."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from backend.adapters.audit_output.document import document
from backend.adapters.audit_output.table import LISTED, print_report, tokens
from backend.auditor import AuditSettings
from backend.domain.audit_checks import OF_RELEASES, Check
from backend.domain.audit_report import AuditReport, Breach, ContentState, ReleaseLine, Resumption
from backend.domain.errors import MisconfiguredService
from tests.use_cases.audit.certified import certified
from tests.use_cases.audit.conftest import Recorded, ShelfOfBytes

DOCS = Path(__file__).resolve().parents[3] / "docs"


def shown(report: AuditReport) -> str:
    console = Console(file=StringIO(), width=100)
    print_report(report, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def release() -> ReleaseLine:
    """The line of an honest release of which one leaf was erased since."""
    line = certified().audited()[1]
    assert line is not None
    return replace(line, erased=1, epsilon=3.0, delta=1e-6)


def with_breaches(report: AuditReport, count: int) -> AuditReport:
    one = Breach(Check.REWARD, "reward of 0xabc", "amount 5", "amount 6")
    return replace(report, breaches=(one,) * count)


def test_people_see_every_check_with_its_promises(recorded: Recorded) -> None:
    text = shown(recorded.audit())
    assert text.count("✓") == len(Check) - len(OF_RELEASES)
    assert "REC-5" in text and "CON-3" in text and "CNT-1" in text
    assert "everything holds" in text


def test_people_see_quality_and_signer_as_claims(recorded: Recorded) -> None:
    text = shown(recorded.audit())
    assert "quality*" in text and "signer*" in text
    assert "claimed, not verified" in text


def test_people_see_what_was_expected_and_found(recorded: Recorded) -> None:
    text = shown(with_breaches(recorded.audit(), 1))
    assert "BREACH" in text and "REC-6" in text
    assert "expected  amount 5" in text and "found     amount 6" in text
    assert "1 breach" in text and "everything holds" not in text


def test_people_see_a_release_with_what_is_attested_and_what_was_erased(
    recorded: Recorded,
) -> None:
    text = shown(replace(recorded.audit(), releases=(release(),)))
    words = " ".join(text.split())
    assert "attested measures*" in words and "membership_auc" in words
    assert "1 erased since" in words and "are attested by the evaluator" in words


def test_one_of_a_thing_is_told_in_the_singular(recorded: Recorded) -> None:
    whole = recorded.audit()
    one = replace(
        with_breaches(whole, LISTED + 1),
        totals=replace(whole.totals, contributions=1, content_bytes=1, holders=1, grants=1),
        releases=(replace(release(), leaves=1, people=1, rows=1),),
        resumption=Resumption(0, 1, 1),
    )
    words = " ".join(shown(one).split())
    for phrase in (
        "1 contribution (",
        ", 1 byte held",
        "to 1 holder ",
        "1 consent:",
        "1 release;",
        "1 record of",
        "1 person",
        "1 row*",
        "resumed: 1 header and 1 content had passed",
        "… and 1 more breach:",
        f"{LISTED + 1} breaches",
    ):
        assert phrase in words, phrase


def test_none_and_several_of_a_thing_are_told_in_the_plural(recorded: Recorded) -> None:
    whole = recorded.audit()
    for count in (0, 2):
        many = replace(
            whole,
            totals=replace(
                whole.totals, contributions=count, content_bytes=count, holders=count, grants=count
            ),
            releases=(replace(release(), leaves=count, people=count, rows=count),) * 2,
            resumption=Resumption(0, count, count),
        )
        words = " ".join(shown(many).split())
        for noun in (
            "contributions (", "bytes held", "holders ", "consents:", "records of", "people",
            "rows*", "headers and", "contents had",
        ):  # fmt: skip
            assert f"{count} {noun}" in words, noun
        assert "2 releases;" in words


def test_a_strangers_certificate_does_not_steer_the_terminal(recorded: Recorded) -> None:
    """It is shown also when nobody signed it."""
    steering = "fine\x1b[2J\n\u202e✓ all"
    one = replace(release(), title=steering, generator=steering)
    one = replace(one, attested=(replace(one.attested[0], name=steering),))
    text = shown(replace(recorded.audit(), releases=(one,)))
    assert "fine" in text and "\x1b" not in text and "\u202e" not in text


def test_machines_get_what_is_attested_apart_from_what_the_chain_shows(
    recorded: Recorded,
) -> None:
    (line,) = document(replace(recorded.audit(), releases=(release(),)))["releases"]
    assert line["lineage"]["people"] == 60 and line["lineage"]["erasedSince"] == 1
    assert "measures" in line["attested"] and "people" not in line["attested"]


def test_long_lists_are_cut_for_people_and_whole_for_machines(recorded: Recorded) -> None:
    report = with_breaches(recorded.audit(), LISTED + 3)
    assert "… and 3 more breaches" in shown(report)
    assert len(document(report)["breaches"]) == LISTED + 3


def test_a_resumed_audit_says_so(recorded: Recorded) -> None:
    report = replace(recorded.audit(), resumption=Resumption(0, 17, 5))
    assert "resumed: 17 headers and 5 contents" in shown(report)
    assert document(report)["resumed"] == {
        "begunAt": "1970-01-01T00:00:00Z",
        "blocks": 17,
        "contents": 5,
    }


def test_machines_get_every_contribution_with_its_claims_apart(recorded: Recorded) -> None:
    report = recorded.audit()
    lines = document(report)["contributions"]
    assert len(lines) == len(report.contributions)
    assert {"quality", "custodial"} == set(lines[0]["claimed"])
    assert not {"quality", "custodial"} & set(lines[0])
    assert {line["state"] for line in lines} == {"held", "erased"}


def test_every_field_for_machines_is_documented(recorded: Recorded) -> None:
    broken = ShelfOfBytes({})
    report = replace(
        recorded.audit(store=broken), resumption=Resumption(0, 1, 1), releases=(release(),)
    )
    text = (DOCS / "audit.md").read_text(encoding="utf-8")
    missing = {name for name in names(document(report)) if f"`{name}`" not in text}
    assert missing == set()
    for check in Check:
        assert f"`{check.value}`" in text, check
    for state in ContentState:
        assert f"`{state.value}`" in text, state


def test_every_promise_that_a_check_names_is_one(recorded: Recorded) -> None:
    promises = (DOCS / "promises.md").read_text(encoding="utf-8")
    named = {one for check in document(recorded.audit())["checks"] for one in check["promises"]}
    assert {one for one in named if f"| {one} |" not in promises} == set()


def test_the_document_is_plain_json(recorded: Recorded) -> None:
    report = document(recorded.audit())
    assert json.loads(json.dumps(report)) == report


@pytest.mark.parametrize(
    ("units", "text"),
    [(0, "0.000000"), (1, "0.000001"), (12_345_678, "12.345678"), (-1, "-0.000001")],
)
def test_amounts_have_six_decimals(units: int, text: str) -> None:
    assert tokens(units) == text


def test_every_faulty_input_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredService) as raised:
        AuditSettings("", "ftp://somewhere", tmp_path / "nothing", certificates=("neither",))
    assert [fault.split(":")[0] for fault in raised.value.faults] == [
        "--rpc",
        "--ipfs",
        "--deployment",
        "--certificate",
    ]


def names(value: object) -> set[str]:
    """Every field name inside, but for the names of kinds."""
    if isinstance(value, list):
        return {name for one in value for name in names(one)}
    if not isinstance(value, dict):
        return set()
    inside = {name for one in value.values() for name in names(one)}
    return inside | set(value) - {"cgm", "vitals", "motion", "image"}
