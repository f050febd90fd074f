"""The rare-disease experiment: untouched test rows, one to one, kept rows, and the command."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rare_tables import small_set

import ml.experiments.rare.arms as arms
import ml.experiments.rare.work as work
from ml.experiments.forecasting.protocol import OtherProtocol, Rows
from ml.experiments.rare.arms import Skipped, rare_rows
from ml.experiments.rare.classifiers import (
    CLASSIFIERS,
    LOGISTIC,
    Matrix,
    moved_threshold,
    probabilities,
    tuned,
)
from ml.experiments.rare.folds import FOLDS, fold_of, seeded
from ml.experiments.rare.honest import REAL, honest_rows, tstr_rows
from ml.experiments.rare.page import page
from ml.experiments.rare.plots import draw
from ml.experiments.rare.protocol import CHEAP, DEEP, NONE, QUICK, SMOTE, THRESHOLD
from ml.experiments.rare.sets import KNOWN, TARGET
from ml.experiments.rare.simultaneous import simultaneous_intervals
from ml.experiments.rare.summary import summarised
from ml.experiments.rare.targets import MISSED, targets
from ml.experiments.rare.units import HONEST, MORE, TSTR, Unit, units
from ml.experiments.rare.work import Workers, done, finished
from ml.experiments.rare_disease import main
from ml.records.tables.table import copies

PROTOCOL = replace(QUICK, runs=3)
_REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def given():
    return small_set(300)


def without_time(rows):
    return [
        (part, {name: value for name, value in row.items() if "seconds" not in name})
        for part, row in rows
    ]


def test_five_runs_test_every_row_once_and_no_row_is_on_both_sides(given):
    folds = [fold_of(given, run, seed=1) for run in range(FOLDS)]
    assert sum(len(fold.test) for fold in folds) == len(given.table)
    for fold in folds:
        assert not copies(fold.test, fold.training).any()
        shares = [side.column(TARGET).mean() for side in (fold.training, fold.test)]
        assert shares[0] == pytest.approx(shares[1], abs=0.03)
    again = fold_of(given, FOLDS, seed=1)
    assert again.test != folds[0].test


def test_generators_learn_the_rare_rows_of_the_training_fold_and_nothing_else(given, monkeypatch):
    seen = []

    class Spy:
        def fit(self, data, **_):
            seen.append(data)

        def sample(self, n, *, rng, where=None):
            return seen[-1].take(np.zeros(n, dtype=np.intp))

    monkeypatch.setattr(arms, "find", lambda name: Spy)
    honest_rows(given, ("gaussian_copula",), 2, PROTOCOL)
    fold = fold_of(given, 2, seed=PROTOCOL.seed)
    (learnt,) = seen
    assert (learnt.column(TARGET) == 1).all()
    assert copies(learnt, fold.training).all() and not copies(learnt, fold.test).any()
    assert len(learnt) == int(fold.training.column(TARGET).sum())


@pytest.mark.parametrize("arm", ["random_oversampling", "smote", "adasyn", "gaussian_copula"])
def test_the_rare_class_is_made_until_one_to_one(given, arm):
    training = fold_of(given, 0, seed=1).training
    made = rare_rows(arm, training, epochs=0, rng=np.random.default_rng(2)).table
    rare = training.column(TARGET).sum()
    assert rare + len(made) == len(training) - rare
    assert (made.column(TARGET) == 1).all()


def test_settings_threshold_and_scaling_come_from_the_training_fold_alone(given):
    training = fold_of(given, 0, seed=1).training
    settings = tuned(LOGISTIC, training, seeded(1, "a"))
    found = moved_threshold(LOGISTIC, settings, training, seeded(1, "b"))
    assert 0 < found < 0.5  # a quarter is ill: where both sides count alike, less is enough
    matrix = Matrix.learn(training).encode(training)
    assert np.isfinite(matrix).all() and abs(matrix[:, 0].mean()) < 0.2


def test_weights_and_threshold_trade_recall_and_leave_the_ranking(given):
    none, weights, threshold = honest_rows(given, (NONE, "class_weights", THRESHOLD), 0, PROTOCOL)
    for classifier in CLASSIFIERS:
        before, moved = (row["scores"][classifier] for row in (none, threshold))
        assert moved["recall"] > before["recall"]
        assert moved["auroc"] == before["auroc"]
        assert weights["scores"][classifier]["recall"] > before["recall"]


def test_a_training_fold_of_one_class_gives_its_own_probability(given):
    fold = fold_of(given, 0, seed=1)
    healthy = fold.training.take(fold.training.column(TARGET) == 0)
    for classifier in CLASSIFIERS:
        assert (probabilities(classifier, {"C": 1.0}, healthy, fold.test) == 0).all()


def test_an_arm_with_too_little_to_learn_from_is_skipped_with_its_reason():
    few = small_set(150)
    (row,) = honest_rows(few, ("gaussian_copula",), 0, PROTOCOL)
    assert "50 are needed" in row["skipped"] and "scores" not in row


def test_an_arm_whose_package_is_missing_is_skipped_with_its_reason(given, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'sdv'", name="sdv")

    monkeypatch.setattr(arms, "find", missing)
    with pytest.raises(Skipped, match="sdv is not installed"):
        rare_rows("sdv_ctgan", given.table, epochs=1, rng=np.random.default_rng(1))


def test_train_on_synthetic_tests_on_real_rows_and_says_how_near_it_came(given):
    real, smote = tstr_rows(given, (REAL, SMOTE), 0, PROTOCOL)
    assert smote["generated_rows"] == smote["training_rows"] == real["training_rows"]
    assert 0 < smote["privacy"]["dcr"] < smote["privacy"]["strangers_dcr"]


def test_more_synthetic_rows_are_drawn_of_the_same_generator_and_kept_under_a_name_of_their_own(
    given,
):
    few, many = (Unit(part, KNOWN, ("class_copula",), 0) for part in (TSTR, MORE))
    (row,) = many.measure(given, PROTOCOL)
    assert row["generated_rows"] == PROTOCOL.tstr_times * row["training_rows"]
    assert few.names(PROTOCOL) != many.names(PROTOCOL)
    assert many.names(PROTOCOL) != many.names(replace(PROTOCOL, tstr_times=2))
    planned = units((KNOWN,), (NONE, SMOTE, "class_copula"), PROTOCOL)
    (drawn,) = [unit for unit in planned if unit.part == MORE]
    assert drawn.arms == (SMOTE, "class_copula") and drawn.given == KNOWN


def test_every_arm_is_planned_and_cheap_ones_come_first():
    planned = units((KNOWN,), (*CHEAP, *DEEP), PROTOCOL)
    whole = [unit for unit in planned if unit.part == HONEST and unit.size == 1]
    assert {arm for unit in whole for arm in unit.arms} == {*CHEAP, *DEEP}
    places = [bool(set(unit.arms) & set(DEEP)) for unit in planned]
    assert places == sorted(places)


def planned_units(runs):
    return [Unit(HONEST, KNOWN, (NONE, SMOTE), run) for run in range(runs)]


def test_a_run_that_was_interrupted_goes_on_and_ends_in_the_same_rows(given, tmp_path, monkeypatch):
    todo, how = planned_units(3), {"workers": Workers(), "say": lambda line: None}
    whole = Rows(tmp_path / "whole", "test")
    done(todo, {KNOWN: given}, PROTOCOL, whole, **how)
    measure, called = work._measure, []

    def interrupted(unit, *rest):
        called.append(unit.run)
        if len(called) == 2:
            raise KeyboardInterrupt
        return measure(unit, *rest)

    monkeypatch.setattr(work, "_measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        done(todo, {KNOWN: given}, PROTOCOL, Rows(tmp_path / "parts", "test"), **how)
    again = Rows(tmp_path / "parts", "test")
    assert len(finished(todo, PROTOCOL, again)) == 2
    done(todo, {KNOWN: given}, PROTOCOL, again, **how)
    assert called == [0, 1, 1, 2]
    found = [without_time(finished(todo, PROTOCOL, rows)) for rows in (whole, again)]
    assert found[0] == found[1]


def test_finished_units_are_not_measured_again_and_the_rest_has_a_time(given, tmp_path):
    said = []
    rows = Rows(tmp_path, "test")
    for expected in ("0 of 2 units were done before", "2 of 2 units were done before"):
        done(planned_units(2), {KNOWN: given}, PROTOCOL, rows, workers=Workers(), say=said.append)
        assert expected in said
    assert any("min left" in line for line in said)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [Workers(2), Workers(2, ray="local")])
def test_other_workers_measure_the_same_rows(given, workers):
    if workers.ray:
        pytest.importorskip("ray", reason="Ray is not installed")
    todo, found = planned_units(2), []
    for each in (Workers(), workers):
        rows = Rows(None, "test")
        done(todo, {KNOWN: given}, PROTOCOL, rows, workers=each, say=lambda line: None)
        found.append(without_time(finished(todo, PROTOCOL, rows)))
    assert found[0] == found[1] and len(found[0]) == 4


@pytest.fixture(scope="module")
def result(given):
    rows = Rows(None, "test")
    todo = [
        *(Unit(HONEST, KNOWN, (NONE, SMOTE, "gaussian_copula"), run) for run in range(3)),
        *(Unit(TSTR, KNOWN, (REAL, SMOTE, "gaussian_copula"), run) for run in range(2)),
        *(Unit(MORE, KNOWN, (SMOTE, "gaussian_copula"), run) for run in range(2)),
        *(Unit("control", KNOWN, ("honest", "smote_before_split"), run) for run in range(2)),
        Unit(HONEST, KNOWN, ("ctgan",), 0, 0.2),
    ]
    done(todo, {KNOWN: given}, PROTOCOL, rows, workers=Workers(), say=lambda line: None)
    found = finished(todo, PROTOCOL, rows)
    told = {"name": KNOWN, "role": "test", "rare": "ill", "removed": 0, "rows": 300}
    result = {
        "protocol": PROTOCOL.as_json() | {"quick": False},
        "sets": [told | {"positives": given.positives, "columns": 4}],
        "bayes": None,
        "declared_core_hours": 0.1,
        **summarised(found, PROTOCOL),
    }
    return result | {"targets": targets(result)}


def test_every_row_says_its_runs_and_seed_and_intervals_hold_their_mean(result):
    for row in result["arms_table"]:
        assert row["runs"] == 3 and row["run_numbers"] == [0, 2] and row["seed"] == PROTOCOL.seed
        for classifier in CLASSIFIERS:
            value, low, high = row[classifier]["auroc"]
            assert low <= value <= high


def test_an_arm_differs_from_itself_by_nothing_and_from_others_run_by_run(result):
    by_arm = {row["arm"]: row for row in result["arms_table"]}
    none, smote = (by_arm[arm][LOGISTIC]["differences"] for arm in (NONE, SMOTE))
    assert NONE not in none and SMOTE not in smote
    assert none[SMOTE]["auprc"][0] == pytest.approx(-smote[NONE]["auprc"][0], abs=1e-5)


def test_targets_are_judged_by_what_is_in_the_rows(result):
    verdicts = {line["target"]: line["verdict"] for line in result["targets"]}
    assert verdicts["leak detector on protocols that leak"] == "hit"
    assert verdicts["leak detector on honest rows"] == "hit"
    drawn = [line["target"] for line in result["targets"] if LOGISTIC in line["target"]]
    assert [name.rpartition(", ")[2] for name in drawn] == ["as many rows", "4 times as many rows"]
    arm = {"arm": "none", "runs": 2}
    wide = {name: {"simultaneous": [0.5, 0.4, 0.6]} for name in CLASSIFIERS}
    empty = {"tstr": [], "best": [], "controls": [], "honest_leaks": {}, "protocol": {"quick": 0}}
    lines = targets({**empty, "negative_control": [arm | wide]})
    assert [line["verdict"] for line in lines] == [MISSED, MISSED]
    assert "outside: none" in lines[0]["reached"]


def test_page_and_pictures_are_made_of_the_result_alone(result, tmp_path):
    text = page(json.loads(json.dumps(result, allow_nan=False)))
    assert "### known-bayes, 4 times as many synthetic rows" in text
    assert "3 (0–2)" in text and "## Not measured" in text and "50 are needed" in text
    files = draw(result, tmp_path)
    assert {file.suffix for file in files} == {".png", ".csv"} and len(files) == 10
    for image in tmp_path.glob("*.png"):
        assert f"]({image.name})" in text


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ml.experiments.rare_disease", *arguments],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_command_measures_prints_and_writes(tmp_path):
    data, kept = str(tmp_path), str(tmp_path / "rows")
    quick = ("--data", data, "--sets", KNOWN, "--quick", "--runs", "2", "--jobs", "1")
    ran = command(*quick, "--arms", "none,smote", "--json", f"{data}/out.json", "--resume", kept)
    assert ran.returncode == 0, ran.stderr
    assert "QUICK run" in ran.stderr and "quick run on subsamples" in ran.stdout
    result = json.loads((tmp_path / "out.json").read_text())
    assert {row["arm"] for row in result["arms_table"]} == {"none", "smote"}
    assert {line["verdict"] for line in result["targets"]} == {"not judged"}
    assert result["bayes"]["auroc"] == pytest.approx(0.846, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--sets", "ktas"), "ktas_data.csv is not in the data folder"),
        (("--sets", "flu"), "'flu' is none of them"),
        (("--runs", "0"), "no number above 0"),
    ],
)
def test_the_command_refuses_what_it_cannot_measure_in_one_line(
    tmp_path, monkeypatch, capsys, arguments, says
):
    monkeypatch.setattr(sys, "argv", ["rare_disease", "--data", str(tmp_path), *arguments])
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code not in (0, None)
    assert says in f"{refused.value.code} {capsys.readouterr().err}"


def test_rows_of_another_protocol_are_refused(tmp_path):
    Rows(tmp_path, "older").keep("row", {})
    with pytest.raises(OtherProtocol, match="resume in another folder"):
        Rows(tmp_path, "newer").find("row")


def test_an_interrupted_command_says_where_its_rows_are(tmp_path, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("ml.experiments.rare_disease.done", interrupted)
    given = ("--data", str(tmp_path), "--sets", KNOWN, "--quick", "--resume", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["rare_disease", *given])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 130 and str(tmp_path) in capsys.readouterr().err


def test_a_page_of_nothing_finished_is_written_too(tmp_path):
    empty = summarised([], PROTOCOL)
    result = {"protocol": PROTOCOL.as_json(), "sets": [], "bayes": None, **empty}
    result["declared_core_hours"] = 0.0
    text = page(result | {"targets": targets(result)})
    assert "# Synthetic rows for a rare disease" in text
    assert len(draw(result, tmp_path)) == 10


def test_knowing_nothing_of_ray_is_one_error(given, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    rows, how = Rows(None, "test"), SimpleNamespace(say=lambda line: None)
    with pytest.raises(work.RayMissing, match="not installed"):
        done(
            planned_units(1),
            {KNOWN: given},
            PROTOCOL,
            rows,
            workers=Workers(1, ray="local"),
            say=how.say,
        )


def test_simultaneous_intervals_hold_for_all_arms_of_pure_chance_at_once():
    rng, held = np.random.default_rng(8), 0
    for _ in range(200):
        shared = rng.normal(0, 0.005)  # what all splits of one data set have in common
        arms = {
            name: 0.5 + shared + rng.normal(0, 0.014, runs)
            for name, runs in (("many", 100), ("few", 10), ("fewer", 5), ("one", 1))
        }
        found = simultaneous_intervals(arms, train_size=4000, test_size=1000)
        held += all(each.low <= 0.5 <= each.high for each in found.values())
        widths = [found[name].high - found[name].low for name in ("many", "few", "one")]
        assert widths == sorted(widths)
    assert held >= 185
    with pytest.raises(ValueError, match="two runs"):
        simultaneous_intervals({"one": [0.5]}, train_size=4, test_size=1)


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        ([1.01, None, None], "hit"),
        ([0.99, 0.9, 1.1], "undecided"),
        ([0.9, 0.85, 0.95], "missed"),
        ([0.9, None, None], "missed"),
    ],
)
def test_a_ratio_is_judged_by_its_mean_and_left_open_where_its_interval_is(ratio, verdict):
    best = {"set": "ktas", "classifier": LOGISTIC, "own": "tvae", "sdv": "sdv_tvae", "runs": 3}
    empty = {"negative_control": [], "tstr": [], "controls": [], "honest_leaks": {}}
    (line,) = targets({**empty, "best": [best | {"ratio": ratio}], "protocol": {"quick": False}})
    assert line["verdict"] == verdict
