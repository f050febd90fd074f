"""A run ends once, and what releases cost adds up."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backend.domain.consent import Kind
from backend.domain.errors import IllegalTransition
from backend.domain.generation import UNFINISHED, PrivacyBudget, Run, RunPlan, RunState, Spending
from backend.domain.identifiers import AccountId, KeyId, RunId

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PLAN = RunPlan(Kind.CGM, "pretending", "quick", 20, "a title", "a description")
RUN = Run(
    RunId("5d" * 16),
    AccountId("0a" * 16),
    PLAN,
    7,
    b"salt",
    KeyId("6e" * 16),
    RunState.RUNNING,
    NOW,
)


@pytest.mark.parametrize("state", sorted(set(RunState) - UNFINISHED))
def test_a_run_that_has_ended_does_not_end_again(state: RunState) -> None:
    ended = RUN.ended(state, NOW, reason="why")
    assert (ended.state, ended.ended_at, ended.reason) == (state, NOW, "why")
    assert not ended.unfinished
    with pytest.raises(IllegalTransition, match=f"this run is {state}"):
        ended.ended(RunState.RELEASED, NOW)


def test_a_queued_and_a_running_run_may_end() -> None:
    for state in UNFINISHED:
        run = replace(RUN, state=state)
        assert run.unfinished and run.ended(RunState.CANCELLED, NOW).state is RunState.CANCELLED


def test_a_release_under_privacy_adds_epsilon_and_delta_and_one_without_is_counted() -> None:
    private = replace(PLAN, epsilon=2.0, delta=1e-5)
    spent = Spending().with_run(private).with_run(private).with_run(PLAN)
    assert spent == Spending(4.0, 2e-5, 1)


@pytest.mark.parametrize(
    "over", [Spending(10.01, 0, 0), Spending(0, 1.01e-4, 0), Spending(0, 0, 6)]
)
def test_each_part_of_a_budget_has_its_own_end(over: Spending) -> None:
    budget = PrivacyBudget(epsilon=10.0, delta=1e-4, plain=5)
    assert budget.covers(Spending(10.0, 1e-4, 5))
    assert not budget.covers(over)
