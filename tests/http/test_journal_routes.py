"""The journal at the door: what is asked, what is told, and how faults are named."""

import io
import json
import zipfile
from typing import Any

import pytest
from fastapi import FastAPI

from backend.ports import Ports
from tests.http.browser import Browser, enrol

MEAL = {
    "type": "meal",
    "at": "2026-11-22T17:10:00+09:00",
    "zone": "Asia/Seoul",
    "carbohydrate_g": 55,
    "name": "Canary pie",
    "note": "canary note",
}
WALK = {
    "type": "exercise",
    "at": "2026-11-22T17:40:00+09:00",
    "minutes": 25,
    "intensity": "light",
    "activity": "walk",
}
SHOT = {"type": "insulin", "at": "2026-11-22T17:05:00+09:00", "units": 4.5, "kind": "fast"}


def noted(patient: Browser, body: dict[str, Any], **given: Any) -> dict[str, Any]:
    answer = patient.post("/api/journal", body, **given)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def put(patient: Browser, entry_id: str, body: dict[str, Any], **given: Any) -> Any:
    return patient.send("PUT", f"/api/journal/{entry_id}", json=body, **given)


def test_three_kinds_are_noted_and_listed(patient: Browser) -> None:
    for body in (MEAL, WALK, SHOT):
        noted(patient, body)
    entries = patient.get("/api/journal").json()["entries"]
    assert [entry["type"] for entry in entries] == ["exercise", "meal", "insulin"]
    assert entries[1]["at"] == "2026-11-22T08:10:00Z" and entries[1]["carbohydrate_g"] == 55
    assert entries[0]["zone"] == "Asia/Seoul"  # that of the account
    assert (entries[2]["units"], entries[2]["kind"]) == (4.5, "fast")


def test_an_entry_is_shown_with_its_version_as_etag(patient: Browser) -> None:
    entry_id = noted(patient, MEAL)["entry_id"]
    shown = patient.get(f"/api/journal/{entry_id}")
    assert shown.headers["etag"] == '"1"' and shown.json()["version"] == 1
    changed = put(patient, entry_id, {**MEAL, "carbohydrate_g": 60})
    assert changed.headers["etag"] == '"2"'
    assert changed.json()["created_at"] == shown.json()["created_at"]


def test_who_saw_an_older_version_overwrites_nothing(patient: Browser) -> None:
    entry_id = noted(patient, MEAL)["entry_id"]
    seen = {"If-Match": '"1"'}
    assert put(patient, entry_id, WALK, headers=seen).status_code == 200
    late = put(patient, entry_id, SHOT, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    path = f"/api/journal/{entry_id}"
    assert patient.send("DELETE", path, headers=seen).status_code == 412
    assert patient.send("DELETE", path, headers={"If-Match": 'W/"2"'}).status_code == 204
    assert put(patient, entry_id, MEAL, headers={"If-Match": "*"}).status_code == 404


def test_a_request_that_is_sent_again_is_answered_with_the_same_entry(patient: Browser) -> None:
    key = {"Idempotency-Key": "phone-17"}
    first, again = noted(patient, MEAL, headers=key), noted(patient, MEAL, headers=key)
    assert first == again
    other = patient.post("/api/journal", WALK, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert len(patient.get("/api/journal").json()["entries"]) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "2026-11-22T17:10:00"}, "at"),
        ({"at": "2027-01-01T00:00:00Z"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"carbohydrate_g": -1}, "carbohydrate_g"),
        ({"carbohydrate_g": "canary"}, "carbohydrate_g"),
        ({"name": "canary" * 20}, "name"),
        ({"note": "canary\u0000"}, "note"),
        ({"units": 4}, "units"),
        ({"type": "canary"}, "body"),
    ],
)
def test_a_fault_is_named_by_its_field_and_never_by_its_value(
    patient: Browser, change: dict[str, Any], field: str
) -> None:
    answer = patient.post("/api/journal", {**MEAL, **change})
    assert answer.status_code == 422
    body = answer.json()
    named = body.get("field") or body["errors"][0]["field"]
    assert field in named.split(".")
    assert "anary" not in answer.text
    assert patient.get("/api/journal").json()["entries"] == []


@pytest.mark.parametrize("sent", ["NaN", "Infinity", "1e999"])
def test_no_number_is_no_amount(patient: Browser, sent: str) -> None:
    body = json.dumps({**MEAL, "carbohydrate_g": 1}).replace(": 1,", f": {sent},")
    answer = patient.send(
        "POST", "/api/journal", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422


def test_faulty_ids_headers_and_pages_are_refused(patient: Browser) -> None:
    entry_id = noted(patient, MEAL)["entry_id"]
    assert patient.get("/api/journal/canary").status_code == 422
    assert patient.get(f"/api/journal/{'ab' * 16}").status_code == 404
    assert put(patient, entry_id, MEAL, headers={"If-Match": "canary"}).status_code == 422
    assert put(patient, entry_id, MEAL, headers={"If-Match": '"1", "2"'}).status_code == 422
    for query in ("limit=0", "limit=501", "after=x", "since=2026-11-22T00:00:00", "limit=x"):
        assert patient.get(f"/api/journal?{query}").status_code == 422, query


def test_the_zone_is_asked_for_where_the_account_has_none(patient: Browser) -> None:
    assert patient.send("PATCH", "/api/account", json={"zone": None}).status_code == 200
    answer = patient.post("/api/journal", WALK)
    assert (answer.status_code, answer.json()["code"]) == (422, "zone_missing")
    assert patient.post("/api/journal", MEAL).status_code == 201


def test_a_range_and_pages_are_asked_for_in_the_query(patient: Browser) -> None:
    for hour in range(10, 17):
        noted(patient, {**MEAL, "at": f"2026-11-22T{hour}:00:00+09:00"})
    query = "since=2026-11-22T02:00:00Z&until=2026-11-22T06:00:00Z&limit=3"
    page = patient.get(f"/api/journal?{query}").json()
    assert [entry["at"][11:13] for entry in page["entries"]] == ["05", "04", "03"]
    rest = patient.get(f"/api/journal?{query}&after={page['next']}").json()
    assert [entry["at"][11:13] for entry in rest["entries"]] == ["02"] and rest["next"] is None


def test_another_persons_entry_is_not_found(app: FastAPI, patient: Browser, ports: Ports) -> None:
    entry_id = noted(patient, MEAL)["entry_id"]
    enrol(ports, "bora")
    other = Browser(app)
    other.log_in("bora")
    assert other.get(f"/api/journal/{entry_id}").status_code == 404
    assert put(other, entry_id, MEAL).status_code == 404
    assert other.send("DELETE", f"/api/journal/{entry_id}").status_code == 404
    assert patient.get(f"/api/journal/{entry_id}").status_code == 200


def test_the_journal_is_in_what_a_person_takes_away(patient: Browser) -> None:
    entry_id = noted(patient, MEAL)["entry_id"]
    archive = zipfile.ZipFile(io.BytesIO(patient.get("/api/export").content))
    (entry,) = json.loads(archive.read("journal.json"))
    assert entry["entry_id"] == entry_id
    assert (entry["type"], entry["name"], entry["note"]) == ("meal", "Canary pie", "canary note")


def test_nothing_of_it_is_in_the_log(patient: Browser, log: io.StringIO) -> None:
    entry_id = noted(patient, MEAL)["entry_id"]
    put(patient, entry_id, {**MEAL, "name": "x" * 100})
    patient.post("/api/journal", {**MEAL, "canary field": 1})
    patient.get("/api/journal?since=2026-11-22T00:00:00Z")
    assert log.getvalue().count("\n") >= 5
    assert "anary" not in log.getvalue() and "2026-11-22T00" not in log.getvalue()
