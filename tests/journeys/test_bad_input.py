"""Whatever bad input comes through the door: one clear error with a stable code, nothing kept."""

import io
import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from eth_account import Account

from backend.crypto.typed_data import TypedData
from ml.simulation.glucose import simulate_trace
from scripts.simulation.biff import record, to_xls
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.workbooks import to_shanghai_rows, to_xlsx
from tests.journeys.served import Patient, Served, refused, said, terms
from tests.world import export_of

UNREADABLE = (422, "unreadable_record")
CLARITY = export_of(501)
HEADER = b"timestamp,glucose_mg_dl\n"


def plain(values: list[str], *, first: str = "2026-10-01T00:00:00", step_s: int = 300) -> bytes:
    start = np.datetime64(first)
    lines = [f"{start + n * step_s},{value}" for n, value in enumerate(values)]
    return HEADER + "\n".join(lines).encode() + b"\n"


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.csv", bytes(50_000_000))
    return packed.getvalue()


def with_cell(line: int, cell: str) -> bytes:
    lines = CLARITY.split(b"\n")
    cells = lines[line - 1].split(b",")
    cells[7] = cell.encode()
    return b"\n".join([*lines[: line - 1], b",".join(cells), *lines[line:]])


SHEET = to_shanghai_rows(simulate_trace(np.random.default_rng(503), 2, cadence_minutes=15))


def workbook() -> bytes:
    return to_xlsx(SHEET)


def in_two_units() -> bytes:
    one = simulate_trace(np.random.default_rng(502), 2)
    tail = to_clarity_csv(one, unit="mmol/L", bom=False).split(b"\n")[300:]
    return b"\n".join(CLARITY.split(b"\n")[:300] + tail)


FILES: dict[str, Callable[[], bytes]] = {
    "an empty file": lambda: b"",
    "binary junk": lambda: bytes(range(256)) * 64,
    "a zip bomb named .csv": zip_bomb,
    "a formula for a reading": lambda: with_cell(100, "=HYPERLINK(1)"),
    "a table of another vendor": lambda: b"Date,Steps,Calories\n2026-10-01,9000,2000\n" * 50,
    "two units in one file": in_two_units,
    "no reading that is there": lambda: plain([""] * 300),
    "readings of the future": lambda: CLARITY.replace(b"2026-", b"2086-"),
    "a year of one value": lambda: plain(["100"] * 288 * 365, first="2025-10-01T00:00:00"),
    "a reading of 0": lambda: with_cell(100, "0"),
    "a reading of 9999": lambda: with_cell(100, "9999"),
    "another encoding": lambda: CLARITY.decode("utf-8-sig").encode("utf-16"),
    "a single reading": lambda: plain(["100"]),
    "a header and nothing else": lambda: HEADER,
    "a workbook cut short": lambda: workbook()[:-400],
    "a workbook with a formula": lambda: to_xlsx([*SHEET[:9], [SHEET[9][0], "=1+1"]]),
    "a workbook of something else": lambda: to_xlsx([["Date", "Steps"], ["2026-10-01", 9000]]),
    "an .xls with a password": lambda: to_xls(SHEET, more_globals=record(0x002F, bytes(54))),
}


def test_every_bad_file_ends_in_one_clear_error_and_nothing_is_kept(service: Served) -> None:
    person = service.patient("haneul")
    service.ports.keys.service_key("fingerprints")
    before = service.world.census(person.wallet)
    for what, make in FILES.items():
        answer = person.contribute(make())
        assert refused(answer) == UNREADABLE, what
        assert 10 < len(answer.json()["detail"]) < 400, what
    assert refused(person.contribute(CLARITY, kind="image")) == UNREADABLE
    assert refused(person.contribute(CLARITY, zone="Moon/Base")) == (422, "invalid_field")
    assert said(person.send("PATCH", "/api/account", json={"zone": None}))
    assert refused(person.contribute(CLARITY, zone="")) == (422, "zone_missing")
    assert service.world.census(person.wallet) == before
    assert said(person.contribute(CLARITY))


def test_a_file_over_the_limit_is_refused_before_it_is_read(service: Served) -> None:
    person = service.patient("haneul")
    limit = service.ports.policy.upload_limit
    answer = person.contribute(HEADER + b"0" * limit)
    assert refused(answer) == (413, "payload_too_large")
    assert service.world.census(person.wallet).contributions == ()


def test_nobody_sees_or_touches_what_is_anothers(service: Served) -> None:
    owner, other = service.patient("owner"), service.patient("other")
    receipt = said(owner.contribute(CLARITY))
    service.work()
    path = f"/api/contributions/{receipt['contribution_id']}"
    for method, what in (("GET", ""), ("GET", "/record"), ("GET", "/proof"), ("DELETE", "")):
        assert refused(other.send(method, path + what)) == (404, "not_found"), what
        unknown = f"/api/contributions/{'ab' * 16}{what}"
        assert refused(other.send(method, unknown)) == (404, "not_found"), what
        stranger = service.visitor()
        assert refused(stranger.send(method, path + what)) == (401, "not_authenticated")
    assert other.contributions() == []
    assert [one["contribution_id"] for one in owner.contributions()] == [path.split("/")[-1]]
    assert owner.record(receipt["contribution_id"])


@pytest.mark.parametrize("token", [None, "", "wrong", "another's"])
def test_a_wrong_csrf_token_changes_nothing(service: Served, token: str | None) -> None:
    person, other = service.patient("haneul"), service.newcomer("other")
    person.csrf = other.csrf if token == "another's" else token
    assert refused(person.contribute(CLARITY)) == (403, "csrf_mismatch")
    assert refused(person.post("/api/consents/revocation", {})) == (403, "csrf_mismatch")
    assert person.contributions() == []
    assert service.ports.chain.consent_of(person.wallet) is not None


def signed_by(key: bytes, typed: TypedData) -> str:
    return "0x" + Account.sign_typed_data(key, full_message=dict(typed)).signature.hex()


def send_consent(
    person: Patient, service: Served, key: bytes, **changes: Any
) -> tuple[dict[str, Any], httpx.Response]:
    """Prepare, change something of what is signed, sign, send; what was sent and the answer."""
    asked = terms("care", "training", until=service.in_a_year())
    prepared = said(person.post("/api/consents/prepare", asked))
    typed = prepared["typed_data"]
    typed = {**typed, "domain": {**typed["domain"], **changes}}
    stamp = {"nonce": prepared["nonce"], "deadline": prepared["deadline"]}
    sent = {**asked, **stamp, "signature": signed_by(key, typed)}
    return sent, person.post("/api/consents", sent)


OTHER_CONTRACT = "0x00000000000000000000000000000000000000aa"
SIGNER = (403, "consent_signer_mismatch")
NONCE = (403, "consent_nonce_mismatch")


def test_a_consent_counts_only_as_its_own_wallet_signed_it_here_now_and_once(
    service: Served,
) -> None:
    key = os.urandom(32)
    person = service.visitor().sign_up_with_wallet(key)
    for what, answer in {
        "another wallet": send_consent(person, service, os.urandom(32))[1],
        "another chain": send_consent(person, service, key, chainId=1)[1],
        "another contract": send_consent(person, service, key, verifyingContract=OTHER_CONTRACT)[1],
    }.items():
        assert refused(answer) == SIGNER, what
    assert refused(person.contribute(CLARITY)) == (403, "consent_not_granted")

    used, answer = send_consent(person, service, key)
    service.put_in_force(answer)
    assert refused(person.post("/api/consents", used)) == NONCE
    early = send_unsent(person, service, key)
    prepared = said(person.post("/api/consents/revocation/prepare"))
    stamp = {"nonce": prepared["nonce"], "deadline": prepared["deadline"]}
    signature = signed_by(key, prepared["typed_data"])
    said(person.post("/api/consents/revocation", {**stamp, "signature": signature}))
    service.work()
    for old in (used, early):
        assert refused(person.post("/api/consents", old)) == NONCE
    assert service.ports.chain.consent_of(person.wallet) is None
    assert [c["status"] for c in said(person.get("/api/consents"))["consents"]] == ["revoked"]


def send_unsent(person: Patient, service: Served, key: bytes) -> dict[str, Any]:
    """A grant that is signed now and not sent yet."""
    asked = terms("care", "training", "sale", until=service.in_a_year())
    prepared = said(person.post("/api/consents/prepare", asked))
    signature = signed_by(key, prepared["typed_data"])
    stamp = {"nonce": prepared["nonce"], "deadline": prepared["deadline"]}
    return {**asked, **stamp, "signature": signature}


def test_a_consent_that_is_over_covers_nothing_and_one_in_the_past_is_not_taken(
    service: Served,
) -> None:
    person = service.newcomer("haneul")
    past = service.ports.clock.now() - timedelta(days=1)
    assert refused(person.consent("care", until=past)) == (422, "invalid_field")
    soon = service.ports.clock.now() + timedelta(hours=2)
    service.put_in_force(person.consent("care", until=soon))
    service.ports.clock.step(3 * 3600)  # type: ignore[attr-defined]
    assert refused(person.contribute(CLARITY)) == (403, "consent_expired")
    assert person.contributions() == []
