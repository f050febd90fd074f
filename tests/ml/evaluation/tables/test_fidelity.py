"""Each figure of fidelity falls on the planted fault that it is there to find."""

import numpy as np
import pytest
from planted_tables import names, planted

from ml.evaluation.tables.fidelity import Fidelity, fidelity
from ml.evaluation.tables.fidelity_discriminator import discriminator_auc
from ml.evaluation.tables.fidelity_neighbours import Encoding, Neighbourhood, neighbour_figures
from ml.evaluation.tables.fidelity_sides import Sides, independent_columns
from ml.evaluation.tables.marginals import Sample
from ml.evaluation.tables.utility_learner import Classes, Floats, Learnt
from ml.records.tables.schema import Column
from ml.records.tables.table import Table


def nearest_mean(
    features: Floats,
    truth: Classes,
    test: Floats,
    *,
    columns: tuple[Column, ...],
    classes: int,
    rng: np.random.Generator,
) -> Learnt:
    """The simplest learner: which class's mean is nearer, dose and pulse multiplied in."""

    def seen(cells: Floats) -> Floats:
        known = np.nan_to_num(cells)
        return np.column_stack([known, known[:, 1] * (known[:, 2] - 80) / 10])

    spread = seen(features).std(axis=0) + 1e-9
    middles = [seen(features)[truth == k].mean(axis=0) for k in range(classes)]
    far = np.stack([(((seen(test) - m) / spread) ** 2).sum(axis=1) for m in middles], axis=1)
    odds = np.exp(-(far - far.min(axis=1, keepdims=True)))
    return Learnt(odds / odds.sum(axis=1, keepdims=True), np.ones(features.shape[1]))


@pytest.fixture(scope="module")
def real() -> tuple[Table, Table]:
    return planted(1, 600), planted(2, 400)


def judged(synthetic: Table, real: tuple[Table, Table], seed: int = 0) -> Fidelity:
    training, holdout = real
    return fidelity(
        Sides(
            synthetic,
            training,
            names("t", len(training)),
            holdout,
            names("h", len(holdout)),
        ),
        learner=nearest_mean,
        rng=np.random.default_rng(seed),
        advance=lambda stage: None,
        draws=60,
    )


@pytest.fixture(scope="module")
def honest(real: tuple[Table, Table]) -> Fidelity:
    return judged(planted(3, 600), real)


@pytest.fixture(scope="module")
def independent(real: tuple[Table, Table]) -> Fidelity:
    return judged(independent_columns(real[0], 600, rng=np.random.default_rng(5)), real)


def test_other_rows_of_the_same_law_are_at_the_ceiling(honest: Fidelity) -> None:
    for name, figure in honest.figures.items():
        width = figure.interval.high - figure.interval.low
        assert abs(figure.interval.value - figure.ceiling) < max(1.5 * width, 0.03), name
        assert figure.people == 400


def test_independent_columns_are_at_the_floor_and_shapes_alone_do_not_find_them(
    independent: Fidelity, honest: Fidelity
) -> None:
    figures = independent.figures
    assert figures["column_shapes"].interval.value > 0.9
    for name in ("correlations", "contingencies", "alpha_precision", "density", "coverage"):
        assert figures[name].interval.value < honest.figures[name].interval.low, name
        assert figures[name].interval.value == pytest.approx(figures[name].baseline, abs=0.1), name
    assert figures["discriminator_auc"].interval.low > 0.55
    assert honest.figures["discriminator_auc"].interval.within(0.42, 0.58)


def test_a_shifted_column_shows_in_its_shape(real: tuple[Table, Table]) -> None:
    made = planted(3, 600)
    shifted = made.values.copy()
    shifted[:, 2] = np.clip(shifted[:, 2] + 20, 30, 200)
    found = judged(Table(made.schema, shifted), real)
    assert found.columns.argmin() == 2 and found.columns[2] < 0.5
    assert found.figures["column_shapes_worst"].interval.value == found.columns.min()


def test_missing_cells_that_are_filled_show_in_their_share(real: tuple[Table, Table]) -> None:
    made = planted(3, 600)
    found = judged(Table(made.schema, np.nan_to_num(made.values, nan=0.0)), real)
    assert found.figures["missing_shares"].interval.value == pytest.approx(0.9, abs=0.04)
    assert found.figures["missing_shares"].ceiling > 0.95


def test_the_same_seed_gives_the_same_figures(real: tuple[Table, Table], honest: Fidelity) -> None:
    again = judged(planted(3, 600), real)
    assert again.figures == honest.figures
    assert np.array_equal(again.pairs, honest.pairs)


def test_collapse_onto_one_row_keeps_precision_and_loses_recall_and_coverage(
    real: tuple[Table, Table],
) -> None:
    encode = Encoding(real[0])
    near = Neighbourhood.of(encode(real[1]), names("h", 400))
    typical = int(np.argmin(((near.points - near.points.mean(axis=0)) ** 2).sum(axis=1)))
    one = np.repeat(near.points[typical : typical + 1], 300, axis=0)
    rng = np.random.default_rng(0)
    collapsed = neighbour_figures(near, one, rng=rng, draws=20)
    honest = neighbour_figures(near, encode(planted(3, 400)), rng=rng, draws=20)
    assert collapsed["coverage"].value < 0.2 < 0.9 < honest["coverage"].value
    assert collapsed["beta_recall"].value < 0.2 < honest["beta_recall"].value
    assert collapsed["density"].value > 1
    assert honest["alpha_precision"].value > 0.9


def test_rows_of_one_person_are_nobodys_neighbours_at_home() -> None:
    points = np.repeat(np.arange(12.0)[:, None], 3, axis=0)
    near = Neighbourhood.of(points, np.repeat(np.arange(12), 3).astype(str))
    assert near.nearest == pytest.approx(np.ones(36))
    with pytest.raises(ValueError, match="too few"):
        Neighbourhood.of(points[:6], np.repeat(["a", "b"], 3))


def test_a_discriminator_is_never_tested_on_people_it_saw() -> None:
    """A learner that only remembers rows finds nothing when whole people are held out."""
    table = planted(1, 200)
    person = names("p", 200, each=10)
    twins = Table(table.schema, np.repeat(table.values[::10], 10, axis=0))

    def remember(features: Floats, truth: Classes, test: Floats, **settings: object) -> Learnt:
        known = {row.tobytes() for row in features[truth == 1]}
        seen = np.array([float(row.tobytes() in known) for row in test])
        return Learnt(np.column_stack([1 - seen, seen]), np.ones(features.shape[1]))

    rng = np.random.default_rng(0)
    real = Sample.of_people(twins, person, rng)
    made = Sample.of_rows(planted(9, 200), rng)
    assert discriminator_auc(real, made, remember, rng=rng, draws=20).value == 0.5
    few = Sample.of_people(twins.take(slice(0, 40)), person[:40], rng)
    with pytest.raises(ValueError, match="too few"):
        discriminator_auc(few, made, remember, rng=rng)
