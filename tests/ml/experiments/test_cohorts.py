"""Who is in the shared data sets, and that nobody stands on two sides of a split."""

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.experiments.cohorts import (
    DataMissing,
    Person,
    TooFewPeople,
    UnreadableTable,
    glucobench,
    people,
    split_by_person,
)
from ml.experiments.synthesis.protocol import QUICK, cohort_sides
from ml.records.cgm.grid import even_grid

_REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", _REPOSITORY.parent / "shared" / "data"))
shared = pytest.mark.skipif(not DATA.exists(), reason="the shared data folder is not there")


def someone(name: str, cohort: str = "hall", condition: str = "healthy") -> Person:
    seconds = np.arange(10, dtype=np.int64) * 300
    glucose = np.full(10, 100, dtype=np.float32)
    grid = even_grid(seconds, glucose, wall_offset=np.zeros(10, np.int64), person=name)
    return Person(name, cohort, condition, grid)  # type: ignore[arg-type]


def test_nobody_is_in_two_groups_and_nobody_in_none() -> None:
    everybody = [someone(f"{c}{i}", c) for c in ("a", "b", "c") for i in range(17)]
    groups = split_by_person(everybody, shares=[0.6, 0.2, 0.2], rng=np.random.default_rng(4))
    names = [person.name for group in groups for person in group]
    assert sorted(names) == sorted(person.name for person in everybody)


def test_a_split_has_the_shares_asked_for_and_every_cohort_on_every_side() -> None:
    everybody = [someone(f"{c}{i}", c) for c in ("a", "b") for i in range(20)]
    groups = split_by_person(everybody, shares=[0.6, 0.2, 0.2], rng=np.random.default_rng(4))
    assert [len(group) for group in groups] == [24, 8, 8]
    assert all({person.cohort for person in group} == {"a", "b"} for group in groups)


def test_the_same_seed_deals_the_same_people_and_another_does_not() -> None:
    everybody = [someone(str(i)) for i in range(30)]

    def dealt(seed: int) -> list[list[str]]:
        groups = split_by_person(everybody, shares=[0.5, 0.5], rng=np.random.default_rng(seed))
        return [[person.name for person in group] for group in groups]

    assert dealt(1) == dealt(1) != dealt(2)


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 0\.9"):
        split_by_person([someone("a")], shares=[0.6, 0.3], rng=np.random.default_rng(0))


def test_a_folder_in_the_format_of_glucobench_is_read(tmp_path: Path) -> None:
    rows = [f"{who},2020-01-01 00:{5 * i:02}:00,{100 + i}" for who in (1, 2) for i in range(4)]
    (tmp_path / "colas.csv").write_text("\n".join(["id,time,gl", *rows]))
    found = glucobench(tmp_path)
    assert [person.name for person in found] == ["colas/1", "colas/2"]
    assert found[0].grid.mg_dl.tolist() == [100, 101, 102, 103]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("7,2020-01-01 00:00:00,", "colas.csv, id 7: no reading at all"),
        ("7,2020-01-01 00:00:00,HI", "colas.csv, id 7: 1 of 1 rows hold a word for glucose"),
        ("7,2020-01-01 00:00:00,LO", "colas.csv, id 7: 1 of 1 rows hold a word for glucose"),
        ("7,yesterday,100", "colas.csv, id 7: 1 of 1 rows hold no time"),
        ("7,,100", "colas.csv, id 7: 1 of 1 rows hold no time"),
        (",2020-01-01 00:00:00,100", "colas.csv: 1 rows have no id"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_with_its_file_and_id(
    tmp_path: Path, row: str, said: str
) -> None:
    (tmp_path / "colas.csv").write_text(f"id,time,gl\n1,2020-01-01 00:00:00,100\n{row}\n")
    with pytest.raises(UnreadableTable, match=re.escape(said)):
        glucobench(tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "colas.csv").write_text("id,time,glucose\n1,2020-01-01 00:00:00,100\n")
    with pytest.raises(DataMissing, match=r"colas\.csv has no column gl"):
        glucobench(tmp_path)
    (tmp_path / "colas.csv").write_text("id,time,gl\n")
    with pytest.raises(DataMissing, match="no row beneath their header"):
        glucobench(tmp_path)


def test_synthesis_refuses_too_few_people_with_whole_days() -> None:
    with pytest.raises(TooFewPeople, match="2 people leave 0 whole days to learn from"):
        cohort_sides([someone("a"), someone("b")], replace(QUICK, people_most=0))


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="iglu_example_data"):
        people(tmp_path, cohorts=["iglu"])
    with pytest.raises(DataMissing, match="id, time, gl"):
        glucobench(tmp_path)


@shared
def test_everybody_of_the_shared_sets_is_found_with_their_condition() -> None:
    found = people(DATA)
    assert len(found) == 106
    assert len({person.name for person in found}) == 106
    assert sum(person.condition == "t1d" for person in found) == 34
    assert all(np.nanmin(person.grid.mg_dl) >= 39 for person in found)


@shared
def test_a_sensor_of_15_minutes_is_observed_every_third_step() -> None:
    libre = people(DATA, cohorts=["shanghai"])[0]
    assert libre.sensor_minutes == 15
    worn = np.isfinite(libre.grid.mg_dl)
    assert libre.grid.observed[worn].mean() == pytest.approx(1 / 3, abs=0.02)
