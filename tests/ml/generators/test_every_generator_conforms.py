"""Every entry of the catalogue keeps what a generator promises; one without a case is found."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch

from ml.catalogue import GENERATORS, RELEASABLE, find, releasable
from ml.checks.days import GLUCOSE_DAYS
from ml.checks.generators import check_generator
from ml.checks.tables import DECLARED_TABLES, TABLES, class_sampling
from ml.generators.tables import ctgan, tabddpm, tvae
from ml.records.cgm.days import HIGHEST, LOWEST
from tests.ml.generators.simulated_days import cohort_days
from tests.ml.generators.tables.planted import planted


@dataclass(frozen=True)
class Case:
    """How an entry is checked.

    Attributes:
        make: a new generator, quickly trained, of the class that the catalogue names.
        data: by name.
        few: items that are too few.
        named: further arguments of `check_generator`.
        breach: what the suite has to find in one that copies by design.
    """

    make: Callable[[Any], Any]
    data: str = "table"
    few: int = 20
    named: dict[str, Any] = field(default_factory=dict)
    breach: str | None = None


def tiny(made: Any) -> Any:
    return made("tiny")


def plain(made: Any) -> Any:
    return made()


COMPARATOR: dict[str, Any] = {"savable": False}
NARROW = ["marker", "saturation", "clinic", "region", "outcome"]
SEEDLESS: dict[str, Any] = {"seeded": False}
CASES = {
    "singan": Case(tiny, "days", 1),
    "gaussian_days": Case(plain, "days", 9, SEEDLESS),
    "block_bootstrap": Case(plain, "days", 0, SEEDLESS, breach="copies of real ones"),
    "ctgan": Case(lambda made: made(replace(ctgan.TINY, epochs=6))),
    "tvae": Case(lambda made: made(replace(tvae.TINY, epochs=6))),
    "tabddpm": Case(lambda made: made(replace(tabddpm.TINY, iterations=12, diffusion=8))),
    "gaussian_copula": Case(plain),
    "class_copula": Case(plain),
    "private_copula": Case(plain, "declared", few=19),
    "sdv_gaussian_copula": Case(tiny, "narrow", named=COMPARATOR | SEEDLESS),
    "sdv_ctgan": Case(tiny, "narrow", named=COMPARATOR),
    "sdv_tvae": Case(tiny, "narrow", named=COMPARATOR),
    "sdv_copulagan": Case(tiny, "narrow", named=COMPARATOR),
    "random_oversampling": Case(plain, named=SEEDLESS, breach="copies of real ones"),
    "smote": Case(plain, named=SEEDLESS),
    "adasyn": Case(plain, named=SEEDLESS),
}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data():
    """Days of a small cohort, a table, and a narrow one for those that take their time."""
    days = cohort_days(people=4, days=6, step_minutes=60)
    seen = replace(days, mg_dl=np.clip(days.mg_dl, LOWEST, HIGHEST))
    table = planted(160)
    narrow, declared = planted(60).select(NARROW), table.with_dependencies(())
    return {"days": seen, "table": table, "narrow": narrow, "declared": declared}


@pytest.mark.parametrize("name", GENERATORS)
def test_an_entry_of_the_catalogue_keeps_every_promise(name, data):
    case, made = CASES[name], find(name)
    if name.startswith("sdv_"):
        pytest.importorskip("sdv", reason="sdv is not installed: pip install 'vitalmint[sdv]'")
    assert made.kind == name
    kind = {"days": GLUCOSE_DAYS, "declared": DECLARED_TABLES}.get(case.data, TABLES)
    named = {"kind": kind, "too_little": case.few, **case.named}
    if kind is not GLUCOSE_DAYS:
        named["classes"] = class_sampling("outcome", ("ill", "well"))

    def check():
        rng = np.random.default_rng(4)
        check_generator(lambda: case.make(made), data[case.data], rng=rng, **named)

    if case.breach is None:
        check()
    else:
        with pytest.raises(AssertionError, match=case.breach):
            check()


def test_nothing_that_copies_or_that_is_under_anothers_licence_can_be_released():
    assert set(GENERATORS) >= RELEASABLE
    for name in GENERATORS:
        if CASES[name].breach or name.startswith("sdv_") or name in ("smote", "adasyn"):
            assert not releasable(name)
        assert not releasable(name, {"releasable": False})
        assert not releasable(name, {"releasable": "yes"})
    with pytest.raises(KeyError, match="no generator is called 'moon'"):
        releasable("moon")
