"""Rewards and tokens replayed from the ledger: schedule, caps, mints, balances."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.domain.audit_checks import Check
from backend.domain.consent import Purpose
from backend.domain.deployment import ContractName, Deployment, Terms
from backend.domain.evidence import Address
from backend.domain.ledger import (
    Allowed,
    Approval,
    ContributionRegistered,
    Entry,
    SentTokens,
    Transfer,
)
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.audit_registrations import FULL_QUALITY, Registered
from backend.use_cases.audit.causes import directly
from backend.use_cases.audit.tally import Tally, hexed, shown, where

DAY_S = 86_400
NOBODY = bytes(20)


@dataclass(frozen=True)
class Holdings:
    """Who holds what after the last entry, and how much was ever minted."""

    balances: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    minted: list[int] = field(default_factory=list)


def audit_rewards(registered: Sequence[Registered], terms: Terms, tally: Tally) -> None:
    """Holds every reward to the schedule, to the day's cap and to the epoch's."""
    by_day: dict[tuple[Address, int], int] = defaultdict(int)
    by_epoch: dict[int, int] = defaultdict(int)
    for one in registered:
        event, time = one.event, one.place.time
        subject = f"reward of {hexed(event.digest)} ({where(one.place)})"
        tally.same(Check.REWARD, subject, {"amount": _due(one, terms)}, {"amount": event.reward})
        day, epoch = time // DAY_S, time // max(terms.epoch_length, 1)
        by_day[event.contributor, day] += event.reward
        by_epoch[epoch] += event.reward
        today, this_epoch = by_day[event.contributor, day], by_epoch[epoch]
        tally.that(
            Check.DAILY_CAP,
            subject,
            today <= terms.daily_cap,
            expected=f"at most {terms.daily_cap} for {hexed(event.contributor)} on day {day}",
            found=today,
        )
        tally.that(
            Check.EPOCH_CAP,
            subject,
            this_epoch <= terms.epoch_cap,
            expected=f"at most {terms.epoch_cap} in epoch {epoch}",
            found=this_epoch,
        )


def audit_tokens(
    entries: Sequence[Entry], deployment: Deployment, *, evidence: ChainEvidence, tally: Tally
) -> Holdings:
    """Pairs every mint with its registration, and follows every token to its holder."""
    holdings = Holdings()
    due: Entry | None = None
    for entry in entries:
        event = entry.event
        minting = isinstance(event, Transfer) and event.sender == NOBODY
        if due is not None or minting:
            _check_mint(due, entry if minting else None, tally)
        due = None
        if isinstance(event, ContributionRegistered) and event.reward > 0:
            due = entry
        if isinstance(event, Transfer | Approval):
            if isinstance(event, Transfer):
                _move(event, entry, holdings, tally)
            if not minting:
                _check_cause(event, entry, deployment, evidence, tally)
    if due is not None:
        _check_mint(due, None, tally)
    return holdings


def _due(one: Registered, terms: Terms) -> int:
    """What the schedule pays: nothing without a consent to training, else rate × quality."""
    event = one.event
    if one.consent is None or not one.consent.purposes & Purpose.TRAINING:
        return 0
    rate = terms.rates[event.kind] if event.kind < len(terms.rates) else 0
    return rate * event.quality // FULL_QUALITY


def _check_mint(due: Entry | None, mint: Entry | None, tally: Tally) -> None:
    """A registration that pays is followed by its mint at once, and nothing else mints."""
    present = mint or due
    subject = "mint" if present is None else f"mint ({where(present.place)})"
    tally.that(
        Check.MINTS,
        subject,
        _as_paid(due) == _as_paid(mint),
        expected=shown(_as_paid(due)),
        found=shown(_as_paid(mint)),
    )


def _as_paid(entry: Entry | None) -> tuple[object, ...] | None:
    """(transaction, log, recipient, amount) of a mint, or of the one that must follow."""
    if entry is None:
        return None
    event, place = entry.event, entry.place
    if isinstance(event, ContributionRegistered):
        return place.transaction, place.log_index + 1, event.contributor, event.reward
    assert isinstance(event, Transfer)
    return place.transaction, place.log_index, event.recipient, event.value


def _move(event: Transfer, entry: Entry, holdings: Holdings, tally: Tally) -> None:
    """Tokens leave only who has them, and go to somebody."""
    if event.sender == NOBODY:
        holdings.minted.append(event.value)
    else:
        holdings.balances[event.sender] -= event.value
    holdings.balances[event.recipient] += event.value
    tally.same(
        Check.TRANSFERS,
        f"transfer ({where(entry.place)})",
        {"covered by the sender's balance": True, "has a recipient": True},
        {
            "covered by the sender's balance": event.sender == NOBODY
            or holdings.balances[event.sender] >= 0,
            "has a recipient": event.recipient != NOBODY,
        },
    )


def _check_cause(
    event: Transfer | Approval,
    entry: Entry,
    deployment: Deployment,
    evidence: ChainEvidence,
    tally: Tally,
) -> None:
    """A direct call must say what the event says; a contract may move what it is allowed."""
    if not directly(entry.cause, deployment.address(ContractName.TOKEN)):
        return
    call = evidence.call(ContractName.TOKEN, entry.cause.input)
    sender = entry.cause.sender
    found: tuple[object, ...] | None = None
    if isinstance(event, Transfer):
        expected: tuple[object, ...] = (event.sender, event.recipient, event.value)
        if isinstance(call, SentTokens):
            found = (call.owner or sender, call.recipient, call.value)
    else:
        expected = (event.owner, event.spender, event.value)
        if isinstance(call, Allowed):
            found = (call.owner or sender, call.spender, call.value)
    tally.that(
        Check.TRANSFERS,
        f"{type(event).__name__.lower()} ({where(entry.place)})",
        expected == found,
        expected=shown(found),
        found=shown(expected),
    )
