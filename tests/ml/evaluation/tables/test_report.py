"""A report holds JSON values alone, says the same for the same seed, and gives nobody away."""

import json

import numpy as np
import pytest
from planted_tables import SCHEMA, names, planted

from ml.evaluation.tables.report import Told, table_report
from ml.evaluation.tables.report_cells import FEWEST
from ml.records.tables.schema import Column, Dependency, Schema
from ml.records.tables.table import Table
from ml.scorers.table_learners import boosting, logistic


def report(
    synthetic: Table, training: Table, holdout: Table, *, told: Told | None = None, **settings
) -> dict:
    return table_report(
        synthetic,
        training,
        names("t", len(training)),
        holdout,
        names("h", len(holdout)),
        learners={"boosting": boosting, "logistic": logistic},
        rng=np.random.default_rng(0),
        progress=told or (lambda stage, done, total: None),
        draws=40,
        **settings,
    )


@pytest.fixture(scope="module")
def steps() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def whole(steps: list[tuple[int, int]]) -> dict:
    def told(stage: str, done: int, total: int) -> None:
        steps.append((done, total))

    return report(planted(3, 300), planted(1, 300), planted(2, 200), told=told)


def test_it_holds_json_values_and_every_part(whole: dict) -> None:
    again = json.loads(json.dumps(whole, allow_nan=False))
    assert again == whole
    for part in ("protocol", "n", "fidelity", "utility", "privacy", "marginals", "limits"):
        assert part in whole
    for section in ("fidelity", "utility"):
        assert whole[section]
        for name, figure in whole[section].items():
            assert {"value", "low", "high", "n", "baseline", "ceiling"} <= set(figure), name
    assert set(whole["marginals"]) == set(SCHEMA.names)
    assert len(whole["pairs"]["similarity"]) == len(SCHEMA.names)


def test_the_same_seed_gives_the_same_report(whole: dict) -> None:
    assert report(planted(3, 300), planted(1, 300), planted(2, 200)) == whole


def test_progress_never_falls_and_ends(whole: dict, steps: list[tuple[int, int]]) -> None:
    shares = [done / total for done, total in steps]
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 10


def test_marginals_are_shares_of_all_rows_in_declared_ranges(whole: dict) -> None:
    for name, column in whole["marginals"].items():
        made = sum(column["synthetic"]) + column.get("missing", {}).get("synthetic", 0.0)
        assert made == pytest.approx(1, abs=1e-4), name
        if SCHEMA.column(name).numeric:
            edges = column["edges"]
            assert edges[0] <= SCHEMA.column(name).minimum
            assert edges[-1] >= SCHEMA.column(name).maximum
            assert len(edges) == len(column["synthetic"]) + 1 <= 11
        else:
            assert column["categories"] == list(SCHEMA.column(name).categories)


def test_shown_real_cells_have_twenty_people_and_hidden_ones_cannot_be_computed(
    whole: dict,
) -> None:
    real = np.concatenate([planted(1, 300).values, planted(2, 200).values])
    hidden_somewhere = False
    for at, (name, column) in enumerate(whole["marginals"].items()):
        cells = real[:, at]
        if "edges" in column:
            counts = np.histogram(cells[~np.isnan(cells)], column["edges"])[0]
        else:
            counts = np.bincount(cells.astype(int), minlength=len(column["categories"]))
        shown = list(column["real"])
        counts = counts.tolist()
        if "missing" in column:
            shown.append(column["missing"]["real"])
            counts.append(int(np.isnan(cells).sum()))
        gone = [count for count, share in zip(counts, shown, strict=True) if share is None]
        for count, share in zip(counts, shown, strict=True):
            if share is not None:
                assert count >= FEWEST and abs(share * len(real) - count) <= 2.6, name
        if gone:
            hidden_somewhere = True
            assert len(gone) >= 2 and sum(gone) >= 2 * FEWEST, name
    assert hidden_somewhere, "the planted tails should have hidden cells"


def test_a_rare_category_cannot_be_had_from_the_similarity_of_its_column() -> None:
    """Whoever has the synthetic rows knows their share, and could solve for the real one."""
    schema = Schema((Column("age", "integer", minimum=0, maximum=100), SCHEMA.columns[4]))

    def rows(seed: int, size: int, ill: int) -> Table:
        age = planted(seed, size).values[:, 0]
        return Table(schema, np.column_stack([age, (np.arange(size) < ill).astype(float)]))

    found = [
        report(rows(3, 300, 30), rows(1, 300, 12), rows(2, 200, ill))["marginals"]["ill"]
        for ill in (1, 4, 7)
    ]
    assert found[0] == found[1] == found[2]
    assert found[0]["real"] == [None, None]


def test_a_figure_that_is_not_shown_says_why_and_every_other_has_a_value(whole: dict) -> None:
    assert not any("reason" in each for each in whole["fidelity"].values())
    two = SCHEMA.names[:2]
    few = report(*(planted(seed, 30).select(two) for seed in (3, 1, 2)))["fidelity"]
    worst = few["column_shapes_worst"]
    assert worst["value"] is None and "30 held-out people" in worst["reason"]
    assert all(("reason" in each) == (each["value"] is None) for each in few.values())


def test_the_auroc_of_a_rare_class_has_two_digits() -> None:
    """With more, it is a fraction whose denominator is the number of the few."""
    holdout = planted(2, 120)
    sick = np.flatnonzero(holdout.column("ill") == 1)
    few = holdout.take(np.setdiff1d(np.arange(120), sick[3:]))
    for figure in report(planted(3, 150), planted(1, 150), few)["utility"].values():
        for value in (figure["value"], figure["low"], figure["high"], figure["baseline"]):
            assert value is None or value == round(value, 2)


def test_what_a_hidden_column_determines_is_hidden_with_it() -> None:
    ward, wing = "ward", "wing"
    columns = (
        Column(ward, "categorical", categories=("a", "b", "c")),
        Column(wing, "categorical", categories=("north", "south")),
        SCHEMA.columns[0],
    )
    schema = Schema(columns, (Dependency(ward, wing),))

    def rows(seed: int, size: int) -> Table:
        at = np.where(np.arange(size) < 5, 0, 1 + np.arange(size) % 2).astype(float)
        age = planted(seed, size).values[:, 0]
        return Table(schema, np.column_stack([at, (at == 2).astype(float), age]))

    found = report(rows(3, 200), rows(1, 200), rows(2, 150))["marginals"]
    assert found[ward]["real"].count(None) >= 2
    assert found[wing]["real"] == [None, None]


def test_under_a_privacy_budget_nothing_of_single_real_columns_is_shown() -> None:
    found = report(planted(3, 200), planted(1, 200), planted(2, 200), real_counts="none")
    for column in found["marginals"].values():
        assert set(column["real"]) == {None} and column["similarity"] is None
        assert column.get("missing", {}).get("real") is None
    assert all(score is None for row in found["pairs"]["similarity"] for score in row)
    assert any("epsilon" in sentence for sentence in found["limits"])


def test_a_long_list_of_categories_is_cut_to_the_most_frequent_and_the_others() -> None:
    columns = (Column("code", "categorical", categories=tuple(range(200))), SCHEMA.columns[0])
    schema = Schema(columns)

    def rows(seed: int, size: int) -> Table:
        code = np.random.default_rng(seed).integers(0, 200, size).astype(float) ** 2 // 200
        return Table(schema, np.column_stack([code, planted(seed, size).values[:, 0]]))

    found = report(rows(3, 400), rows(1, 400), rows(2, 300))["marginals"]["code"]
    assert len(found["categories"]) == len(found["synthetic"]) == 40
    assert found["categories"][-1] == "(all others)"
    assert sum(found["synthetic"]) == pytest.approx(1, abs=1e-4)


def test_privacy_figures_are_taken_over_as_they_are() -> None:
    privacy = {"dcr_share": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 100}}
    found = report(planted(3, 100), planted(1, 100), planted(2, 100), privacy=privacy)
    assert found["privacy"] == privacy


def test_someone_on_both_sides_and_other_schemas_are_refused() -> None:
    settings = {
        "learners": {"boosting": boosting},
        "rng": np.random.default_rng(0),
        "progress": lambda stage, done, total: None,
    }
    table, person = planted(1, 50), names("p", 50)
    with pytest.raises(ValueError, match="both sides"):
        table_report(table, table, person, table, person, **settings)
    with pytest.raises(ValueError, match="one schema"):
        other = table.with_target(None)
        table_report(other, table, person, table, names("h", 50), **settings)
    with pytest.raises(ValueError, match="no synthetic row"):
        table_report(table.take(slice(0, 0)), table, person, table, names("h", 50), **settings)
    with pytest.raises(ValueError, match="no learner 'forest'"):
        table_report(table, table, person, table, names("h", 50), judge="forest", **settings)
