"""What a listed dataset is like, for anybody: the files of its package that hold no rows.

They lie in the sealed package and nowhere else, so that a preview costs an opening. A shelf in
memory keeps the last ones asked for; whether one may be shown is asked anew every time.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import structlog

from backend.crypto.gated_preview import GatedPreview, shown_now
from backend.domain.errors import KeyDestroyed, NotFound
from backend.domain.generation import Dataset
from backend.domain.identifiers import RunId
from backend.ports import Ports
from backend.use_cases.list_datasets import listed_dataset
from backend.use_cases.open_dataset import opened_package

LARGEST_PREVIEWED = 128 * 1024 * 1024
"""Bytes of a package; to describe a larger one, nobody without an account may have it opened."""

FEWEST_ROWS = 20
"""Of a dataset; of fewer, what is told of each column by itself comes near to telling the rows."""


class PreviewShelf:
    """Previews by the digest of their package, the last ones asked for, of so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._held: OrderedDict[bytes, GatedPreview] = OrderedDict()
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return self._size

    def take(self, package_digest: bytes) -> GatedPreview | None:
        """The preview of that package, when it is held."""
        with self._lock:
            if package_digest in self._held:
                self._held.move_to_end(package_digest)
            return self._held.get(package_digest)

    def put(self, preview: GatedPreview) -> None:
        """Hold it; those not asked for longest make room."""
        with self._lock:
            if preview.package_digest not in self._held:
                self._size += preview.size
            self._held[preview.package_digest] = preview
            while self._size > self._most:
                _, dropped = self._held.popitem(last=False)
                self._size -= dropped.size


@dataclass(frozen=True)
class DatasetPreview:
    """A preview with the dataset that it is of, as it was listed when it was asked for."""

    dataset: Dataset
    preview: GatedPreview


def previewable(dataset: Dataset) -> bool:
    """Whether anybody may have the package opened to see what it is like."""
    rows = dataset.certificate.evidence.synthetic_rows
    return dataset.package_size <= LARGEST_PREVIEWED and rows >= FEWEST_ROWS


def held_preview(run_id: RunId, shelf: PreviewShelf, *, ports: Ports) -> DatasetPreview | None:
    """What the shelf holds of a listed dataset; None when its package is to be opened.

    Raises `NotFound` for what is not listed, too large or of too few rows; `KeyDestroyed` for what
    was retired, whatever the database says.
    """
    dataset = _listed(run_id, ports)
    preview = shelf.take(dataset.certificate.package_digest)
    return None if preview is None else _shown(preview, dataset, ports)


def open_preview(run_id: RunId, shelf: PreviewShelf, *, ports: Ports) -> DatasetPreview:
    """The same, opened where the shelf does not hold it: the whole package, once."""
    dataset = _listed(run_id, ports)
    preview = shelf.take(dataset.certificate.package_digest)
    if preview is None:
        preview = GatedPreview(opened_package(dataset, ports=ports))
        shelf.put(preview)
        structlog.get_logger("datasets").info("dataset_previewed", run=run_id)
    return _shown(preview, dataset, ports)


def _listed(run_id: RunId, ports: Ports) -> Dataset:
    with ports.database.read() as unit:
        dataset = listed_dataset(unit, run_id)
    if not previewable(dataset):
        raise NotFound(
            "this dataset has no preview, because its package is too large to be opened for "
            f"everybody, or has fewer than {FEWEST_ROWS} rows: its figures are at /api/datasets, "
            "its files are in the package"
        )
    if ports.keys.state(dataset.package_key_id) == "destroyed":
        raise KeyDestroyed("this dataset was retired: list others at /api/datasets")
    return dataset


def _shown(preview: GatedPreview, dataset: Dataset, ports: Ports) -> DatasetPreview:
    return DatasetPreview(dataset, shown_now(preview, dataset, ports.evaluator.address))
