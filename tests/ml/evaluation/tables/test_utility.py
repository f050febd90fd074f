"""Utility is that of real rows where synthetic ones are as good, and less where they are not."""

import numpy as np
import pytest
from planted_tables import names, planted

from ml.evaluation.tables.fidelity_sides import Sides
from ml.evaluation.tables.utility import FEWEST, Utility, spearman, utility
from ml.evaluation.tables.utility_learner import Classes, Floats, Learnt, learn
from ml.records.tables.table import Table
from ml.scorers.table_learners import LEARNERS, boosting, logistic


def measured(synthetic: Table, holdout: Table | None = None, **settings: object) -> Utility:
    training, tested = planted(1, 800), holdout or planted(2, 500)
    return utility(
        Sides(synthetic, training, names("t", 800), tested, names("h", len(tested))),
        learners={"logistic": logistic},
        rng=np.random.default_rng(0),
        advance=lambda stage: None,
        draws=60,
    )


def test_rows_of_the_same_law_teach_as_much_as_real_ones() -> None:
    figures = measured(planted(3, 800)).figures
    ratio = figures["logistic_auroc_ratio"]
    assert ratio.interval.low <= 1 <= ratio.interval.high + 0.02 and ratio.real == 1
    assert ratio.interval.value == pytest.approx(1, abs=0.02)
    assert figures["logistic_auroc"].interval.value > 0.8
    assert figures["logistic_auroc"].n == 500
    assert figures["logistic_importance_agreement"].interval.value > 0.5
    assert figures["logistic_brier"].interval.value < 0.25


def test_a_paired_ratio_is_narrower_than_the_score_itself_would_make_it() -> None:
    figures = measured(planted(3, 800)).figures
    score, ratio = figures["logistic_auroc"].interval, figures["logistic_auroc_ratio"].interval
    assert ratio.high - ratio.low < (score.high - score.low) / score.value


def test_columns_without_a_link_to_the_target_teach_nothing() -> None:
    made = planted(3, 800)
    shuffled = made.values.copy()
    shuffled[:, 4] = np.random.default_rng(4).permutation(shuffled[:, 4])
    figures = measured(Table(made.schema, shuffled)).figures
    assert figures["logistic_auroc_ratio"].interval.high < 0.9
    floor = figures["logistic_auroc"].baseline
    assert floor > 0.7, "independent columns within a class are a floor that says something"


def test_the_rarer_class_is_class_one() -> None:
    rare = measured(planted(3, 800, ill=75.0), planted(2, 500, ill=75.0)).figures
    assert rare["logistic_recall"].interval.value < rare["logistic_accuracy"].interval.value


def test_a_class_of_few_people_is_told_by_auroc_alone() -> None:
    holdout = planted(2, 500)
    sick = np.flatnonzero(holdout.column("ill") == 1)
    few = np.setdiff1d(np.arange(500), sick[FEWEST - 1 :])
    found = measured(planted(3, 800), holdout.take(few))
    assert set(found.figures) == {
        "logistic_auroc",
        "logistic_auroc_ratio",
        "logistic_importance_agreement",
    }
    assert any(f"fewer than {FEWEST}" in sentence for sentence in found.limits)


def test_no_target_and_one_class_are_said() -> None:
    without = utility(
        Sides(
            planted(3, 50).with_target(None),
            planted(1, 50).with_target(None),
            names("t", 50),
            planted(2, 50).with_target(None),
            names("h", 50),
        ),
        learners={},
        rng=np.random.default_rng(0),
        advance=lambda stage: None,
    )
    assert not without.figures and "no target" in without.limits[0]
    holdout = planted(2, 500)
    healthy = measured(planted(3, 800), holdout.take(holdout.column("ill") == 0))
    assert not healthy.figures and "one class" in healthy.limits[0]


def test_synthetic_rows_of_one_class_are_sure_and_wrong() -> None:
    made = planted(3, 800)
    figures = measured(made.take(made.column("ill") == 0)).figures
    assert figures["logistic_auroc"].interval.value == 0.5
    assert figures["logistic_recall"].interval.value == 0.0
    assert np.isnan(figures["logistic_importance_agreement"].interval.value)


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_tell_every_class_and_the_same_for_the_same_seed(name: str) -> None:
    table, tested = planted(1, 300), planted(2, 100)
    features, columns = table.values[:, [0, 1, 2, 4]], table.schema.columns
    ward, asked = table.values[:, 3].astype(np.intp), tested.values[:, [0, 1, 2, 4]]
    kept = tuple(columns[at] for at in (0, 1, 2, 4))
    found = [
        learn(
            LEARNERS[name],
            features,
            2 * ward,
            asked,
            columns=kept,
            classes=5,
            rng=np.random.default_rng(1),
        )
        for _ in range(2)
    ]
    assert np.array_equal(found[0].probability, found[1].probability)
    assert found[0].probability.sum(axis=1) == pytest.approx(np.ones(100))
    assert not found[0].probability[:, [1, 3]].any()
    right = (found[0].probability.argmax(axis=1) == 2 * tested.values[:, 3]).mean()
    assert right > 0.6
    assert found[0].importance.shape == (4,) and found[0].importance.argmax() == 0


def test_boosting_copes_with_empty_and_constant_columns() -> None:
    features = np.column_stack([np.full(40, np.nan), np.ones(40), np.arange(40.0)])
    columns = planted(1, 5).schema.columns[:3]
    truth = (np.arange(40) > 20).astype(np.intp)
    for learner in LEARNERS.values():
        found = learner(
            features, truth, features, columns=columns, classes=2, rng=np.random.default_rng(0)
        )
        assert np.isfinite(found.probability).all()
        assert found.importance.argmax() == 2
    assert boosting is LEARNERS["boosting"]


def test_spearman_is_that_of_scipy() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 6, 40).astype(float), rng.normal(size=40)
    assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert np.isnan(spearman(np.ones(3), np.arange(3.0)))


def never(features: Floats, truth: Classes, test: Floats, **settings: object) -> Learnt:
    raise AssertionError("one class needs no learner")


def test_one_class_needs_no_learner() -> None:
    found = learn(
        never,
        np.ones((3, 2)),
        np.full(3, 1, np.intp),
        np.ones((2, 2)),
        columns=(),
        classes=2,
        rng=np.random.default_rng(0),
    )
    assert found.probability.tolist() == [[0, 1], [0, 1]]
