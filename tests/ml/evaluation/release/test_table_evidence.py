"""What the evidence of a table holds, and what it refuses."""

import json

import numpy as np
import pytest
from planted_cohorts import Sides, series, split, visits

from ml.evaluation.release import MEASURES, Measure, ReleaseEvidence
from ml.evaluation.release.evidence import count
from ml.evaluation.release.tables import TableRefit, table_evidence
from ml.evaluation.tables.attributes import attribute_advantage
from ml.evaluation.tables.gower import ranges
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table, joined


@pytest.fixture(scope="module")
def sides() -> Sides:
    rng = np.random.default_rng(1)
    return split(*visits(rng, 90), rng)


@pytest.fixture(scope="module")
def strangers() -> Table:
    return visits(np.random.default_rng(2), 60)[0]


def judged(made: Table, sides: Sides, **named: object) -> ReleaseEvidence:
    return table_evidence(made, *sides, rng=np.random.default_rng(3), **named)  # type: ignore[arg-type]


def test_the_evidence_is_json_of_every_measure_and_the_same_for_the_same_seed(
    sides: Sides, strangers: Table
) -> None:
    first, again = (json.dumps(judged(strangers, sides).as_json()) for _ in range(2))
    assert first == again
    kept = json.loads(first)
    assert set(MEASURES) <= set(kept["measures"])
    assert (kept["people"], kept["training_people"], kept["holdout_people"]) == (90, 60, 30)
    assert kept["largest_share"] == pytest.approx(1 / 90)
    for name, measure in kept["measures"].items():
        assert set(measure) == {"value", "low", "high", "n", "protocol"}, name
        assert measure["low"] <= measure["value"] <= measure["high"], name


def test_the_evidence_names_nobody_and_shows_no_cell(sides: Sides, strangers: Table) -> None:
    said = json.dumps(judged(strangers, sides).as_json())
    assert "person-" not in said


def test_one_row_that_is_equal_counts_missing_cells_included() -> None:
    rng = np.random.default_rng(4)
    column = Column("level", "continuous", missing=True, minimum=-10, maximum=10)
    schema = Schema((column, Column("other", "continuous", minimum=-10, maximum=10)))

    def rows(n: int) -> np.ndarray:
        return rng.normal(size=(n, 2))

    values = rows(40)
    values[7, 0] = np.nan
    person = np.array([f"p{i}" for i in range(40)])
    training, holdout = Table(schema, values), Table(schema, rows(20))
    made = rows(50)
    made[3] = values[7]
    held = np.char.add("h", person[:20])
    found = judged(Table(schema, made), (training, person, holdout, held))
    assert found.measures["exact_matches"].value == 1
    assert found.measures["exact_matches"].n == 50


def test_a_row_that_five_people_share_is_no_match_and_one_that_four_share_is() -> None:
    schema = Schema((Column("ward", "categorical", categories=tuple("abcd")),) * 1)
    training = Table(schema, np.array([[0.0]] * 5 + [[1.0]] * 4 + [[2.0]] * 6))
    holdout = Table(schema, np.array([[2.0]] * 6))
    person = np.array([f"p{i}" for i in range(15)])
    held = np.array([f"h{i}" for i in range(6)])
    made = Table(schema, np.array([[0.0], [1.0], [1.0], [2.0], [3.0]]))
    found = judged(made, (training, person, holdout, held))
    assert found.measures["exact_matches"].value == 2


def test_the_share_is_half_though_the_holdout_is_smaller(sides: Sides, strangers: Table) -> None:
    share = judged(strangers, sides).measures["dcr_share"]
    assert share.low < 0.5 < share.high


def test_refitting_takes_the_bound_of_one_split_under_another_name(
    sides: Sides, strangers: Table
) -> None:
    def anew(rows: Table, person: np.ndarray, n: int, rng: np.random.Generator) -> Table:
        assert len(rows) == len(person) == 45
        assert n == len(strangers)
        return visits(rng, n)[0]

    alone = judged(strangers, sides).measures["membership_auc"]
    measures = judged(strangers, sides, refit=TableRefit(anew, 8)).measures
    assert measures["membership_auc_of_one_split"] == alone
    assert measures["membership_auc"].high < alone.high
    assert measures["membership_auc_of_own"].n == 90


def test_a_person_on_both_sides_is_counted_by_name(sides: Sides, strangers: Table) -> None:
    training, person, holdout, held = sides
    held = held.copy()
    held[:2] = person[:2]
    found = judged(strangers, (training, person, holdout, held))
    assert found.measures["people_across_split"].value >= 2
    assert found.people == 88


def test_columns_of_training_people_guessed_from_their_own_rows_show(sides: Sides) -> None:
    training, person, holdout, held = sides
    found = attribute_advantage(
        training, (training, person), (holdout, held), spans=ranges(joined([training, holdout]))
    , rng=np.random.default_rng(5))  # fmt: skip
    assert found.attackers["the nearest row"].low > 0.2


def test_attributes_of_many_rows_are_attacked_on_some_people_and_in_one_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ml.evaluation.tables import attributes

    monkeypatch.setattr(attributes, "MOST_ROWS", 100)
    rng = np.random.default_rng(6)
    training, person, holdout, held = split(*series(rng, 30, rows=10), rng)
    found = attribute_advantage(
        series(rng, 20, rows=10)[0],
        (training, person),
        (holdout, held),
        spans=ranges(training),
        sensitive=("glucose",),
        rng=rng,
    )
    assert found.columns == ("glucose",)
    assert found.people == 10 + 10


def test_too_few_people_no_row_and_other_columns_are_refused(
    sides: Sides, strangers: Table
) -> None:
    training, person, holdout, held = sides
    with pytest.raises(ValueError, match="4 holdout people are too few"):
        judged(strangers, (training, person, holdout.take(slice(0, 4)), held[:4]))
    with pytest.raises(ValueError, match="no synthetic row"):
        judged(strangers.take(slice(0, 0)), sides)
    with pytest.raises(ValueError, match="different schemas"):
        judged(strangers.select(["age", "bmi"]), sides)
    with pytest.raises(ValueError, match="rows and"):
        judged(strangers, (training, person[1:], holdout, held))


def test_evidence_that_lacks_a_measure_cannot_be_made() -> None:
    measures: dict[str, Measure] = {name: count(0, 1, "") for name in MEASURES[1:]}
    with pytest.raises(ValueError, match=MEASURES[0]):
        ReleaseEvidence(60, 40, 20, 0.02, 10, measures)


def test_a_figure_that_could_not_be_had_is_null() -> None:
    assert Measure(0.5, float("nan"), float("inf"), 3, "").as_json()["low"] is None
