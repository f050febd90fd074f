"""Guidance at the door: two languages, evidence with every sentence, nothing of any note."""

import io
from typing import Any

import pytest

from tests.http.browser import Browser
from tests.ml.guidance.planted import Plan, plant
from tests.noting import ZONE, bodies_of, export_of

PLANTED = plant(3, Plan(days=14, rise=(("morning", 60.0),), walk=0.5, skip=0.0))


@pytest.fixture
def guided(patient: Browser) -> Browser:
    """A patient with a consent, a record and a journal."""
    patient.give_consent()
    answer = patient.upload("/api/contributions", export_of(PLANTED), zone=ZONE)
    assert answer.status_code == 202, answer.text
    for body in bodies_of(PLANTED, note="canary <b>10 units</b>"):
        assert patient.post("/api/journal", body).status_code == 201
    return patient


def asked(patient: Browser, query: str = "") -> dict[str, Any]:
    answer = patient.get(f"/api/guidance{query}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_every_sentence_comes_with_its_evidence(guided: Browser) -> None:
    told = asked(guided)
    assert told["language"] == "en" and told["days"] == 14 and len(told["hours"]) == 24
    assert {"largest_rise", "walk_smaller_rise"} <= {one["code"] for one in told["advice"]}
    ids = {entry["entry_id"] for entry in guided.get("/api/journal?limit=500").json()["entries"]}
    for one in told["advice"]:
        evidence = one["evidence"]
        assert one["text"] and evidence["numbers"] and evidence["how"]
        assert set(evidence["entries"]) | set(evidence["compared_with"]) <= ids
    assert set(told["meals"][0]["entries"]) <= ids


def test_korean_says_the_same(guided: Browser) -> None:
    english, korean = asked(guided), asked(guided, "?lang=ko&days=14")
    assert [one["code"] for one in english["advice"]] == [one["code"] for one in korean["advice"]]
    assert all("식사" in one["text"] for one in korean["advice"] if "meal" in one["code"])


def test_nothing_of_a_note_is_in_the_answer_or_the_log(guided: Browser, log: io.StringIO) -> None:
    for query in ("", "?lang=ko"):
        answer = guided.get(f"/api/guidance{query}")
        assert "canary" not in answer.text and "units" not in answer.text
    assert "canary" not in log.getvalue()


@pytest.mark.parametrize("query", ["lang=fr", "days=3", "days=91", "days=x"])
def test_a_faulty_question_is_refused(guided: Browser, query: str) -> None:
    assert guided.get(f"/api/guidance?{query}").status_code == 422


def test_without_consent_or_record_it_says_what_to_do(patient: Browser) -> None:
    refused = patient.get("/api/guidance")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_not_granted")
    patient.give_consent()
    missing = patient.get("/api/guidance")
    assert (missing.status_code, missing.json()["code"]) == (422, "not_enough_data")


def test_two_days_of_readings_are_answered_with_what_would_be_enough(patient: Browser) -> None:
    patient.give_consent()
    short = plant(1, Plan(days=2))
    patient.upload("/api/contributions", export_of(short), zone=ZONE)
    (advice,) = [a for a in asked(patient)["advice"] if a["code"] == "too_few_days"]
    assert (advice["evidence"]["numbers"]["have"], advice["evidence"]["numbers"]["needed"]) == (
        2,
        7,
    )
