"""Whose records a generation run may learn from at this moment, and whether it still may.

A record counts when it is anchored and its key opens; a person, when their consent covers the
kind for training *and* sale, by the chain and by this database, nothing of it is being taken
back, and the release would stay within what releases may cost them. Everybody in the cohort is
asked the same, also those who will be held out and only measured against.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.consent import Kind, Purpose, require_purpose
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.contribution import OWNERLESS, Contribution, Status
from backend.domain.errors import ConsentExpired, ConsentNotGranted, NotEnoughData
from backend.domain.generation import LEAST_PEOPLE, Member, Run, RunPlan, Spending
from backend.domain.identifiers import AccountId, WalletAddress
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork

PURPOSES = (Purpose.TRAINING, Purpose.SALE)
TOO_SMALL = "cohort_too_small"


class CohortChanged(Exception):
    """Somebody of the cohort may not be learnt from any more; `reason` is a word for machines."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Person:
    """One contributor with the records that a run would learn from."""

    account_id: AccountId
    wallet: WalletAddress
    records: tuple[Contribution, ...]


def choose_cohort(run: Run, *, ports: Ports) -> list[Member]:
    """Everybody who may be learnt from now, under numbers made for this run.

    Raises `NotEnoughData` saying how many there are and how many are needed.
    """
    now = ports.clock.now()
    with ports.database.read() as unit:
        found = [
            person
            for person in _people(unit, run.plan.kind)
            if covered_here(unit.consents.of_account(person.account_id), run.plan.kind, now)
        ]
        found = _within_budget(unit, found, run.plan, ports)
    found = [person for person in found if covered_on_chain(person.wallet, run.plan.kind, ports)]
    found = [one for person in found if (one := _with_live_keys(person, ports)).records]
    if len(found) < LEAST_PEOPLE:
        raise too_few(len(found), run.plan.kind)
    found.sort(key=lambda person: pseudonym(run, person.account_id))
    return [
        Member(record.id, person.account_id, number)
        for number, person in enumerate(found)
        for record in person.records
    ]


def require_cohort(run: Run, members: Sequence[Member], *, ports: Ports) -> datetime:
    """The moment at which every consent of the cohort was found in force, here and on chain.

    Raises `CohortChanged` otherwise.
    """
    now = ports.clock.now()
    with ports.database.read() as unit:
        if unit.runs.not_covered(run.id, now):
            raise CohortChanged("consent_ended")
        wallets = sorted(
            {
                row.contributor
                for member in members
                if (row := unit.contributions.by_id(member.contribution_id)) is not None
            }
        )
    for wallet in wallets:
        if not covered_on_chain(wallet, run.plan.kind, ports):
            raise CohortChanged("consent_ended")
    return now


def require_budget(
    unit: UnitOfWork, run: Run, accounts: Sequence[AccountId], *, ports: Ports
) -> None:
    """Raises `CohortChanged` when another release meanwhile spent what this one would cost."""
    totals = unit.privacy_ledger.totals(accounts)
    for account_id in accounts:
        after = totals.get(account_id, Spending()).with_run(run.plan)
        if not ports.policy.privacy_budget.covers(after):
            raise CohortChanged("privacy_budget_spent")


def pseudonym(run: Run, account_id: AccountId) -> str:
    """A person's name in this run: the same whenever it is resumed, another in every other run."""
    return hmac.digest(run.salt, b"person " + account_id.encode(), "sha256").hex()[:16]


def covered_here(records: Sequence[ConsentRecord], kind: Kind, now: datetime) -> bool:
    """Whether this database knows a consent in force, and none that is being taken back."""
    if any(record.status is ConsentStatus.REVOKING for record in records):
        return False
    return any(
        record.status is ConsentStatus.IN_FORCE
        and kind in record.grant.kinds
        and all(purpose in record.grant.purposes for purpose in PURPOSES)
        and now < record.grant.expires_at
        for record in records
    )


def covered_on_chain(wallet: WalletAddress, kind: Kind, ports: Ports) -> bool:
    """Whether the registry holds a consent to training and sale for this kind now."""
    held = ports.chain.consent_of(wallet)
    try:
        for purpose in PURPOSES:
            require_purpose(held, kind, purpose, ports.clock.now())
    except (ConsentNotGranted, ConsentExpired):
        return False
    return True


def too_few(people: int, kind: Kind) -> NotEnoughData:
    """How many there are, and how many are needed."""
    missing = LEAST_PEOPLE - people
    return NotEnoughData(
        f"{people} people may be learnt from at this moment, with {kind.name.lower()} records "
        f"and a consent to training and sale in force; at least {LEAST_PEOPLE} are needed",
        needs=f"{missing} more people who contribute and consent to training and sale",
        reasons=(TOO_SMALL,),
    )


def require_enough_left(members: Sequence[Member], *, left_out: int) -> None:
    """Raises `NotEnoughData` when too few people are left after records were left out."""
    people = len({member.person for member in members})
    if people >= LEAST_PEOPLE:
        return
    raise NotEnoughData(
        f"{left_out} records of the cohort could not be opened or read and were left out, which "
        f"leaves {people} people; at least {LEAST_PEOPLE} are needed",
        needs=f"{LEAST_PEOPLE - people} more people who contribute and consent to training and "
        "sale, or the records back in the content store as they were stored",
        reasons=(TOO_SMALL,),
    )


def _people(unit: UnitOfWork, kind: Kind) -> list[Person]:
    """Contributors of this kind with all their anchored records, the oldest first."""
    grouped: dict[AccountId, list[Contribution]] = {}
    for row in unit.contributions.with_status([Status.ANCHORED]):
        if row.kind is kind and row.account_id != OWNERLESS:
            grouped.setdefault(row.account_id, []).append(row)
    return [
        Person(account_id, rows[0].contributor, tuple(rows)) for account_id, rows in grouped.items()
    ]


def _within_budget(
    unit: UnitOfWork, people: list[Person], plan: RunPlan, ports: Ports
) -> list[Person]:
    totals = unit.privacy_ledger.totals([person.account_id for person in people])
    return [
        person
        for person in people
        if ports.policy.privacy_budget.covers(
            totals.get(person.account_id, Spending()).with_run(plan)
        )
    ]


def _with_live_keys(person: Person, ports: Ports) -> Person:
    live = [row for row in person.records if ports.keys.state(row.key_id) == "live"]
    return Person(person.account_id, person.wallet, tuple(live))
