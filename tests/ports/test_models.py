"""What every implementation of the glucose models' port promises, on the fake and on the real."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from backend.adapters.models.glucose import MlGlucoseModels
from backend.domain.errors import ModelUnusable, NotEnoughData, UnreadableRecord
from backend.domain.glucose import LEVELS, METRICS, TrainedModel
from backend.domain.identifiers import ContributionId, GlucoseModelId
from backend.ports.models import GlucoseModels
from tests.fakes.models import FakeGlucoseModels
from tests.glucose_records import FIRST, canonical, readings

MODEL, OTHER = GlucoseModelId("ab" * 16), GlucoseModelId("cd" * 16)
NEWER = ContributionId("ef" * 16)
MAKERS: dict[str, Callable[[], GlucoseModels]] = {
    "fake": FakeGlucoseModels,
    "real": lambda: MlGlucoseModels("quick"),
}


class Interrupted(Exception):
    """What ends a training in these tests."""


class Kept:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.state: bytes | None = None

    def load(self) -> bytes | None:
        return self.state

    def save(self, state: bytes) -> None:
        self.state = state


def _stage(name: str, state: bytes) -> bytes:
    """What the real ones keep, of one stage."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, state)
    return out.getvalue()


def silent(_: str, __: int) -> None:
    """Tells nobody."""


@pytest.fixture(scope="module", params=["fake", "real"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def models(kind: str) -> GlucoseModels:
    return MAKERS[kind]()


@pytest.fixture(scope="module")
def trace() -> bytes:
    return canonical(readings(14))


@pytest.fixture(scope="module")
def trained(kind: str, trace: bytes) -> TrainedModel:
    """One training from beginning to end."""
    return MAKERS[kind]().train([trace], seed=7, progress=silent, checkpoints=Kept())


def test_two_weeks_are_enough(models: GlucoseModels, trace: bytes) -> None:
    found = models.assess([trace])
    assert found.enough and not found.widened and found.needs == ""
    assert found.days_worn == 14


def test_progress_never_falls_and_ends_a_training_that_it_raises_in(
    models: GlucoseModels, trace: bytes
) -> None:
    told: list[int] = []

    def interrupt(_: str, thousandths: int) -> None:
        told.append(thousandths)
        if thousandths >= 250:
            raise Interrupted

    with pytest.raises(Interrupted):
        models.train([trace], seed=7, progress=interrupt, checkpoints=Kept())
    assert told == sorted(told) and told[0] >= 0 and told[-1] <= 1000


def test_an_interrupted_training_ends_in_the_same_model(
    models: GlucoseModels, trace: bytes, trained: TrainedModel
) -> None:
    kept = Kept()

    def interrupt(_: str, thousandths: int) -> None:
        if kept.state is not None and thousandths >= 250:
            raise Interrupted

    with pytest.raises(Interrupted):
        models.train([trace], seed=7, progress=interrupt, checkpoints=kept)
    assert kept.state is not None
    again = models.train([trace], seed=7, progress=silent, checkpoints=kept)
    assert again == trained


@pytest.mark.parametrize("state", [b"from another release", _stage("tuned_state", b"no state")])
def test_a_checkpoint_that_cannot_be_read_is_one_that_is_not_there(
    models: GlucoseModels, trace: bytes, kind: str, trained: TrainedModel, state: bytes
) -> None:
    if kind == "fake":
        pytest.skip("the fake reads only what it wrote")
    kept = Kept()
    kept.state = state
    assert models.train([trace], seed=7, progress=silent, checkpoints=kept) == trained


def test_a_forecast_has_quantiles_of_two_hours_and_baselines(
    models: GlucoseModels, trained: TrainedModel
) -> None:
    told = models.forecast(MODEL, lambda: trained.content, newer={})
    short = told.short_term
    assert [step.minutes_ahead for step in short.steps] == list(range(5, 125, 5))
    for step in short.steps:
        assert list(step.quantiles_mg_dl) == sorted(step.quantiles_mg_dl)
        assert len(step.quantiles_mg_dl) == len(LEVELS)
        assert (step.at - short.origin).total_seconds() == 60 * step.minutes_ahead
    assert {"last_value", "linear"} <= {one.name for one in short.baselines}
    assert all(len(one.mg_dl) == 24 for one in short.baselines)
    assert short.served in {one.name for one in short.candidates} and short.reason
    assert short.recent[-1] == (short.origin, short.last_mg_dl)
    quarter = told.quarter
    assert quarter is not None and quarter.served in ("model", "carry_forward")
    assert [week.week for week in quarter.weeks] == list(range(1, 14))
    for figures in (quarter.total, *(week.figures for week in quarter.weeks)):
        assert set(figures) == set(METRICS)
        assert all(band.low <= band.mid <= band.high for band in figures.values())


def test_a_warm_model_answers_without_being_opened(
    models: GlucoseModels, trained: TrainedModel
) -> None:
    opened = []

    def open_model() -> bytes:
        opened.append(1)
        return trained.content

    first = models.forecast(MODEL, open_model, newer={})
    assert models.forecast(MODEL, open_model, newer={}) == first
    assert len(opened) == 1
    models.forecast(OTHER, open_model, newer={})
    models.forget(MODEL)
    models.forecast(MODEL, open_model, newer={})
    assert len(opened) == 3


def test_newer_readings_move_the_origin_and_leaving_them_out_moves_it_back(
    models: GlucoseModels, trained: TrainedModel
) -> None:
    later = canonical(readings(16)[14 * 288 :], start=FIRST + timedelta(days=14))
    before = models.forecast(MODEL, lambda: trained.content, newer={}).short_term.origin
    with_newer = models.forecast(MODEL, lambda: trained.content, newer={NEWER: lambda: later})
    assert with_newer.short_term.origin > before
    assert models.forecast(MODEL, lambda: b"", newer={}).short_term.origin == before


@pytest.mark.parametrize("damage", ["nothing", "truncated", "text"])
def test_bytes_that_are_no_model_are_said_to_be_unusable(
    models: GlucoseModels, trained: TrainedModel, damage: str
) -> None:
    content = {
        "nothing": b"",
        "truncated": trained.content[: len(trained.content) // 2],
        "text": b"not a model",
    }[damage]
    with pytest.raises(ModelUnusable, match="train it again"):
        models.forecast(OTHER, lambda: content, newer={})


def test_what_is_no_trace_is_refused(models: GlucoseModels) -> None:
    for ask in (
        lambda: models.assess([b"no trace"]),
        lambda: models.train([b"no trace"], seed=1, progress=silent, checkpoints=Kept()),
        lambda: models.summarise([b"no trace"], days=None),
        lambda: models.profile([b"no trace"], days=None),
    ):
        with pytest.raises(UnreadableRecord):
            ask()


def test_figures_and_profile(models: GlucoseModels, trace: bytes) -> None:
    summary = models.summarise([trace], days=7)
    assert summary.days == 7 and abs(summary.tir + summary.tbr + summary.tar - 1) < 1e-3
    profile = models.profile([trace], days=None)
    assert len(profile.percentiles_mg_dl) == len(profile.counts) == 1440 // profile.bin_minutes
    assert all(row is None or list(row) == sorted(row) for row in profile.percentiles_mg_dl)


def test_a_training_without_enough_says_what_would_be(models: GlucoseModels) -> None:
    if isinstance(models, FakeGlucoseModels):
        models.enough = False
    with pytest.raises(NotEnoughData) as refused:
        models.train([canonical(readings(3))], seed=1, progress=silent, checkpoints=Kept())
    assert "3" in refused.value.message and "7 more days" in refused.value.needs
    assert refused.value.reasons == ("too_few_days",)
