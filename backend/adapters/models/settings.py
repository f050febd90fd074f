"""How thoroughly a personal model is trained; a card names the setting behind its figures."""

from dataclasses import dataclass, field, replace
from typing import Literal

from ml.models.fine_tuning import FINE_TUNING
from ml.training.quantiles import Settings

SettingName = Literal["quick", "full"]


@dataclass(frozen=True)
class PersonalSetting:
    """One named way to train.

    Attributes:
        name: as the operator writes it.
        singan_iterations: of every scale of the personal SinGAN.
        singan_channels: width of its coarsest scale; at most twice that in the finest.
        singan_ratio: of one scale's length to the next finer one's.
        synthetic_days: drawn and learnt from beside the real ones.
        stride: every how many-th origin is learnt from.
        fine_tuning: of the network.
    """

    name: SettingName
    singan_iterations: int
    singan_channels: int
    singan_ratio: float
    synthetic_days: int
    stride: int
    fine_tuning: Settings = field(repr=False)


QUICK = PersonalSetting(
    name="quick",
    singan_iterations=10,
    singan_channels=8,
    singan_ratio=0.5,
    synthetic_days=10,
    stride=3,
    fine_tuning=replace(FINE_TUNING, epochs=2),
)
"""Seconds: to see that everything works."""

FULL = PersonalSetting(
    name="full",
    singan_iterations=100,
    singan_channels=32,
    singan_ratio=0.75,
    synthetic_days=28,
    stride=1,
    fine_tuning=FINE_TUNING,
)
"""Two to three minutes of one core."""

SETTINGS = {setting.name: setting for setting in (QUICK, FULL)}
