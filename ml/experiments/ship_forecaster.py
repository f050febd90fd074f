"""Makes the base forecaster that ships with the project.

    python -m ml.experiments.ship_forecaster --data ../shared/data

It learns from people of sets under CC BY 4.0 and ODC-BY and from simulated people alone. People
of the other sets serve for measuring: none of them is learnt from, and the card's figures are
theirs.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml.artifacts import Artifact, write
from ml.evaluation import forecast as ev
from ml.experiments.cohorts import Person, people, split_by_person
from ml.experiments.forecast_windows import require_disjoint, windows_of
from ml.models.forecaster import QUANTILES, Forecaster
from ml.models.linear import Linear
from ml.models.recurrent import Gru
from ml.records.cgm.windows import ForecastWindows
from ml.simulation.grids import simulated_grids
from ml.training.progress import Progress
from ml.training.quantiles import Settings

OPEN = ("hall", "hupa", "bigideas")
MEASURED = ("iglu", "shanghai", "uchtt")
SHIPPED = Path(__file__).resolve().parents[1] / "models" / "shipped" / "gru"
SEED = 20261122
SIMULATED = 12
_MOST = 1200


def main() -> None:
    """Train, measure, and put the model where it ships."""
    parser = argparse.ArgumentParser(prog="python -m ml.experiments.ship_forecaster")
    parser.add_argument("--data", type=Path, required=True, help="the shared data folder")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder of the model")
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    artifact = shipped_artifact(arguments.data, epochs=arguments.epochs)
    write(artifact, arguments.out)
    sys.stdout.write(f"{arguments.out.name}: {artifact.card['figures']}\n")


def shipped_artifact(data: Path, *, epochs: int) -> Artifact:
    """The trained model with its card."""
    rng = np.random.default_rng(SEED)
    learnt, held = split_by_person(people(data, cohorts=OPEN), shares=[0.75, 0.25], rng=rng)
    simulated = simulated_grids(rng, SIMULATED, days=6)
    train = windows_of([p.grid for p in learnt] + simulated, stride=2, most=_MOST)
    validation = windows_of([p.grid for p in held], stride=2, most=_MOST)
    strangers = people(data, cohorts=MEASURED)
    test = windows_of([p.grid for p in strangers], stride=1, most=_MOST)
    require_disjoint(train, validation, test)
    model, linear = Gru(Settings(epochs=epochs)), Linear()
    model.fit(train, validation, rng=rng, progress=_print)
    linear.fit(train, validation, rng=rng, progress=_print)
    artifact = model.to_artifact()
    card = dict(artifact.card) | {
        "title": "Base forecaster of glucose, 5 to 120 minutes ahead, 9 quantiles",
        "licence": "Apache-2.0",
        "learnt_from": {
            "sets": {
                "Hall 2018": "CC BY 4.0, doi 10.1371/journal.pbio.2005143",
                "HUPA-UCM": "CC BY 4.0, doi 10.17632/3hbcscwz44.1",
                "BIG IDEAs": "ODC-BY 1.0, doi 10.13026/zthx-5212",
            },
            "real_people": len(learnt),
            "simulated_people": SIMULATED,
            "calibrated_on_people": len(held),
        },
        "seed": SEED,
        "command": "python -m ml.experiments.ship_forecaster",
        "figures": figures(model, linear, test, strangers, rng),
        "limits": (
            "No insulin, meals or exercise are known to it. HUPA-UCM is interpolated from 15 "
            "minutes. Not a medical device; no dose follows from it."
        ),
    }
    return Artifact(artifact.kind, artifact.version, card, artifact.files)


def figures(
    model: Forecaster,
    linear: Forecaster,
    test: ForecastWindows,
    strangers: list[Person],
    rng: np.random.Generator,
) -> Mapping[str, Any]:
    """RMSE beside linear, and coverage, of people from sets that nothing was learnt from."""
    ours, theirs = (_scores(m, test) for m in (model, linear))
    condition = {person.name: person.condition for person in strangers}
    type_1 = np.array([condition[name] == "t1d" for name in ours.person])
    table: dict[str, Any] = {
        "protocol": "people of the iglu, Shanghai T1DM and UC_HT_T1DM sets, none learnt from; "
        "RMSE mean over people; ratio to least squares learnt from the same windows with the "
        "2.5th and 97.5th percentile over 2,000 bootstraps of people",
        "windows": int(ours.windows.sum()),
    }
    for name, which in (("t1d", type_1), ("others", ~type_1)):
        own, other = ours.take(which), theirs.take(which)
        mean, _ = ev.rmse_over_people(own)
        table[name] = {
            "people": len(own),
            "coverage_90": round(float(own.hits.sum() / own.counts.sum()), 3),
        }
        for step, minutes in zip(ev.STEPS, ev.STEP_NAMES, strict=True):
            ratio = ev.paired_ratio(own, other, step, rng=rng)
            table[name][f"{minutes}_min"] = {
                "rmse": round(float(mean[step]), 2),
                "ratio_to_linear": [round(v, 3) for v in (ratio.value, ratio.low, ratio.high)],
            }
    return table


def _scores(model: Forecaster, windows: ForecastWindows) -> ev.PersonScores:
    return ev.score(
        person=windows.person,
        last=windows.history[:, -1],
        hour=windows.minute_of_day // 60,
        target=windows.target,
        quantiles=model.predict(windows),
        levels=QUANTILES,
    )


def _print(progress: Progress) -> None:
    if progress.figures:
        shown = ", ".join(f"{name} {value:.4f}" for name, value in progress.figures)
        sys.stderr.write(f"{progress.stage} {progress.done}/{progress.total}: {shown}\n")


if __name__ == "__main__":
    main()
