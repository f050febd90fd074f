"""The leak detector fires on every way of knowing test rows before, and on nothing honest."""

import os
from pathlib import Path

import numpy as np
import pytest
from rare_tables import small_set

from ml.experiments.rare.folds import fold_of
from ml.experiments.rare.honest import honest_rows
from ml.experiments.rare.leaks import (
    MADE,
    SHARED,
    TOLD,
    Evaluated,
    leaks,
    permuted_auroc,
    telling_features,
)
from ml.experiments.rare.paper import CONTROLS, _auroc, control_row, hand_over, paper_row, plant
from ml.experiments.rare.protocol import CHEAP, QUICK
from ml.experiments.rare.sets import HEART, RareSet, load_sets
from ml.records.tables.table import joined

DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
FIRES = {
    "random_oversampling_before_split": {MADE, SHARED},
    "smote_before_split": {MADE},
    "duplicates_across_split": {SHARED},
    "target_in_feature": {TOLD},
}


@pytest.fixture(scope="module")
def noise() -> RareSet:
    return small_set(signal=0.0)


@pytest.mark.parametrize("control", FIRES)
def test_the_detector_fires_on_a_protocol_that_leaks_and_names_the_leak(noise, control):
    planted = plant(noise, control)
    found = {leak.kind for leak in leaks(hand_over(planted, control, 0, QUICK), planted.table)}
    assert FIRES[control] <= found


@pytest.mark.parametrize("signal", [0.0, 2.0])
def test_the_detector_is_silent_on_every_honest_arm(signal):
    for row in honest_rows(small_set(signal=signal), CHEAP, 1, QUICK):
        assert row["leaks"] == []


def test_every_control_is_either_honest_or_fires():
    assert set(CONTROLS) == {"honest", "honest_smote", *FIRES}


def test_one_synthetic_row_among_the_test_rows_is_enough(noise):
    fold = fold_of(noise, 0, seed=1)
    strange = joined([fold.test, _moved(fold.test.take(slice(0, 1)))])
    (found,) = leaks(Evaluated(fold.training, fold.test.take(slice(0, 0)), strange), noise.table)
    assert found.kind == MADE and found.share == pytest.approx(1 / len(strange))


def test_one_training_row_among_the_test_rows_is_enough(noise):
    fold = fold_of(noise, 0, seed=1)
    test = joined([fold.test, fold.training.take(slice(0, 1))])
    (found,) = leaks(Evaluated(fold.training, test.take(slice(0, 0)), test), noise.table)
    assert found.kind == SHARED


def test_a_strong_but_honest_feature_is_no_leak():
    fold = fold_of(small_set(signal=2.0), 0, seed=1)
    assert telling_features(fold.training, fold.test) == []


def test_on_targets_dealt_anew_only_who_saw_test_rows_finds_anything(noise):
    def auroc_of(control):
        def protocol(table):
            given = RareSet(noise.name, noise.role, noise.rare, 0, table)
            return _auroc(hand_over(given, control, 0, QUICK))

        table = plant(noise, control).table
        return permuted_auroc(protocol, table, rng=np.random.default_rng(3))

    assert auroc_of("random_oversampling_before_split") > 0.7
    assert auroc_of("duplicates_across_split") > 0.7
    assert 0.3 < auroc_of("honest") < 0.65


def test_a_control_says_what_it_found_and_what_chance_gives(noise):
    row = control_row(noise, "duplicates_across_split", 0, QUICK)
    assert row["leaks"] == [SHARED] and "training rows" in row["found"][0]
    assert row["auroc"] > 0.7


def test_the_papers_protocol_is_caught_wherever_it_makes_rows(noise):
    assert paper_row(noise, "none", 0, QUICK, 1.0)["leaks"] == []
    assert MADE in paper_row(noise, "smote", 0, QUICK, 1.0)["leaks"]


def test_smote_before_the_split_finds_signal_in_the_heart_attack_set_and_is_caught():
    if not (DATA / "heart-attack-prediction").is_dir():
        pytest.skip("heart-attack-prediction of the shared data is not here")
    (given,) = load_sets(DATA, (HEART,), seed=1, most=4000)
    leaking = hand_over(given, "smote_before_split", 0, QUICK)
    assert _auroc(leaking) > 0.65 and leaks(leaking, given.table)
    honest = hand_over(given, "honest_smote", 0, QUICK)
    assert 0.43 < _auroc(honest) < 0.57 and not leaks(honest, given.table)


def _moved(table):
    values = np.array(table.values)
    values[0, 0] = (table.schema.columns[0].minimum + values[0, 0]) / 2
    return type(table)(table.schema, values)
