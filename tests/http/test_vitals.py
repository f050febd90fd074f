"""Vital signs over HTTP: from consent to reward and erasure, and never taken for glucose."""

import csv
import io
import zipfile

import pytest
from fastapi import FastAPI

from backend.domain.consent import Kind
from backend.ports import Ports
from scripts.simulate_patients import PatientFile, simulate_vitals_patients
from tests.fakes.chain import SCHEDULE, FakeChain
from tests.http.browser import Browser, enrol
from tests.http.test_contributions import work
from tests.stand_in_ports import SettableClock

KINDS = {"kinds": ["vitals"], "purposes": ["care", "training"]}
TERMS = {**KINDS, "expires_at": "2027-11-22T00:00:00Z"}
ROW = b'{"heart_rate": 72, "systolic_bp": 120, "diastolic_bp": 80, "age": 40}'
NESTED, PLAIN = list(simulate_vitals_patients(21, people=2))


def give(browser: Browser, file: PatientFile):
    return browser.upload("/api/contributions", file.data, kind="vitals", zone=file.zone)


@pytest.fixture
def consenting(patient: Browser) -> Browser:
    assert patient.post("/api/consents", TERMS).status_code == 202
    return patient


@pytest.fixture
def stranger(app: FastAPI, ports: Ports) -> Browser:
    enrol(ports, "other")
    browser = Browser(app)
    browser.log_in("other")
    assert browser.post("/api/consents", TERMS).status_code == 202
    return browser


def test_vital_signs_are_anchored_rewarded_by_their_own_rate_read_and_erased(
    consenting: Browser, ports: Ports, clock: SettableClock, chain: FakeChain
) -> None:
    made = give(consenting, NESTED)
    assert made.status_code == 202, made.text
    work(ports, clock, chain)
    name = made.json()["contribution_id"]
    shown = consenting.get(f"/api/contributions/{name}").json()
    assert (shown["kind"], shown["status"]) == ("vitals", "anchored")
    assert set(shown["summary"]["quality_parts"]) == {"rows", "span", "breadth", "plausibility"}
    paid = SCHEDULE.reward(Kind.VITALS, round(shown["summary"]["quality"] * 10_000), training=True)
    assert shown["reward"] == str(paid) and paid.base_units > 0
    record = consenting.get(f"/api/contributions/{name}/record").text
    rows = list(csv.DictReader(io.StringIO(record)))
    assert len(rows) == shown["summary"]["fields"]["readings"]
    assert {"utc", "local", "heart_rate (/min)", "sex", "status"} <= set(rows[0])
    archive = zipfile.ZipFile(io.BytesIO(consenting.get("/api/export").content))
    assert archive.read(f"records/{name}.csv").decode() == record
    opened = [entry["subject"] for entry in consenting.get("/api/access-log").json()["entries"]]
    assert opened.count(name) >= 2
    assert consenting.send("DELETE", f"/api/contributions/{name}").status_code == 200
    work(ports, clock, chain)
    assert consenting.get(f"/api/contributions/{name}").json()["status"] == "erased"
    again = give(consenting, NESTED)
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_contribution")


def test_an_inspection_tells_what_would_be_left_out_and_needs_no_zone(patient: Browser) -> None:
    text = b"timestamp,heart_rate,mood,name\n2026-11-01 08:00,72,3,Beeblebrox\n"
    seen = patient.upload("/api/contributions/inspect", text, kind="vitals", zone="")
    assert seen.status_code == 200, seen.text
    assert seen.json()["kind"] == "vitals" and "Beeblebrox" not in seen.text
    assert seen.json()["fields"]["left_out"] == "mood, 1 of identity or free text"


def test_a_refusal_tells_the_line_and_neither_it_nor_the_log_what_stands_there(
    consenting: Browser, log: io.StringIO
) -> None:
    text = b"timestamp,heart_rate,name\n2026-11-01 08:00,Zaphodina,Beeblebrox\n"
    refused = consenting.upload("/api/contributions", text, kind="vitals")
    assert (refused.status_code, refused.json()["code"]) == (422, "unreadable_record")
    assert refused.json()["line"] == 2
    for told in (refused.text, log.getvalue()):
        assert "Zaphodina" not in told and "Beeblebrox" not in told
    assert consenting.get("/api/contributions").json()["contributions"] == []


def test_the_same_series_is_refused_to_another_account_in_another_format(
    consenting: Browser, stranger: Browser
) -> None:
    assert give(consenting, PLAIN).status_code == 202
    name = consenting.get("/api/contributions").json()["contributions"][0]["contribution_id"]
    exported = consenting.get(f"/api/contributions/{name}/record").content
    copied = stranger.upload("/api/contributions", exported, kind="vitals", zone="Asia/Seoul")
    assert (copied.status_code, copied.json()["code"]) == (409, "duplicate_contribution")


def test_a_single_row_is_taken_from_two_strangers_and_twice_from_nobody(
    consenting: Browser, stranger: Browser
) -> None:
    for browser in (consenting, stranger):
        made = browser.upload("/api/contributions", ROW, kind="vitals")
        assert made.status_code == 202, made.text
        assert made.json()["summary"]["quality"] == 0
        again = browser.upload("/api/contributions", ROW, kind="vitals")
        assert (again.status_code, again.json()["code"]) == (409, "duplicate_contribution")


def test_a_consent_to_glucose_covers_no_vital_signs(patient: Browser) -> None:
    patient.give_consent()
    refused = give(patient, NESTED)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_not_granted")


def test_trainings_and_glucose_figures_take_no_vital_signs_for_glucose(patient: Browser) -> None:
    assert patient.post("/api/consents", {**TERMS, "kinds": ["cgm", "vitals"]}).is_success
    assert give(patient, NESTED).status_code == 202
    for answer in (
        patient.post("/api/forecast/trainings"),
        patient.get("/api/glucose/summary"),
        patient.get("/api/glucose/agp"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "not_enough_data"), answer.text
