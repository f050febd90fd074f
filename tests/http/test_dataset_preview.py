"""The open preview of released datasets: what they are like, for anybody, and never their rows."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import anyio
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.crypto.gated_preview import PreviewFile
from backend.domain.account import Role
from backend.domain.errors import NotFound, NotReleasable, RateLimited
from backend.domain.generation import PrivacyBudget, Run
from backend.http.config import HttpConfig
from backend.http.download import preview_response
from backend.http.previews import Previews
from backend.use_cases import preview_dataset
from backend.use_cases.preview_dataset import (
    FEWEST_ROWS,
    PreviewShelf,
    held_preview,
    open_preview,
)
from ml.publication.package import build_package, open_package
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.evaluator import FakeEvaluator
from tests.http.browser import PUBLIC_URL, Browser
from tests.http.test_openapi import DOCUMENT
from tests.ml.publication.released import SCRIPT, release
from tests.packaged import Counting, Packing
from tests.stand_in_ports import SettableClock, ports_over

FILES = {
    "datasheet": ("datasheet.html", "text/html; charset=utf-8"),
    "report": ("report.json", "application/json"),
    "croissant": ("croissant.json", "application/ld+json"),
}


@pytest.fixture(scope="module")
def package() -> bytes:
    return build_package(release(title=f"Vitals {SCRIPT}", description=f"Of adults. {SCRIPT}"))


@pytest.fixture(scope="module")
def studio(
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    keyring_template: Path,
    package: bytes,
) -> Iterator[Studio]:
    """Fifty people whose privacy is never spent; every test has datasets of its own or one that it
    leaves as it is."""
    folder = tmp_path_factory.mktemp("previews")
    shutil.copyfile(sqlite_template, folder / "vitalmint.db")
    shutil.copytree(keyring_template, folder / "keys")
    clock = SettableClock()
    chain, url = FakeChain(clock), f"sqlite:///{folder / 'vitalmint.db'}"
    with ports_over(url, folder / "keys", clock, chain, Counting()) as ports:
        lavish = replace(ports.policy, privacy_budget=PrivacyBudget(1.0, 1e-6, 1000))
        studio = Studio(replace(ports, generators=Packing(package), policy=lavish), clock, chain)
        studio.people()
        yield studio


@pytest.fixture(scope="module")
def released(studio: Studio) -> Run:
    return studio.run()


@pytest.fixture
def content(studio: Studio) -> Counting:
    """Nothing was fetched of it yet."""
    assert isinstance(studio.ports.content, Counting)
    studio.ports.content.fetched.clear()
    return studio.ports.content


@pytest.fixture
def app(config: HttpConfig, studio: Studio) -> FastAPI:
    return create_app(config, studio.ports)


def packing(studio: Studio, package: bytes) -> Run:
    """A dataset of this package."""
    kept = studio.ports
    studio.ports = replace(kept, generators=Packing(package))
    try:
        return studio.run()
    finally:
        studio.ports = kept


def place(run: Run, name: str) -> str:
    return f"/api/datasets/{run.id}/{name}"


def test_anybody_follows_the_listing_to_the_files_that_lie_in_the_package(
    browser: Browser, released: Run, package: bytes
) -> None:
    members = open_package(package).members
    found = browser.get("/api/datasets").json()["datasets"]
    (listed,) = [one for one in found if one["dataset_id"] == released.id]
    assert listed["preview"].keys() == FILES.keys()
    for name, (file, media_type) in FILES.items():
        answer = browser.get(listed["preview"][name])
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.content == members[file]
    report = browser.get(listed["preview"]["report"]).content
    assert "0x" + sha256(report).hexdigest() == listed["report_digest"]


def test_no_row_is_in_a_preview(browser: Browser, released: Run, package: bytes) -> None:
    rows = open_package(package).members["data.csv"].splitlines()[1:]
    assert len(rows) > 50
    for name in FILES:
        told = browser.get(place(released, name)).content
        assert not any(row in told for row in rows)
    for name in ("data", "data.csv", "data.parquet", "datasheet.html", "rows"):
        assert browser.get(place(released, name)).status_code == 404
    assert browser.get(place(released, "package")).status_code == 401


def test_a_datasheet_can_neither_run_nor_load_nor_send_anything(
    browser: Browser, released: Run
) -> None:
    answer = browser.get(place(released, "datasheet"))
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert {
        "default-src 'none'",
        "sandbox",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    } <= set(policy)
    assert [part for part in policy if "-src" in part] == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
    ]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("inline; filename=")
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text.lower() and "alert(" in answer.text


def test_the_files_for_machines_are_never_taken_for_a_page(browser: Browser, released: Run) -> None:
    for name in ("report", "croissant"):
        answer = browser.get(place(released, name))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        json.loads(answer.content)


def test_who_has_a_file_is_told_so_without_its_bytes(browser: Browser, released: Run) -> None:
    for name in FILES:
        first = browser.get(place(released, name))
        tag = first.headers["etag"]
        assert tag == f'"{sha256(first.content).hexdigest()}"'
        assert first.headers["cache-control"] == "public, no-cache"
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = browser.get(place(released, name), headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        for other in ('"other"', tag.strip('"'), "", ","):
            again = browser.get(place(released, name), headers={"If-None-Match": other})
            assert (again.status_code, again.content) == (200, first.content)


def test_a_page_that_a_browser_kept_stays_as_it_was_sent(browser: Browser, released: Run) -> None:
    """A cache puts the fields of a 304 in place of those it has (RFC 9111, 3.2): the datasheet
    would lose its style with another answer's policy, and its sandbox with none."""
    for name in FILES:
        first = browser.get(place(released, name))
        again = browser.get(place(released, name), headers={"If-None-Match": "*"})
        fields = set(again.headers) - {"x-request-id", "date"}
        assert {field: again.headers[field] for field in fields} == {
            field: first.headers[field] for field in fields
        }


def test_the_examples_of_the_description_are_what_is_served(
    browser: Browser, released: Run
) -> None:
    for name, (_, media_type) in FILES.items():
        operation = DOCUMENT["paths"][f"/api/datasets/{{dataset_id}}/{name}"]["get"]
        ((described, content),) = operation["responses"]["200"]["content"].items()
        assert described == media_type.partition(";")[0]
        answer, example = browser.get(place(released, name)), content["example"]
        if name == "datasheet":
            assert answer.text.startswith(example.rstrip("…"))
            continue
        told = answer.json()
        for key, value in example.items():
            assert type(told[key]) is type(value), key
            assert not key.startswith("@") or told[key] == value


def test_what_is_not_listed_is_not_previewed(
    app: FastAPI, browser: Browser, studio: Studio
) -> None:
    released = studio.run()
    studio.generators.worse = {"too_near": (1.0, 1.0, 1.0)}
    withheld = studio.run()
    studio.generators.worse = {}
    for name in FILES:
        assert browser.get(place(withheld, name)).status_code == 404
        assert browser.get(f"/api/datasets/{'ab' * 16}/{name}").status_code == 404
        assert browser.get(place(released, name)).status_code == 200
    operator = Browser(app).be(studio.operator("another"), studio.ports)
    assert operator.send("DELETE", f"/api/datasets/{released.id}").status_code == 204
    for name in FILES:
        for known in ({}, {"If-None-Match": "*"}):
            gone = browser.get(place(released, name), headers=known)
            assert gone.status_code == 404, "though a shelf may hold it"


def test_what_was_retired_is_not_previewed_whatever_database_was_restored(
    browser: Browser, studio: Studio
) -> None:
    released = studio.run()
    assert browser.get(place(released, "report")).status_code == 200
    row = studio.dataset(released.id)
    assert row is not None and row.listed
    studio.ports.keys.destroy(row.package_key_id)
    for name in FILES:
        answer = browser.get(place(released, name))
        assert (answer.status_code, answer.json()["code"]) == (410, "key_destroyed")


def test_a_package_that_is_lost_changed_or_holds_no_files_has_no_preview(
    browser: Browser, studio: Studio, content: Counting
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("data.parquet", "report.json"):
            archive.writestr(name, b"{}")
    spoilt = studio.run()
    row = studio.dataset(spoilt.id)
    assert row is not None and row.certificate.sealed_package is not None
    answers = [browser.get(place(packing(studio, out.getvalue()), "report"))]
    for spoil in (content.corrupt, content.lose):
        spoil(row.certificate.sealed_package)
        answers.append(browser.get(place(spoilt, "report")))
    for answer in answers:
        assert answer.status_code in (500, 502)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_package_is_opened_once_for_however_many_look(
    browser: Browser, released: Run, content: Counting
) -> None:
    for _ in range(3):
        for name in FILES:
            assert browser.get(place(released, name)).status_code == 200
    assert len(content.fetched) == 1


def test_previews_take_no_more_memory_than_they_may(
    studio: Studio, released: Run, content: Counting, package: bytes
) -> None:
    shelf, ports = PreviewShelf(most_bytes=1), studio.ports
    assert open_preview(released.id, shelf, ports=ports).preview.file(PreviewFile.REPORT)
    assert shelf.size == 0, "what is larger than the shelf is shown and not held"
    size = sum(len(open_package(package).members[file]) for file, _ in FILES.values())
    shelf = PreviewShelf(most_bytes=2 * size + 2_000)
    others = [build_package(release(title=word)) for word in ("second", "third")]
    runs = [released, *(packing(studio, other) for other in others)]
    for run in (*runs[:2], runs[0], runs[2]):
        open_preview(run.id, shelf, ports=ports)
    assert 0 < shelf.size <= 2 * size + 2_000
    content.fetched.clear()
    for run in (runs[0], runs[2]):
        open_preview(run.id, shelf, ports=ports)
    assert content.fetched == []
    open_preview(runs[1].id, shelf, ports=ports)
    assert len(content.fetched) == 1, "the one not asked for longest had made room"


def test_what_is_held_is_shown_only_under_a_signature_of_the_evaluator_there_is(
    studio: Studio, released: Run, content: Counting
) -> None:
    shelf = PreviewShelf(2**20)
    open_preview(released.id, shelf, ports=studio.ports)
    content.fetched.clear()
    ports = replace(studio.ports, evaluator=FakeEvaluator("another"))
    for look in (held_preview, open_preview):
        with pytest.raises(NotReleasable):
            look(released.id, shelf, ports=ports)
    assert content.fetched == []


def test_one_package_is_opened_at_a_time_and_who_waits_too_long_is_told(
    studio: Studio, released: Run, content: Counting
) -> None:
    content.began.clear()
    content.hold.clear()
    previews = Previews(2**20, wait_s=0.05)

    async def looked() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(previews.of, released.id, studio.ports)
            await anyio.to_thread.run_sync(content.began.wait, 30)
            with pytest.raises(RateLimited):
                await previews.of(released.id, studio.ports)
            content.hold.set()
        await previews.of(released.id, studio.ports)

    anyio.run(looked)
    assert len(content.fetched) == 1


def test_too_large_a_package_is_listed_without_a_preview(
    browser: Browser, released: Run, monkeypatch: pytest.MonkeyPatch, content: Counting
) -> None:
    monkeypatch.setattr(preview_dataset, "LARGEST_PREVIEWED", 10)
    assert browser.get(f"/api/datasets/{released.id}").json()["preview"] is None
    for name in FILES:
        assert browser.get(place(released, name)).status_code == 404
    assert content.fetched == []


def test_so_few_rows_that_a_page_would_tell_them_are_listed_without_a_preview(
    browser: Browser, studio: Studio, content: Counting
) -> None:
    few, enough = studio.run(rows=FEWEST_ROWS - 1), studio.run(rows=FEWEST_ROWS)
    assert browser.get(f"/api/datasets/{few.id}").json()["preview"] is None
    assert browser.get(f"/api/datasets/{enough.id}").json()["preview"]
    content.fetched.clear()
    for name in FILES:
        assert browser.get(place(few, name)).status_code == 404
    assert content.fetched == []


def test_previews_are_counted_with_looks_at_the_listing(studio: Studio, released: Run) -> None:
    config = HttpConfig(public_url=PUBLIC_URL, browse_rate="2/minute")
    anybody = Browser(create_app(config, studio.ports))
    assert anybody.get("/api/datasets").status_code == 200
    paths = [place(released, name) for name in FILES]
    assert [anybody.get(path).status_code for path in paths] == [200, 429, 429]


def test_what_is_no_gated_preview_makes_no_response(studio: Studio, released: Run) -> None:
    found = open_preview(released.id, PreviewShelf(2**20), ports=studio.ports)
    for other in (b"rows", None, object()):
        with pytest.raises(TypeError):
            preview_response(other, PreviewFile.REPORT, found.dataset, known=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        preview_response(found.preview, "data.csv", found.dataset, known=None)  # type: ignore[arg-type]
    retired = replace(found.dataset, retired_at=found.dataset.created_at)
    with pytest.raises(NotFound):
        preview_response(found.preview, PreviewFile.REPORT, retired, known=None)


def test_every_role_sees_the_same_preview(app: FastAPI, studio: Studio, released: Run) -> None:
    told = {
        Browser(app).be(studio.somebody(f"a {role}", role), studio.ports).get(path).content
        for role in Role
        for path in [place(released, "report")]
    }
    assert len(told) == 1
