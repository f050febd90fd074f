"""Everything that a figure of the rare-disease tables depends on besides data and code."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ml.experiments.rare.sets import HEART, KNOWN, KTAS, MATERNAL

KEPT_AS = "rare-disease-1"
NONE, WEIGHTS, THRESHOLD = "none", "class_weights", "threshold_move"
RANDOM, SMOTE, ADASYN, COPULA = "random_oversampling", "smote", "adasyn", "gaussian_copula"
CLASS_COPULA = "class_copula"
"""Of whole tables alone: where the rare class is learnt by itself it is `COPULA`."""
CHEAP = (NONE, WEIGHTS, THRESHOLD, RANDOM, SMOTE, ADASYN, COPULA)
"""Arms of 100 runs; all but `COPULA`, the simplest generator, are what the paper's is to beat."""
OWN = ("ctgan", "tvae", "tabddpm")
SDV = ("sdv_gaussian_copula", "sdv_ctgan", "sdv_tvae", "sdv_copulagan")
DEEP = (*OWN, *SDV)
"""Arms of 20 runs."""
ARMS = (*CHEAP, CLASS_COPULA, *DEEP)
GENERATORS = (COPULA, CLASS_COPULA, *OWN, *SDV)
CURVES = (NONE, RANDOM, SMOTE, COPULA)
CURVE_GAN = "ctgan"
"""The paper's arm, a GAN: its curve has fewer runs."""


@dataclass(frozen=True)
class Protocol:
    """How to measure.

    Attributes:
        quick: subsamples and tiny settings, to see that it runs; not for publishing.
        seed: deals the rows and starts everything.
        runs, deep_runs: of cheap and of deep arms.
        tstr_runs, deep_tstr_runs: of generators of whole tables, cheap and deep.
        tstr_times: how many times as many synthetic rows as real ones, beside as many.
        curve_runs, curve_gan_runs: at every size of the learning curves.
        control_runs: of protocols that leak on purpose.
        sizes: shares of the training fold in the learning curves.
        most: rows of each set, 0 for all.
        specificity: at which recalls are matched.
        epochs: by set and arm, of generators of the rare class; diffusion counts iterations.
        tstr_epochs: the same of generators of the whole training fold.
        level: of intervals.
    """

    quick: bool = False
    seed: int = 20261122
    runs: int = 100
    deep_runs: int = 20
    tstr_runs: int = 20
    tstr_times: int = 4
    deep_tstr_runs: int = 5
    curve_runs: int = 20
    curve_gan_runs: int = 3
    control_runs: int = 5
    sizes: tuple[float, ...] = (0.1, 0.2, 0.4, 0.7, 1.0)
    most: int = 0
    specificity: float = 0.9
    epochs: Mapping[str, Mapping[str, int]] | None = None
    tstr_epochs: Mapping[str, Mapping[str, int]] | None = None
    level: float = 0.95

    def epochs_of(self, given: str, arm: str, *, whole: bool = False) -> int:
        """Epochs, or iterations of a diffusion model; 0 for what is not trained in epochs."""
        chosen = (self.tstr_epochs or TSTR_EPOCHS) if whole else (self.epochs or EPOCHS)
        return chosen[given].get(arm, 0)

    def runs_of(self, arm: str) -> int:
        """How many runs an arm has."""
        return self.deep_runs if arm in DEEP else self.runs

    def key(self, *parts: object) -> str:
        """Names a row: equal for equal parts and equal ways to measure them."""
        measured = {name: getattr(self, name) for name in ("quick", "seed", "most", "specificity")}
        content = json.dumps([measured, [str(part) for part in parts]], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:10]

    def as_json(self) -> dict[str, object]:
        """The protocol as JSON values, epochs spelt out."""
        spelt = {"epochs": self.epochs or EPOCHS, "tstr_epochs": self.tstr_epochs or TSTR_EPOCHS}
        return asdict(self) | spelt


def _epochs(gan: int, vae: int, diffusion: int, sdv: int) -> dict[str, int]:
    return {
        "ctgan": gan,
        "tvae": vae,
        "tabddpm": diffusion,
        "sdv_ctgan": sdv,
        "sdv_tvae": sdv,
        "sdv_copulagan": sdv,
    }


EPOCHS: Mapping[str, Mapping[str, int]] = {
    HEART: _epochs(10, 20, 150, 10),
    KNOWN: _epochs(30, 60, 200, 30),
    KTAS: _epochs(50, 100, 200, 50),
    MATERNAL: _epochs(50, 100, 200, 50),
}
TSTR_EPOCHS: Mapping[str, Mapping[str, int]] = {
    HEART: _epochs(10, 20, 150, 10),
    KNOWN: _epochs(15, 100, 3000, 15),
    KTAS: _epochs(50, 100, 1000, 300),
    MATERNAL: _epochs(50, 100, 1000, 300),
}
"""SDV's networks have their own 300 on the sets on which ours are held against them."""
DIFFUSION_STEPS = 50
"""From data to noise, half of TabDDPM's own 100, for drawing costs them all."""
TINY_EPOCHS: Mapping[str, Mapping[str, int]] = {
    name: _epochs(3, 3, 30, 2) for name in (HEART, KNOWN, KTAS, MATERNAL)
}
_CHEAP_SECONDS: Mapping[str, float] = {HEART: 2.7, KNOWN: 1.5, KTAS: 0.5, MATERNAL: 0.2}
_DEEP_SECONDS: Mapping[str, float] = {HEART: 31.0, KNOWN: 19.0, KTAS: 16.0, MATERNAL: 12.0}
_TSTR_SECONDS: Mapping[str, float] = {HEART: 0.0, KNOWN: 110.0, KTAS: 110.0, MATERNAL: 50.0}
_CHEAP_TSTR_SECONDS: Mapping[str, float] = {HEART: 0.0, KNOWN: 12.0, KTAS: 0.6, MATERNAL: 0.3}
_CURVE_SECONDS, _CURVE_GAN_SECONDS = 6.0, 45.0


def declared_core_hours(protocol: Protocol, sets: Sequence[str]) -> float:
    """What all arms of these sets are expected to take, from runs measured on one core."""
    quick = 0.05 if protocol.quick else 1.0
    seconds = sum(
        protocol.runs * _CHEAP_SECONDS[name]
        + protocol.deep_runs * _DEEP_SECONDS[name]
        + protocol.tstr_runs * _CHEAP_TSTR_SECONDS[name]
        + protocol.deep_tstr_runs * _TSTR_SECONDS[name]
        for name in sets
    )
    seconds += protocol.curve_runs * _CURVE_SECONDS
    seconds += protocol.curve_gan_runs * _CURVE_GAN_SECONDS
    return round(quick * seconds / 3600, 3)


QUICK = Protocol(
    quick=True,
    runs=5,
    deep_runs=1,
    tstr_runs=1,
    deep_tstr_runs=0,
    curve_runs=1,
    curve_gan_runs=1,
    control_runs=1,
    sizes=(0.4, 1.0),
    most=700,
    epochs=TINY_EPOCHS,
    tstr_epochs=TINY_EPOCHS,
)
