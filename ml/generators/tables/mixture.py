"""A column of numbers as a mixture of a few normal modes (variational, one-dimensional).

Bishop, Pattern Recognition and Machine Learning, 10.2: a sparse Dirichlet prior lets modes that
are not needed die out. Rows with equal numbers are looked at once, and a long column as the means
of quantile groups, so that the cost does not grow with the rows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

Floats = npt.NDArray[np.float64]

MOST_MODES = 10
LEAST_WEIGHT = 0.005
_POINTS = 512
_CONCENTRATION = 1e-3
_ROUNDS = 200
_SETTLED = 1e-4
_NARROWEST = 1e-3


@dataclass(frozen=True)
class Mixture:
    """Modes in ascending order.

    Attributes:
        means, deviations, weights: (modes,); weights sum to 1.
    """

    means: Floats
    deviations: Floats
    weights: Floats

    def draw_modes(self, cells: Floats, rng: np.random.Generator) -> npt.NDArray[np.intp]:
        """A mode for each cell, drawn by how likely it is to have made it."""
        apart = (cells[:, None] - self.means) / self.deviations
        weighed = np.log(self.weights / self.deviations) - 0.5 * apart**2
        weighed = np.exp(weighed - weighed.max(axis=1, keepdims=True))
        reached = np.cumsum(weighed, axis=1)
        level = rng.random(len(cells)) * reached[:, -1]
        return (reached < level[:, None]).sum(axis=1).clip(max=len(self.means) - 1)


def fit_mixture(cells: Floats) -> Mixture:
    """The modes of `cells`, which are finite and not all equal."""
    centre, scale = float(cells.mean()), float(cells.std())
    points, counts = _condensed((cells - centre) / scale)
    shares = _first_shares(points, counts, min(MOST_MODES, points.size))
    for _ in range(_ROUNDS):
        mass, means, variances, expected = _updated(points, counts, shares)
        settled = np.abs(expected - shares).max() < _SETTLED
        shares = expected
        if settled:
            break
    weights = mass / mass.sum()
    kept = np.flatnonzero(weights > LEAST_WEIGHT)
    kept = kept[np.argsort(means[kept])]
    deviations = np.maximum(np.sqrt(variances[kept]), _NARROWEST)
    return Mixture(
        means[kept] * scale + centre, deviations * scale, weights[kept] / weights[kept].sum()
    )


def _condensed(cells: Floats) -> tuple[Floats, Floats]:
    """Different numbers, or means of equal groups of them, and their counts."""
    numbers, counts = np.unique(cells, return_counts=True)
    if numbers.size <= _POINTS:
        return numbers, counts.astype(np.float64)
    groups = np.array_split(np.sort(cells), _POINTS)
    return np.array([group.mean() for group in groups]), np.array([float(len(g)) for g in groups])


def _first_shares(points: Floats, counts: Floats, modes: int) -> Floats:
    """Every point wholly in the nearest of some centres, moved a few times (k-means)."""
    reached = np.cumsum(counts) / counts.sum()
    centres = points[np.searchsorted(reached, (np.arange(modes) + 0.5) / modes)]
    for _ in range(10):
        nearest = np.abs(points[:, None] - centres).argmin(axis=1)
        mass = np.bincount(nearest, counts, minlength=modes)
        moved = np.bincount(nearest, counts * points, minlength=modes) / np.maximum(mass, 1e-12)
        centres = np.where(mass > 0, moved, centres)
    return np.eye(modes)[np.abs(points[:, None] - centres).argmin(axis=1)]


def _updated(
    points: Floats, counts: Floats, shares: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """One round: masses, means and variances of the modes, and the points' shares in them."""
    weighed = shares * counts[:, None]
    mass = weighed.sum(axis=0) + 1e-10
    centres = (weighed * points[:, None]).sum(axis=0) / mass
    spread = (weighed * (points[:, None] - centres) ** 2).sum(axis=0)
    precision = 1.0 + mass
    freedom = 1.0 + mass
    scatter = 1.0 + spread + mass / precision * centres**2
    means = mass * centres / precision
    log_weights = digamma(_CONCENTRATION + mass)
    log_precisions = digamma(freedom / 2) + np.log(2 / scatter)
    apart = 1 / precision + freedom / scatter * (points[:, None] - means) ** 2
    log_shares = log_weights + 0.5 * (log_precisions - apart)
    expected = np.exp(log_shares - log_shares.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    return mass, means, scatter / freedom, expected
