"""How thoroughly a cohort's generator is learnt, and how often again to judge membership."""

from dataclasses import replace
from typing import Any

from backend.domain.generation import RunPlan
from ml.catalogue import find
from ml.evaluation.release.refitting import MODELS
from ml.generators.generator import Generator

QUICK_MODELS = 24
DRAWS = {"quick": 100, "full": 200}
"""Of the report's bootstraps."""


def trainings(plan: RunPlan) -> int:
    """Of the same settings, on halves of the cohort; fewer leave a wider bound, never a lower."""
    return QUICK_MODELS if plan.setting == "quick" else MODELS


def made(plan: RunPlan, *, rows_per_person: int) -> Generator[Any]:
    """A generator of the plan's name and setting, not yet trained."""
    kind = find(plan.generator)
    if plan.generator == "gaussian_copula" and plan.epsilon is not None and plan.delta is not None:
        from ml.generators.tables.private import Privacy
        from ml.generators.tables.private_copula import PrivateCopula

        generator: Generator[Any] = PrivateCopula(Privacy(plan.epsilon, plan.delta))
    elif plan.generator in ("gaussian_copula", "gaussian_days"):
        generator = kind()
    elif plan.generator == "singan":
        generator = kind(_singan(plan.setting))
    elif plan.epsilon is not None and plan.delta is not None:
        from ml.generators.tables.private import Privacy

        private = Privacy(plan.epsilon, plan.delta, rows_per_person=rows_per_person)
        generator = kind(_of_private(plan), private=private)
    else:
        generator = kind(_of_tables(plan.setting))
    return generator


def _of_tables(setting: str) -> str:
    return "tiny" if setting == "quick" else "default"


def _of_private(plan: RunPlan) -> str:
    """Few weights and few steps: noise grows with both."""
    if plan.generator == "tvae" and plan.setting == "full":
        return "private"
    return _of_tables(plan.setting)


def _singan(setting: str) -> Any:
    from ml.generators.singan_settings import COHORT, TINY

    if setting == "full":
        return COHORT
    return replace(TINY, name="quick", iterations=40, least_days=50, least_people=10)
