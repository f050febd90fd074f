"""Which jobs a worker does, as it is started."""

import threading
from typing import Literal

import pytest

from backend.domain.training import TrainingState
from backend.ports import Ports
from backend.worker import Lane, lane_of, work
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic


class UntilIdle(threading.Event):
    """Asks the worker to end when it would wait for work."""

    def wait(self, timeout: float | None = None) -> Literal[True]:
        self.set()
        return True


def test_a_worker_trains_only_when_it_is_told_to() -> None:
    assert lane_of([]) is Lane.QUICK
    assert lane_of(["--only", "training"]) is Lane.TRAINING
    assert lane_of(["--all"]) is Lane.EVERYTHING


@pytest.mark.parametrize("arguments", [["--only", "anchoring"], ["--only", "training", "--all"]])
def test_a_lane_that_is_none_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        lane_of(arguments)
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ([], TrainingState.QUEUED),
        (["--only", "training"], TrainingState.FINISHED),
        (["--all"], TrainingState.FINISHED),
    ],
    ids=["without an option", "only training", "all"],
)
def test_a_worker_without_an_option_leaves_trainings_to_others(
    ports: Ports,
    clock: SettableClock,
    chain: FakeChain,
    arguments: list[str],
    left: TrainingState,
) -> None:
    clinic = Clinic(ports, clock, chain)
    training_id = clinic.request(clinic.trainee())
    work(ports, UntilIdle(), holder="worker", lane=lane_of(arguments))
    assert clinic.training(training_id).state is left
