"""Every model and generator by name; a class is imported when it is asked for."""

import importlib
from collections.abc import Mapping
from typing import Any

FORECASTERS = {
    "last_value": "ml.models.baselines:LastValue",
    "same_time_yesterday": "ml.models.baselines:SameTimeYesterday",
    "time_of_day_median": "ml.models.baselines:TimeOfDayMedian",
    "linear": "ml.models.linear:Linear",
    "rnn": "ml.models.recurrent:Rnn",
    "lstm": "ml.models.recurrent:Lstm",
    "gru": "ml.models.recurrent:Gru",
}
GENERATORS = {
    "singan": "ml.generators.singan:SinGan",
    "ctgan": "ml.generators.tables.ctgan:Ctgan",
    "tvae": "ml.generators.tables.tvae:Tvae",
    "tabddpm": "ml.generators.tables.tabddpm:TabDdpm",
    "gaussian_copula": "ml.generators.tables.copula:GaussianCopula",
    "class_copula": "ml.generators.tables.class_copula:ClassCopula",
    "private_copula": "ml.generators.tables.private_copula:PrivateCopula",
    "random_oversampling": "ml.generators.tables.resampling:RandomOverSampling",
    "smote": "ml.generators.tables.resampling:Smote",
    "adasyn": "ml.generators.tables.resampling:Adasyn",
    "gaussian_days": "ml.generators.gaussian_days:GaussianDays",
    "block_bootstrap": "ml.generators.block_bootstrap:BlockBootstrap",
    "sdv_gaussian_copula": "ml.generators.tables.sdv_synthesizers:SdvGaussianCopula",
    "sdv_ctgan": "ml.generators.tables.sdv_synthesizers:SdvCtgan",
    "sdv_tvae": "ml.generators.tables.sdv_synthesizers:SdvTvae",
    "sdv_copulagan": "ml.generators.tables.sdv_synthesizers:SdvCopulaGan",
}
RELEASABLE = frozenset(
    {
        "singan",
        "ctgan",
        "tvae",
        "tabddpm",
        "gaussian_copula",
        "class_copula",
        "private_copula",
        "gaussian_days",
    }
)
"""Generators of our own whose output may reach the gate; not those that copy, nor SDV's."""


def find(name: str) -> Any:
    """The class of that name; `KeyError` with the known names when there is none."""
    known = FORECASTERS | GENERATORS
    if name not in known:
        raise KeyError(f"no model is called {name!r}: known are {', '.join(sorted(known))}")
    module, _, attribute = known[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def releasable(kind: str, card: Mapping[str, Any] | None = None) -> bool:
    """Whether what the generator makes may be offered to the gate at all.

    Args:
        kind: of the catalogue; `KeyError` for any other.
        card: of the fitted generator; where it speaks of ``releasable``, its word counts.
    """
    if kind not in GENERATORS:
        raise KeyError(
            f"no generator is called {kind!r}: known are {', '.join(sorted(GENERATORS))}"
        )
    if card is not None and "releasable" in card:
        return card["releasable"] is True
    return kind in RELEASABLE
