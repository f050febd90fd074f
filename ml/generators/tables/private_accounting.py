"""How much privacy noisy steps spend, by two accountants that share no code.

Both bound the same mechanism from above: a Gaussian one, subsampled by Poisson, composed with
itself. Opacus follows privacy random variables (Gopi et al. 2021), Google's dp-accounting the
privacy loss distribution with pessimistic rounding (Koskela et al. 2020, Doroshenko et al. 2022).
"""

import math
import warnings
from collections.abc import Callable
from functools import lru_cache

from ml.generators.tables.private import Privacy, PrivacyOutOfReach

FIRST = "PRV (Opacus)"
SECOND = "PLD (dp-accounting)"
LEAST_NOISE = 0.3
_INTERVAL = 1e-3
_MOST_NOISE = 1e4
_APART = 0.012
_FINE = 1.005


def epsilon_by_prv(noise: float, rate: float, steps: int, delta: float) -> float:
    """Upper bound on epsilon by Opacus, some 0.01 above the truth."""
    from opacus.accountants import PRVAccountant

    accountant = PRVAccountant()
    accountant.history = [(noise, rate, steps)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(accountant.get_epsilon(delta=delta))


def epsilon_by_pld(noise: float, rate: float, steps: int, delta: float) -> float:
    """Upper bound on epsilon by dp-accounting."""
    import dp_accounting
    from dp_accounting.pld import PLDAccountant

    step = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
    accountant = PLDAccountant(value_discretization_interval=_INTERVAL)
    accountant.compose(dp_accounting.SelfComposedDpEvent(step, steps))
    return float(accountant.get_epsilon(delta))


@lru_cache(maxsize=64)
def noise_for(privacy: Privacy, rate: float, steps: int) -> tuple[float, float, float]:
    """Noise under which neither accountant exceeds `epsilon`.

    Returns:
        The noise, epsilon by the first accountant, and by the second.

    Raises:
        PrivacyOutOfReach: no noise of this release is enough.
    """
    from scipy.optimize import brentq

    def above(logarithm: float) -> float:
        """How far the second accountant's bound lies above what is to be reached, in logarithms."""
        spent = epsilon_by_pld(math.exp(logarithm), rate, steps, privacy.delta)
        return math.log(max(spent, 1e-9) / wanted)

    wanted = max(0.5 * privacy.epsilon, privacy.epsilon - _APART)
    low, high = _bracket(above, _guess(privacy, rate, steps), steps, privacy)
    noise = LEAST_NOISE
    if low < high:
        noise = math.exp(brentq(above, low, high, xtol=0.002)) * _FINE
    while (first := epsilon_by_prv(noise, rate, steps, privacy.delta)) > privacy.epsilon:
        noise *= _FINE
    return noise, first, epsilon_by_pld(noise, rate, steps, privacy.delta)


def _guess(privacy: Privacy, rate: float, steps: int) -> float:
    """About the noise that is needed, as if many small steps were one Gaussian mechanism."""
    whole = math.sqrt(2 * math.log(1.25 / privacy.delta)) / privacy.epsilon
    return min(_MOST_NOISE, max(LEAST_NOISE, rate * math.sqrt(steps) * whole))


def _bracket(
    above: Callable[[float], float], guess: float, steps: int, privacy: Privacy
) -> tuple[float, float]:
    """Logarithms of too little and of enough noise; equal where the least is enough."""
    low = high = math.log(guess)
    double, least = math.log(2.0), math.log(LEAST_NOISE)
    while above(high) > 0:
        low, high = high, high + double
        if high > math.log(_MOST_NOISE):
            raise PrivacyOutOfReach(
                f"epsilon {privacy.epsilon:g} cannot be kept over {steps:,} steps: train for fewer"
            )
    while low == high or above(low) <= 0:
        if low <= least:
            return least, least
        low, high = max(least, low - double), low
    return low, high
