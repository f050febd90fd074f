"""The job: learn a generator from a cohort, step by step, as long as it may; then judge it.

Whether it may is asked of the chain about everybody before the first record is opened and after
the last step, and of this database between steps. Cancelling, taking back and erasing write their
end into the run's row; a run that no longer finds itself running stops there and leaves nothing.
"""

from dataclasses import dataclass, replace

import structlog

from backend.crypto.certificates import stream_seed
from backend.domain.errors import (
    InvalidField,
    KeyDestroyed,
    MisconfiguredService,
    NotEnoughData,
    NotFound,
    Unavailable,
    UnreadableRecord,
    VitalMintError,
)
from backend.domain.generation import Member, Run, RunState
from backend.domain.identifiers import RunId
from backend.domain.job import Again
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.cohort import CohortChanged, choose_cohort, require_cohort
from backend.use_cases.forget_runs import (
    CONSENT_ENDED,
    KEY_LOST,
    RECORD_ERASED,
    cancel_run_row,
    end_run_row,
    let_go_of_run,
)
from backend.use_cases.open_cohort import open_cohort
from backend.use_cases.release_dataset import release_dataset
from backend.use_cases.sealed_run import SealedRunCheckpoints, run_key
from backend.use_cases.watch_run import AnotherCohort, RunStopped, RunWatch
from backend.use_cases.watch_training import WorkerEnding

INTERRUPTED = "interrupted_too_often"
FAILED_INSIDE = "failed_inside"
_FAILED = {
    INTERRUPTED: "The worker died every time that it tried. Nothing was kept: look at its memory.",
    FAILED_INSIDE: "It broke every time that it was tried. Nothing was kept: look at the log.",
}
_REFUSING = (NotEnoughData, UnreadableRecord, InvalidField, MisconfiguredService)


@dataclass(frozen=True)
class _Begun:
    run: Run
    members: list[Member]


def generate_dataset(key: str, *, ports: Ports) -> Again | None:
    """One dataset, once, however often this is repeated; None when there is nothing more to do."""
    again = _worked_on(RunId(key), ports)
    if again is None:  # ended elsewhere while this published: what was stored since goes too
        let_go_of_run(key, ports=ports)
    return again


def _worked_on(run_id: RunId, ports: Ports) -> Again | None:
    begun = None
    try:
        begun = _begin(run_id, ports)
        return None if begun is None else _attempt(begun, ports)
    except RunStopped:  # ended elsewhere
        return None
    except CohortChanged as changed:
        _cancel(run_id, changed.reason, ports)
    except (KeyDestroyed, NotFound):  # a record's key, or its owner's account, is gone
        _cancel(run_id, RECORD_ERASED, ports)
    except _REFUSING as refusal:
        _refuse(run_id, refusal, ports)
    except Unavailable:
        raise
    except Exception:
        _broken(run_id, ports, counted=begun is not None)
        raise
    return None


def _begin(run_id: RunId, ports: Ports) -> _Begun | None:
    """Running, with its cohort written down before any of it is opened."""
    with ports.database.read() as unit:
        run = unit.runs.by_id(run_id)
        members = unit.runs.members(run_id)
    if run is None or not run.unfinished:
        return None
    if run.attempts >= ports.policy.training_attempts:
        _end(run_id, RunState.FAILED, INTERRUPTED, _FAILED[INTERRUPTED], ports)
        return None
    if ports.keys.state(run.key_id) == "destroyed":
        _cancel(run_id, KEY_LOST, ports)
        return None
    _ = ports.evaluator.address  # before anything is opened that nobody could certify
    if members:
        require_cohort(run, members, ports=ports)
    else:
        members = choose_cohort(run, ports=ports)
    with ports.database.write() as unit:
        run = _running(unit, run_id, ports)
        if not unit.runs.members(run_id):
            unit.runs.set_members(run_id, members)
        members = unit.runs.members(run_id)  # in the order in which a resumed run finds them
        if unit.runs.not_covered(run_id, ports.clock.now()):
            raise CohortChanged(CONSENT_ENDED)
    return _Begun(run, members)


def _running(unit: UnitOfWork, run_id: RunId, ports: Ports) -> Run:
    run = unit.runs.by_id(run_id)
    if run is None or not run.unfinished:
        raise RunStopped(run_id)
    running = replace(
        run,
        state=RunState.RUNNING,
        attempts=run.attempts + 1,
        started_at=run.started_at or ports.clock.now(),
    )
    unit.runs.update(running, expected=run.state)
    return running


def _attempt(begun: _Begun, ports: Ports) -> Again | None:
    """Counted when it began; not an attempt after all when it ends in an outage or in order."""
    try:
        _learn(begun, ports)
    except AnotherCohort:  # for whoever holds the job now: from its checkpoint, over its cohort
        structlog.get_logger("generation").warning("cohort_is_another", attempt=begun.run.attempts)
        return Again(ports.clock.now())
    except WorkerEnding:
        _give_back(begun.run.id, ports)
        return Again(ports.clock.now())
    except Unavailable:
        _give_back(begun.run.id, ports)
        raise
    return None


def _learn(begun: _Begun, ports: Ports) -> None:
    run = begun.run
    key = run_key(run, ports)
    opened = open_cohort(run, begun.members, RunWatch(run, ports), ports=ports)
    learnt_from = [member.contribution_id for member in opened.members]
    assert run.started_at is not None
    generated = ports.generators.generate(
        opened.people,
        run.plan,
        seed=stream_seed(run.seed, run.salt),
        published=run.started_at.date(),
        progress=RunWatch(run, ports, learnt_from=learnt_from).tick,
        checkpoints=SealedRunCheckpoints(run, key, ports, learnt_from=learnt_from),
    )
    release_dataset(run, opened.members, generated, key, ports=ports)


def _give_back(run_id: RunId, ports: Ports) -> None:
    with ports.database.write() as unit:
        run = unit.runs.by_id(run_id)
        if run is not None and run.unfinished:
            fewer = replace(run, attempts=max(0, run.attempts - 1))
            unit.runs.update(fewer, expected=run.state)


def _broken(run_id: RunId, ports: Ports, *, counted: bool) -> None:
    """It failed by itself: perhaps by what its checkpoint holds, so the next begins without.

    What fails before it has begun is counted here, or it would be tried and never end.
    """
    with ports.database.write() as unit:
        run = unit.runs.by_id(run_id)
        if run is None or not run.unfinished:
            return
        unit.run_checkpoints.delete(run_id)
        if not counted:
            run = replace(run, attempts=run.attempts + 1)
            unit.runs.update(run, expected=run.state)
    if run.attempts >= ports.policy.training_attempts:
        _end(run_id, RunState.FAILED, FAILED_INSIDE, _FAILED[FAILED_INSIDE], ports)


def _cancel(run_id: RunId, reason: str, ports: Ports) -> None:
    with ports.database.write() as unit:
        run = unit.runs.by_id(run_id)
        if run is None or not run.unfinished:
            return
        key_id = cancel_run_row(unit, run, reason, ports.clock.now(), ports)
    ports.keys.destroy(key_id)


def _refuse(run_id: RunId, refusal: VitalMintError, ports: Ports) -> None:
    message, reason = refusal.message, refusal.code
    if isinstance(refusal, NotEnoughData):
        message = f"{message}. What would be enough: {refusal.needs}."
        reason = refusal.reasons[0] if refusal.reasons else reason
    _end(run_id, RunState.REFUSED, reason, message, ports)


def _end(run_id: RunId, state: RunState, reason: str, message: str, ports: Ports) -> None:
    """The run's end without a certificate; its checkpoint and key go."""
    with ports.database.write() as unit:
        run = unit.runs.by_id(run_id)
        if run is None or not run.unfinished:
            return
        key_id = end_run_row(unit, run, state, reason, message, ports.clock.now(), ports)
    ports.keys.destroy(key_id)
