"""Three months ahead from fourteen days: weekly summaries, monthly profiles, scenarios.

Importing this needs numpy alone; fitting the recurrent candidate imports torch.
"""

from ml.models.quarter.cohort import QuarterCohort, cohort_of_days, cohort_of_grids
from ml.models.quarter.days import METRICS
from ml.models.quarter.forecast import Choice, QuarterForecast, Scenario
from ml.models.quarter.forecaster import QuarterForecaster
from ml.models.quarter.scenarios import DaySource

__all__ = [
    "METRICS",
    "Choice",
    "DaySource",
    "QuarterCohort",
    "QuarterForecast",
    "QuarterForecaster",
    "Scenario",
    "cohort_of_days",
    "cohort_of_grids",
]
