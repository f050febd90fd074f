"""What a person takes away: everything of their own, and no record stops the others."""

import io
import json
import zipfile
from typing import Any

import pytest
from fastapi import FastAPI

from backend.domain.account import Role
from backend.domain.contribution import Contribution
from backend.domain.identifiers import ContributionId
from backend.ports import Ports
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.http.browser import Browser, cgm_file, enrol
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic
from tests.world import run_due_jobs

KINDS_OF_LOSS = 4


def parts_of(browser: Browser) -> dict[str, bytes]:
    answer = browser.get("/api/export")
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def rows(patient: Browser, ports: Ports) -> list[Contribution]:
    """Contributions of the patient, sealed and different."""
    patient.give_consent()
    made = []
    for number in range(KINDS_OF_LOSS + 1):
        told = patient.upload("/api/contributions", cgm_file(first_value=60 + 25 * number))
        assert told.status_code == 202, told.text
        with ports.database.read() as unit:
            row = unit.contributions.by_id(ContributionId(told.json()["contribution_id"]))
        assert row is not None
        made.append(row)
    return made


def test_each_contribution_says_what_the_api_says_of_it(
    patient: Browser, rows: list[Contribution], ports: Ports, chain: FakeChain
) -> None:
    chain.pause()
    run_due_jobs(ports)
    shown = {
        entry["contribution_id"]: entry
        for entry in patient.get("/api/contributions").json()["contributions"]
    }
    exported: list[dict[str, Any]] = json.loads(parts_of(patient)["contributions.json"])
    assert {entry["contribution_id"] for entry in exported} == set(shown)
    for entry in exported:
        told = shown[entry["contribution_id"]]
        for name in ("kind", "status", "reason", "custodial", "cid", "digest", "size"):
            assert entry[name] == told[name], name
        assert entry["quality"] == told["summary"]["quality"] <= 1
        assert entry["quality_parts"] == told["summary"]["quality_parts"] != {}
        assert entry["custodial"] is True and "paused" in entry["reason"]


def test_a_record_that_cannot_be_read_is_named_and_the_others_are_there(
    patient: Browser, rows: list[Contribution], ports: Ports, content: InMemoryContentStore
) -> None:
    lost, changed, longer, erased, whole = rows
    content.lose(lost.cid)
    content.corrupt(changed.cid)
    content.lengthen(longer.cid)
    ports.keys.destroy(erased.key_id)
    parts = parts_of(patient)
    for row, code in [
        (lost, "content_missing"),
        (changed, "content_mismatch"),
        (longer, "content_mismatch"),
        (erased, "key_destroyed"),
    ]:
        said = parts[f"records/{row.id}.error.txt"].decode()
        assert said.startswith(f"{code}: ") and said.count("\n") == 1
        assert f"records/{row.id}.csv" not in parts
    assert len(parts[f"records/{whole.id}.csv"].splitlines()) == 577
    assert len(json.loads(parts["contributions.json"])) == len(rows)
    assert patient.get(f"/api/contributions/{longer.id}/record").status_code == 502


def test_an_outage_ends_the_export_instead_of_leaving_records_out(
    patient: Browser, rows: list[Contribution], content: InMemoryContentStore
) -> None:
    content.down = True
    answer = patient.get("/api/export")
    assert (answer.status_code, answer.json()["code"]) == (503, "content_store_unavailable")


def test_patient_and_guardian_both_take_away_how_they_are_linked(
    app: FastAPI, patient: Browser, ports: Ports
) -> None:
    guardian_id = enrol(ports, "guardian", Role.GUARDIAN)
    guardian = Browser(app)
    guardian.log_in("guardian")
    for _ in range(2):
        invited = patient.post("/api/invitations").json()
    asked = {"invitation": invited["invitation"]}
    assert guardian.post("/api/invitations/accept", asked).status_code == 204
    parts = parts_of(patient)
    links = json.loads(parts["guardians.json"])
    assert links["guardian_of"] == []
    assert {entry["guardian"] for entry in links["invitations"]} == {guardian_id, None}
    assert all(entry["expires_at"] == invited["expires_at"] for entry in links["invitations"])
    patient_id = json.loads(parts["account.json"])["account_id"]
    held = json.loads(parts_of(guardian)["guardians.json"])
    assert patient_id in held["guardian_of"] and held["invitations"] == []
    code = invited["invitation"].encode()
    assert not any(code in content for content in parts.values())


def test_trainings_and_the_forecast_are_taken_away_too(
    patient: Browser, ports: Ports, clock: SettableClock, chain: FakeChain
) -> None:
    """Also once the consent is revoked: what is stored of a person is theirs to take."""
    clinic = Clinic(ports, clock, chain)
    patient.give_consent()
    patient.upload("/api/contributions", cgm_file())
    clinic.settle()
    assert json.loads(parts_of(patient)["forecast.json"]) is None
    clinic.models.enough = False
    assert patient.post("/api/forecast/trainings").status_code == 202
    clinic.settle(training=True)
    clinic.models.enough = True
    assert patient.post("/api/forecast/trainings").status_code == 202
    clinic.settle(training=True)
    patient.post("/api/consents/revocation", {})
    clinic.settle()
    taken = parts_of(patient)
    finished, refused = json.loads(taken["trainings.json"])
    assert (finished["state"], refused["state"]) == ("finished", "refused")
    assert refused["refusal"]["needs"] == "7 more days"
    forecast = json.loads(taken["forecast.json"])
    assert len(forecast["short_term"]["steps"]) == 24
    assert forecast["quarter"]["first_day"] == "2026-10-20"
    entries = json.loads(taken["access_log.json"])
    assert {"glucose model", "refused trainings"} <= {
        entry["subject"] for entry in entries if entry["purpose"] == "exported by its owner"
    }
