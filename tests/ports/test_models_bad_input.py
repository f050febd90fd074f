"""What data gets that nobody should learn from, or that needs care: a clear answer each."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from backend.adapters.models.glucose import MlGlucoseModels
from backend.adapters.models.personal_model import KIND, from_bytes, to_bytes
from backend.domain.errors import ModelUnusable, NotEnoughData, UnreadableRecord
from backend.domain.glucose import Assessment
from backend.domain.identifiers import GlucoseModelId
from ml.artifacts import Artifact, pack, unpack
from tests.glucose_records import (
    FIRST,
    canonical,
    readings,
    with_compression_lows,
    with_sensor_change,
    worn,
)
from tests.ports.test_models import Kept, silent

MODEL = GlucoseModelId("ab" * 16)


@pytest.fixture
def models() -> MlGlucoseModels:
    return MlGlucoseModels("quick")


def refused(models: MlGlucoseModels, *traces: bytes) -> NotEnoughData:
    """The refusal of a training; what is assessed is the same, and nothing is learnt."""
    kept = Kept()
    with pytest.raises(NotEnoughData) as found:
        models.train(list(traces), seed=1, progress=silent, checkpoints=kept)
    assert kept.state is None
    assessment = models.assess(list(traces))
    assert not assessment.enough
    assert assessment.needs == found.value.needs
    assert tuple(reason.code for reason in assessment.reasons) == found.value.reasons
    return found.value


def codes(assessment: Assessment) -> set[str]:
    return {note.code for note in assessment.notes}


def test_nine_days_need_one_more(models: MlGlucoseModels) -> None:
    answer = refused(models, canonical(readings(9)))
    assert answer.reasons == ("too_few_days",)
    assert "9 days" in answer.message and "1 more day" in answer.needs


def test_three_days_need_seven_more(models: MlGlucoseModels) -> None:
    answer = refused(models, canonical(readings(3)))
    assert answer.reasons == ("too_few_days",) and "7 more days" in answer.needs


def test_fourteen_days_worn_for_two_fifths_are_not_enough(models: MlGlucoseModels) -> None:
    answer = refused(models, canonical(worn(readings(14), 0.4)))
    assert answer.reasons == ("low_wear",)
    assert "only 42%" in answer.message and "70 %" in answer.message
    assert "10 more days" in answer.needs


def nearly_flat(days: float) -> np.ndarray:
    """A line that trembles by a step of the sensor's display: the reader lets it in."""
    return 110.0 + np.random.default_rng(1).integers(0, 4, int(days * 288))


def test_a_flat_line_is_refused_when_it_is_contributed() -> None:
    with pytest.raises(UnreadableRecord, match="no sensor on a person"):
        canonical(np.full(14 * 288, 110.0))


def test_a_line_that_is_nearly_flat_is_no_persons(models: MlGlucoseModels) -> None:
    answer = refused(models, canonical(nearly_flat(14)))
    assert "flat" in answer.reasons and "working sensor" in answer.needs


def test_ten_to_fourteen_days_widen_and_say_so(models: MlGlucoseModels) -> None:
    found = models.assess([canonical(readings(11))])
    assert found.enough and found.widened and "few_days" in codes(found)


def test_a_sensor_change_is_met_and_noted(models: MlGlucoseModels) -> None:
    found = models.assess([canonical(with_sensor_change(readings(14)))])
    assert found.enough and "warm_up" in codes(found)


def test_a_week_in_another_zone_is_noted_and_keeps_its_own_clock(models: MlGlucoseModels) -> None:
    values = readings(14)
    at_home = canonical(values[: 7 * 288])
    abroad_from = FIRST + timedelta(days=7, hours=9)
    abroad = canonical(values[7 * 288 :], start=abroad_from, zone="Asia/Tokyo")
    found = models.assess([at_home, abroad])
    assert found.enough and "clock_change" in codes(found)
    assert any("8 h" in note.sentence for note in found.notes if note.code == "clock_change")


def test_a_compression_low_every_night_is_noted_and_not_told_as_a_low(
    models: MlGlucoseModels,
) -> None:
    found = models.assess([canonical(with_compression_lows(readings(14)))])
    assert found.enough and "compression_low" in codes(found)


def test_a_person_with_all_of_that_is_answered_with_notes_and_wider_intervals(
    models: MlGlucoseModels,
) -> None:
    """Ten days, a new sensor, lows from lying on it: learnt, and each of them said."""
    values = with_sensor_change(with_compression_lows(readings(11, seed=3)))
    trained = models.train([canonical(values)], seed=1, progress=silent, checkpoints=Kept())
    assert trained.widened
    told = models.forecast(MODEL, lambda: trained.content, newer={})
    assert told.assessment.widened
    assert {"few_days", "warm_up", "compression_low"} <= codes(told.assessment)
    assert told.quarter is None or told.quarter.widened


@pytest.fixture(scope="module")
def content() -> bytes:
    """A stored model, as small as a training makes one."""
    values = readings(10.5, seed=5)
    return (
        MlGlucoseModels("quick")
        .train([canonical(values)], seed=1, progress=silent, checkpoints=Kept())
        .content
    )


def test_a_truncated_model_is_damaged_at_every_cut(models: MlGlucoseModels, content: bytes) -> None:
    for cut in (1, 100, len(content) // 3, len(content) - 1):
        with pytest.raises(ModelUnusable, match=r"damaged.*train it again"):
            models.forecast(MODEL, lambda cut=cut: content[:cut], newer={})


def test_a_changed_model_is_damaged(models: MlGlucoseModels, content: bytes) -> None:
    for place in range(200, len(content), len(content) // 7):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(ModelUnusable):
            models.forecast(MODEL, lambda changed=changed: bytes(changed), newer={})


def test_a_model_of_a_newer_release_says_to_upgrade(
    models: MlGlucoseModels, content: bytes
) -> None:
    artifact = unpack(content)
    newer = pack(Artifact(KIND, artifact.version + 1, artifact.card, artifact.files))
    with pytest.raises(ModelUnusable, match=r"newer release.*upgrade"):
        models.forecast(MODEL, lambda: newer, newer={})


def test_a_forecaster_inside_of_a_newer_release_says_to_upgrade_or_train(
    models: MlGlucoseModels, content: bytes
) -> None:
    model = from_bytes(content)
    newer = to_bytes(replace(model, served=replace(model.served, version=99)))
    with pytest.raises(ModelUnusable, match="train it again"):
        models.forecast(MODEL, lambda: newer, newer={})


def test_another_kind_of_model_is_refused(models: MlGlucoseModels, content: bytes) -> None:
    artifact = unpack(content)
    other = pack(Artifact("singan", 1, artifact.card, artifact.files))
    with pytest.raises(ModelUnusable):
        models.forecast(MODEL, lambda: other, newer={})
    without = {name: file for name, file in artifact.files.items() if name != "told.json"}
    with pytest.raises(ModelUnusable):
        models.forecast(MODEL, lambda: pack(Artifact(KIND, 1, artifact.card, without)), newer={})
    garbled = {**artifact.files, "told.json": json.dumps({"winner": 1}).encode()}
    with pytest.raises(ModelUnusable):
        models.forecast(MODEL, lambda: pack(Artifact(KIND, 1, artifact.card, garbled)), newer={})
