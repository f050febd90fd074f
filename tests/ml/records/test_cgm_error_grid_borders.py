"""On either side of every border of the error grids, by the papers' own words and tables.

A grid of pairs that lie well inside the zones says little of where they end: here each pair lies on
a border, and the next a hair beyond it.
"""

import pytest

from ml.records.cgm.error_grids import ErrorGrid, zones

CLARKE = [
    # A: within 20 % of the reference, or both below 70
    (100, 120.0, "A"),
    (100, 120.1, "B"),
    (100, 80.0, "A"),
    (100, 79.9, "B"),
    (69.9, 20.0, "A"),
    (70.0, 55.9, "B"),
    (50, 69.9, "A"),
    (50, 70.0, "D"),
    # C: acting on it would take a good value too far
    (71, 181.0, "B"),
    (71, 181.1, "C"),
    (100, 210.0, "B"),
    (100, 210.1, "C"),
    (140, 14.0, "B"),
    (140, 13.9, "C"),
    (180, 70.1, "B"),
    (129, 1.0, "B"),
    # D: a value that asks for action looks as if it did not
    (69.9, 100, "D"),
    (70.0, 100, "B"),
    (240.0, 179, "B"),
    (240.1, 179, "D"),
    (300, 179.9, "D"),
    (300, 180.0, "B"),
    (300, 70.1, "D"),
    # E: the opposite of what is needed
    (70.0, 180.0, "E"),
    (70.0, 179.9, "B"),
    (180.0, 70.0, "E"),
    (300, 69.9, "E"),
]

# Pfützner et al. 2013: vertices of the borders A-B, B-C, C-D and D-E as (reference, predicted);
# a lower border runs straight down from its first vertex.
PARKES_UPPER = {
    ErrorGrid.PARKES_TYPE_1: [
        [(30, 50), (140, 170), (280, 380), (430, 550)],
        [(30, 60), (50, 80), (70, 110), (260, 550)],
        [(25, 100), (50, 125), (80, 215), (125, 550)],
        [(35, 155), (50, 550)],
    ],
    ErrorGrid.PARKES_TYPE_2: [
        [(30, 50), (230, 330), (440, 550)],
        [(30, 60), (280, 550)],
        [(25, 80), (35, 90), (125, 550)],
        [(35, 200), (50, 550)],
    ],
}
PARKES_LOWER = {
    ErrorGrid.PARKES_TYPE_1: [
        [(50, 30), (170, 145), (385, 300), (550, 450)],
        [(120, 30), (260, 130), (550, 250)],
        [(250, 40), (550, 150)],
    ],
    ErrorGrid.PARKES_TYPE_2: [
        [(50, 30), (90, 80), (330, 230), (550, 450)],
        [(90, 0), (260, 130), (550, 250)],
        [(250, 40), (410, 110), (550, 160)],
    ],
}
HAIR = 0.01


@pytest.mark.parametrize(("was", "said", "letter"), CLARKE)
def test_clarkes_zones_end_where_the_paper_says(was: float, said: float, letter: str) -> None:
    assert zones([was], [said], grid=ErrorGrid.CLARKE).tolist() == [letter]


@pytest.mark.parametrize("grid", PARKES_UPPER)
def test_upper_consensus_borders_run_through_the_published_vertices(grid: ErrorGrid) -> None:
    for rank, line in enumerate(PARKES_UPPER[grid]):
        for was, said in line:
            found = zones([was, was], [said - HAIR, said + HAIR], grid=grid)
            assert found.tolist() == ["ABCDE"[rank], "ABCDE"[rank + 1]], (was, said)


@pytest.mark.parametrize("grid", PARKES_LOWER)
def test_lower_consensus_borders_run_through_the_published_vertices(grid: ErrorGrid) -> None:
    for rank, (corner, *line) in enumerate(PARKES_LOWER[grid]):
        inner, outer = "ABCDE"[rank], "ABCDE"[rank + 1]
        for was, said in line:
            found = zones([was, was], [said + HAIR, said - HAIR], grid=grid)
            assert found.tolist() == [inner, outer], (was, said)
        was, low = corner[0], max(corner[1] - HAIR, HAIR / 10)
        found = zones([was, was + HAIR], [low, low], grid=grid)
        assert found.tolist() == [inner, outer], corner


@pytest.mark.parametrize("grid", [ErrorGrid.PARKES_TYPE_1, ErrorGrid.PARKES_TYPE_2])
def test_a_point_on_a_consensus_border_counts_to_the_better_zone(grid: ErrorGrid) -> None:
    for rank, line in enumerate(PARKES_UPPER[grid]):
        was, said = line[0]
        assert zones([was], [said], grid=grid).tolist() == ["ABCDE"[rank]]
