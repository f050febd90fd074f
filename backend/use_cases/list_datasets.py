"""What is released, for anybody: certificates, where they lie, and how many withdrew since."""

from dataclasses import dataclass

from backend.domain.cursor import cursor_of, place_of
from backend.domain.errors import InvalidField, NotFound
from backend.domain.generation import Dataset
from backend.domain.identifiers import RunId
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork

LARGEST_PAGE = 100


@dataclass(frozen=True)
class DatasetView:
    """A released dataset.

    Attributes:
        contributors_withdrawn: people of its cohort who took their consent back or erased a record
            since; the certificate stays true for its moment, later cohorts leave them out.
    """

    dataset: Dataset
    description: str
    contributors_withdrawn: int


@dataclass(frozen=True)
class ListDatasets:
    """`after` is the page before's `next`."""

    limit: int = 50
    after: str | None = None


@dataclass(frozen=True)
class DatasetPage:
    """Datasets, the newest first; `next` leads on, None at the end."""

    datasets: list[DatasetView]
    next: str | None


def list_datasets(command: ListDatasets, *, ports: Ports) -> DatasetPage:
    """A page of what passed the gate and is not retired; needs no login."""
    if not 1 <= command.limit <= LARGEST_PAGE:
        raise InvalidField("limit", f"a page has 1 to {LARGEST_PAGE} datasets")
    after = None
    if command.after is not None:
        moment, last = place_of(command.after)
        after = (moment, RunId(last))
    with ports.database.read() as unit:
        found = unit.datasets.listed(command.limit + 1, after=after)
        page = [one for one in found[: command.limit] if one.listed]
        views = [_view(unit, dataset) for dataset in page]
    more = len(found) > command.limit
    last_seen = found[command.limit - 1] if more else None
    following = None if last_seen is None else cursor_of(last_seen.created_at, last_seen.run_id)
    return DatasetPage(views, following)


def show_dataset(run_id: RunId, *, ports: Ports) -> DatasetView:
    """One of them; `NotFound` also for one that was withheld or retired."""
    with ports.database.read() as unit:
        return _view(unit, listed_dataset(unit, run_id))


def listed_dataset(unit: UnitOfWork, run_id: RunId) -> Dataset:
    """The dataset that anybody may know of, or `NotFound`."""
    dataset = unit.datasets.by_run(run_id)
    if dataset is None or not dataset.listed:
        raise NotFound("no dataset of this id is released: list them at /api/datasets")
    return dataset


def _view(unit: UnitOfWork, dataset: Dataset) -> DatasetView:
    run = unit.runs.by_id(dataset.run_id)
    description = "" if run is None else run.plan.description
    return DatasetView(dataset, description, unit.runs.withdrawn(dataset.run_id))
