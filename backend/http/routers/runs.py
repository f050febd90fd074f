"""Generation runs, for operators: ask for one, watch it, call it off, see what the gate found."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from backend.domain.errors import NotFound
from backend.domain.identifiers import run_id as known_id
from backend.http.access import access_of
from backend.http.events import LAST_SEEN, STREAM, EventStreams, Seen, watched
from backend.http.guard import GuardedRoute, admit_again
from backend.http.rate_limits import RanHere
from backend.http.schemas.runs import (
    FindingsShown,
    GeneratorList,
    GeneratorShown,
    RunAsked,
    RunList,
    RunShown,
)
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.request_run import RequestRun
from backend.use_cases.request_run import request_run as request
from backend.use_cases.show_run import LARGEST_PAGE, ListRuns
from backend.use_cases.show_run import cancel_run as cancel
from backend.use_cases.show_run import list_runs as list_all
from backend.use_cases.show_run import show_run as show

router = APIRouter(prefix="/api/runs", tags=["runs"], route_class=GuardedRoute)


@router.post("", status_code=202, summary="Have a synthetic dataset made")
def request_run(
    asked: RunAsked, account_id: AccountHere, ports: PortsHere, ran: RanHere
) -> RunShown:
    """From the records of everybody who consents to training and sale of this kind at the moment;
    at least 50 people. It is queued when the answer comes, unless as many are unfinished as there
    may be. Whether the dataset is released, the gate decides."""
    plan = asked.plan()
    ran.count()
    run = request(RequestRun(account_id, plan, asked.seed), ports=ports)
    return RunShown.of(show(account_id, run.id, ports=ports))


@router.get("", summary="List runs")
def list_runs(
    account_id: AccountHere,
    ports: PortsHere,
    limit: Annotated[int, Query(description=f"1 to {LARGEST_PAGE}")] = 50,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> RunList:
    """The newest first, of all operators."""
    return RunList.of(list_all(ListRuns(account_id, limit, after), ports=ports))


@router.get("/generators", summary="List what may be asked for")
def list_generators(ports: PortsHere) -> GeneratorList:
    """Every generator with its kinds, settings and licence. What is not releasable is refused in
    a run: its makers' licence forbids it, or it repeats real rows."""
    offers = ports.generators.offers()
    return GeneratorList(generators=[GeneratorShown.of(offer) for offer in offers])


@router.get("/{run_id}", summary="Show how a run stands")
def show_run(run_id: str, account_id: AccountHere, ports: PortsHere) -> RunShown:
    """What it learns from is told as counts alone."""
    return RunShown.of(show(account_id, known_id(run_id), ports=ports))


@router.delete("/{run_id}", summary="Cancel a run")
def cancel_run(run_id: str, account_id: AccountHere, ports: PortsHere) -> RunShown:
    """It is cancelled when the answer comes, and nothing of it is kept. One that has ended stays
    as it ended: a released dataset is retired instead."""
    return RunShown.of(cancel(account_id, known_id(run_id), ports=ports))


@router.get("/{run_id}/findings", summary="Show what the gate found")
def show_findings(run_id: str, account_id: AccountHere, ports: PortsHere) -> FindingsShown:
    """Every rule, also of a dataset that was kept in, with what was measured and its interval. A
    run that did not come so far has none."""
    view = show(account_id, known_id(run_id), ports=ports)
    if view.dataset is None:
        raise NotFound("this run has no certificate: its state says whether one is to come")
    return FindingsShown.of(view.dataset.certificate)


@router.get("/{run_id}/events", summary="Watch a run", response_class=Response, responses=STREAM)
async def watch_run(
    run_id: str,
    request: Request,
    account_id: AccountHere,
    ports: PortsHere,
    last_seen: Annotated[
        str | None, Header(alias=LAST_SEEN, description="id of the last event that was received")
    ] = None,
) -> Response:
    """Server-sent events: `progress` whenever something has changed, `end` when the run has ended.
    Each carries the whole state as GET /api/runs/{run_id} tells it. The stream ends by itself
    after half a minute; whoever reconnects with the last id misses nothing, and gets 204 when that
    was the end. A stream ends with the session."""
    wanted = known_id(run_id)
    config = request.app.state.config
    streams: EventStreams = request.app.state.event_streams

    def look() -> Seen:
        caller = admit_again(request, access_of("watch_run"))
        view = show(caller.account.id, wanted, ports=ports)
        return Seen(RunShown.of(view), ended=not view.run.unfinished)

    return await watched(
        look,
        last_seen,
        streams=streams,
        account_id=account_id,
        every_s=config.stream_every_s,
        for_s=config.stream_for_s,
    )
