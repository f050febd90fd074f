"""Units done on local cores by joblib, or by the same calls on a Ray cluster; rows kept at once."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ml.experiments.forecasting.protocol import Rows
from ml.experiments.rare.protocol import Protocol
from ml.experiments.rare.sets import RareSet
from ml.experiments.rare.units import Row, Unit

LOCAL = "local"
_BATCHES = 2


class RayMissing(RuntimeError):
    """A cluster was asked for and Ray is not installed."""


@dataclass(frozen=True)
class Workers:
    """Who does the work.

    Attributes:
        jobs: processes.
        ray: address of a cluster, `LOCAL` to start one here, or None for joblib's own processes.
    """

    jobs: int = 1
    ray: str | None = None


def done(
    todo: Sequence[Unit],
    sets: Mapping[str, RareSet],
    protocol: Protocol,
    rows: Rows,
    *,
    workers: Workers,
    say: Callable[[str], None],
) -> None:
    """Measure what is not among `rows` yet, and keep every unit's rows when it is done."""
    open_units = [unit for unit in (_missing(unit, protocol, rows) for unit in todo) if unit.arms]
    say(f"{len(todo) - len(open_units)} of {len(todo)} units were done before")
    meter = _Meter(open_units, workers.jobs)
    for unit, made, seconds in _measured(open_units, sets, protocol, workers):
        names = unit.names(protocol)
        for arm, row in zip(unit.arms, made, strict=True):
            rows.keep(names[arm], row)
        line = meter.line(unit, seconds)
        if line:
            say(line)


def finished(todo: Sequence[Unit], protocol: Protocol, rows: Rows) -> list[tuple[str, Row]]:
    """Part and row of everything that is there."""
    found = []
    for unit in todo:
        for name in unit.names(protocol).values():
            row = rows.find(name)
            if row is not None:
                found.append((unit.part, row))
    return found


def _missing(unit: Unit, protocol: Protocol, rows: Rows) -> Unit:
    names = unit.names(protocol)
    return replace(unit, arms=tuple(arm for arm in unit.arms if rows.find(names[arm]) is None))


def _measured(
    todo: Sequence[Unit], sets: Mapping[str, RareSet], protocol: Protocol, workers: Workers
) -> Iterator[tuple[Unit, list[Row], float]]:
    if workers.ray is None and workers.jobs == 1:
        for unit in todo:
            yield _measure(unit, sets[unit.given], protocol)
        return
    from joblib import Parallel, delayed, parallel_config

    calls = [delayed(_measure)(unit, sets[unit.given], protocol) for unit in todo]
    if workers.ray is None:
        with parallel_config("loky", inner_max_num_threads=1):
            yield from Parallel(n_jobs=workers.jobs, return_as="generator_unordered")(calls)
        return
    with _ray(workers), parallel_config("ray"):  # which gives results by the batch alone
        width = _BATCHES * workers.jobs
        for start in range(0, len(calls), width):
            yield from Parallel(n_jobs=workers.jobs)(calls[start : start + width])


def _measure(unit: Unit, given: RareSet, protocol: Protocol) -> tuple[Unit, list[Row], float]:
    """One unit on one core: the call that every kind of worker makes."""
    from threadpoolctl import threadpool_limits

    began = time.perf_counter()
    if "torch" in sys.modules or unit.needs_torch:
        from ml.training.threads import use_threads

        use_threads(1)
    with threadpool_limits(1):
        return unit, unit.measure(given, protocol), time.perf_counter() - began


@contextmanager
def _ray(workers: Workers) -> Iterator[None]:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ModuleNotFoundError as fault:
        raise RayMissing("Ray is not installed: leave --ray out, or install ray") from fault
    local = workers.ray == LOCAL
    ours = not ray.is_initialized()
    if ours:
        ray.init(
            address=None if local else workers.ray,
            num_cpus=workers.jobs if local else None,
            include_dashboard=False if local else None,
            log_to_driver=False,
        )
    try:
        register_ray()
        yield
    finally:
        if ours:
            ray.shutdown()


class _Meter:
    """How far it is and how long the rest takes, by the seconds that like units took."""

    def __init__(self, todo: Sequence[Unit], jobs: int) -> None:
        self._left = [_kind(unit) for unit in todo]
        self._total, self._jobs = len(todo), jobs
        self._seconds: dict[Any, list[float]] = {}
        self._said = 0.0

    def line(self, unit: Unit, seconds: float) -> str:
        """What to say now, at most every five seconds and at the end; else nothing."""
        self._left.remove(_kind(unit))
        self._seconds.setdefault(_kind(unit), []).append(seconds)
        now = time.monotonic()
        if self._left and now - self._said < 5:
            return ""
        self._said = now
        every = [each for seen in self._seconds.values() for each in seen]
        usual = sum(every) / len(every)
        rest = sum(
            sum(seen) / len(seen) if (seen := self._seconds.get(kind)) else usual
            for kind in self._left
        )
        done_units = self._total - len(self._left)
        return (
            f"{done_units}/{self._total} units, about {rest / self._jobs / 60:.1f} min left "
            f"(last: {unit.part} {unit.given} run {unit.run})"
        )


def _kind(unit: Unit) -> tuple[Any, ...]:
    return unit.part, unit.given, unit.arms, unit.size
