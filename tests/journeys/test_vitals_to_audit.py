"""Vital signs from a person's file to a verdict that needs nobody's word, and back by erasure."""

from pathlib import Path
from typing import Any

from backend.domain.chain_events import ContributionErased, ContributionRegistered
from backend.domain.consent import Kind
from scripts.simulate_patients import simulate_vitals_patients
from tests.journeys.served import Patient, Served, audit_as_anyone, said, terms
from tests.journeys.test_taken_back import is_held, key_id_of

VITALS = {"kinds": ["vitals"]}


def consenting(service: Served, login: str) -> Patient:
    """Signed up, and consenting on chain to vital signs."""
    person = service.newcomer(login)
    asked = terms("care", "training", until=service.in_a_year()) | VITALS
    service.put_in_force(person.post("/api/consents", asked))
    return person


def on_chain(service: Served) -> list[Any]:
    history = service.ports.history
    return list(history.events(history.first_block, history.head().number))


def test_vital_signs_are_registered_as_their_kind_paid_by_the_contract_and_erased(
    service: Served, empty_folder: Path
) -> None:
    person = consenting(service, "haneul")
    nested, plain = simulate_vitals_patients(31, people=2)
    receipts = [
        said(person.contribute(file.data, kind="vitals", zone=file.zone))
        for file in (nested, plain)
    ]
    service.work()
    anchored = [person.contribution(receipt["contribution_id"]) for receipt in receipts]
    assert {(seen["kind"], seen["status"]) for seen in anchored} == {("vitals", "anchored")}
    registered = [event for event in on_chain(service) if isinstance(event, ContributionRegistered)]
    assert [event.kind for event in registered] == [Kind.VITALS] * 2
    schedule = service.ports.chain.schedule()
    for seen, event in zip(anchored, registered, strict=True):
        earned = schedule.reward(Kind.VITALS, event.quality, training=True)
        assert seen["reward"] == str(earned) and earned.base_units > 0
        assert event.quality == round(seen["summary"]["quality"] * 10_000)
    status, verdict = audit_as_anyone(service.world, empty_folder)
    assert (status, verdict["verdict"]) == (0, "holds"), verdict["breaches"]
    assert {line["cid"] for line in verdict["contributions"]} == {s["cid"] for s in anchored}
    assert_erased(service, person, anchored[0], empty_folder)


def assert_erased(
    service: Served, person: Patient, seen: dict[str, Any], empty_folder: Path
) -> None:
    """Key and content are gone, the chain says so, and the audit still holds."""
    key_id = key_id_of(service, seen["contribution_id"])
    said(person.send("DELETE", f"/api/contributions/{seen['contribution_id']}"))
    service.work()
    assert person.contribution(seen["contribution_id"])["status"] == "erased"
    assert service.ports.keys.state(key_id) == "destroyed"
    assert not is_held(service, seen["cid"])
    assert sum(isinstance(event, ContributionErased) for event in on_chain(service)) == 1
    status, verdict = audit_as_anyone(service.world, empty_folder)
    assert (status, verdict["verdict"]) == (0, "holds"), verdict["breaches"]
