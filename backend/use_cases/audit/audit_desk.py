"""The registry's desk replayed from the ledger: who was recorder, and when it was paused."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName, Deployment
from backend.domain.evidence import Address
from backend.domain.ledger import (
    Call,
    Entry,
    Paused,
    Plain,
    ProposeRecorder,
    RecorderChanged,
    RecorderProposed,
    Unpaused,
)
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.causes import directly
from backend.use_cases.audit.tally import Tally, hexed, where

NOBODY = bytes(20)

DeskEvent = Paused | Unpaused | RecorderProposed | RecorderChanged


@dataclass(frozen=True)
class Desk:
    """The registry's changeable settings from ledger entry `order` on."""

    order: int
    recorder: Address
    proposed: Address
    paused: bool


@dataclass(frozen=True)
class DeskBook:
    """The desk at every moment."""

    states: list[Desk]

    def before(self, order: int) -> Desk:
        """The desk as entry `order` found it."""
        return self.states[bisect_left(self.states, order, key=lambda desk: desk.order) - 1]

    @property
    def last(self) -> Desk:
        return self.states[-1]


def audit_desk(
    entries: Sequence[Entry], deployment: Deployment, *, evidence: ChainEvidence, tally: Tally
) -> DeskBook:
    """Replays and judges pauses and the hand-over of the recorder."""
    book = DeskBook([Desk(-1, NOBODY, NOBODY, paused=False)])
    registry = deployment.address(ContractName.REGISTRY)
    appointed = False
    for order, entry in enumerate(entries):
        event = entry.event
        if not isinstance(event, DeskEvent):
            continue
        desk = book.last
        subject = f"{type(event).__name__} ({where(entry.place)})"
        if not appointed:
            appointed = True
            tally.same(
                Check.DESK,
                f"the first recorder ({where(entry.place)})",
                {"event": RecorderChanged(1, NOBODY, deployment.recorder)},
                {"event": event},
            )
        else:
            expected, found = _rule(event, desk, deployment)
            tally.same(Check.DESK, subject, expected, found)
            if directly(entry.cause, registry):
                call = evidence.call(ContractName.REGISTRY, entry.cause.input)
                _check_cause(subject, event, entry, call, deployment, tally)
            else:
                tally.note(Check.DESK, subject, f"sent through {hexed(entry.cause.to)}")
        book.states.append(_after(desk, order, event))
    tally.that(Check.DESK, "the first recorder", appointed, expected="an appointment", found=None)
    return book


def _rule(
    event: DeskEvent, desk: Desk, deployment: Deployment
) -> tuple[dict[str, object], dict[str, object]]:
    """What the event must say after `desk`, and what it says."""
    if isinstance(event, Paused | Unpaused):
        pausing = isinstance(event, Paused)
        return (
            {"account": deployment.terms.operator, "paused before": not pausing},
            {"account": event.account, "paused before": desk.paused},
        )
    if isinstance(event, RecorderProposed):
        return {"current": desk.recorder}, {"current": event.current}
    return (
        {"previous": desk.recorder, "current": desk.proposed, "was proposed": True},
        {
            "previous": event.previous,
            "current": event.current,
            "was proposed": desk.proposed != NOBODY,
        },
    )


def _check_cause(
    subject: str,
    event: DeskEvent,
    entry: Entry,
    call: Call | None,
    deployment: Deployment,
    tally: Tally,
) -> None:
    """The transaction must be sent by whom the rule names, and say what the event says."""
    sender: Address = deployment.terms.operator
    wanted: Call
    match event:
        case Paused():
            wanted = Plain("pause")
        case Unpaused():
            wanted = Plain("unpause")
        case RecorderProposed():
            wanted = ProposeRecorder(event.proposed)
        case RecorderChanged():
            wanted, sender = Plain("acceptRecorder"), event.current
    tally.same(
        Check.DESK,
        subject,
        {"sent by": sender, "call": wanted},
        {"sent by": entry.cause.sender, "call": call},
    )


def _after(desk: Desk, order: int, event: DeskEvent) -> Desk:
    match event:
        case Paused():
            return replace(desk, order=order, paused=True)
        case Unpaused():
            return replace(desk, order=order, paused=False)
        case RecorderProposed():
            return replace(desk, order=order, proposed=event.proposed)
        case RecorderChanged():
            return replace(desk, order=order, recorder=event.current, proposed=NOBODY)
