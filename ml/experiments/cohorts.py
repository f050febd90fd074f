"""The people of the shared data sets, each on an even grid, and their split by person.

=========  ======  =====================  ========================================================
cohort     people  condition              what to know when reading its figures
=========  ======  =====================  ========================================================
hall       57      healthy, prediabetes,  Dexcom G4, about 7 days each
                   t2d
hupa       25      t1d                    Libre 2 interpolated from 15 to 5 min by its authors: no
                                          gaps, smoother than a sensor, so forecasts look better;
                                          one person (HUPA0027P) has over half of the rows
iglu       5       t2d                    Dexcom G4
bigideas   7       prediabetes            Dexcom G6; enrolled by an HbA1c of 5.2 to 6.4 %
shanghai   6       t1d                    Libre H, 15 min: bridged to 5 min, observed every third
uchtt      6       t1d, healthy           Guardian 3, 4 to 6 days each, real gaps
=========  ======  =====================  ========================================================

All times are wall times: none of these sets says where its people live.

That nothing but its target looks past a forecast's origin holds for real readings. In a set that
its authors interpolated (`INTERPOLATED`) the values between two readings know the later one, and
no window of ours can undo that: its figures are also told apart.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.records.cgm.grid import GlucoseGrid, even_grid

Condition = Literal["t1d", "t2d", "prediabetes", "healthy", "unknown"]
COHORTS = ("hall", "hupa", "iglu", "bigideas", "shanghai", "uchtt")
INTERPOLATED = frozenset({"hupa"})

_HALL = "cgm-hall2018/Hall_2018-from-Glucose-ML.zip"
_HUPA = "cgm-hupa-ucm-t1d/HUPA-UCM-from-Glucose-ML.zip"
_CONDITIONS: dict[str, Condition] = {
    "t1d": "t1d",
    "t2d": "t2d",
    "prediabetes": "prediabetes",
    "no diabetes": "healthy",
    "nd": "healthy",
}


class DataMissing(FileNotFoundError):
    """A folder of the shared data is not there; says which."""


class UnreadableTable(ValueError):
    """A CSV file holds what is no time or no glucose; names the file and the id."""


class TooFewPeople(ValueError):
    """There are not enough people to keep those who test apart from those who teach."""


@dataclass(frozen=True, eq=False)
class Person:
    """One person of a data set.

    Attributes:
        name: unique over all cohorts; splits are made by it.
        cohort: one of `COHORTS`, or the name of a folder of CSV files.
        condition: as the data set states it.
        grid: all of the person's glucose at 5 minutes.
        sensor_minutes: at which the sensor (or the data set's authors) wrote readings.
    """

    name: str
    cohort: str
    condition: Condition
    grid: GlucoseGrid
    sensor_minutes: int = 5


def people(data: Path, *, cohorts: Sequence[str] = COHORTS) -> list[Person]:
    """Everybody in the named cohorts below `data`, in a fixed order.

    Raises:
        DataMissing: a cohort's folder is not there.
    """
    readers = {
        "hall": lambda: _zipped(data / _HALL, "hall"),
        "hupa": lambda: _zipped(data / _HUPA, "hupa"),
        "iglu": lambda: _iglu(data / "cgm-iglu-t2d"),
        "bigideas": lambda: _bigideas(data / "cgm-bigideas-dexcom"),
        "shanghai": lambda: _shanghai(data / "cgm-shanghai-t1d-raw"),
        "uchtt": lambda: _uchtt(data / "cgm-uchtt1dm-watch"),
    }
    return [person for cohort in cohorts for person in readers[cohort]()]


def glucobench(folder: Path) -> list[Person]:
    """Everybody in the CSV files of a folder in GlucoBench's format (`id,time,gl`).

    Glucose is in numbers, mg/dL: what a sensor's HI and LO stand at differs by its make.

    Raises:
        DataMissing: there is no such file, or one lacks a column, or none has a row.
        UnreadableTable: somebody's times or glucose cannot be read, or there is none.
    """
    found = sorted(folder.glob("*.csv"))
    if not found:
        raise DataMissing(f"no CSV file lies in {folder.name}: expected columns id, time, gl")
    everybody = [person for path in found for person in _everybody_in(path)]
    if not everybody:
        raise DataMissing(f"the CSV files in {folder.name} have no row beneath their header")
    return everybody


def _everybody_in(path: Path) -> Iterator[Person]:
    rows = pd.read_csv(path, dtype={"id": str, "time": str, "gl": str})
    if missing := {"id", "time", "gl"} - set(rows.columns):
        raise DataMissing(f"{path.name} has no column {', '.join(sorted(missing))}")
    if rows["id"].isna().any():
        raise UnreadableTable(f"{path.name}: {rows['id'].isna().sum()} rows have no id")
    for name, own in rows.groupby("id", sort=True):
        glucose = pd.to_numeric(own["gl"], errors="coerce")
        faults = {
            "hold no time": pd.to_datetime(own["time"], errors="coerce").isna(),
            "hold a word for glucose (HI, LO): put the sensor's bound in mg/dL": (
                glucose.isna() & own["gl"].notna()
            ),
        }
        for fault, where in faults.items():
            if where.any():
                raise UnreadableTable(
                    f"{path.name}, id {name}: {where.sum()} of {len(own)} rows {fault}"
                )
        if not np.isfinite(glucose).any():
            raise UnreadableTable(f"{path.name}, id {name}: no reading at all; take the id out")
        yield _person(f"{path.stem}/{name}", path.stem, "unknown", own["time"], glucose)


def split_by_person(
    everybody: Iterable[Person], *, shares: Sequence[float], rng: np.random.Generator
) -> tuple[list[Person], ...]:
    """Disjoint groups of people, in the given shares, cohorts and conditions dealt evenly.

    Args:
        everybody: the people to be dealt out.
        shares: of the groups, adding up to 1.
        rng: decides who comes where; the same state deals the same.

    Returns:
        One list per share; nobody is in two of them and nobody in none.
    """
    if abs(sum(shares) - 1.0) > 1e-9:
        raise ValueError(f"the shares add up to {sum(shares):.3g}, not to 1")
    groups: tuple[list[Person], ...] = tuple([] for _ in shares)
    strata: dict[tuple[str, str], list[Person]] = {}
    for person in everybody:
        strata.setdefault((person.cohort, person.condition), []).append(person)
    ideal = np.zeros(len(shares))
    for stratum in sorted(strata):
        members = strata[stratum]
        for index in rng.permutation(len(members)):
            ideal += shares
            neediest = int(np.argmax(ideal - [len(group) for group in groups]))
            groups[neediest].append(members[index])
    return groups


def _person(
    name: str,
    cohort: str,
    condition: Condition,
    times: "pd.Series[str]",
    values: "pd.Series[float]",
    sensor_minutes: int = 5,
) -> Person:
    moments = pd.to_datetime(times).to_numpy(dtype="datetime64[s]").astype(np.int64)
    order = np.argsort(moments, kind="stable")
    grid = even_grid(
        moments[order],
        _numbers(values)[order],
        wall_offset=np.zeros(len(moments), dtype=np.int64),
        person=name,
    )
    return Person(name, cohort, condition, grid, sensor_minutes)


def _numbers(values: "pd.Series[float]") -> npt.NDArray[np.float32]:
    """mg/dL; a word stands at the sensor's floor or ceiling, a blank is NaN."""
    words = {"Low": 40, "High": 400}
    return pd.to_numeric(values.replace(words)).to_numpy(dtype=np.float32)


def _there(path: Path) -> Path:
    if not path.exists():
        raise DataMissing(f"{path.name} is not in the data folder: see its README for the sets")
    return path


def _zipped(path: Path, cohort: str) -> Iterator[Person]:
    with zipfile.ZipFile(_there(path)) as archive:
        names = [name for name in archive.namelist() if not Path(name).name.startswith("._")]
        table = next(name for name in names if name.endswith("metadata.csv"))
        text = archive.read(table).decode("utf-8-sig")
        conditions = {
            row["person_id"]: _CONDITIONS.get(row["diabetes_type"].strip().lower(), "unknown")
            for row in csv.DictReader(io.StringIO(text))
        }
        for name in sorted(n for n in names if n.endswith(".csv") and n != table):
            person = Path(name).stem
            rows = pd.read_csv(io.BytesIO(archive.read(name)))
            yield _person(
                f"{cohort}/{person}",
                cohort,
                conditions.get(person, "unknown"),
                rows["timestamp"],
                rows["glucose_value_mg_dl"],
            )


def _iglu(folder: Path) -> Iterator[Person]:
    rows = pd.read_csv(_there(folder / "iglu_example_data_5_subject.csv"))
    for name, own in rows.groupby("id", sort=True):
        yield _person(f"iglu/{name}", "iglu", "t2d", own["time"], own["gl"])


def _bigideas(folder: Path) -> Iterator[Person]:
    for path in sorted(_there(folder).glob("Dexcom_*.csv")):
        rows = pd.read_csv(path, usecols=["timestamp", "event_type", "glucose"])
        rows = rows[rows["event_type"] == "EGV"]
        yield _person(
            f"bigideas/{path.stem}", "bigideas", "prediabetes", rows["timestamp"], rows["glucose"]
        )


def _shanghai(folder: Path) -> Iterator[Person]:
    periods: dict[str, list[pd.DataFrame]] = {}
    for path in sorted(_there(folder).glob("[0-9]*_*_*.xls*")):
        sheet = pd.read_excel(path, usecols=["Date", "CGM (mg / dl)"])
        periods.setdefault(path.name.split("_")[0], []).append(sheet)
    for patient, sheets in sorted(periods.items()):
        rows = pd.concat(sheets)
        yield _person(
            f"shanghai/{patient}", "shanghai", "t1d", rows["Date"], rows["CGM (mg / dl)"], 15
        )


def _uchtt(folder: Path) -> Iterator[Person]:
    for path in sorted(_there(folder).glob("*/Glucose.xlsx")):
        rows = pd.read_excel(path, index_col=0)
        condition: Condition = "t1d" if path.parent.name.startswith("T1DM") else "healthy"
        yield _person(
            f"uchtt/{path.parent.name}",
            "uchtt",
            condition,
            rows.index.to_series().astype(str),
            rows["Value (mg/dl)"],
        )
