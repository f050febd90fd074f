"""Error grids against independent implementations and their published vertices.

The letters were computed once with methcomp 1.0.0 on the pairs below, and are written down here:
that package is no dependency. None of the pairs lies where it and the paper differ.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.records.cgm.error_grids import ErrorGrid, zone_shares, zones

REFERENCES = [30, 45, 55, 65, 80, 110, 150, 200, 270, 350, 450]
PREDICTIONS = [25, 45, 58, 75, 105, 140, 190, 240, 320, 400, 500]

# One line per reference, one letter per prediction.
METHCOMP = {
    ErrorGrid.CLARKE: """
        AAADDDEEEEE AAADDDEEEEE AAADDDEEEEE AAAADDEEEEE BBBABBBCCCC BBBBABBCCCC CBBBBABBCCC
        EEEBBBAACCC EEEDDDBAACC EEEDDDBBAAC EEEDDDBBBAA""",
    ErrorGrid.PARKES_TYPE_1: """
        AABCCDEEEEE AAABCDDDDDE BAAACCDDDDD BAAACCDDDDD BBBABCCDDDD BBBBABBCCCD CCBBBABBCCC
        CCCCBBAABBC DDCCCBBAABB DDDDCCBBAAB DDDDDCCBBAA""",
    ErrorGrid.PARKES_TYPE_2: """
        AABCDDDEEEE AAABCCDDDDE BAAABCCDDDD BBAABCCCDDD BBBAABCCCDD BBBBAABCCCD CCBBBAABCCC
        CCCCBBAABCC DDCCCBBAABB DDDDCCBBAAB DDDDDCCBBAA""",
}

# Klonoff et al. 2024, supplement 2, table A1: (reference, predicted) at either end of each line
# above and below the diagonal, from A-B outwards.
DTS_UPPER = [((50, 60), (500, 600)), ((50, 86.5), (347, 600)), ((50, 124), (241, 600))]
DTS_UPPER += [((50, 179), (167, 600))]
DTS_LOWER = [((62.5, 50), (600, 480)), ((97.5, 50), (600, 307)), ((153, 50), (600, 197))]
DTS_LOWER += [((238, 50), (600, 126))]


@pytest.mark.parametrize("grid", METHCOMP)
def test_zones_are_those_of_an_independent_implementation(grid: ErrorGrid) -> None:
    was, said = np.meshgrid(REFERENCES, PREDICTIONS, indexing="ij")
    found = ["".join(row) for row in zones(was, said, grid=grid)]
    assert found == METHCOMP[grid].split()


@pytest.mark.parametrize("rank", range(4))
def test_dts_lines_run_through_the_published_vertices(rank: int) -> None:
    inner, outer = "ABCDE"[rank], "ABCDE"[rank + 1]
    for was, said in DTS_UPPER[rank]:
        assert zones([was], [said], grid=ErrorGrid.DTS) == [inner]
        assert zones([was], [said + 0.1], grid=ErrorGrid.DTS) == [outer]
    for was, said in DTS_LOWER[rank][1:]:
        assert zones([was], [said], grid=ErrorGrid.DTS) == [inner]
        assert zones([was], [said - 0.1], grid=ErrorGrid.DTS) == [outer]
    corner = DTS_LOWER[rank][0][0]
    assert zones([corner, corner + 0.1], [20, 20], grid=ErrorGrid.DTS).tolist() == [inner, outer]


def test_dts_zones_are_those_of_the_papers_risk_function_but_for_a_hair() -> None:
    rng = np.random.default_rng(0)
    was, said = rng.uniform(20, 500, (2, 20_000))
    held_was, held_said = np.maximum(was, 50), np.maximum(said, 50)
    slope = np.where(held_said > held_was, 2.75, 2.25)
    risk = np.abs(slope * np.log(held_said / held_was))
    expected = np.array(list("ABCDE"))[np.searchsorted([0.5, 1.5, 2.5, 3.5], risk)]
    found = zones(was, said, grid=ErrorGrid.DTS)
    apart = found != expected
    assert apart.mean() < 0.01
    nudged = [zones(was, said + shift, grid=ErrorGrid.DTS) for shift in (-3, 3)]
    nudged += [zones(was + shift, said, grid=ErrorGrid.DTS) for shift in (-3, 3)]
    near = np.any([other == expected for other in nudged], axis=0)
    assert near[apart].all()


@pytest.mark.parametrize("grid", ErrorGrid)
def test_a_perfect_forecast_is_all_a(grid: ErrorGrid) -> None:
    values = np.arange(20, 600.0)
    assert zone_shares(zones(values, values, grid=grid)) == {
        "A": 1.0, "B": 0.0, "C": 0.0, "D": 0.0, "E": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("grid", ErrorGrid)
def test_a_missed_low_is_worse_than_a_missed_high_of_the_same_size(grid: ErrorGrid) -> None:
    missed, safe = zones([50, 250], [150, 150], grid=grid)
    assert missed >= safe and missed in "CDE"


@pytest.mark.parametrize("grid", [ErrorGrid.PARKES_TYPE_1, ErrorGrid.PARKES_TYPE_2, ErrorGrid.DTS])
@settings(max_examples=60, deadline=None)
@given(was=st.floats(20, 700), said=st.floats(20, 700), more=st.floats(0, 300))
def test_a_prediction_farther_off_is_never_in_a_better_zone(grid, was, said, more) -> None:
    farther = said + more if said >= was else max(1.0, said - more)
    near, far = zones([was, was], [said, farther], grid=grid)
    assert far >= near


@pytest.mark.parametrize("grid", ErrorGrid)
def test_what_is_no_pair_of_readings_is_refused(grid: ErrorGrid) -> None:
    for was, said in (([100], [np.nan]), ([0.0], [100]), ([100], [-1.0]), ([np.inf], [100])):
        with pytest.raises(ValueError, match="above 0"):
            zones(was, said, grid=grid)
    with pytest.raises(ValueError, match="pairs"):
        zones([100, 110], [100], grid=grid)
    with pytest.raises(ValueError, match="no pair"):
        zone_shares(zones([], [], grid=grid))
