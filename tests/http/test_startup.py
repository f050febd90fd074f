"""Starting the API is quick, small, and does nothing to the outside."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = ("torch", "tensorflow", "sdv", "lightgbm", "pandas", "web3", "siwe", "brownie", "ml")
MEASURE = """
import json, sys, time
import backend.app
resident = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(json.dumps({
    "modules": sorted(sys.modules), "cpu_s": time.process_time(), "rss_kb": resident.split()[1]
}))
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
    assert {name.split(".")[0] for name in modules}.isdisjoint(HEAVY)
    assert float(str(found["cpu_s"])) < 2.0
    assert int(str(found["rss_kb"])) < 200_000
