"""How the forecast table is measured, and the folder where finished rows are kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.models.conformal import FORMAT as CALIBRATION

SIMPLE = (
    "last_value",
    "same_time_yesterday",
    "time_of_day_median",
    "linear",
    "linear_by_condition",
)
NETWORKS = ("rnn", "lstm", "gru")


@dataclass(frozen=True)
class Protocol:
    """Everything that a figure depends on besides the data.

    Attributes:
        quick: a subsample and few epochs, to see that it runs; not for publishing.
        folds: parts into which people are dealt.
        tested: folds that are tested; each time the next one calibrates, the others train.
        train_stride, train_most: every so-manieth origin, and at most so many, of a person.
        test_most: origins of a person that are tested, evenly over the record.
        epochs: at most, of each network.
        batch: windows of a training step.
        seed: deals the people and starts the networks.
        people_most: people of each cohort that take part, 0 for all.
        bootstraps: draws of people for the intervals.
        calibration: format of the tables that intervals are calibrated by.
    """

    quick: bool = False
    folds: int = 5
    tested: int = 5
    train_stride: int = 2
    train_most: int = 1000
    test_most: int = 1500
    epochs: int = 12
    batch: int = 512
    seed: int = 20261122
    people_most: int = 0
    bootstraps: int = 2000
    calibration: int = CALIBRATION

    @property
    def digest(self) -> str:
        """Names the protocol; rows of another are not mixed with its own."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


QUICK = Protocol(
    quick=True,
    tested=1,
    train_stride=6,
    train_most=200,
    test_most=200,
    epochs=4,
    batch=128,
    people_most=10,
    bootstraps=200,
)


class OtherProtocol(ValueError):
    """The folder holds rows that were measured in another way."""


class Rows:
    """Finished rows of an experiment; a row is written whole or not at all.

    Args:
        folder: where they lie; None keeps them in memory.
        protocol: names how they were measured.
    """

    def __init__(self, folder: Path | None, protocol: str) -> None:
        self._folder, self._protocol = folder, protocol
        self._kept: dict[str, Mapping[str, Any]] = {}

    def find(self, name: str) -> Mapping[str, Any] | None:
        """The row of that name, if it is finished.

        Raises:
            OtherProtocol: it was measured in another way.
        """
        if name in self._kept or self._folder is None:
            return self._kept.get(name)
        path = self._folder / f"{name}.json"
        if not path.exists():
            return None
        content = json.loads(path.read_text())
        if content["protocol"] != self._protocol:
            raise OtherProtocol(
                f"{path.name} was measured by protocol {content['protocol']}, not "
                f"{self._protocol}: resume in another folder"
            )
        row: Mapping[str, Any] = content["row"]
        return row

    def keep(self, name: str, row: Mapping[str, Any]) -> None:
        """Finish a row."""
        self._kept[name] = row
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{name}.json.part"
        part.write_text(json.dumps({"protocol": self._protocol, "row": row}))
        part.replace(self._folder / f"{name}.json")
