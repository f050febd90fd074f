"""Starting loads little and leaves no memory behind; how long it takes the benchmarks measure."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DEEP_LEARNING = {"torch", "torchvision", "tensorflow", "keras", "jax", "sdv", "ctgan"}
ON_USE = {"lightgbm", "xgboost", "sklearn", "pandas", "web3", "siwe", "brownie", "ml"}
MEASURE = """
import json, sys
import backend.app
resident = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(json.dumps({"modules": sorted(sys.modules), "rss_kb": resident.split()[1]}))
"""


def measured() -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_importing_the_api_loads_no_framework_that_it_may_never_need() -> None:
    found = measured()
    modules = found["modules"]
    assert isinstance(modules, list)
    assert {name.split(".")[0] for name in modules}.isdisjoint(DEEP_LEARNING | ON_USE)
    assert int(str(found["rss_kb"])) < 200_000


DUMPS = """
import resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
{start}
print(resource.getrlimit(resource.RLIMIT_CORE))
"""
STARTS = {
    "api": "from backend.app import production_app as start\n"
    "try:\n    start()\nexcept SystemExit as end:\n    assert end.code == 2",
    "worker": "from backend.worker import main\nassert main() == 2",
}


@pytest.mark.parametrize("process", STARTS)
def test_before_anything_is_read_a_process_gives_up_core_dumps(process: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DUMPS.format(start=STARTS[process])],
        cwd=ROOT,
        env={**os.environ, "VITALMINT_UPLOAD_LIMIT": "faulty"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "(0, 0)\n"
