"""Makes the three-month forecaster that ships with the project; about a minute.

    python -m ml.experiments.ship_quarter

It learns from simulated people alone and its card's figures are of other simulated people; what
it does on real ones is measured by `ml.experiments.cgm_quarter`.
"""

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from ml.artifacts import Artifact, write
from ml.evaluation.quarter import score
from ml.models.quarter import METRICS, QuarterCohort, QuarterForecaster, cohort_of_days
from ml.models.quarter.cohort import SPAN, joined
from ml.models.quarter.days import day_table, weekly_figures, with_range
from ml.simulation.cohort import simulate_cohort
from ml.simulation.drift import CONDITIONS, MIX, Drift, Wear

SHIPPED = Path(__file__).resolve().parents[1] / "models" / "shipped" / "quarter"
SEED = 20261122
PEOPLE = 4000
TEST_PEOPLE = 1000


def main() -> None:
    """Train, measure, and put the model where it ships."""
    parser = argparse.ArgumentParser(prog="python -m ml.experiments.ship_quarter")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder of the model")
    parser.add_argument("--people", type=int, default=PEOPLE, help="simulated people to learn from")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    artifact = shipped_artifact(people=arguments.people)
    write(artifact, arguments.out)
    sys.stdout.write(f"{arguments.out.name}: {artifact.card['figures']}\n")


def simulated_quarters(
    people: int, *, rng: np.random.Generator, prefix: str = "simulated"
) -> QuarterCohort:
    """Simulated people with the 105 days that a cohort needs, begun at days all over a year."""
    parts = []
    for month, share in enumerate(np.array_split(np.arange(people), 4)):
        made = simulate_cohort(
            len(share),
            rng=rng,
            days=SPAN,
            first_day=np.datetime64("2026-01-05") + 91 * month,
            prefix=f"{prefix}-{month}",
        )
        parts.append(cohort_of_days(made.person, made.condition, day_table(made.mg_dl)))
    return joined(parts)


def shipped_artifact(*, people: int = PEOPLE, seed: int = SEED) -> Artifact:
    """The fitted forecaster with its card; the same arguments give the same bytes."""
    rng = np.random.default_rng(seed)
    learnt = simulated_quarters(people, rng=rng)
    test = simulated_quarters(TEST_PEOPLE, rng=rng, prefix="stranger")
    forecaster = QuarterForecaster()
    forecaster.fit(learnt, rng=rng, whom="simulated people")
    after = with_range(weekly_figures(test.after))
    scores = score(
        METRICS,
        forecaster.predict_people(test.first),
        forecaster.candidates(test.first)["carry_forward"],
        after,
        rng=rng,
    )
    artifact = forecaster.to_artifact()
    card = {
        **artifact.card,
        "name": "three months from fourteen days",
        "learnt_from": f"{people} simulated people of ml.simulation.cohort and no real one",
        "simulation": {
            "conditions": {name: asdict(of) for name, of in CONDITIONS.items()},
            "mix": dict(MIX),
            "drift": asdict(Drift()),
            "wear": asdict(Wear()),
        },
        "seed": seed,
        "licence": "Apache-2.0",
        "limits": "Not measured on enough real people to be more than a first guess: see "
        "docs/results/cgm_quarter.md. Children, pregnancy and days in hospital are not simulated.",
        "figures": {
            "people": f"{TEST_PEOPLE} other simulated people",
            **{
                s.metric: {
                    "ratio_to_carry_forward": round(s.ratio.value, 4),
                    "ratio_upper_95": round(s.ratio.high, 4),
                    "quarter_mae": round(s.quarter_mae, 5),
                    "weeks_covered": round(s.weeks_covered, 4),
                    "quarter_covered": round(s.quarter_covered, 4),
                }
                for s in scores
            },
        },
    }
    return replace(artifact, card=card)


if __name__ == "__main__":
    main()
