"""The process that answers people loads no deep-learning framework, and tells nobody anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

from backend.adapters.models.glucose import MlGlucoseModels
from tests.glucose_records import canonical, readings
from tests.ports.test_models import Kept, silent

HEAVY = ("torch", "tensorflow", "keras", "lightgbm", "sdv")
ANSWER = f"""
import sys
import backend.app
from backend.adapters.generators.cohort import MlCohortGenerators
from backend.adapters.models.glucose import MlGlucoseModels
from backend.adapters.plots.glucose import MatplotlibPlots
from backend.ports.plots import PictureFormat, Unit

size = int.from_bytes(sys.stdin.buffer.read(8), "big")
model, trace = sys.stdin.buffer.read(size), sys.stdin.buffer.read()
models, plots = MlGlucoseModels("quick"), MatplotlibPlots()
told = models.forecast("a model", lambda: model, newer={{}})
plots.forecast(told, unit=Unit.MG_DL, form=PictureFormat.PNG)
models.summarise([trace], days=None)
assert MlCohortGenerators().offers()
plots.profile(models.profile([trace], days=None), unit=Unit.MG_DL, form=PictureFormat.PNG)
assert "onnxruntime" in sys.modules
found = [name for name in {HEAVY!r} if name in sys.modules]
assert not found, found
"""


def test_a_forecast_is_served_without_a_deep_learning_framework() -> None:
    trace = canonical(readings(14))
    trained = MlGlucoseModels("quick").train([trace], seed=1, progress=silent, checkpoints=Kept())
    given = len(trained.content).to_bytes(8, "big") + trained.content + trace
    ended = subprocess.run([sys.executable, "-c", ANSWER], input=given, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()


ROOT = Path(__file__).resolve().parents[2]
ASK = """
from ml.models.onnx_forecaster import served
from ml.models.shipped import shipped
served(shipped("gru"))
"""


def test_the_runtime_of_the_models_reports_to_nobody(tmp_path: Path) -> None:
    """What it leaves where it reports: a session's id, a machine's id, a queue of events."""
    home = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    ended = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=home, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_it_is_imported_in_one_place_which_tells_it_so_first() -> None:
    importing = re.compile(r"^\s*(import|from) onnxruntime", re.MULTILINE)
    found = [
        str(file.relative_to(ROOT))
        for room in ("backend", "ml", "scripts", "benchmarks")
        for file in (ROOT / room).rglob("*.py")
        if "node_modules" not in file.parts and importing.search(file.read_text())
    ]
    assert found == ["ml/models/quiet_onnxruntime.py"]
    text = (ROOT / found[0]).read_text()
    assert text.index("ORT_DISABLE_TELEMETRY") < importing.search(text).start()  # type: ignore[union-attr]
