"""What a unit of work can store and find of generation runs and of what they leave."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from backend.domain.generation import (
    CohortSize,
    Dataset,
    LedgerEntry,
    LeftOut,
    Member,
    Run,
    RunState,
    Spending,
)
from backend.domain.identifiers import AccountId, Cid, ContributionId, KeyId, RunId


class Runs(Protocol):
    """Generation runs, their cohorts, and what they put into the content store."""

    def add(self, run: Run) -> None: ...
    def by_id(self, run_id: RunId) -> Run | None: ...
    def by_key(self, key_id: KeyId) -> Run | None: ...
    def page(self, limit: int, *, after: tuple[datetime, RunId] | None = None) -> list[Run]:
        """Newest first, of equals by id; `after` is moment of request and id of the last seen."""
        ...

    def unfinished(self) -> list[Run]:
        """The oldest first."""
        ...

    def update(self, run: Run, *, expected: RunState) -> None:
        """Compare and set: raises `IllegalTransition` when the row is no longer `expected`.

        Plan, seed, salt and key never change.
        """
        ...

    def set_members(self, run_id: RunId, members: Sequence[Member]) -> None:
        """Replace the run's cohort; of what was left out of the one before, nothing stays."""
        ...

    def leave_out(self, run_id: RunId, records: Sequence[LeftOut]) -> None:
        """The run's cohort is without them from now on; which, and why, is written down."""
        ...

    def left_out(self, run_id: RunId, *, most: int) -> list[LeftOut]:
        """By contribution, `most` of them."""
        ...

    def how_many_left_out(self, run_id: RunId) -> int:
        """Counted, not loaded."""
        ...

    def members(self, run_id: RunId) -> list[Member]:
        """By person, then by contribution."""
        ...

    def size(self, run_id: RunId) -> CohortSize:
        """Counted, not loaded."""
        ...

    def set_windows(self, run_id: RunId, windows: Mapping[ContributionId, int]) -> None:
        """How much was learnt from each; nothing else of the cohort changes."""
        ...

    def learning_from(self, contribution_id: ContributionId) -> list[Run]:
        """Every run, ended or not, that has this contribution in its cohort, the oldest first."""
        ...

    def of_account(self, account_id: AccountId) -> list[Run]:
        """Every run, ended or not, that has a contribution of this account, the oldest first."""
        ...

    def withdraw_contribution(self, contribution_id: ContributionId, at: datetime) -> None:
        """Flag it in every cohort that it is in; the first moment stands."""
        ...

    def withdraw_account(self, account_id: AccountId, at: datetime) -> None:
        """The same for everything of one account."""
        ...

    def withdrawn(self, run_id: RunId) -> int:
        """How many people of the cohort took back their consent or erased a record since."""
        ...

    def not_covered(self, run_id: RunId, at: datetime) -> int:
        """How many people of the cohort have, by this database, at `at` no consent in force to
        training and sale of the run's kind, one being taken back, or a record that is gone."""
        ...

    def name_contents(self, run_id: RunId, cids: Collection[Cid]) -> None:
        """Write down what the run is about to put into the content store; again is fine."""
        ...

    def own_contents(self, run_id: RunId) -> list[Cid]:
        """Of what was written down, that which no other run has that goes on or was released."""
        ...


class RunCheckpoints(Protocol):
    """The last state of an unfinished run, sealed; at most one each."""

    def save(self, run_id: RunId, sealed: bytes, at: datetime) -> None:
        """Replace what was saved before."""
        ...

    def of_run(self, run_id: RunId) -> bytes | None: ...
    def delete(self, run_id: RunId) -> None: ...


class Datasets(Protocol):
    """What runs left, passed or failed; at most one each."""

    def add(self, dataset: Dataset) -> None: ...
    def by_run(self, run_id: RunId) -> Dataset | None: ...
    def listed(self, limit: int, *, after: tuple[datetime, RunId] | None = None) -> list[Dataset]:
        """Those that passed and are not retired, newest first, of equals by id."""
        ...

    def retire(self, run_id: RunId, at: datetime) -> None:
        """No longer listed; the first moment stands. `NotFound` when there is none."""
        ...


class PrivacyLedger(Protocol):
    """What releases cost each contributor. An entry outlives its account, without its name."""

    def add(self, entry: LedgerEntry) -> None: ...
    def of_account(self, account_id: AccountId) -> list[LedgerEntry]:
        """Newest first."""
        ...

    def of_run(self, run_id: RunId) -> list[LedgerEntry]: ...
    def totals(self, account_ids: Collection[AccountId]) -> dict[AccountId, Spending]:
        """Sums for each of these accounts; one without any entry may be missing."""
        ...
