"""How runs stand, what the gate found, and calling one off; for operators."""

from dataclasses import dataclass

from backend.domain.cursor import cursor_of, place_of
from backend.domain.errors import InvalidField, NotFound
from backend.domain.generation import Dataset, LeftOut, Run
from backend.domain.identifiers import AccountId, RunId
from backend.domain.release import Finding
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.forget_runs import CALLED_OFF, cancel_run_row
from backend.use_cases.request_run import require_operator

LARGEST_PAGE = 200
MOST_NAMED = 20
"""Records that a view of a run names; an emptied node would have it name them all."""


@dataclass(frozen=True)
class RunView:
    """A run with its cohort's size, and what it left.

    Attributes:
        people, contributions: of the cohort; 0 before it was chosen.
        left_out: what could not be opened or read, and is not of the cohort any more; the first
            `MOST_NAMED` of `records_left_out`.
        withdrawn: how many of these people took their consent back or erased a record since.
        findings: every rule of the policy applied; empty without a certificate.
    """

    run: Run
    people: int
    contributions: int
    left_out: tuple[LeftOut, ...]
    records_left_out: int
    withdrawn: int
    dataset: Dataset | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ListRuns:
    """`after` is the page before's `next`."""

    account_id: AccountId
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True)
class RunPage:
    """Runs, the newest first; `next` leads on, None at the end."""

    runs: list[RunView]
    next: str | None


def list_runs(command: ListRuns, *, ports: Ports) -> RunPage:
    """A page of everybody's runs."""
    require_operator(command.account_id, ports=ports)
    if not 1 <= command.limit <= LARGEST_PAGE:
        raise InvalidField("limit", f"a page has 1 to {LARGEST_PAGE} runs")
    after = None
    if command.after is not None:
        moment, last = place_of(command.after)
        after = (moment, RunId(last))
    with ports.database.read() as unit:
        found = unit.runs.page(command.limit + 1, after=after)
        page = found[: command.limit]
        views = [_view(unit, run) for run in page]
    more = len(found) > len(page)
    return RunPage(views, cursor_of(page[-1].requested_at, page[-1].id) if more else None)


def show_run(account_id: AccountId, run_id: RunId, *, ports: Ports) -> RunView:
    """One of them, or `NotFound`."""
    require_operator(account_id, ports=ports)
    with ports.database.read() as unit:
        return _view(unit, _found(unit, run_id))


def cancel_run(account_id: AccountId, run_id: RunId, *, ports: Ports) -> RunView:
    """The run, cancelled; the worker stops at its next step. Safe to repeat.

    One that has ended stays as it ended: a released dataset is retired instead.
    """
    require_operator(account_id, ports=ports)
    with ports.database.write() as unit:
        run = _found(unit, run_id)
        if run.unfinished:
            cancel_run_row(unit, run, CALLED_OFF, ports.clock.now(), ports)
    if run.unfinished:
        ports.keys.destroy(run.key_id)
    return show_run(account_id, run_id, ports=ports)


def _found(unit: UnitOfWork, run_id: RunId) -> Run:
    run = unit.runs.by_id(run_id)
    if run is None:
        raise NotFound("there is no run of this id: list them at /api/runs")
    return run


def _view(unit: UnitOfWork, run: Run) -> RunView:
    size = unit.runs.size(run.id)
    dataset = unit.datasets.by_run(run.id)
    return RunView(
        run=run,
        people=size.people,
        contributions=size.contributions,
        left_out=tuple(unit.runs.left_out(run.id, most=MOST_NAMED)),
        records_left_out=unit.runs.how_many_left_out(run.id),
        withdrawn=unit.runs.withdrawn(run.id),
        dataset=dataset,
        findings=() if dataset is None else dataset.certificate.findings(),
    )
