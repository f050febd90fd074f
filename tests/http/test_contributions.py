"""A contribution over HTTP from consent to reward, erasure and export; and only by its owner."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_defunct
from fastapi import FastAPI

from backend.crypto.typed_data import sign_typed_data
from backend.crypto.wallets import checksum_address, wallet_of
from backend.domain.account import Role
from backend.jobs import job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.http.browser import Browser, cgm_file, enrol
from tests.people import PASSWORD, PERSON
from tests.stand_in_ports import SettableClock

OWN_KEY = b"\x07" * 32


def work(ports: Ports, clock: SettableClock, chain: FakeChain) -> None:
    """Run the jobs until only waiting is left, with time and blocks going by."""
    runner = Runner("test", job_functions(), ports)
    for _ in range(8):
        while runner.run_next():
            pass
        clock.advance(timedelta(seconds=3))
        chain.mine()


@pytest.fixture
def contribution(patient: Browser, ports: Ports, clock: SettableClock, chain: FakeChain) -> str:
    """The id of an anchored contribution of the patient."""
    patient.give_consent()
    made = patient.upload("/api/contributions", cgm_file())
    assert made.status_code == 202, made.text
    work(ports, clock, chain)
    return str(made.json()["contribution_id"])


def other_patient(app: FastAPI, ports: Ports) -> Browser:
    enrol(ports, "other")
    browser = Browser(app)
    browser.log_in("other")
    return browser


def test_a_contribution_is_anchored_rewarded_and_provable(
    patient: Browser, contribution: str, chain: FakeChain
) -> None:
    shown = patient.get(f"/api/contributions/{contribution}").json()
    assert shown["status"] == "anchored"
    rewards = patient.get("/api/rewards").json()
    assert rewards["balance"] == rewards["earned"] == shown["reward"]
    assert float(shown["reward"]) > 0 and len(shown["reward"].split(".")[1]) == 6
    proof = patient.get(f"/api/contributions/{contribution}/proof").json()
    assert proof["contributor"] == patient.get("/api/wallet").json()["wallet"]
    assert (proof["cid"], proof["digest"]) == (shown["cid"], shown["digest"])
    assert proof["transaction"] == shown["transaction"]
    assert proof["chain_id"] == chain.chain_id
    (reward,) = rewards["rewards"]
    assert proof["custodial"] is shown["custodial"] is reward["custodial"] is True


def test_a_record_is_read_back_by_its_owner_and_the_reading_is_in_the_log(
    patient: Browser, contribution: str
) -> None:
    answer = patient.get(f"/api/contributions/{contribution}/record")
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(list(csv.reader(io.StringIO(answer.text)))) == 577
    log = patient.get("/api/access-log").json()
    assert log["intact"]
    assert (log["entries"][-1]["subject"], log["entries"][-1]["actor"]) == (
        contribution,
        patient.get("/api/session").json()["account_id"],
    )


def test_another_persons_contribution_is_not_there(
    app: FastAPI, ports: Ports, patient: Browser, contribution: str
) -> None:
    """And an id that never was answers the same, so that nothing can be found out by asking."""
    other = other_patient(app, ports)
    for method, tail in [("GET", ""), ("GET", "/record"), ("GET", "/proof"), ("DELETE", "")]:
        answers = []
        for wanted in (contribution, "ab" * 16):
            answer = other.send(method, f"/api/contributions/{wanted}{tail}")
            answers.append((answer.status_code, answer.json()["code"], answer.json()["detail"]))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    assert other.get("/api/contributions").json() == {"contributions": []}
    assert patient.get(f"/api/contributions/{contribution}").status_code == 200


def test_what_is_no_id_is_refused(patient: Browser) -> None:
    for wrong in ("x", "AB" * 16, "ab" * 16 + "%0A", "..%2F..%2Fetc"):
        assert patient.get(f"/api/contributions/{wrong}").status_code in (404, 422)


def test_erasing_destroys_the_record_and_is_told_with_its_final_day(
    patient: Browser,
    contribution: str,
    ports: Ports,
    clock: SettableClock,
    chain: FakeChain,
    content: InMemoryContentStore,
) -> None:
    erased = patient.send("DELETE", f"/api/contributions/{contribution}")
    assert erased.status_code == 200
    assert erased.json()["final_from"] > erased.json()["erased_at"]
    assert patient.get(f"/api/contributions/{contribution}/record").status_code == 409
    work(ports, clock, chain)
    assert patient.get(f"/api/contributions/{contribution}").json()["status"] == "erased"
    assert content.pinned() == frozenset()
    again = patient.upload("/api/contributions", cgm_file())
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_contribution")


def test_content_that_was_changed_is_a_mismatch(
    patient: Browser, contribution: str, content: InMemoryContentStore
) -> None:
    (cid,) = content.pinned()
    content.corrupt(cid)
    answer = patient.get(f"/api/contributions/{contribution}/record")
    assert (answer.status_code, answer.json()["code"]) == (502, "content_mismatch")


def test_everything_of_ones_own_can_be_taken_away(patient: Browser, contribution: str) -> None:
    answer = patient.get("/api/export")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    parts = {name: archive.read(name) for name in archive.namelist()}
    account = json.loads(parts["account.json"])
    assert account["profile"] == vars(PERSON)
    (row,) = json.loads(parts["contributions.json"])
    assert row["contribution_id"] == contribution and float(row["reward"]) > 0
    (consent,) = json.loads(parts["consents.json"])
    assert consent["purposes"] == ["care", "training"]
    assert len(parts[f"records/{contribution}.csv"].splitlines()) == 577
    logged = [entry["subject"] for entry in json.loads(parts["access_log.json"])]
    assert logged[-3:] == ["profile", "summaries", contribution]


def test_consents_are_prepared_given_listed_and_taken_back(
    patient: Browser, ports: Ports, clock: SettableClock, chain: FakeChain
) -> None:
    terms = {"kinds": ["cgm"], "purposes": ["care"], "expires_at": "2027-01-01T00:00:00Z"}
    prepared = patient.post("/api/consents/prepare", terms).json()
    assert "fingerprints" in prepared["text"]
    given = patient.post("/api/consents", terms)
    assert (given.status_code, given.json()["status"]) == (202, "submitted")
    work(ports, clock, chain)
    (listed,) = patient.get("/api/consents").json()["consents"]
    assert listed["status"] == "in_force" and listed["custodial"] is True
    assert patient.post("/api/consents/revocation", {}).status_code == 202
    work(ports, clock, chain)
    (listed,) = patient.get("/api/consents").json()["consents"]
    assert listed["status"] == "revoked"
    refused = patient.upload("/api/contributions", cgm_file())
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_not_granted")
    assert patient.post("/api/consents/revocation", {}).status_code == 404


def test_terms_that_cannot_be_granted_are_named(patient: Browser) -> None:
    terms = {"kinds": ["cgm"], "purposes": ["care"], "expires_at": "2027-01-01T00:00:00Z"}
    signed = {"nonce": 0, "deadline": "2026-11-22T10:00:00Z"}
    changes: list[dict[str, object]] = [
        {"kinds": []},
        {"kinds": ["gcm"]},
        {"purposes": []},
        {"purposes": ["everything"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2027-01-01T00:00:00"},
        {"nonce": 0},
        {**signed, "signature": "0x12"},
        {**signed, "signature": "0x" + "00" * 65},
    ]
    for change in changes:
        assert patient.post("/api/consents", {**terms, **change}).status_code == 422, change
    assert patient.get("/api/consents").json() == {"consents": []}


def own_wallet(app: FastAPI) -> Browser:
    """A patient who signed up and in with their own wallet, over HTTP."""
    browser = Browser(app)
    for path, more in [
        ("/api/siwe/signup", {"role": "patient", **vars(PERSON)}),
        ("/api/siwe/login", {}),
    ]:
        asked = {"wallet": checksum_address(wallet_of(OWN_KEY))}
        offer = browser.post("/api/siwe/challenge", asked).json()
        answer = browser.post(path, {**signed(offer["message"]), **more})
        assert answer.status_code in (200, 201), answer.text
    browser.csrf = answer.json()["csrf_token"]
    return browser


def signed(message: str) -> dict[str, str]:
    signature = EthAccount.sign_message(encode_defunct(text=message), OWN_KEY).signature
    return {"message": message, "signature": "0x" + signature.hex().removeprefix("0x")}


def test_an_own_wallet_signs_its_consents_itself(
    app: FastAPI, ports: Ports, clock: SettableClock, chain: FakeChain
) -> None:
    browser = own_wallet(app)
    assert "for ever" in browser.get("/api/wallet").json()["warning"]
    terms = {"kinds": ["cgm"], "purposes": ["training"], "expires_at": "2027-01-01T00:00:00Z"}
    prepared = browser.post("/api/consents/prepare", terms).json()
    signature = "0x" + sign_typed_data(prepared["typed_data"], OWN_KEY).hex()
    more = {"nonce": prepared["nonce"], "deadline": prepared["deadline"]}
    unsigned = browser.post("/api/consents", terms)
    assert (unsigned.status_code, unsigned.json()["field"]) == (422, "signature")
    foreign = "0x" + sign_typed_data(prepared["typed_data"], b"\x08" * 32).hex()
    refused = browser.post("/api/consents", {**terms, **more, "signature": foreign})
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_signer_mismatch")
    given = browser.post("/api/consents", {**terms, **more, "signature": signature})
    assert given.status_code == 202 and given.json()["custodial"] is False
    given = browser.upload("/api/contributions", cgm_file())
    assert given.status_code == 202 and given.json()["custodial"] is False
    work(ports, clock, chain)
    proof = browser.get(f"/api/contributions/{given.json()['contribution_id']}/proof").json()
    (reward,) = browser.get("/api/rewards").json()["rewards"]
    assert proof["custodial"] is reward["custodial"] is False


def test_an_own_wallet_leaves_by_a_fresh_signature(app: FastAPI) -> None:
    browser = own_wallet(app)
    assert browser.post("/api/account/erasure", {}).status_code == 401
    asked = {"wallet": checksum_address(wallet_of(OWN_KEY))}
    message = browser.post("/api/siwe/challenge", asked).json()["message"]
    assert browser.post("/api/account/erasure", signed(message)).status_code == 200
    assert browser.get("/api/session").status_code == 401


def test_a_kept_wallet_with_tokens_is_not_lost_by_accident(
    patient: Browser, contribution: str
) -> None:
    refused = patient.post("/api/account/erasure", {"password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    asked = {"password": PASSWORD, "abandon_tokens": True}
    assert patient.post("/api/account/erasure", asked).json()["contributions"] == 1


def test_an_invitation_makes_a_guardian(app: FastAPI, patient: Browser, ports: Ports) -> None:
    code = patient.post("/api/invitations").json()["invitation"]
    guardian = {"id": "guardian", "password": PASSWORD, "role": "guardian", **vars(PERSON)}
    browser = Browser(app)
    refused = browser.post("/api/signup", guardian)
    assert (refused.status_code, refused.json()["code"]) == (403, "invitation_required")
    joined = browser.post("/api/signup", {**guardian, "invitation": code})
    assert (joined.status_code, joined.json()["role"]) == (201, Role.GUARDIAN)
    browser.log_in("guardian")
    enrol(ports, "second")
    second = Browser(app)
    second.log_in("second")
    another = second.post("/api/invitations").json()["invitation"]
    assert browser.post("/api/invitations/accept", {"invitation": another}).status_code == 204
    assert browser.post("/api/invitations/accept", {"invitation": another}).status_code == 403
