"""Which outcome an interval ends at, counted by hand: rank τ (n + 1) of n; and groups' edges."""

import numpy as np
import pytest

from ml.models.conformal import HIGHEST, LOWEST, AdaptiveConformal, Conformal, ordered
from ml.models.forecaster import MEDIAN, QUANTILES
from ml.records.cgm.windows import HISTORY, HORIZON, ForecastWindows

DAY = np.datetime64("2026-11-02T10:00:00", "s")


def windows(
    target: np.ndarray, *, last: np.ndarray | float = 120.0, minute: int = 600
) -> ForecastWindows:
    """Flat histories at `last` with these outcomes, (n,) or (n, HORIZON), of one person's day."""
    n = len(target)
    outcomes = np.broadcast_to(np.reshape(target, (n, -1)), (n, HORIZON)).astype(np.float32)
    flat = np.broadcast_to(np.reshape(last, (-1, 1)), (n, HISTORY)).astype(np.float32)
    unknown = np.full((n, HORIZON), np.nan, np.float32)
    return ForecastWindows(
        person=np.full(n, "p"),
        moment=np.full(n, DAY),
        minute_of_day=np.full(n, minute, np.int16),
        history=flat,
        yesterday=unknown,
        typical=unknown,
        day_spread=np.full(n, 4, np.float32),
        usual_spread=np.full(n, 4, np.float32),
        target=outcomes.copy(),
    )


def said(rows: ForecastWindows, half: float = 9.0) -> np.ndarray:
    """The same narrow interval about the last glucose for everybody."""
    last = np.repeat(rows.history[:, -1:], HORIZON, axis=1)
    away = np.linspace(-half, half, len(QUANTILES), dtype=np.float32)
    return ordered(last[:, :, None] + away, last)


@pytest.mark.parametrize("n", [19, 39, 199])
def test_each_level_ends_at_the_outcome_of_its_rank(n: int) -> None:
    """Of 19 exchangeable outcomes a twentieth one lies above the largest in one of twenty cases."""
    rng = np.random.default_rng(n)
    outcomes = 120 + 3 * np.arange(n) - 1.5 * (n - 1)
    rows = windows(np.stack([rng.permutation(outcomes) for _ in range(HORIZON)], axis=1))
    rows.target.clip(LOWEST, HIGHEST, out=rows.target)
    learnt = Conformal.fit(said(rows), rows)
    found = learnt.apply(said(rows), rows)
    ascending = np.sort(rows.target[:, 0])
    for place, level in enumerate(QUANTILES):
        if place == MEDIAN:
            continue
        rank = round(level * (n + 1))
        assert found[:, :, place] == pytest.approx(ascending[rank - 1], abs=0.02), level


def test_one_in_ten_new_outcomes_lies_outside_though_few_were_seen() -> None:
    """Nineteen days calibrate; the next is inside nine times of ten, and not more or less."""
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(250):
        noise = rng.normal(0, 20, (20, HORIZON))
        rows, new = windows(120 + noise[:19]), windows(120 + noise[19:])
        found = Conformal.fit(said(rows), rows).apply(said(new), new)
        inside.append((new.target >= found[:, :, 0]) & (new.target <= found[:, :, -1]))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("last", "band"),
    [(53.9, 0), (54.0, 1), (69.9, 1), (70.0, 2), (180.0, 2), (180.1, 3), (250.0, 3), (250.1, 4)],
)
def test_a_band_begins_and_ends_where_it_is_said_to(last: float, band: int) -> None:
    """70 to 180 mg/dL is the target range, both ends included; under 54 and over 250 are others."""
    n, far, band_of_far = 60, *((400.0, 4) if band == 2 else (120.0, 2))
    levels = np.repeat([last, far], n)
    away = np.repeat([30.0, -30.0], n) + np.tile(np.linspace(-2, 2, n), 2)
    rows = windows(levels + away, last=levels)
    table = Conformal.fit(said(rows), rows).shifts["band"]
    taught = {at for at in range(5) if np.abs(table[at]).max() > 0.01}
    assert taught == {band, band_of_far}


@pytest.mark.parametrize("minute", [0, 59, 60, 719, 1439])
def test_an_hour_of_the_day_is_sixty_minutes(minute: int) -> None:
    n = 60
    rows = windows(150 + np.linspace(-2, 2, n), minute=minute)
    everybody = Conformal.fit(
        said(windows(90 + np.linspace(-2, 2, n))), windows(90 + np.linspace(-2, 2, n))
    )
    table = Conformal.fit(said(rows), rows, prior=everybody).shifts["hour"]
    moved = {
        at for at in range(24) if np.abs(table[at] - everybody.shifts["hour"][at]).max() > 0.01
    }
    assert moved == {minute // 60}


def test_quantiles_that_cross_are_put_in_order_and_within_what_can_be() -> None:
    crossed = np.array([[[130, 90, 110, 100, 0, 125, 700, 140, 10]]], np.float32)
    middle = np.full((1, 1), 120, np.float32)
    found = ordered(crossed, middle)[0, 0]
    assert found.tolist() == [90, 100, 110, 120, 120, 120, 125, 140, 600]
    low = ordered(np.full((1, 1, 9), -50, np.float32), np.full((1, 1), 5, np.float32))
    assert (low == LOWEST).all()


def test_online_a_miss_widens_its_own_side_and_a_hit_narrows_both() -> None:
    forecast = np.broadcast_to(
        np.linspace(80, 160, len(QUANTILES), dtype=np.float32), (HORIZON, len(QUANTILES))
    )
    above, below, hit = (AdaptiveConformal() for _ in range(3))
    above.observe(forecast, np.full(HORIZON, 200, np.float32))
    below.observe(forecast, np.full(HORIZON, 50, np.float32))
    hit.observe(forecast, np.full(HORIZON, 120, np.float32))
    assert (above.factors[1] > 1).all() and (above.factors[0] < 1).all()
    assert (below.factors[0] > 1).all() and (below.factors[1] < 1).all()
    assert (hit.factors < 1).all()
