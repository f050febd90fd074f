"""No cell with fewer than twenty people can be computed from what a report shows."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest

from ml.evaluation.tables.report_cells import FEWEST, coarse, hidden_cells, shown_shares


def compositions(total: int, cells: int) -> Iterator[tuple[int, ...]]:
    if cells == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, cells - 1):
            yield (first, *rest)


@pytest.mark.parametrize(("cells", "most"), [(2, 20), (3, 18), (4, 14)])
def test_whoever_knows_the_rule_and_the_total_learns_of_a_hidden_cell_only_that_it_is_small(
    cells: int, most: int
) -> None:
    """Every population of up to `most` people, limit 3, no rounding: the strongest reader."""
    fewest = 3
    for total in range(1, most + 1):
        worlds = defaultdict(list)
        for people in compositions(total, cells):
            shown = shown_shares(people, people, order=range(cells), fewest=fewest, grain=1)
            worlds[tuple(shown)].append(people)
        for shown, possible in worlds.items():
            for at, share in enumerate(shown):
                sizes = {people[at] for people in possible}
                if share is None and min(sizes) < fewest:
                    assert set(range(min(fewest, total + 1))) <= sizes, (total, shown)


def test_a_cell_that_is_shown_has_twenty_people() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        people = rng.integers(0, 60, rng.integers(1, 9))
        hidden = hidden_cells(people, order=rng.permutation(people.size))
        assert (people[~hidden] >= FEWEST).all()
        if hidden.any() and not hidden.all():
            assert hidden.sum() >= 2 and people[hidden].sum() >= 2 * FEWEST


def test_people_with_many_rows_are_counted_once() -> None:
    shown = shown_shares([3, 40, 40], [300, 80, 80], order=[0, 1, 2])
    assert shown == [None, None, pytest.approx(80 / 460, abs=1e-5)]


def test_nothing_is_hidden_where_every_cell_has_enough() -> None:
    assert shown_shares([20, 30], [20, 30], order=[0, 1]) == [0.4, 0.6]


def test_shown_counts_are_rounded_to_five_rows() -> None:
    assert shown_shares([21, 33], [21, 33], order=[0, 1]) == [
        pytest.approx(20 / 54, abs=1e-5),
        pytest.approx(35 / 54, abs=1e-5),
    ]


def test_a_similarity_tells_no_count_to_within_twenty_people() -> None:
    people = 250
    for few in range(FEWEST):
        possible = [
            count
            for count in range(people + 1)
            if coarse(1 - abs(0.1 - count / people), people)
            == coarse(1 - abs(0.1 - few / people), people)
        ]
        assert len(possible) >= FEWEST / 2
    assert coarse(0.9, 39) is None and coarse(float("nan"), 1000) is None
