"""From two weeks of readings to a forecast, over HTTP, with the real chain, node, worker and ml."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.worker import Lane, work
from ml.simulation.glucose import simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.served import Patient, Served, refused, said, served
from tests.world import export_of, world_on

PATIENCE_S = 300.0
TRAININGS = "/api/forecast/trainings"
UNFINISHED = ("queued", "running")


@pytest.fixture
def clinic(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path
) -> Iterator[Served]:
    """The service with quick trainings that say often how far they are."""
    quick = {"training_setting": "quick", "training_tick_s": 0.01}
    with (
        world_on(deployed_chain, ipfs_node.api_url, tmp_path / "home", **quick) as world,
        served(world) as running,
    ):
        yield running


@contextmanager
def working(clinic: Served) -> Iterator[None]:
    """Two workers, as they are started: one trains, the other does everything else."""
    stop = threading.Event()
    workers = [
        threading.Thread(
            target=work, args=(clinic.ports, stop), kwargs={"holder": lane.value, "lane": lane}
        )
        for lane in (Lane.TRAINING, Lane.QUICK)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def until(look: Callable[[], Any], enough: Callable[[Any], bool]) -> list[Any]:
    """Everything that was seen on the way to enough."""
    deadline = time.monotonic() + PATIENCE_S
    seen = [look()]
    while not enough(seen[-1]):
        assert time.monotonic() < deadline, f"after {PATIENCE_S:.0f} s still {seen[-1]}"
        time.sleep(0.05)
        if (now := look()) != seen[-1]:
            seen.append(now)
    return seen


def contributing(clinic: Served, login: str, *exports: bytes) -> Patient:
    """A patient whose consent is in force and whose exports are anchored."""
    person = clinic.newcomer(login)
    said(person.consent("care", until=clinic.in_a_year()))
    until(
        lambda: said(person.get("/api/consents"))["consents"][0]["status"],
        lambda status: status == "in_force",
    )
    for export in exports:
        said(person.contribute(export))
    until(
        lambda: [one["status"] for one in person.contributions()],
        lambda statuses: set(statuses) == {"anchored"},
    )
    return person


def trained(person: Patient) -> list[dict[str, Any]]:
    """How a training stood, from its request to its end."""
    asked = person.post(TRAININGS)
    assert asked.status_code == 202, asked.text
    path = f"{TRAININGS}/{asked.json()['training_id']}"
    return until(lambda: said(person.get(path)), lambda seen: seen["state"] not in UNFINISHED)


def test_two_weeks_become_a_forecast_with_its_pictures_and_figures(clinic: Served) -> None:
    with working(clinic):
        person = contributing(clinic, "haneul", export_of(31, days=14))
        seen = trained(person)
    assert seen[-1]["state"] == "finished", seen[-1]
    assert seen[-1]["has_model"]
    progress = [one["progress"] for one in seen]
    assert progress == sorted(progress) and len(set(progress)) > 3
    assert len({one["stage"] for one in seen}) > 2

    told = said(person.get("/api/forecast"))
    short = told["short_term"]
    last = datetime(2026, 10, 5, 8, tzinfo=UTC) + timedelta(days=14)
    origin = datetime.fromisoformat(short["origin"])
    assert last - timedelta(hours=3) < origin <= last
    assert f"{origin:%Y-%m-%d %H:%M} UTC" in told["says"]
    assert [step["minutes_ahead"] for step in short["told"]] == [30, 60, 120]
    for step in short["steps"]:
        assert 20 <= step["low_mg_dl"] < step["median_mg_dl"] < step["high_mg_dl"] <= 600
    widths = [step["high_mg_dl"] - step["low_mg_dl"] for step in short["told"]]
    assert widths == sorted(widths)
    assert {"last_value", "linear", "base", "tuned_to_you"} == {
        one["name"] for one in short["candidates"]
    }
    assert short["served"] in short["reason"] or "mg/dL at 60 minutes" in short["reason"]
    quarter = told["quarter"]
    assert quarter["served"] in ("model", "carry_forward") and quarter["reason"]
    assert len(quarter["weeks"]) == 13 and len(quarter["months"]) == 3
    assert {path["label"] for path in quarter["scenarios"]} == {"scenario"}

    for path in ("/api/forecast/plot", "/api/glucose/agp/plot"):
        assert person.get(path).content.startswith(b"\x89PNG")
    summary = said(person.get("/api/glucose/summary"))
    assert summary["days_worn"] == 14 and 0.9 < summary["wear"] <= 1
    assert abs(summary["tir"] + summary["tbr"] + summary["tar"] - 1) < 1e-3
    assert len(said(person.get("/api/glucose/agp"))["bins"]) == 96
    purposes = [entry["purpose"] for entry in said(person.get("/api/access-log"))["entries"]]
    for purpose in ("learning a model for its owner", "forecast for its owner"):
        assert purposes.count(purpose) == 1
    assert said(person.get("/api/access-log"))["intact"]


def test_nine_days_are_answered_with_what_would_be_enough_and_no_forecast_pretends(
    clinic: Served,
) -> None:
    with working(clinic):
        person = contributing(clinic, "bora", export_of(32, days=9))
        refusal = trained(person)[-1]
    assert (refusal["state"], refusal["reason"]) == ("refused", "not_enough_data")
    assert refusal["refusal"]["reasons"] == ["too_few_days"]
    assert "1 more day" in refusal["refusal"]["needs"]
    assert refused(person.get("/api/forecast")) == (409, "forecast_not_ready")
    assert said(person.get("/api/glucose/summary"))["days_worn"] == 9


def test_erasing_the_record_ends_the_forecast_and_another_person_never_sees_it(
    clinic: Served,
) -> None:
    exports = [to_clarity_csv(simulate_trace(np.random.default_rng(seed), 11)) for seed in (33, 34)]
    with working(clinic):
        people = [
            contributing(clinic, login, export)
            for login, export in zip(("minji", "jun"), exports, strict=True)
        ]
        ends = [trained(person)[-1] for person in people]
    assert [end["state"] for end in ends] == ["finished", "finished"]
    minji, jun = people
    path = f"{TRAININGS}/{ends[0]['training_id']}"
    assert refused(jun.get(path)) == (404, "not_found")
    assert said(minji.get("/api/forecast"))["widened"]
    (record,) = minji.contributions()
    said(minji.send("DELETE", f"/api/contributions/{record['contribution_id']}"))
    assert refused(minji.get("/api/forecast")) == (409, "forecast_not_ready")
    assert not said(minji.get(path))["has_model"]
    assert jun.get("/api/forecast").status_code == 200
