"""What every implementation of the cohort generators' port promises, on the fake and on the real.

The real ones learn from fifty people's days, or measurements, in seconds.
"""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import numpy as np
import pytest

from backend.adapters.generators.cohort import MlCohortGenerators
from backend.adapters.records.reader import MlRecordReader
from backend.domain.consent import Kind
from backend.domain.consistency import LearntFrom, against_lineage, contradictions
from backend.domain.errors import InvalidField, NotEnoughData, UnreadableRecord
from backend.domain.generation import RunPlan
from backend.ports.generators import CohortGenerators, CohortMember, Generated
from ml.generators.tables.tvae import TINY
from ml.publication.package import DATASHEET, open_package
from tests.fakes.generators import FakeCohortGenerators
from tests.glucose_records import canonical, readings
from tests.ports.test_models import Kept, silent
from tests.releases import certificate

PUBLISHED = date(2026, 11, 22)
PEOPLE = 50
GLUCOSE = RunPlan(Kind.CGM, "gaussian_days", "quick", 60, "Days of glucose", "Made for a test.")
VITALS = RunPlan(Kind.VITALS, "gaussian_copula", "quick", 80, "Vital signs", "Made for a test.")
_SIGNS = "timestamp,heart_rate,respiration_rate,oxygen_saturation,body_temperature"


class Interrupted(Exception):
    """What ends a run in these tests."""


def glucose_cohort(people: int = PEOPLE) -> list[CohortMember]:
    """Everybody with a week or less; the first in two traces that follow each other."""
    found = []
    for number in range(people):
        days = readings(2 + number % 3, seed=number)
        traces = (canonical(days),)
        if number == 0:
            later = datetime(2026, 10, 12, tzinfo=UTC)
            traces = (canonical(days), canonical(readings(2, seed=99), start=later))
        found.append(CohortMember(f"person{number:02d}", traces))
    return found


def vitals_cohort(people: int = PEOPLE) -> list[CohortMember]:
    reader = MlRecordReader()
    found = []
    for number in range(people):
        rng = np.random.default_rng(number)
        rows = [_SIGNS]
        for day in range(1, 5 + number % 3):
            rate, breaths = rng.integers(55, 100), rng.integers(12, 22)
            rows.append(
                f"2026-10-{day:02d}T08:00:00,{rate},{breaths},{rng.integers(92, 100)},"
                f"{rng.normal(36.8, 0.4):.1f}"
            )
        data = ("\n".join(rows) + "\n").encode()
        read = reader.read(
            data, Kind.VITALS, zone="Asia/Seoul", received_at=datetime(2026, 11, 22, tzinfo=UTC)
        )
        found.append(CohortMember(f"person{number:02d}", (read.canonical,)))
    return found


@pytest.fixture(scope="module", autouse=True)
def few_trainings() -> object:
    """Eight of them: to see that all works, and not to bound anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.adapters.generators.settings.QUICK_MODELS", 8)
        patch.setattr("backend.adapters.generators.judges.EPOCHS", 1)
        patch.setattr("backend.adapters.generators.settings.DRAWS", {"quick": 10, "full": 10})
        yield


def made(
    generators: CohortGenerators, members: list[CohortMember], plan: RunPlan, **other: object
) -> Generated:
    named = {"progress": silent, "checkpoints": Kept()} | other
    return generators.generate(members, plan, seed=7, published=PUBLISHED, **named)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["fake", "glucose", "vitals"])
def case(request: pytest.FixtureRequest) -> tuple[CohortGenerators, list[CohortMember], RunPlan]:
    if request.param == "vitals":
        return MlCohortGenerators(), vitals_cohort(), VITALS
    if request.param == "glucose":
        return MlCohortGenerators(), glucose_cohort(), GLUCOSE
    return FakeCohortGenerators(), glucose_cohort(4), replace(GLUCOSE, generator="pretending")


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int]]:
    return []


@pytest.fixture(scope="module")
def whole(
    case: tuple[CohortGenerators, list[CohortMember], RunPlan], told: list[tuple[str, int]]
) -> Generated:
    """One run from beginning to end."""
    generators, members, plan = case
    told.clear()
    return made(generators, members, plan, progress=lambda stage, at: told.append((stage, at)))


def test_the_package_is_what_its_digests_say(whole: Generated) -> None:
    with zipfile.ZipFile(io.BytesIO(whole.package)) as archive:
        assert sha256(archive.read("data.parquet")).digest() == whole.dataset_digest
        assert sha256(archive.read("report.json")).digest() == whole.report_digest


def test_everybody_has_their_windows_and_those_held_out_none(
    case: tuple[CohortGenerators, list[CohortMember], RunPlan], whole: Generated
) -> None:
    _, members, _ = case
    assert {member.pseudonym for member in members} == whole.windows.keys()
    for member in members:
        assert len(whole.windows[member.pseudonym]) == len(member.canonicals)
    nobody = [name for name, counts in whole.windows.items() if not sum(counts)]
    assert len(nobody) == whole.evidence.holdout_people
    if len(members) >= PEOPLE:
        learnt = [sum(counts) for counts in whole.windows.values()]
        assert max(learnt) <= 0.05 * sum(learnt) and len(nobody) == 20
        assert whole.evidence.largest_share <= 0.05


def test_what_is_measured_does_not_contradict_itself_or_the_windows(
    case: tuple[CohortGenerators, list[CohortMember], RunPlan], whole: Generated
) -> None:
    """Or no honest release could be signed."""
    _, members, _ = case
    learnt = [sum(counts) for counts in whole.windows.values()]
    lineage = LearntFrom(len(members), sum(count > 0 for count in learnt), sum(learnt))
    assert against_lineage(whole.evidence, lineage) == ()
    if len(members) >= PEOPLE:
        share = max(whole.evidence.largest_share, max(learnt) / sum(learnt))
        certified = certificate(evidence=replace(whole.evidence, largest_share=share))
        assert contradictions(certified) == ()


def test_the_work_never_seems_to_go_back(whole: Generated, told: list[tuple[str, int]]) -> None:
    at = [thousandths for _, thousandths in told]
    assert at == sorted(at) and at[0] >= 0 and at[-1] <= 1000
    assert all(stage for stage, _ in told)


def test_an_interrupted_run_goes_on_to_the_same_package(
    case: tuple[CohortGenerators, list[CohortMember], RunPlan], whole: Generated
) -> None:
    generators, members, plan = case
    kept = Kept()

    def stop(_: str, thousandths: int) -> None:
        if thousandths >= 500:
            raise Interrupted

    with pytest.raises(Interrupted):
        made(generators, members, plan, checkpoints=kept, progress=stop)
    assert kept.state is not None
    again = made(generators, members, plan, checkpoints=kept)
    assert again.package == whole.package and again.evidence == whole.evidence
    assert again.windows == whole.windows and again.card == whole.card


def test_a_package_holds_no_real_row_and_no_name_of_the_cohort(
    case: tuple[CohortGenerators, list[CohortMember], RunPlan], whole: Generated
) -> None:
    if isinstance(case[0], FakeCohortGenerators):
        pytest.skip("the fake's rows are made up")
    opened = open_package(whole.package)
    assert whole.evidence.measures["exact_matches"].value == 0
    assert not any(b"person0" in content for content in opened.members.values())
    assert b"seed" not in opened.members["card.json"]
    assert len(opened.table()) > 0


def test_a_private_run_spends_no_more_than_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    short = replace(TINY, epochs=4)
    monkeypatch.setattr("backend.adapters.generators.settings._of_tables", lambda _: short)
    plan = replace(VITALS, generator="tvae", epsilon=4.0, delta=1e-5)
    found = made(MlCohortGenerators(), vitals_cohort(), plan)
    spent = found.evidence.privacy
    assert spent is not None and 0 < spent.second_epsilon <= spent.epsilon <= 4.0
    assert spent.delta == 1e-5
    opened = open_package(found.package)
    assert opened.report["marginals"]["heart_rate"]["edges"][-1] > 150  # public, nobody's
    assert any("utility and privacy" in each for each in opened.report["limits"])
    assert (
        b"epsilon and delta cover the training of the generator alone" in opened.members[DATASHEET]
    )


def test_too_few_people_are_refused_with_what_would_be_enough() -> None:
    with pytest.raises(NotEnoughData) as refused:
        made(MlCohortGenerators(), glucose_cohort(30), GLUCOSE)
    assert "30 people" in refused.value.message and "10 more people" in refused.value.needs


def test_people_without_a_whole_day_do_not_count() -> None:
    members = glucose_cohort(40)
    members[5] = CohortMember("person05", (canonical(readings(0.5)),))
    with pytest.raises(NotEnoughData) as refused:
        made(MlCohortGenerators(), members, GLUCOSE)
    assert "39 people" in refused.value.message


@pytest.mark.parametrize("plan", [GLUCOSE, VITALS])
def test_what_is_no_canonical_trace_is_refused(plan: RunPlan) -> None:
    members = [CohortMember(f"person{n}", (b"VMCT and then nonsense",)) for n in range(50)]
    with pytest.raises(UnreadableRecord):
        made(MlCohortGenerators(), members, plan)
    with pytest.raises(UnreadableRecord):
        MlCohortGenerators().require_readable(members[0].canonicals[0], plan.kind)


def test_what_can_be_learnt_from_is_readable_and_as_another_kind_it_is_not() -> None:
    (days, *_), (signs, *_) = glucose_cohort(1)[0].canonicals, vitals_cohort(1)[0].canonicals
    generators = MlCohortGenerators()
    generators.require_readable(days, Kind.CGM)
    generators.require_readable(signs, Kind.VITALS)
    for canonical_bytes, kind in ((days, Kind.VITALS), (signs, Kind.CGM), (days[:-1], Kind.CGM)):
        with pytest.raises(UnreadableRecord):
            generators.require_readable(canonical_bytes, kind)
    with pytest.raises(InvalidField):
        generators.require_readable(days, Kind.IMAGE)


def test_a_kind_that_nothing_learns_is_refused() -> None:
    with pytest.raises(InvalidField):
        made(MlCohortGenerators(), glucose_cohort(1), replace(GLUCOSE, kind=Kind.IMAGE))


def test_what_may_not_leave_says_so_in_the_offers() -> None:
    offers = {offer.name: offer for offer in MlCohortGenerators().offers()}
    assert list(offers) == sorted(offers)
    kept_in = {name for name, offer in offers.items() if not offer.releasable}
    assert kept_in >= {"smote", "adasyn", "random_oversampling", "sdv_ctgan", "block_bootstrap"}
    assert all("sdv" not in name for name in offers.keys() - kept_in)
    for name in offers.keys() - kept_in:
        assert offers[name].settings == ("full", "quick")
