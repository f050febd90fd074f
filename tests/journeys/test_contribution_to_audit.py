"""From sign-up to a verdict that needs nobody's word: the whole way, everything real."""

import csv
import hashlib
import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from backend.crypto.hash_chain import entry_hash
from backend.domain.access import GENESIS
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.worker import work
from ml.simulation.glucose import SimulatedTrace, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv
from tests.journeys.served import Patient, Served, audit, audit_as_anyone, refused, said
from tests.world import export_of

PATIENCE_S = 60.0
LONG_WAYS = {"sealed", "submitted"}


@contextmanager
def working(ports: Ports) -> Iterator[None]:
    """The worker's own loop beside the test, with everything periodic."""
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(ports, stop), kwargs={"holder": "journey"})
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def until(look: Any, enough: Any) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not enough(seen := look()):
        assert time.monotonic() < deadline, f"after {PATIENCE_S:.0f} s still {seen}"
        time.sleep(0.05)
    return seen


def trace(seed: int, days: float) -> SimulatedTrace:
    return simulate_trace(np.random.default_rng(seed), days, zone="Europe/London")


def readings_in(record: bytes) -> list[tuple[int, float]]:
    """(UTC second, mg/dL) of every reading in a record's CSV."""
    rows = csv.DictReader(io.StringIO(record.decode()))
    return [
        (
            int(datetime.fromisoformat(row["utc"]).timestamp()),
            float(row["mg_dl"]),
        )
        for row in rows
    ]


def test_a_clarity_and_a_libreview_export_go_from_sign_up_to_an_audit_that_holds(
    service: Served, empty_folder: Path
) -> None:
    recorded = [trace(21, 3), trace(22, 3)]
    exports = [to_clarity_csv(recorded[0]), to_libreview_csv(recorded[1])]
    with working(service.ports):
        person = service.newcomer("haneul")
        consent = said(person.consent("care", "training", until=service.in_a_year()))
        until(
            lambda: said(person.get("/api/consents"))["consents"],
            lambda all_of_them: all_of_them[0]["status"] == "in_force",
        )
        receipts = [said(person.contribute(export)) for export in exports]
        assert {receipt["status"] for receipt in receipts} == {"sealed"}
        anchored = [
            until(
                lambda receipt=receipt: person.contribution(receipt["contribution_id"]),
                lambda seen: seen["status"] not in LONG_WAYS,
            )
            for receipt in receipts
        ]
    assert consent["custodial"]
    assert [seen["status"] for seen in anchored] == ["anchored"] * 2
    rewards = said(person.get("/api/rewards"))
    assert float(rewards["balance"]) == sum(float(seen["reward"]) for seen in anchored) > 0
    for seen, one in zip(anchored, recorded, strict=True):
        assert_proven(person, seen, service)
        assert_readable(person, seen, one)
    assert_openings_are_logged(person, anchored)
    status, verdict = audit_as_anyone(service.world, empty_folder)
    assert (status, verdict["verdict"]) == (0, "holds"), verdict["breaches"]
    assert {line["cid"] for line in verdict["contributions"]} == {s["cid"] for s in anchored}
    assert int(verdict["totals"]["minted"]) == round(float(rewards["balance"]) * 1_000_000)


def assert_proven(person: Patient, seen: dict[str, Any], service: Served) -> None:
    """Anyone can follow the proof: the content has that hash, the chain has that transaction."""
    proof = said(person.get(f"/api/contributions/{seen['contribution_id']}/proof"))
    settings = service.world.settings
    answer = httpx.post(f"{settings.ipfs_api_url}/api/v0/block/get", params={"arg": proof["cid"]})
    assert hashlib.sha256(answer.content).hexdigest() == proof["digest"].removeprefix("0x")
    receipt = service.world.control.call("eth_getTransactionReceipt", proof["transaction"])
    assert (int(receipt["blockNumber"], 16), receipt["status"]) == (proof["block_number"], "0x1")
    assert receipt["to"] == proof["registry"].lower()
    assert proof["contributor"].lower() == person.wallet


def assert_readable(person: Patient, seen: dict[str, Any], one: SimulatedTrace) -> None:
    """The person gets back every reading of the device, to the minute and to its rounding."""
    got = dict(readings_in(person.record(seen["contribution_id"])))
    in_minutes = {utc // 60: value for utc, value in got.items()}
    for utc, value in zip(one.utc, one.mg_dl, strict=True):
        device_says = float(np.clip(value, 40, 400))
        assert abs(in_minutes[int(utc) // 60] - device_says) <= 1.0, (utc, value)


def assert_openings_are_logged(person: Patient, anchored: list[dict[str, Any]]) -> None:
    """Each opening is a link, and every link follows from the one before it."""
    log = said(person.get("/api/access-log"))
    assert log["intact"]
    read = [e["subject"] for e in log["entries"] if e["purpose"] == "read by its owner"]
    assert read == [seen["contribution_id"] for seen in anchored]
    assert any(e["subject"] == "wallet" and e["actor"] == "service" for e in log["entries"])
    previous = GENESIS
    for sequence, entry in enumerate(log["entries"]):
        assert entry["sequence"] == sequence
        assert entry["previous"] == previous.hex()
        previous = entry_hash(
            previous,
            account_id=AccountId(person.account_id),
            sequence=sequence,
            at=datetime.fromisoformat(entry["at"]),
            actor=entry["actor"],
            subject=entry["subject"],
            purpose=entry["purpose"],
        )
        assert entry["hash"] == previous.hex()


def test_consents_signed_by_kept_and_by_own_wallets_are_told_apart(
    service: Served, empty_folder: Path
) -> None:
    kept = service.patient("haneul")
    key = os.urandom(32)
    own = service.visitor().sign_up_with_wallet(key)
    unsigned = own.consent("care", "training", until=service.in_a_year())
    assert refused(unsigned) == (422, "invalid_field")
    year = service.in_a_year()
    service.put_in_force(own.consent_with_wallet(key, "care", "training", until=year))
    theirs = said(kept.contribute(export_of(31)))
    own_one = said(own.contribute(export_of(32)))
    service.work()
    assert (theirs["custodial"], own_one["custodial"]) == (True, False)
    assert own.contribution(own_one["contribution_id"])["status"] == "anchored"
    assert "for ever" in said(own.get("/api/wallet"))["warning"]
    status, verdict = audit_as_anyone(service.world, empty_folder)
    assert status == 0, verdict["breaches"]
    claims = {line["cid"]: line["claimed"]["custodial"] for line in verdict["contributions"]}
    assert claims == {theirs["cid"]: True, own_one["cid"]: False}
    totals = verdict["totals"]
    assert (totals["grantsClaimedCustodial"], totals["grantsClaimedOwnWallet"]) == (1, 1)


def test_a_consent_to_care_alone_is_anchored_and_pays_nothing(service: Served) -> None:
    person = service.patient("haneul", "care")
    receipt = said(person.contribute(export_of(33)))
    service.work()
    seen = person.contribution(receipt["contribution_id"])
    assert (seen["status"], float(seen["reward"])) == ("anchored", 0)
    assert float(said(person.get("/api/rewards"))["balance"]) == 0
    report = audit(service.world)
    assert report.holds, report.breaches
    assert (report.totals.unpaid, report.totals.minted) == (1, 0)
