"""Three months ahead from fourteen days: weekly summaries, monthly profiles, scenarios.

Importing this needs numpy alone; fitting the recurrent candidate imports torch.
"""

from ml.models.quarter.cohort import QuarterCohort
from ml.models.quarter.days import METRICS
from ml.models.quarter.forecast import Choice, QuarterForecast, Scenario

__all__ = [
    "METRICS",
    "Choice",
    "QuarterCohort",
    "QuarterForecast",
    "Scenario",
]
