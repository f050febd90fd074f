"""What there is to do, in an order in which stopping early leaves balanced rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.experiments.rare.honest import REAL, honest_rows, tstr_rows
from ml.experiments.rare.paper import CONTROLS, control_row, paper_row
from ml.experiments.rare.protocol import (
    CHEAP,
    CURVE_GAN,
    CURVES,
    DEEP,
    GENERATORS,
    SMOTE,
    Protocol,
)
from ml.experiments.rare.sets import HEART, KNOWN, RareSet

HONEST, TSTR, MORE, PAPER, CONTROL = "honest", "tstr", "tstr_more", "paper", "control"
PARTS = (HONEST, TSTR, MORE, PAPER, CONTROL)
CURVE_SETS = (HEART, KNOWN)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Unit:
    """Rows that are measured together, by one process: the arms of one run.

    Attributes:
        part: of the experiment.
        given: the set's name.
        arms: or controls.
        run: its number.
        size: share of the rows.
    """

    part: str
    given: str
    arms: tuple[str, ...]
    run: int
    size: float = 1.0

    @property
    def needs_torch(self) -> bool:
        """Whether one of its arms is a network."""
        return bool(set(self.arms) & set(DEEP))

    def names(self, protocol: Protocol) -> dict[str, str]:
        """The name under which each arm's row is kept."""
        found = {}
        for arm in self.arms:
            epochs = protocol.epochs_of(self.given, arm, whole=self.part in (TSTR, MORE))
            times = (protocol.tstr_times,) if self.part == MORE else ()
            key = protocol.key(self.part, self.given, arm, self.run, self.size, epochs, *times)
            found[arm] = f"{self.part}-{self.given}-{arm}-{self.run:03d}-{key}"
        return found

    def measure(self, given: RareSet, protocol: Protocol) -> list[Row]:
        """The rows, in the order of `arms`."""
        if self.part == HONEST:
            return list(honest_rows(given, self.arms, self.run, protocol, self.size))
        if self.part == TSTR:
            return list(tstr_rows(given, self.arms, self.run, protocol))
        if self.part == MORE:
            times = protocol.tstr_times
            return list(tstr_rows(given, self.arms, self.run, protocol, times=times))
        if self.part == PAPER:
            return [paper_row(given, arm, self.run, protocol, self.size) for arm in self.arms]
        return [control_row(given, control, self.run, protocol) for control in self.arms]


def units(sets: Sequence[str], arms: Sequence[str], protocol: Protocol) -> list[Unit]:
    """Everything: cheap arms, controls and curves first, then deep arms run by run over sets."""
    return [*_cheap(sets, arms, protocol), *_deep(sets, arms, protocol)]


def _cheap(sets: Sequence[str], arms: Sequence[str], protocol: Protocol) -> Iterator[Unit]:
    chosen = tuple(arm for arm in CHEAP if arm in arms)
    curved = tuple(arm for arm in CURVES if arm in arms)
    for run in range(protocol.runs if chosen else 0):
        yield from (Unit(HONEST, name, chosen, run) for name in sets)
    for run in range(protocol.control_runs):
        yield from (Unit(CONTROL, name, CONTROLS, run) for name in sets)
    for run in range(protocol.curve_runs if curved else 0):
        yield from _curves(sets, curved, run, protocol)
    whole = tuple(arm for arm in (REAL, SMOTE, *GENERATORS) if arm in (*arms, REAL))
    cheap = tuple(arm for arm in whole if arm not in DEEP)
    for run in range(protocol.tstr_runs):
        yield from (Unit(TSTR, name, cheap, run) for name in sets if name != HEART)
        if KNOWN in sets and cheap != (REAL,):
            yield Unit(MORE, KNOWN, cheap[1:], run)


def _deep(sets: Sequence[str], arms: Sequence[str], protocol: Protocol) -> Iterator[Unit]:
    deep = [arm for arm in DEEP if arm in arms]
    for run in range(max(protocol.deep_runs, protocol.deep_tstr_runs, protocol.curve_gan_runs)):
        for name in sets:
            if run < protocol.deep_runs:
                yield from (Unit(HONEST, name, (arm,), run) for arm in deep)
            if run < protocol.deep_tstr_runs and name != HEART:
                yield from (Unit(TSTR, name, (arm,), run) for arm in deep)
        if run < protocol.curve_gan_runs and CURVE_GAN in arms:
            yield from _curves(sets, (CURVE_GAN,), run, protocol)


def _curves(
    sets: Sequence[str], arms: tuple[str, ...], run: int, protocol: Protocol
) -> Iterator[Unit]:
    """The paper's protocol at every size, and the honest one wherever that is not done yet."""
    for size in protocol.sizes:
        if HEART in sets:
            yield Unit(PAPER, HEART, arms, run, size)
        if size < 1:
            yield from (Unit(HONEST, name, arms, run, size) for name in CURVE_SETS if name in sets)
