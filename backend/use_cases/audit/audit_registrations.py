"""Contributions replayed from the ledger: each registered once, by the recorder, with consent."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.audit_checks import Check
from backend.domain.consent import Kind
from backend.domain.deployment import ContractName, Deployment
from backend.domain.evidence import Address
from backend.domain.identifiers import DAG_PB, RAW
from backend.domain.ledger import (
    ConsentGranted,
    ContributionErased,
    ContributionRegistered,
    Entry,
    MarkErased,
    Place,
    Register,
)
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.audit_consents import ConsentBook
from backend.use_cases.audit.audit_desk import Desk, DeskBook
from backend.use_cases.audit.causes import directly
from backend.use_cases.audit.tally import Tally, hexed, where

FULL_QUALITY = 10_000


@dataclass(frozen=True)
class Registered:
    """A registration and the consent that covered it."""

    order: int
    place: Place
    event: ContributionRegistered
    consent: ConsentGranted | None


@dataclass(frozen=True)
class Mark:
    """An erasure mark. The service deletes before it marks; a contributor may mark alone."""

    place: Place
    sender: Address | None
    by_recorder: bool


@dataclass(frozen=True)
class Books:
    """What was replayed before registrations can be judged."""

    consents: ConsentBook
    desk: DeskBook


def audit_registrations(
    entries: Sequence[Entry],
    books: Books,
    deployment: Deployment,
    *,
    evidence: ChainEvidence,
    tally: Tally,
) -> list[Registered]:
    """Replays and judges every registration, in order; of a repeated digest both are returned."""
    registered: list[Registered] = []
    seen: dict[bytes, Place] = {}
    for order, entry in enumerate(entries):
        event = entry.event
        if not isinstance(event, ContributionRegistered):
            continue
        subject = f"contribution {hexed(event.digest)} ({where(entry.place)})"
        first = seen.setdefault(event.digest, entry.place)
        tally.that(
            Check.REGISTERED_ONCE,
            subject,
            first is entry.place,
            expected="a digest registered for the first time",
            found=f"registered before in {where(first)}",
        )
        _check_form(subject, event, tally)
        desk = books.desk.before(order)
        _check_cause(subject, event, entry, desk, deployment, evidence, tally)
        consent = books.consents.in_force(
            event.contributor, event.kind, order=order, time=entry.place.time
        )
        tally.that(
            Check.CONSENT_IN_FORCE,
            subject,
            consent is not None,
            expected=f"a consent of {hexed(event.contributor)} for kind {event.kind} in force",
            found=None,
        )
        registered.append(Registered(order, entry.place, event, consent))
    return registered


def audit_erasures(
    entries: Sequence[Entry],
    registered: Sequence[Registered],
    desk: DeskBook,
    deployment: Deployment,
    *,
    evidence: ChainEvidence,
    tally: Tally,
) -> dict[bytes, Mark]:
    """Judges every erasure mark; returns each digest's first."""
    by_digest = {one.event.digest: one for one in registered}
    marks: dict[bytes, Mark] = {}
    for order, entry in enumerate(entries):
        event = entry.event
        if not isinstance(event, ContributionErased):
            continue
        subject = f"erasure of {hexed(event.digest)} ({where(entry.place)})"
        record = by_digest.get(event.digest)
        before = record is not None and record.order < order
        tally.same(
            Check.ERASURES,
            subject,
            {
                "registered before": True,
                "marked before": False,
                "contributor": None if record is None else record.event.contributor,
            },
            {
                "registered before": before,
                "marked before": event.digest in marks,
                "contributor": event.contributor,
            },
        )
        recorder = desk.before(order).recorder
        _check_eraser(subject, event, entry, recorder, deployment, evidence, tally)
        mark = Mark(entry.place, entry.cause.sender, entry.cause.sender == recorder)
        marks.setdefault(event.digest, mark)
    return marks


def _check_form(subject: str, event: ContributionRegistered, tally: Tally) -> None:
    tally.same(
        Check.REGISTERED_FORM,
        subject,
        {
            "digest is set": True,
            "codec is known": True,
            "kind is known": True,
            "quality is at most 1": True,
        },
        {
            "digest is set": any(event.digest),
            "codec is known": event.codec in (RAW, DAG_PB),
            "kind is known": event.kind < len(Kind),
            "quality is at most 1": event.quality <= FULL_QUALITY,
        },
    )


def _check_cause(
    subject: str,
    event: ContributionRegistered,
    entry: Entry,
    desk: Desk,
    deployment: Deployment,
    evidence: ChainEvidence,
    tally: Tally,
) -> None:
    """Registering is the recorder's alone, stopped by a pause, and says what the event says."""
    tally.same(Check.DESK, subject, {"paused": False}, {"paused": desk.paused})
    if not directly(entry.cause, deployment.address(ContractName.REGISTRY)):
        tally.note(
            Check.RECORDER,
            subject,
            f"sent through the contract {hexed(entry.cause.to)}: that it acted for the recorder "
            "rests on the registry's code alone",
        )
        return
    call = evidence.call(ContractName.REGISTRY, entry.cause.input)
    wanted = Register(event.digest, event.codec, event.kind, event.contributor, event.quality)
    tally.same(
        Check.RECORDER,
        subject,
        {"sent by": desk.recorder, "call": wanted},
        {"sent by": entry.cause.sender, "call": call},
    )


def _check_eraser(
    subject: str,
    event: ContributionErased,
    entry: Entry,
    recorder: Address,
    deployment: Deployment,
    evidence: ChainEvidence,
    tally: Tally,
) -> None:
    """An erasure is marked by the recorder or by the contributor, for this very digest."""
    if not directly(entry.cause, deployment.address(ContractName.REGISTRY)):
        tally.note(Check.ERASURES, subject, f"sent through {hexed(entry.cause.to)}")
        return
    sender = entry.cause.sender
    tally.same(
        Check.ERASURES,
        subject,
        {"sent by recorder or contributor": True, "call": MarkErased(event.digest)},
        {
            "sent by recorder or contributor": sender in (recorder, event.contributor),
            "call": evidence.call(ContractName.REGISTRY, entry.cause.input),
        },
    )
