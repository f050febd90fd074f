"""Alive, ready, and figures that a monitor can read."""

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.app import create_app
from backend.http.config import HttpConfig
from backend.http.readiness import ReadinessWatch
from backend.ports import Ports
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.http.browser import Browser, cgm_file


def samples(browser: Browser) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(browser.get("/metrics").text):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_a_living_process_says_so_whatever_is_down(
    browser: Browser, chain: FakeChain, content: InMemoryContentStore
) -> None:
    chain.down = content.down = True
    assert browser.get("/healthz").json() == {"status": "ok"}


def test_a_service_whose_parts_all_answer_is_ready(browser: Browser) -> None:
    ready = browser.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True,
        "parts": {"database": "ok", "keyring": "ok", "content": "ok", "chain": "ok"},
    }


@pytest.mark.parametrize("part", ["chain", "content"])
def test_a_part_that_does_not_answer_is_named(
    browser: Browser, chain: FakeChain, content: InMemoryContentStore, part: str
) -> None:
    broken: dict[str, Callable[[], None]] = {
        "chain": lambda: setattr(chain, "down", True),
        "content": lambda: setattr(content, "down", True),
    }
    broken[part]()
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert [name for name, state in parts.items() if state == "failed"] == [part]


@pytest.mark.parametrize(("good_for_s", "status"), [(600.0, 200), (0.0, 503)])
def test_within_its_window_an_answer_is_given_again_without_asking_outside(
    config: HttpConfig, ports: Ports, chain: FakeChain, good_for_s: float, status: int
) -> None:
    browser = Browser(create_app(replace(config, readiness_s=good_for_s), ports))
    assert browser.get("/readyz").status_code == 200
    chain.down = True
    assert browser.get("/readyz").status_code == status
    other = Browser(create_app(config, ports))
    assert other.get("/readyz").status_code == 503


def test_who_asks_while_the_outside_is_being_asked_takes_that_answer(ports: Ports) -> None:
    asked, answer = threading.Semaphore(0), threading.Event()

    class Silent(InMemoryContentStore):
        def ping(self) -> None:
            asked.release()
            answer.wait(10)

    watch = ReadinessWatch(replace(ports, content=Silent()), good_for_s=0.0)

    async def scene() -> list[dict[str, bool]]:
        waiting = [asyncio.create_task(watch.answers()) for _ in range(50)]
        await asyncio.to_thread(asked.acquire)
        answer.set()
        return list(await asyncio.gather(*waiting))

    assert asyncio.run(scene()) == [asyncio.run(watch.answers())] * 50
    assert asked.acquire(blocking=False) and not asked.acquire(blocking=False)


def test_requests_are_counted_by_route_and_status(patient: Browser) -> None:
    patient.get("/api/session")
    patient.get("/api/contributions/" + "ab" * 16)
    patient.get("/api/contributions/" + "cd" * 16)
    patient.get("/api/made-up")
    counted = samples(patient)["vitalmint_http_requests_total"]

    def count(route: str, status: int) -> float:
        return counted[(("method", "GET"), ("route", route), ("status", str(status)))]

    assert count("/api/session", 200) == 1
    assert count("/api/contributions/{contribution_id}", 404) == 2
    assert count("unmatched", 404) == 1


def test_the_figures_say_how_the_service_stands(patient: Browser, chain: FakeChain) -> None:
    patient.give_consent()
    patient.upload("/api/contributions", cgm_file())
    found = samples(patient)
    assert found["vitalmint_contributions"][(("status", "sealed"),)] == 1
    assert found["vitalmint_jobs"][(("state", "waiting"),)] >= 1
    assert found["vitalmint_jobs"][(("state", "dead"),)] == 0
    assert found["vitalmint_relayer_balance_wei"][()] == chain.ether
    assert found["vitalmint_relayer_balance_low"][()] == 0
    chain.ether = 1
    assert samples(patient)["vitalmint_relayer_balance_low"][()] == 1


def test_a_chain_that_is_down_does_not_take_the_figures_with_it(
    browser: Browser, chain: FakeChain
) -> None:
    chain.down = True
    found = samples(browser)
    assert found["vitalmint_up"] == {(("part", "database"),): 1, (("part", "chain"),): 0}
    assert "vitalmint_relayer_balance_wei" not in found


def test_every_app_counts_for_itself(browser: Browser, config: HttpConfig, ports: Ports) -> None:
    browser.get("/healthz")
    other = Browser(create_app(config, ports))
    assert "vitalmint_http_requests_total" not in samples(other)


def test_the_figures_name_nobody(patient: Browser) -> None:
    told = patient.get("/api/session").json()
    text = patient.get("/metrics").text
    assert told["account_id"] not in text and told["wallet"] not in text
    assert not re.search(r"0x[0-9a-f]{40}", text)


def test_every_answer_has_the_headers_that_protect_a_browser(browser: Browser) -> None:
    for path in ("/healthz", "/api/session", "/api/made-up", "/docs"):
        headers = browser.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["strict-transport-security"].startswith("max-age=")
        assert "access-control-allow-origin" not in headers
