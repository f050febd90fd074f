"""Every model and generator by name; a class is imported when it is asked for."""

import importlib
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
    "gaussian_days": "ml.generators.gaussian_days:GaussianDays",
    "block_bootstrap": "ml.generators.block_bootstrap:BlockBootstrap",
}


def find(name: str) -> Any:
    """The class of that name; `KeyError` with the known names when there is none."""
    known = FORECASTERS | GENERATORS
    if name not in known:
        raise KeyError(f"no model is called {name!r}: known are {', '.join(sorted(known))}")
    module, _, attribute = known[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
