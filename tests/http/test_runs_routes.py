"""Runs through the API: asked for, watched, called off, and explained."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import anyio
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.http.config import HttpConfig
from backend.ports import Ports
from backend.use_cases.cohort import TOO_SMALL
from backend.use_cases.generate_dataset import generate_dataset
from tests.cohorts import PLAN, Studio
from tests.fakes.chain import FakeChain
from tests.http.browser import PUBLIC_URL, Browser
from tests.stand_in_ports import SettableClock

ASKED = {
    "kind": "cgm",
    "generator": PLAN.generator,
    "setting": PLAN.setting,
    "rows": PLAN.rows,
    "title": PLAN.title,
    "description": PLAN.description,
}


@pytest.fixture
def config() -> HttpConfig:
    """Streams that look often and end soon."""
    return HttpConfig(
        public_url=PUBLIC_URL,
        login_rate="1000/minute",
        client_rate="10000/minute",
        stream_every_s=0.01,
        stream_for_s=0.3,
        concurrent_streams=8,
    )


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


@pytest.fixture
def operator(app: FastAPI, studio: Studio) -> Browser:
    return Browser(app).be(studio.operator(), studio.ports)


def asked_for(operator: Browser, **changes: Any) -> str:
    answer = operator.post("/api/runs", {**ASKED, **changes})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run_id"])


def worked_on(run_id: str, studio: Studio) -> None:
    generate_dataset(run_id, ports=studio.ports)


def events(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(event, id, data) of each event of a stream."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines:
            found.append((lines["event"], lines["id"], json.loads(lines["data"])))
    return found


def test_a_run_is_queued_shown_listed_and_explained(operator: Browser, studio: Studio) -> None:
    studio.people()
    run_id = asked_for(operator)
    shown = operator.get(f"/api/runs/{run_id}").json()
    assert (shown["state"], shown["progress"], shown["passed"]) == ("queued", 0, None)
    assert operator.get(f"/api/runs/{run_id}/findings").status_code == 404
    worked_on(run_id, studio)
    shown = operator.get(f"/api/runs/{run_id}").json()
    assert (shown["state"], shown["progress"], shown["passed"]) == ("released", 1, True)
    assert (shown["people"], shown["contributions"], shown["withdrawn"]) == (50, 50, 0)
    assert [one["run_id"] for one in operator.get("/api/runs").json()["runs"]] == [run_id]
    judged = operator.get(f"/api/runs/{run_id}/findings").json()
    assert judged["passed"] and all(one["holds"] for one in judged["findings"])
    measured = {one["measure"]: one for one in judged["evidence"]["measures"]}
    assert measured["membership_auc"]["high"] == 0.54 and measured["membership_auc"]["n"] == 50


def test_a_dataset_that_the_gate_kept_in_is_explained_and_listed_nowhere(
    operator: Browser, studio: Studio
) -> None:
    studio.people()
    studio.generators.worse = {"exact_matches": (3.0, 3.0, 3.0)}
    run_id = asked_for(operator)
    worked_on(run_id, studio)
    shown = operator.get(f"/api/runs/{run_id}").json()
    assert (shown["state"], shown["passed"]) == ("withheld", False)
    judged = operator.get(f"/api/runs/{run_id}/findings").json()
    (broken,) = [one for one in judged["findings"] if not one["holds"]]
    assert (broken["measure"], broken["found"], broken["at_most"]) == ("exact_matches", 3, 0)
    assert "no real row leaves" in broken["sentence"]
    assert operator.get("/api/datasets").json() == {"datasets": [], "next": None}
    for path in ("", "/certificate", "/package"):
        assert operator.get(f"/api/datasets/{run_id}{path}").status_code == 404


def test_a_cohort_that_is_too_small_says_so(operator: Browser, studio: Studio) -> None:
    studio.people(49)
    run_id = asked_for(operator)
    worked_on(run_id, studio)
    shown = operator.get(f"/api/runs/{run_id}").json()
    assert (shown["state"], shown["reason"]) == ("refused", TOO_SMALL)
    assert "50" in shown["message"]


def test_what_could_not_be_opened_is_named_to_operators_by_id_and_reason_alone(
    operator: Browser, studio: Studio
) -> None:
    people = studio.people(51)
    with studio.ports.database.read() as unit:
        (record,) = unit.contributions.of_account(people[7].id)
    studio.ports.content.lose(record.cid)  # type: ignore[attr-defined]
    run_id = asked_for(operator)
    assert operator.get(f"/api/runs/{run_id}").json()["left_out"] == []
    worked_on(run_id, studio)
    answer = operator.get(f"/api/runs/{run_id}")
    shown = answer.json()
    assert (shown["state"], shown["people"]) == ("released", 50)
    assert shown["left_out"] == [{"contribution_id": record.id, "reason": "content_missing"}]
    assert people[7].id not in answer.text and record.cid not in answer.text


def test_a_cancelled_run_ends_and_stays_cancelled(operator: Browser, studio: Studio) -> None:
    studio.people()
    run_id = asked_for(operator)
    for _ in range(2):
        assert operator.send("DELETE", f"/api/runs/{run_id}").json()["state"] == "cancelled"
    worked_on(run_id, studio)
    assert operator.get(f"/api/runs/{run_id}").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "teeth"}, "kind"),
        ({"generator": "made up"}, "generator"),
        ({"generator": "copies"}, "generator"),
        ({"setting": "forever"}, "setting"),
        ({"rows": 0}, "rows"),
        ({"rows": 10**9}, "rows"),
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "\x00"}, "title"),
        ({"seed": -1}, "seed"),
        ({"epsilon": 3.0}, "delta"),
        ({"epsilon": 3.0, "delta": 1e-6}, "epsilon"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_names_its_field(
    operator: Browser, change: dict[str, Any], field: str
) -> None:
    answer = operator.post("/api/runs", {**ASKED, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert operator.get("/api/runs").json()["runs"] == []


@pytest.mark.parametrize("change", [{"rows": "many"}, {"seed": 1.5}, {"readings": []}])
def test_a_request_of_another_form_is_refused(operator: Browser, change: dict[str, Any]) -> None:
    assert operator.post("/api/runs", {**ASKED, **change}).json()["code"] == "invalid_request"


def test_runs_come_by_the_page(operator: Browser) -> None:
    made = [asked_for(operator, title=f"run {number}") for number in range(5)]
    seen: list[str] = []
    after = ""
    while True:
        page = operator.get(f"/api/runs?limit=2{after}").json()
        seen += [run["run_id"] for run in page["runs"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert sorted(seen) == sorted(made) and len(seen) == 5
    for wrong in ("limit=0", "limit=201", "after=junk", "after=1-2"):
        assert operator.get(f"/api/runs?{wrong}").status_code == 422


def test_generators_are_listed_with_whether_they_may_leave(operator: Browser) -> None:
    offers = operator.get("/api/runs/generators").json()["generators"]
    assert {one["name"]: one["releasable"] for one in offers}["copies"] is False
    assert all(one["licence"] and one["settings"] and one["kinds"] for one in offers)


def test_another_id_is_not_found_and_no_id_is_refused(operator: Browser) -> None:
    for path in ("", "/findings", "/events"):
        assert operator.get(f"/api/runs/{'ab' * 16}{path}").status_code == 404
        assert operator.get(f"/api/runs/elsewhere{path}").status_code == 422


def test_runs_are_counted_by_operator(ports: Ports, studio: Studio) -> None:
    app = create_app(HttpConfig(public_url=PUBLIC_URL, run_rate="2/hour"), ports)
    browser = Browser(app).be(studio.operator(), ports)
    assert browser.post("/api/runs", {**ASKED, "kind": "teeth"}).status_code == 422
    assert [browser.post("/api/runs", ASKED).status_code for _ in range(3)] == [202, 202, 429]


def test_only_so_many_runs_wait_at_a_time(ports: Ports, studio: Studio) -> None:
    few = replace(ports, policy=replace(ports.policy, unfinished_runs=2))
    browser = Browser(create_app(HttpConfig(public_url=PUBLIC_URL), few))
    browser.be(studio.operator(), ports)
    first = asked_for(browser)
    asked_for(browser)
    refused = browser.post("/api/runs", ASKED)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_runs")
    assert "there may be 2" in refused.json()["detail"]
    assert len(browser.get("/api/runs").json()["runs"]) == 2
    browser.send("DELETE", f"/api/runs/{first}")
    asked_for(browser)


def test_a_look_at_a_run_counts_its_cohort_and_loads_nobody(
    operator: Browser, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.people(50, records=2)
    run_id = asked_for(operator)
    worked_on(run_id, studio)

    def loaded(*_: object) -> None:
        raise AssertionError("the cohort was loaded")

    monkeypatch.setattr("backend.adapters.database.repositories.runs.SqlRuns.members", loaded)
    shown = operator.get(f"/api/runs/{run_id}").json()
    assert (shown["people"], shown["contributions"]) == (50, 100)
    ((event, _, data),) = events(operator.get(f"/api/runs/{run_id}/events").text)
    assert (event, data) == ("end", shown)


def test_progress_is_told_until_the_end(operator: Browser, studio: Studio) -> None:
    studio.people()
    studio.tick_at_every_step()
    run_id = asked_for(operator)
    worker = Thread(target=worked_on, args=(run_id, studio))
    worker.start()
    told: list[tuple[str, str, dict[str, Any]]] = []
    last = ""
    for _ in range(100):
        answer = operator.get(f"/api/runs/{run_id}/events", headers={"Last-Event-ID": last})
        if answer.status_code == 204:
            break
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        told += events(answer.text)
        last = told[-1][1]
    worker.join()
    assert answer.status_code == 204, "who has seen the end is told that there is no more"
    assert [event for event, _, _ in told].count("end") == 1
    assert told[-1][0] == "end" and told[-1][2]["state"] == "released"
    progress = [data["progress"] for _, _, data in told]
    assert progress == sorted(progress)
    ids = [number for _, number, _ in told]
    assert len(set(ids)) == len(ids), "nothing is told twice"


def test_a_stream_ends_by_itself_and_the_next_goes_on(operator: Browser) -> None:
    run_id = asked_for(operator)
    first = operator.get(f"/api/runs/{run_id}/events")
    ((event, seen, data),) = events(first.text)
    assert (event, data["state"]) == ("progress", "queued")
    assert data == operator.get(f"/api/runs/{run_id}").json()
    again = operator.get(f"/api/runs/{run_id}/events", headers={"Last-Event-ID": seen})
    assert (again.status_code, events(again.text)) == (200, [])
    operator.send("DELETE", f"/api/runs/{run_id}")
    ended = operator.get(f"/api/runs/{run_id}/events", headers={"Last-Event-ID": seen})
    assert [event for event, _, _ in events(ended.text)] == ["end"]


def test_a_stream_ends_with_the_session(
    operator: Browser, app: FastAPI, config: HttpConfig
) -> None:
    run_id = asked_for(operator)
    app.state.config = replace(config, stream_for_s=30.0)
    other = Browser(app)
    other.client.cookies.update(operator.client.cookies)
    texts: list[str] = []
    watcher = Thread(
        target=lambda: texts.append(other.get(f"/api/runs/{run_id}/events").text), daemon=True
    )
    watcher.start()
    while not app.state.event_streams.held:
        pass
    operator.post("/api/logout")
    watcher.join(10)
    assert not watcher.is_alive() and len(events(texts[0])) == 1


def test_only_so_many_watch_at_a_time_and_places_come_back(operator: Browser, app: FastAPI) -> None:
    """One account has an eighth of eight places: one."""
    run_id = asked_for(operator)
    app.state.event_streams.take("somebody else")
    account = operator.get("/api/session").json()["account_id"]
    app.state.event_streams.take(account)
    refused = operator.get(f"/api/runs/{run_id}/events")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    app.state.event_streams.give_back(account)
    for _ in range(3):
        assert operator.get(f"/api/runs/{run_id}/events").status_code == 200
    assert operator.get(f"/api/runs/{'ab' * 16}/events").status_code == 404
    assert app.state.event_streams.held == 1


class Counting:
    """A database that counts the reading units that are open, and how many there were."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.open = 0
        self.opened = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextmanager
    def read(self) -> Iterator[Any]:
        with self._database.read() as unit:
            self.open += 1
            self.opened += 1
            try:
                yield unit
            finally:
                self.open -= 1


def test_a_stream_holds_no_database_connection_between_looks(
    operator: Browser, app: FastAPI, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = asked_for(operator)
    database = Counting(ports.database)
    app.state.ports = replace(ports, database=database)
    between: list[int] = []

    class Noting:
        @staticmethod
        async def sleep(seconds: float) -> None:
            between.append(database.open)
            await anyio.sleep(seconds)

    monkeypatch.setattr("backend.http.events.anyio", Noting)
    operator.get(f"/api/runs/{run_id}/events")
    assert len(between) > 2 and set(between) == {0}
    assert database.opened > 3
