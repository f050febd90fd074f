"""Starting the API loads little; how long it takes is measured by the benchmarks."""

import json
import subprocess
import sys
from pathlib import Path

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
