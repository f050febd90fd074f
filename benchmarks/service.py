"""What the idle API costs: its memory, the CPU of its import, and what it does not load.

python -m benchmarks.service
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import verdict
from scripts.run.stack import Stack

MEMORY_TARGET_MB = 200.0
IMPORT_TARGET_S = 2.0
FRAMEWORKS = ("torch", "tensorflow", "sdv", "lightgbm")
SETTLED_S = 5.0

_IMPORT = f"""
import importlib.abc, json, sys, time
frameworks, asked_for = set({FRAMEWORKS!r}), set()
class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in frameworks:
            asked_for.add(name)
sys.meta_path.insert(0, Watch())
before = time.process_time()
import backend.app
spent = time.process_time() - before
loaded = sorted(asked_for | {{name for name in sys.modules if name in frameworks}})
print(json.dumps([spent, len(sys.modules), loaded]))
"""


@dataclass(frozen=True)
class ServiceBenchmark:
    """Megabytes are millions of bytes; `frameworks` are those that were loaded or asked for."""

    resident_mb: float
    worker_mb: float
    import_cpu_s: float
    imports: int
    modules: int
    frameworks: tuple[str, ...]
    resident_target_mb: float = MEMORY_TARGET_MB
    import_target_s: float = IMPORT_TARGET_S


def measure_service(*, imports: int = 5) -> ServiceBenchmark:
    """`imports` fresh interpreters, and one whole service that nobody uses."""
    runs = [_import_once() for _ in range(imports)]
    resident = _resident()
    frameworks = {name for _, _, names in runs for name in names} | set(resident.frameworks)
    return ServiceBenchmark(
        resident_mb=resident.api_mb,
        worker_mb=resident.worker_mb,
        import_cpu_s=statistics.median(spent for spent, _, _ in runs),
        imports=imports,
        modules=runs[0][1],
        frameworks=tuple(sorted(frameworks)),
    )


def report(result: ServiceBenchmark) -> str:
    """Three lines for people."""
    loaded = ", ".join(result.frameworks) or "none of " + ", ".join(FRAMEWORKS)
    return (
        f"idle API: {result.resident_mb:.0f} MB resident "
        f"({verdict(result.resident_mb, MEMORY_TARGET_MB)}); worker {result.worker_mb:.0f} MB\n"
        f"import backend.app: {result.import_cpu_s:.2f} s of CPU, median of {result.imports} fresh "
        f"interpreters ({verdict(result.import_cpu_s, IMPORT_TARGET_S)}); "
        f"{result.modules:,} modules, {loaded} loaded or even asked for\n"
        "limited by: FastAPI with pydantic (50 MB) and SQLAlchemy (40 MB), most of the import too; "
        "web3 (20 MB) comes with the first connection, pandas with the first file"
    )


@dataclass(frozen=True)
class _Resident:
    api_mb: float
    worker_mb: float
    frameworks: tuple[str, ...]


def _import_once() -> tuple[float, int, list[str]]:
    """Seconds of CPU, modules loaded, frameworks loaded or asked for, in a fresh interpreter."""
    command = [sys.executable, "-c", _IMPORT]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    spent, modules, names = json.loads(done.stdout)
    return float(spent), int(modules), list(names)


def _resident() -> _Resident:
    """A service started as `make run` starts it, once it has settled."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), report=lambda _: None)
        try:
            stack.start()
            time.sleep(SETTLED_S)
            state = json.loads((Path(folder) / "stack.json").read_text())
            api, worker = state["api"]["pid"], state["worker"]["pid"]
            return _Resident(_memory_mb(api), _memory_mb(worker), _mapped(api))
        finally:
            stack.stop()


def _memory_mb(pid: int) -> float:
    """Resident memory, as the kernel counts it."""
    status = Path(f"/proc/{pid}/status").read_text()
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kilobytes) * 1024 / 1e6


def _mapped(pid: int) -> tuple[str, ...]:
    """The frameworks whose libraries the process has mapped."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return tuple(name for name in FRAMEWORKS if f"/site-packages/{name}/" in maps)


if __name__ == "__main__":
    print(report(measure_service()))
