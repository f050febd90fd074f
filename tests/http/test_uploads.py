"""Uploads stay in memory, within their limits, a few at a time."""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.domain.errors import InvalidField
from backend.http.config import HttpConfig
from backend.http.multipart import read_form
from backend.ports import Ports
from tests.fakes.content_store import InMemoryContentStore
from tests.http.browser import Browser, cgm_file, enrol

INSPECT = "/api/contributions/inspect"


@pytest.fixture
def small(ports: Ports) -> Ports:
    """The same service with an upload limit of 100 kB."""
    return replace(ports, policy=replace(ports.policy, upload_limit=100_000))


def logged_in(ports: Ports, config: HttpConfig) -> Browser:
    enrol(ports, "haneul")
    browser = Browser(create_app(config, ports))
    browser.log_in("haneul")
    return browser


def test_a_file_is_understood_and_contributed(patient: Browser) -> None:
    inspected = patient.upload(INSPECT, cgm_file())
    assert inspected.status_code == 200, inspected.text
    assert inspected.json()["fields"]["readings"] == 576
    assert patient.give_consent().status_code == 202
    contributed = patient.upload("/api/contributions", cgm_file())
    assert contributed.status_code == 202, contributed.text
    shown = contributed.json()
    assert shown["status"] == "sealed"
    listed = patient.get("/api/contributions").json()["contributions"]
    assert [row["contribution_id"] for row in listed] == [shown["contribution_id"]]


def test_a_large_upload_never_touches_a_temporary_file(
    patient: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Megabytes, where Starlette's own parser would roll over to a file at one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is no such folder"))
    data = cgm_file(300)
    assert len(data) > 2_000_000
    answer = patient.upload(INSPECT, data)
    assert answer.status_code == 200, answer.text


def test_a_file_at_the_limit_is_read_and_one_byte_more_is_not(
    small: Ports, config: HttpConfig
) -> None:
    browser = logged_in(small, config)
    junk = b"x" * 100_000
    assert browser.upload(INSPECT, junk).json()["code"] == "unreadable_record"
    assert browser.upload(INSPECT, junk + b"x").json()["code"] == "payload_too_large"


def test_a_request_that_says_it_is_too_large_is_refused_unread(
    small: Ports, config: HttpConfig
) -> None:
    browser = logged_in(small, config)
    headers = {"content-type": "multipart/form-data; boundary=b", "content-length": "200000"}
    answer = browser.send("POST", INSPECT, content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_an_upload_without_a_length_is_cut_off_at_the_limit(
    small: Ports, config: HttpConfig
) -> None:
    browser = logged_in(small, config)
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(1000):
            taken += 10_000
            yield b"x" * 10_000

    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = browser.send("POST", INSPECT, content=endless(), headers=headers)
    assert answer.status_code == 413


HEAD = b'--b\r\ncontent-disposition: form-data; name="%b"\r\n\r\n'
END = b"\r\n--b--\r\n"
FORM = "multipart/form-data; boundary=b"
BROKEN = [
    ("nothing", b"", FORM),
    ("no boundary", b"--b--\r\n", "multipart/form-data"),
    ("an endless boundary", b"--b--\r\n", f"multipart/form-data; boundary={'b' * 500}"),
    ("another type", b"{}", "application/json"),
    ("no file", HEAD % b"kind" + b"cgm" + END, FORM),
    ("no kind", HEAD % b"file" + b"data" + END, FORM),
    ("cut off", HEAD % b"file" + b"data", FORM),
    ("two files", (HEAD % b"file" + b"data\r\n") * 2 + b"--b--\r\n", FORM),
    ("an unknown field", HEAD % b"owner" + b"me" + END, FORM),
    ("a part without name", b"--b\r\n\r\ndata" + END, FORM),
    ("a large field", HEAD % b"kind" + b"c" * 5000 + END, FORM),
    ("a huge header", b"--b\r\n" + b"h" * 90_000 + b": v\r\n\r\n", FORM),
    ("junk", bytes(range(256)) * 40, FORM),
]


def test_a_broken_form_ends_in_one_clear_error(patient: Browser) -> None:
    for what, body, content_type in BROKEN:
        headers = {"content-type": content_type}
        answer = patient.send("POST", INSPECT, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field"), what


@pytest.mark.parametrize("name", [b"owner", b"kind"], ids=["unknown", "repeated"])
def test_a_form_of_countless_parts_is_refused_at_the_first_that_is_too_many(
    name: bytes,
) -> None:
    taken = 0

    def countless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield (HEAD % name + b"\r\n") * 20

    async def read() -> None:
        await read_form(
            as_they_come(countless()), FORM, file_field="file", file_limit=2**26, fields=("kind",)
        )

    with pytest.raises(InvalidField):
        asyncio.run(read())
    assert taken == 1


async def as_they_come(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "gcm"}, "invalid_field"),
        ({"kind": "vitals"}, "unreadable_record"),  # a CGM export is no vitals file
        ({"kind": "motion"}, "unreadable_record"),
        ({"zone": "Mars/Base"}, "invalid_field"),
    ],
)
def test_a_wrong_field_beside_the_file_is_named(
    patient: Browser, fields: dict[str, str], code: str
) -> None:
    answer = patient.upload(INSPECT, cgm_file(), **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_without_a_zone_the_profiles_is_taken_and_without_that_contributing_is_refused(
    patient: Browser, ports: Ports
) -> None:
    patient.give_consent()
    assert patient.upload(INSPECT, cgm_file(), zone="").json()["fields"]["zone"] == "Asia/Seoul"
    patient.send("PATCH", "/api/account", json={"zone": None})
    assert patient.upload(INSPECT, cgm_file(), zone="").status_code == 200
    refused = patient.upload("/api/contributions", cgm_file(), zone="")
    assert (refused.status_code, refused.json()["code"]) == (422, "zone_missing")


def test_without_a_consent_nothing_is_kept(
    patient: Browser, content: InMemoryContentStore, ports: Ports
) -> None:
    keys = set(ports.keys.live())
    refused = patient.upload("/api/contributions", cgm_file())
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_not_granted")
    assert content.pinned() == frozenset()
    assert set(ports.keys.live()) == keys


def test_the_same_readings_again_are_a_duplicate(patient: Browser) -> None:
    patient.give_consent()
    assert patient.upload("/api/contributions", cgm_file()).status_code == 202
    again = patient.upload("/api/contributions", cgm_file())
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_contribution")


async def slow_request(app: FastAPI, browser: Browser, release: asyncio.Event) -> int:
    """An upload whose body comes only when `release` is set; its status."""
    cookie = browser.client.cookies["vitalmint_session"]
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        await release.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(str(message["status"])))

    scope = {
        "type": "http",
        "method": "POST",
        "path": INSPECT,
        "raw_path": INSPECT.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "https",
        "http_version": "1.1",
        "server": ("vitalmint.example", 443),
        "client": ("10.0.0.1", 1),
        "headers": [
            (b"content-type", b"multipart/form-data; boundary=b"),
            (b"cookie", f"vitalmint_session={cookie}".encode()),
            (b"x-csrf-token", str(browser.csrf).encode()),
        ],
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    return statuses[0]


def test_only_so_many_uploads_are_held_at_a_time_and_the_next_one_is_told_to_come_back(
    ports: Ports, config: HttpConfig
) -> None:
    app = create_app(replace(config, concurrent_uploads=2, upload_wait_s=0.05), ports)
    people = several_logged_in(app, ports, "haneul", "doyun", "seoyeon")

    async def scene() -> tuple[int, list[int]]:
        release = asyncio.Event()
        held = [asyncio.create_task(slow_request(app, one, release)) for one in people[:2]]
        await asyncio.sleep(0.5)
        refused = await slow_request(app, people[2], release)
        release.set()
        return refused, list(await asyncio.gather(*held))

    refused, finished = asyncio.run(scene())
    assert refused == 429
    assert finished == [422, 422]


def test_one_account_that_trickles_its_uploads_leaves_a_place_to_the_others(
    ports: Ports, config: HttpConfig
) -> None:
    app = create_app(replace(config, concurrent_uploads=4, upload_wait_s=1.0), ports)
    slow, other = several_logged_in(app, ports, "haneul", "doyun")

    async def scene() -> tuple[int, list[int]]:
        release, at_once = asyncio.Event(), asyncio.Event()
        at_once.set()
        held = [asyncio.create_task(slow_request(app, slow, release)) for _ in range(8)]
        await asyncio.sleep(0.5)
        served = await slow_request(app, other, at_once)
        await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
        release.set()
        return served, sorted(await asyncio.gather(*held))

    served, finished = asyncio.run(scene())
    assert served == 422
    assert finished == [422] * 3 + [429] * 5


def test_with_a_single_place_everybody_still_gets_it_in_turn(
    ports: Ports, config: HttpConfig
) -> None:
    app = create_app(replace(config, concurrent_uploads=1), ports)
    people = several_logged_in(app, ports, "haneul", "doyun")

    async def scene() -> list[int]:
        release = asyncio.Event()
        tasks = [asyncio.create_task(slow_request(app, one, release)) for one in people * 4]
        await asyncio.sleep(0.2)
        release.set()
        return list(await asyncio.gather(*tasks))

    assert asyncio.run(scene()) == [422] * 8


def several_logged_in(app: FastAPI, ports: Ports, *logins: str) -> list[Browser]:
    browsers = []
    for login in logins:
        enrol(ports, login)
        browsers.append(Browser(app))
        browsers[-1].log_in(login)
    return browsers


def test_an_upload_that_never_ends_is_given_up(ports: Ports, config: HttpConfig) -> None:
    enrol(ports, "haneul")
    app = create_app(replace(config, upload_time_s=0.05), ports)
    browser = Browser(app)
    browser.log_in("haneul")
    assert asyncio.run(slow_request(app, browser, asyncio.Event())) == 408


def test_many_uploads_of_the_same_file_at_once_leave_one(
    patient: Browser, app: FastAPI, content: InMemoryContentStore, ports: Ports
) -> None:
    patient.give_consent()
    keys = set(ports.keys.live())
    statuses: list[int] = []

    def upload(client: Browser) -> None:
        statuses.append(client.upload("/api/contributions", cgm_file()).status_code)

    with patient.client:
        threads = [threading.Thread(target=upload, args=(patient,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [202] + [409] * 11
    assert len(content.pinned()) == 1
    assert len(set(ports.keys.live()) - keys) == 1
