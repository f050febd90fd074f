"""From what a person notes to what is told of it, and to nothing being left of either."""

import sqlite3
from typing import Any

import pytest

from tests.journeys.served import Patient, Served, refused, said
from tests.ml.guidance.planted import DAY, Plan, Planted, plant
from tests.noting import ZONE, bodies_of, export_of

NOTE = "canary note: 10 units before the pie"


@pytest.fixture
def planted(service: Served) -> Planted:
    """Three weeks that ended lately: a breakfast that raises glucose, a walk that halves it."""
    today = int(service.ports.clock.now().timestamp()) // DAY * DAY
    return plant(
        3, Plan(days=21, rise=(("morning", 60.0),), walk=0.5, skip=0.0, start=today - 23 * DAY)
    )


@pytest.fixture
def person(service: Served, planted: Planted) -> Patient:
    """With everything noted, and the sensor's record contributed in two parts."""
    someone = service.patient("canary-diarist")
    half = len(planted.grid) // 2
    for part in (slice(0, half), slice(half, None)):
        said(someone.contribute(export_of(planted, part), zone=ZONE))
    service.work()
    for number, body in enumerate(bodies_of(planted, note=NOTE)):
        key = {"Idempotency-Key": f"phone-{number}"}
        first = said(someone.post("/api/journal", body, headers=key))
        assert said(someone.post("/api/journal", body, headers=key)) == first
    return someone


def guided(person: Patient, query: str = "days=21") -> dict[str, Any]:
    return said(person.get(f"/api/guidance?{query}"))


def advice(told: dict[str, Any], code: str) -> dict[str, Any]:
    (one,) = [found for found in told["advice"] if found["code"] == code]
    return dict(one)


def test_what_was_noted_is_told_corrected_and_forgotten(
    service: Served, person: Patient, planted: Planted
) -> None:
    entries = said(person.get("/api/journal?limit=500"))["entries"]
    assert len(entries) == len(planted.journal.meals) + len(planted.journal.exercise)
    walk = advice(guided(person), "walk_smaller_rise")["evidence"]
    assert walk["numbers"]["slot"] == "morning" and walk["numbers"]["difference"] > 10
    assert set(walk["entries"]) | set(walk["compared_with"]) <= {e["entry_id"] for e in entries}
    korean = advice(guided(person, "days=21&lang=ko"), "walk_smaller_rise")
    assert korean["evidence"] == walk and "운동" in korean["text"]

    forget_the_walks(person, entries)
    assert advice(guided(person), "walk_find_out")["evidence"]["numbers"]["walked"] == 0
    opened = said(person.get("/api/access-log"))
    assert opened["intact"]
    purposes = [line["purpose"] for line in opened["entries"]]
    assert purposes.count("guidance for its owner") == 3 * (2 + 1)

    assert_nothing_is_in_clear(service)
    take_everything_back(service, person)


def forget_the_walks(person: Patient, entries: list[dict[str, Any]]) -> None:
    """One is corrected to a run, the others are deleted; a late correction finds nothing."""
    walks = [entry for entry in entries if entry["type"] == "exercise"]
    path = f"/api/journal/{walks[0]['entry_id']}"
    run = {"type": "exercise", "at": walks[0]["at"], "minutes": 40, "intensity": "hard"}
    changed = said(person.send("PUT", path, json=run, headers={"If-Match": '"1"'}))
    assert (changed["version"], changed["created_at"]) == (2, walks[0]["created_at"])
    stale = person.send("PUT", path, json=run, headers={"If-Match": '"1"'})
    assert refused(stale) == (412, "stale_version")
    for walk in walks[1:]:
        gone = f"/api/journal/{walk['entry_id']}"
        assert person.send("DELETE", gone).status_code == 204
        assert refused(person.send("PUT", gone, json=run)) == (404, "not_found")


def assert_nothing_is_in_clear(service: Served) -> None:
    url = service.world.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(url) as connection:
        dumped = "\n".join(connection.iterdump())
    assert dumped.count('INSERT INTO "journal_entries"') > 50
    for text in ("canary note", "Porridge", "10 units"):
        assert text not in dumped and text.encode().hex() not in dumped.lower()
        assert text not in service.log.getvalue()


def take_everything_back(service: Served, person: Patient) -> None:
    """The consent, the records, then the account with its journal."""
    said(person.post("/api/consents/revocation", {}))
    service.work()
    assert refused(person.get("/api/guidance")) == (403, "consent_not_granted")
    service.put_in_force(person.consent("care", until=service.in_a_year()))
    for row in person.contributions():
        said(person.send("DELETE", f"/api/contributions/{row['contribution_id']}"))
    assert refused(person.get("/api/guidance")) == (422, "not_enough_data")
    asked = {"password": "a long enough password", "abandon_tokens": True}
    said(person.post("/api/account/erasure", asked))
    with service.ports.database.read() as unit:
        assert unit.journal.of_account(person.account_id) == []
