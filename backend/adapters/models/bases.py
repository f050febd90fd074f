"""What a personal training starts from: learnt from other people, none of them of this service.

The base forecaster is an artifact on disk, by default the one that ships with `ml`; where there
is none, a small one is learnt from simulated people. The three-month forecaster is learnt from
simulated people whose drift is documented. Both are made once and kept in memory.
"""

from pathlib import Path

import numpy as np

from backend.adapters.models.settings import PersonalSetting
from backend.domain.errors import MisconfiguredService
from ml import artifacts
from ml.models.quarter import QuarterForecaster, cohort_of_days
from ml.models.quarter.days import day_table
from ml.models.recurrent import Gru, Recurrent
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.windows import ForecastWindows, forecast_windows, joined
from ml.simulation.cohort import simulate_cohort
from ml.simulation.grids import simulated_grids
from ml.training.progress import ProgressSink, silent
from ml.training.quantiles import Settings

SHIPPED = Path(artifacts.__file__).with_name("models") / "shipped" / "gru"
_SEED = 20_261_122
_PEOPLE, _DAYS, _STRIDE = 9, 6, 6
_QUARTER_DAYS = 105


class Bases:
    """Made on first use.

    Args:
        setting: how large the cohort of the three-month forecaster is.
        forecaster_folder: of the base forecaster's artifact; None for the one that ships.
    """

    def __init__(self, setting: PersonalSetting, forecaster_folder: Path | None = None) -> None:
        self.setting = setting
        self._folder = forecaster_folder
        self._forecaster: Recurrent | None = None
        self._quarter: QuarterForecaster | None = None

    def forecaster(self) -> Recurrent:
        """The network that is tuned to a person; `MisconfiguredService` if the folder has none."""
        if self._forecaster is None:
            self._forecaster = self._loaded()
        return self._forecaster

    def quarter(self, progress: ProgressSink) -> QuarterForecaster:
        """The three-month forecaster."""
        if self._quarter is None:
            rng = np.random.default_rng(_SEED)
            cohort = simulate_cohort(self.setting.quarter_people, rng=rng, days=_QUARTER_DAYS)
            table = day_table(cohort.mg_dl)
            fresh = QuarterForecaster(recurrent=self.setting.quarter_recurrent)
            fresh.fit(
                cohort_of_days(cohort.person, cohort.condition, table),
                rng=rng,
                progress=progress,
                whom="simulated people",
            )
            self._quarter = fresh
        return self._quarter

    def _loaded(self) -> Recurrent:
        folder = self._folder or SHIPPED
        if self._folder is None and not folder.is_dir():
            return from_simulated_people()
        try:
            return Gru.from_artifact(artifacts.read(folder))
        except (artifacts.BrokenArtifact, artifacts.NewerArtifact) as fault:
            raise MisconfiguredService(
                (f"VITALMINT_BASE_FORECASTER: {fault}; remove the setting to use ours",)
            ) from fault


def from_simulated_people() -> Recurrent:
    """A network that has seen simulated people alone; seconds to make, and always the same."""
    rng = np.random.default_rng(_SEED)
    grids = simulated_grids(rng, _PEOPLE, days=_DAYS)
    learn, stop = (_windows(grids[:-3]), _windows(grids[-3:]))
    network = Gru(Settings(epochs=3))
    network.fit(learn, stop, rng=rng, progress=silent)
    return network


def _windows(grids: list[GlucoseGrid]) -> ForecastWindows:
    return joined([forecast_windows(grid, stride=_STRIDE) for grid in grids])
