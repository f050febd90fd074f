"""A cohort's records in memory, and the cohort without those that cannot be opened.

One broken record must not refuse every run of its kind: it is left out, written down with why,
and whoever has nothing else is of the cohort no more. The rules of cohorts hold for who is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from backend.domain.contribution import Contribution
from backend.domain.errors import UnreadableRecord
from backend.domain.generation import LeftOut, Member, Run, RunState
from backend.domain.identifiers import ContributionId
from backend.ports import Ports
from backend.ports.generators import CohortMember
from backend.use_cases.cohort import CohortChanged, pseudonym, require_enough_left
from backend.use_cases.forget_runs import CONSENT_ENDED, RECORD_ERASED
from backend.use_cases.open_traces import open_together
from backend.use_cases.watch_run import RunStopped, RunWatch

PURPOSE = "learning a generator of synthetic data from a cohort"
TOGETHER = 25
"""People whose records are noted in the access log at once."""


@dataclass(frozen=True, repr=False)
class OpenedCohort:
    """Everybody who is learnt from, and their traces, in the same order."""

    members: list[Member]
    people: list[CohortMember]


def open_cohort(
    run: Run, members: Sequence[Member], watch: RunWatch, *, ports: Ports
) -> OpenedCohort:
    """Everybody's traces in memory, under names of this run; asked again every few people.

    Raises `NotEnoughData` when too few people are left, and what `watch` raises.
    """
    rows = _rows(members, ports)
    with ports.database.read() as unit:
        before = unit.runs.how_many_left_out(run.id)
    require_enough_left(members, left_out=before)
    traces: dict[ContributionId, bytes] = {}
    broken: list[LeftOut] = []
    for some in _portions(members):
        watch.tick("opening the cohort's records", 0)
        _open(run, [rows[member.contribution_id] for member in some], traces, broken, ports)
    if broken:
        _leave_out(run, broken, ports)
    kept = [member for member in members if member.contribution_id in traces]
    require_enough_left(kept, left_out=before + len(broken))
    return OpenedCohort(kept, _people(run, kept, traces))


def _rows(members: Sequence[Member], ports: Ports) -> dict[ContributionId, Contribution]:
    found = {}
    with ports.database.read() as unit:
        for member in members:
            row = unit.contributions.by_id(member.contribution_id)
            if row is None:
                raise CohortChanged(RECORD_ERASED)
            found[row.id] = row
    return found


def _portions(members: Sequence[Member]) -> list[list[Member]]:
    """Members of `TOGETHER` people at a time."""
    people = {
        person: place for place, person in enumerate(dict.fromkeys(m.person for m in members))
    }
    portions: dict[int, list[Member]] = {}
    for member in members:
        portions.setdefault(people[member.person] // TOGETHER, []).append(member)
    return list(portions.values())


def _open(
    run: Run,
    rows: Sequence[Contribution],
    traces: dict[ContributionId, bytes],
    broken: list[LeftOut],
    ports: Ports,
) -> None:
    opened = open_together(rows, actor="service", purpose=PURPOSE, ports=ports)
    for row, found in zip(rows, opened, strict=True):
        if not isinstance(found, bytes):
            broken.append(LeftOut(row.id, found.code))
            continue
        try:
            ports.generators.require_readable(found, run.plan.kind)
        except UnreadableRecord as fault:
            broken.append(LeftOut(row.id, fault.code))
        else:
            traces[row.id] = found


def _leave_out(run: Run, broken: Sequence[LeftOut], ports: Ports) -> None:
    """In one unit with the end of any checkpoint, which was made with the cohort as it was."""
    with ports.database.write() as unit:
        row = unit.runs.by_id(run.id)
        if row is None or row.state is not RunState.RUNNING:
            raise RunStopped(run.id)
        if unit.runs.not_covered(run.id, ports.clock.now()):
            raise CohortChanged(CONSENT_ENDED)
        unit.runs.leave_out(run.id, broken)
        unit.run_checkpoints.delete(run.id)
    structlog.get_logger("generation").warning("records_left_out", records=len(broken))


def _people(
    run: Run, members: Sequence[Member], traces: dict[ContributionId, bytes]
) -> list[CohortMember]:
    of_person: dict[str, list[bytes]] = {}
    for member in members:
        name = pseudonym(run, member.account_id)
        of_person.setdefault(name, []).append(traces[member.contribution_id])
    return [CohortMember(name, tuple(records)) for name, records in of_person.items()]
