"""Traces of many people become one table in the vocabulary's public ranges."""

import numpy as np
import pytest
from vitals_reading import read, trace_of

from ml.records.tables.table import InvalidTable
from ml.records.vitals import vitals_table
from ml.records.vitals.vocabulary import variable
from scripts.simulate_patients import simulate_vitals_patients


@pytest.fixture(scope="module")
def cohort():
    files = list(simulate_vitals_patients(3, people=20))
    return [read(file.data, file.zone) for file in files], [file.name for file in files]


def test_every_row_is_there_with_whose_it_is(cohort) -> None:
    traces, names = cohort
    table, person = vitals_table(traces, names, target="status")
    assert len(table) == len(person) == sum(map(len, traces))
    assert np.bincount(person).tolist() == [len(trace) for trace in traces]
    of_one = table.take(person == 4).column("heart_rate")
    assert np.array_equal(of_one, traces[4].column("heart_rate"), equal_nan=True)
    assert table.schema.target == "status"


def test_ranges_and_categories_are_published_ones_whatever_was_observed(cohort) -> None:
    table, _ = vitals_table(*cohort, target="status")
    for column in table.schema.columns:
        known = variable(column.name)
        assert (column.minimum, column.maximum) == (known.minimum, known.maximum)
        assert column.categories == known.categories
        assert column.missing == (column.name != "status")
    few, _ = vitals_table(cohort[0][:2], cohort[1][:2], target="status")
    assert few.schema.column("heart_rate") == table.schema.column("heart_rate")


def test_a_column_is_brought_in_by_people_and_never_by_rows() -> None:
    many = trace_of(("heart_rate", "skin_temperature"), np.tile([70.0, 33.0], (500, 1)))
    one = trace_of(("heart_rate",), np.array([[60.0], [61.0]]))
    table, person = vitals_table([many, one, one, one], ["a", "b", "b", "c"])
    assert table.schema.names == ("heart_rate",)
    assert np.bincount(person).tolist() == [500, 4, 2]
    wider, _ = vitals_table([many, one, one], ["a", "b", "c"], least_share=0.3)
    assert wider.schema.names == ("heart_rate", "skin_temperature")


def test_rows_without_the_target_are_left_out() -> None:
    trace = trace_of(("heart_rate", "status"), np.array([[70, 0], [71, np.nan], [72, 2]]))
    table, person = vitals_table([trace], ["a"], target="status")
    assert table.column("heart_rate").tolist() == [70, 72] and person.tolist() == [0, 0]
    assert len(vitals_table([trace], ["a"])[0]) == 3


def test_what_todays_vocabulary_does_not_allow_is_missing_and_spoils_no_cohort() -> None:
    old = trace_of(("heart_rate", "sex"), np.array([[12, 0], [70.4, 5], [80, 1]]))
    table, _ = vitals_table([old], ["a"])
    np.testing.assert_array_equal(table.values, [[np.nan, 0], [70, np.nan], [80, 1]])


@pytest.mark.parametrize(
    ("persons", "target", "fault"),
    [
        ([], None, "make no table"),
        (["a", "b"], "status", "'status' is not known"),
        (["a", "b"], "heart_rate", "holds numbers"),
        (["a", "b"], "risk_level", "'risk_level' is not known"),
    ],
)
def test_what_makes_no_table_is_said(persons, target, fault) -> None:
    trace = trace_of(("heart_rate",), np.array([[70.0]]))
    with pytest.raises(InvalidTable, match=fault):
        vitals_table([trace] * len(persons), persons, target=target)
