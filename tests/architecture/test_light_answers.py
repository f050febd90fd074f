"""The process that answers people loads no deep-learning framework, not even to forecast."""

import subprocess
import sys

from backend.adapters.models.glucose import MlGlucoseModels
from tests.glucose_records import canonical, readings
from tests.ports.test_models import Kept, silent

HEAVY = ("torch", "tensorflow", "keras", "lightgbm", "sdv")
ANSWER = f"""
import sys
import backend.app
from backend.adapters.models.glucose import MlGlucoseModels
from backend.adapters.plots.glucose import MatplotlibPlots
from backend.ports.plots import PictureFormat, Unit

size = int.from_bytes(sys.stdin.buffer.read(8), "big")
model, trace = sys.stdin.buffer.read(size), sys.stdin.buffer.read()
models, plots = MlGlucoseModels("quick"), MatplotlibPlots()
told = models.forecast("a model", lambda: model, newer={{}})
plots.forecast(told, unit=Unit.MG_DL, form=PictureFormat.PNG)
models.summarise([trace], days=None)
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
