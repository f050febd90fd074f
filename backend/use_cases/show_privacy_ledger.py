"""What releases have cost a contributor so far, and which datasets their records went into."""

from dataclasses import dataclass
from datetime import datetime

from backend.domain.consent import Kind
from backend.domain.errors import NotFound
from backend.domain.generation import LedgerEntry, PrivacyBudget, Spending
from backend.domain.identifiers import AccountId, Cid, ContributionId, RunId
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Share:
    """One's own contribution to a dataset; 0 windows: held out, only measured against."""

    contribution_id: ContributionId
    windows: int


@dataclass(frozen=True)
class LedgerLine:
    """One release that a person's records were in the cohort of.

    Attributes:
        epsilon, delta: what it cost, where it was learnt with differential privacy.
        membership_high: the upper 95 % bound of how well anybody could tell members from others
            (0.5: not at all).
    """

    entry: LedgerEntry
    kind: Kind
    title: str
    certificate_cid: Cid | None
    retired_at: datetime | None
    shares: tuple[Share, ...]

    @property
    def run_id(self) -> RunId:
        return self.entry.run_id


@dataclass(frozen=True)
class Ledger:
    """Everything spent, newest release first, and what may be spent at most."""

    lines: tuple[LedgerLine, ...]
    spent: Spending
    budget: PrivacyBudget


def show_privacy_ledger(account_id: AccountId, *, ports: Ports) -> Ledger:
    """The account's own; `NotFound` once it was erased."""
    with ports.database.read() as unit:
        if unit.accounts.by_id(account_id) is None:
            raise NotFound("this account does not exist any more: sign up again")
        lines = tuple(_line(unit, entry) for entry in unit.privacy_ledger.of_account(account_id))
        totals = unit.privacy_ledger.totals([account_id])
    spent = totals.get(account_id, Spending())
    return Ledger(lines, spent, ports.policy.privacy_budget)


def _line(unit: UnitOfWork, entry: LedgerEntry) -> LedgerLine:
    dataset = unit.datasets.by_run(entry.run_id)
    if dataset is None:
        raise NotFound(f"the dataset of run {entry.run_id} is gone: tell the operator")
    shares = tuple(
        Share(member.contribution_id, member.windows)
        for member in unit.runs.members(entry.run_id)
        if member.account_id == entry.account_id
    )
    certificate = dataset.certificate
    return LedgerLine(
        entry,
        certificate.kind,
        certificate.title,
        dataset.certificate_cid,
        dataset.retired_at,
        shares,
    )
