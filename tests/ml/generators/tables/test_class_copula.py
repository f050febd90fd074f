"""A copula for each class: differences that one copula of all loses, even draws, few people."""

import numpy as np
import pytest

from ml.artifacts import Artifact, BrokenArtifact
from ml.generators.tables.class_copula import ClassCopula
from ml.generators.tables.copula import GaussianCopula, even_normals
from ml.records.tables.schema import Column, Dependency, Schema
from ml.records.tables.table import Table
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent


def by_class(counts, seed=3, dependencies=()):
    """Two numbers that go together in class 0, against each other in the rest, and its parity."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(np.arange(len(counts)), counts)
    first = rng.normal(size=len(classes))
    second = np.where(classes == 0, 1, -1) * first + 0.4 * rng.normal(size=len(classes))
    age = rng.integers(20, 60, len(classes))
    columns = (
        Column("first", "continuous", minimum=-9, maximum=9),
        Column("second", "continuous", minimum=-9, maximum=9),
        Column("age", "integer", minimum=20, maximum=60),
        Column("decade", "integer", minimum=2, maximum=6),
        Column("class", "categorical", categories=tuple("abcdef"[: len(counts)])),
    )
    values = np.column_stack([first, second, age, age // 10, classes])
    return Table(Schema(columns, dependencies, "class"), values)


def fitted(generator, table):
    rng = np.random.default_rng(1)
    generator.fit(table, rng=rng, progress=silent, checkpoints=NoCheckpoints())
    return generator


def correlation(table):
    return np.corrcoef(table.column("first"), table.column("second"))[0, 1]


def test_what_holds_within_a_class_is_kept_where_one_copula_of_all_loses_it():
    table = by_class((300, 100))
    for generator, kept in ((ClassCopula(), True), (GaussianCopula(), False)):
        made = fitted(generator, table).sample(2000, rng=np.random.default_rng(2))
        common, rare = (made.take(made.column("class") == each) for each in (0, 1))
        assert bool(correlation(common) > 0.8) is kept
        assert bool(correlation(rare) < -0.8) is kept


def test_classes_come_in_their_shares_off_by_less_than_one_row():
    generator = fitted(ClassCopula(), by_class((300, 100)))
    for n in (1, 2, 37, 400):
        made = generator.sample(n, rng=np.random.default_rng(n))
        assert abs(int((made.column("class") == 1).sum()) - n / 4) < 1
    single = [generator.sample(1, rng=np.random.default_rng(seed)) for seed in range(60)]
    assert 0.1 < np.mean([row.column("class")[0] for row in single]) < 0.4


def test_a_class_of_few_people_gets_no_marginal_of_its_own():
    table = by_class((200, 60, 3, 4))
    generator = fitted(ClassCopula(), table)
    assert generator.card["groups"] == 2  # 60 + 3 + 4 together
    made = generator.sample(40, rng=np.random.default_rng(2), where={"class": "c"})
    assert (made.column("class") == 2).all()
    few = table.take(table.column("class") == 2).column("first")
    assert made.column("first").max() > few.max() or made.column("first").min() < few.min()
    assert np.unique(made.column("first")).size > len(few)


def test_what_one_column_determines_holds_over_all_classes():
    dependencies = (Dependency("age", "decade"),)
    made = fitted(ClassCopula(), by_class((300, 100), dependencies=dependencies)).sample(
        500, rng=np.random.default_rng(2)
    )
    assert (made.column("decade") == made.column("age") // 10).all()


def test_even_draws_are_normal_nearer_to_their_mean_and_other_each_time():
    rng = np.random.default_rng(5)
    draws = [even_normals(300, 4, rng) for _ in range(20)]
    assert all(draw.shape == (300, 4) and np.isfinite(draw).all() for draw in draws)
    assert np.std(draws) == pytest.approx(1, abs=0.02)
    assert np.std([draw.mean(axis=0) for draw in draws]) < 0.3 / np.sqrt(300)
    assert not np.allclose(draws[0], draws[1])
    assert even_normals(0, 4, rng).shape == (0, 4) and even_normals(5, 0, rng).shape == (5, 0)


def test_an_artifact_without_one_of_its_copulas_is_refused():
    artifact = fitted(ClassCopula(), by_class((100, 60))).to_artifact()
    files = {name: each for name, each in artifact.files.items() if not name.startswith("1.")}
    with pytest.raises(BrokenArtifact, match="train it again"):
        ClassCopula.from_artifact(Artifact(artifact.kind, artifact.version, artifact.card, files))
