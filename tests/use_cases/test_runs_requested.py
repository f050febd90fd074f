"""Asking for a run: the plan is checked at once, by operators' requests alone."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.database.repositories.runs import SqlRuns
from backend.adapters.database.unit_of_work import open_database
from backend.adapters.keys.evaluator import FileEvaluator
from backend.domain.account import Role
from backend.domain.consent import Kind
from backend.domain.errors import (
    InvalidField,
    MisconfiguredService,
    RoleRequired,
    TooManyRuns,
)
from backend.domain.generation import RunState
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.request_run import RequestRun, request_run
from backend.use_cases.retire_dataset import retire_dataset
from backend.use_cases.show_run import ListRuns, cancel_run, list_runs, show_run
from tests.cohorts import PLAN, Studio
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("generator", {"generator": "nobody's"}),
        ("generator", {"generator": "copies"}),
        ("generator", {"kind": Kind.VITALS}),
        ("setting", {"setting": "thorough"}),
        ("rows", {"rows": 0}),
        ("rows", {"rows": 100_001}),
        ("title", {"title": " "}),
        ("title", {"title": "a" * 121}),
        ("title", {"title": "a\x00"}),
        ("delta", {"epsilon": 1.0}),
        ("epsilon", {"epsilon": 1.0, "delta": 1e-5}),
        ("epsilon", {"generator": "pretending_privately", "epsilon": 11.0, "delta": 1e-5}),
        ("epsilon", {"generator": "pretending_privately", "epsilon": float("nan"), "delta": 1e-5}),
        ("delta", {"generator": "pretending_privately", "epsilon": 1.0, "delta": 0.5}),
        ("delta", {"generator": "pretending_privately", "epsilon": 1.0, "delta": 2e-4}),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_at_once(
    studio: Studio, field: str, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidField) as refused:
        studio.request(**changes)
    assert refused.value.field == field
    assert list_runs(ListRuns(studio.operator()), ports=studio.ports).runs == []


def test_a_seed_that_somebody_knows_is_refused_where_noise_protects(studio: Studio) -> None:
    plan = replace(PLAN, generator="pretending_privately", epsilon=1.0, delta=1e-5)
    with pytest.raises(InvalidField, match="under differential privacy the seed is drawn here"):
        request_run(RequestRun(studio.operator(), plan, seed=7), ports=studio.ports)


def test_runs_are_an_operators(studio: Studio) -> None:
    run_id = studio.request()
    researcher = studio.somebody("reader", Role.RESEARCHER)
    for ask in (
        lambda: request_run(RequestRun(researcher, PLAN), ports=studio.ports),
        lambda: show_run(researcher, run_id, ports=studio.ports),
        lambda: cancel_run(researcher, run_id, ports=studio.ports),
        lambda: list_runs(ListRuns(researcher), ports=studio.ports),
        lambda: retire_dataset(researcher, run_id, ports=studio.ports),
    ):
        with pytest.raises(RoleRequired):
            ask()


def test_requests_at_the_same_time_do_not_pass_together_what_one_may(
    studio: Studio, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, where units run side by side: there is room for one run, and nothing waits
    yet that the second request could wait for."""
    database = open_database(postgres_url)
    policy = replace(studio.ports.policy, unfinished_runs=1)
    studio.ports = replace(studio.ports, database=database, policy=policy)
    operator, refused, add = studio.operator(), [], SqlRuns.add

    def ask() -> None:
        try:
            request_run(RequestRun(operator, PLAN), ports=studio.ports)
        except TooManyRuns as error:
            refused.append(error)

    other = threading.Thread(target=ask)

    def while_it_is_added(*args: Any) -> None:
        if threading.current_thread() is not other:
            other.start()
            other.join(timeout=1)
        add(*args)

    monkeypatch.setattr(SqlRuns, "add", while_it_is_added)
    ask()
    other.join()
    assert len(refused) == 1
    assert len(list_runs(ListRuns(operator), ports=studio.ports).runs) == 1
    database.close()


def test_without_a_key_that_signs_nothing_is_asked_for_and_nothing_opened(
    studio: Studio, tmp_path: Path
) -> None:
    person, *_ = studio.people()
    run_id = studio.request()
    studio.ports = replace(studio.ports, evaluator=FileEvaluator(tmp_path / "none"))
    with pytest.raises(MisconfiguredService):
        studio.request()
    generate_dataset(run_id, ports=studio.ports)
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.REFUSED, "misconfigured")
    with studio.ports.database.read() as unit:
        assert unit.access_log.of_account(person.id) == []
