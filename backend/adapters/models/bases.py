"""What a personal training starts from: models learnt from other people, none of this service.

Both ship with `ml`, each with a card that says of whom it was learnt and how well it does.
"""

from functools import cached_property
from pathlib import Path

from backend.domain.errors import MisconfiguredService
from ml.artifacts import Artifact, BrokenArtifact, NewerArtifact, read
from ml.models.quarter import QuarterForecaster
from ml.models.recurrent import Gru, Recurrent
from ml.models.shipped import shipped


class Bases:
    """Loaded on first use.

    Args:
        forecaster_folder: of the base forecaster's artifact; None for the one that ships.
    """

    def __init__(self, forecaster_folder: Path | None = None) -> None:
        self._folder = forecaster_folder

    @cached_property
    def artifact(self) -> Artifact:
        """The base forecaster at rest; `MisconfiguredService` if the named folder holds none."""
        if self._folder is None:
            return shipped("gru")
        try:
            return read(self._folder)
        except (BrokenArtifact, NewerArtifact) as fault:
            raise _unusable(fault) from fault

    @cached_property
    def forecaster(self) -> Recurrent:
        """The network that is tuned to a person."""
        try:
            return Gru.from_artifact(self.artifact)
        except (BrokenArtifact, NewerArtifact) as fault:
            raise _unusable(fault) from fault

    @cached_property
    def quarter(self) -> QuarterForecaster:
        """The three-month forecaster."""
        return QuarterForecaster.from_artifact(shipped("quarter"))


def _unusable(fault: Exception) -> MisconfiguredService:
    return MisconfiguredService(
        (f"VITALMINT_BASE_FORECASTER: {fault}; remove the setting to use the one that ships",)
    )
