"""The blocked measures are those that the papers define, written out here row by row."""

import numpy as np
import pytest

from ml.evaluation import distances
from ml.evaluation.tables import fidelity_neighbours
from ml.evaluation.tables.fidelity_neighbours import NEIGHBOURS, Neighbourhood, neighbour_figures


@pytest.fixture(scope="module")
def points() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(120, 3)), rng.normal(0.3, 0.8, size=(90, 3))


def figures(real: np.ndarray, made: np.ndarray) -> dict[str, float]:
    near = Neighbourhood.of(real, np.arange(len(real)).astype(str))
    found = neighbour_figures(near, made, rng=np.random.default_rng(0), draws=5)
    return {name: interval.value for name, interval in found.items()}


def between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.sqrt(((first[:, None] - second[None]) ** 2).sum(axis=2))


def test_density_and_coverage_are_those_of_naeem_and_others(
    points: tuple[np.ndarray, np.ndarray],
) -> None:
    real, made = points
    radius = np.sort(between(real, real), axis=1)[:, NEIGHBOURS]
    held = between(real, made) < radius[:, None]
    found = figures(real, made)
    assert found["density"] == pytest.approx(held.sum() / (NEIGHBOURS * len(made)))
    assert found["coverage"] == pytest.approx(held.any(axis=1).mean())


def test_alpha_precision_and_beta_recall_are_those_of_alaa_and_others(
    points: tuple[np.ndarray, np.ndarray],
) -> None:
    real, made = points
    levels = np.linspace(0, 1, 31)[1:-1]
    from_real = np.linalg.norm(real - real.mean(axis=0), axis=1)
    from_real_centre = np.linalg.norm(made - real.mean(axis=0), axis=1)
    from_made_centre = np.linalg.norm(made - made.mean(axis=0), axis=1)
    own = np.sort(between(real, real), axis=1)[:, 1]
    across = between(real, made)
    inner = from_made_centre[across.argmin(axis=1)]
    precision, recall = [], []
    for level in levels:
        precision.append(
            (from_real_centre <= np.quantile(from_real, level, method="inverted_cdf")).mean()
        )
        inside = inner <= np.quantile(inner, level, method="inverted_cdf")
        recall.append(((across.min(axis=1) <= own) & inside).mean())
    found = figures(real, made)
    for name, curve in (("alpha_precision", precision), ("beta_recall", recall)):
        expected = 1 - np.abs(np.array(curve) - levels).sum() / levels.sum()
        assert found[name] == pytest.approx(expected), name


def test_blocks_change_nothing(
    points: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = figures(*points)
    for module in (distances, fidelity_neighbours):
        monkeypatch.setattr(module, "ENTRIES", 700)
    assert figures(*points) == pytest.approx(whole)
