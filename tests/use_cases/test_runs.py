"""A cohort is learnt from once, under everybody's consent, and survives every interruption."""

import zipfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from backend.adapters.keys.evaluator import FileEvaluator
from backend.crypto.certificates import (
    certificate_of,
    certificate_signer,
    read_lineage,
    read_release_document,
)
from backend.crypto.cid import cid_of
from backend.domain.account import Role
from backend.domain.consent import Kind, Purpose
from backend.domain.contribution import Status
from backend.domain.errors import (
    ChainUnavailable,
    InvalidField,
    MisconfiguredService,
    NotFound,
    NotReleasable,
    RoleRequired,
)
from backend.domain.generation import RunState
from backend.domain.identifiers import RAW, Cid, ContentDigest, RunId
from backend.domain.job import Again
from backend.domain.release import POLICY_1
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.list_datasets import ListDatasets, list_datasets, show_dataset
from backend.use_cases.open_cohort import TOGETHER
from backend.use_cases.open_dataset import OpenDataset, open_dataset
from backend.use_cases.request_run import RequestRun, request_run
from backend.use_cases.resume_work import resume_work
from backend.use_cases.retire_dataset import retire_dataset
from backend.use_cases.show_run import ListRuns, cancel_run, list_runs, show_run
from tests.cohorts import PLAN, Studio
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import Revoke
from tests.fakes.evaluator import FakeEvaluator
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


def test_a_run_that_passes_leaves_a_package_that_a_researcher_opens(studio: Studio) -> None:
    studio.people()
    run = studio.run()
    assert (run.state, run.progress, run.attempts) == (RunState.RELEASED, 1000, 1), run.message
    assert studio.checkpoint(run.id) is None
    reader = studio.somebody("reader", Role.RESEARCHER)
    opened = open_dataset(OpenDataset(reader, run.id), ports=studio.ports)
    with zipfile.ZipFile(BytesIO(opened.content)) as archive:
        assert {"data.parquet", "report.json"} <= set(archive.namelist())


def test_a_release_is_published_signed_with_lineage_and_policy(studio: Studio) -> None:
    studio.people(records=2)
    run = studio.run()
    dataset = studio.dataset(run.id)
    assert dataset is not None and dataset.certificate_cid is not None
    content = studio.ports.content
    document = read_release_document(content.get(dataset.certificate_cid, limit=2**20))
    certificate = certificate_of(document.content)
    signer = certificate_signer(
        document.content,
        document.signature,
        chain_id=studio.chain.chain_id,
        registry=studio.chain.contribution_registry,
    )
    assert signer == studio.ports.evaluator.address
    assert certificate.passes and certificate == dataset.certificate
    lineage = read_lineage(content.get(certificate.lineage, limit=2**20))
    assert lineage.root == certificate.lineage_root and len(lineage.entries) == 100
    assert {entry.windows for entry in lineage.entries} == {0, 7}
    policy = content.get(cid_of(ContentDigest(certificate.policy_digest, RAW)), limit=2**20)
    assert policy == POLICY_1.content


def test_what_lies_on_ipfs_is_sealed(studio: Studio) -> None:
    studio.people()
    dataset = studio.dataset(studio.run().id)
    assert dataset is not None and dataset.certificate.sealed_package is not None
    sealed = studio.ports.content.get(dataset.certificate.sealed_package, limit=2**20)
    assert b"data.parquet" not in sealed


def test_nobody_without_the_role_opens_a_dataset(studio: Studio) -> None:
    studio.people()
    run = studio.run()
    for role in (Role.PATIENT, Role.GUARDIAN):
        with pytest.raises(RoleRequired):
            open_dataset(OpenDataset(studio.somebody(role.value, role), run.id), ports=studio.ports)


def test_a_dataset_that_another_key_certified_stays_shut(studio: Studio) -> None:
    studio.people()
    run = studio.run()
    others = replace(studio.ports, evaluator=FakeEvaluator("somebody else"))
    with pytest.raises(NotReleasable):
        open_dataset(OpenDataset(studio.operator(), run.id), ports=others)


@pytest.mark.parametrize(
    ("measure", "found"),
    [
        ("exact_matches", (1.0, 1.0, 1.0)),
        ("membership_auc", (0.52, 0.5, 0.56)),
        ("dcr_share", (0.6, 0.55, 0.65)),
        ("people_across_split", (2.0, 2.0, 2.0)),
    ],
)
def test_what_fails_the_gate_is_kept_explained_and_gone(
    studio: Studio, measure: str, found: tuple[float, float, float]
) -> None:
    studio.people()
    studio.generators.worse[measure] = found
    run = studio.run()
    assert (run.state, run.reason) == (RunState.WITHHELD, "not_let_out")
    assert run.message is not None and measure in run.message and "1 rule was broken" in run.message
    view = show_run(studio.operator(), run.id, ports=studio.ports)
    assert [one.rule.measure for one in view.findings if not one.holds] == [measure]
    dataset = view.dataset
    assert dataset is not None and not dataset.listed
    assert dataset.certificate_cid is None and dataset.certificate.sealed_package is None
    assert studio.key_state(run.id) == "destroyed"
    assert list_datasets(ListDatasets(), ports=studio.ports).datasets == []
    for look in (
        lambda: show_dataset(run.id, ports=studio.ports),
        lambda: open_dataset(OpenDataset(studio.operator(), run.id), ports=studio.ports),
        lambda: retire_dataset(studio.operator(), run.id, ports=studio.ports),
    ):
        with pytest.raises(NotFound):
            look()


def test_a_withheld_dataset_puts_nothing_into_the_content_store(studio: Studio) -> None:
    studio.people()
    before = studio.ports.content.pinned()
    studio.generators.worse["exact_matches"] = (1.0, 1.0, 1.0)
    studio.run()
    assert studio.ports.content.pinned() == before


def test_too_few_people_are_refused_with_how_many_there_are(studio: Studio) -> None:
    studio.people(49)
    run = studio.run()
    assert (run.state, run.reason) == (RunState.REFUSED, "cohort_too_small")
    assert run.message is not None and "49 people" in run.message and "at least 50" in run.message
    assert "1 more people" in run.message
    assert studio.members(run.id) == [] and studio.dataset(run.id) is None


def test_only_who_consents_to_training_and_sale_of_the_kind_is_learnt_from(studio: Studio) -> None:
    consenting = studio.people(50)
    studio.people(1, first=50, purposes=Purpose.CARE | Purpose.TRAINING)
    studio.people(1, first=51, purposes=Purpose.SALE)
    studio.people(1, first=52, kind=Kind.VITALS)
    studio.people(1, first=53, status=Status.SUBMITTED)
    studio.people(1, first=54, status=Status.REJECTED)
    (gone,) = studio.people(1, first=55)
    with studio.ports.database.read() as unit:
        (row,) = unit.contributions.of_account(gone.id)
    studio.ports.keys.destroy(row.key_id)
    (revoking,) = studio.people(1, first=56)
    studio.mark_revoking(revoking)
    run = studio.run()
    found = {member.account_id for member in studio.members(run.id)}
    assert found == {person.id for person in consenting}


def test_a_consent_that_the_chain_no_longer_holds_does_not_count(studio: Studio) -> None:
    person, *_ = studio.people(50)
    studio.chain.act(Revoke(), person.wallet)
    assert studio.run().reason == "cohort_too_small"


def test_the_cohort_has_names_made_for_the_run(studio: Studio) -> None:
    people = studio.people()
    studio.run()
    studio.run()
    first, second = (
        {member.pseudonym for member in cohort} for cohort in studio.generators.cohorts
    )
    assert len(first) == len(second) == 50 and not first & second
    assert not first & {person.id for person in people}


def test_everybody_is_written_down_and_each_opening_logged_before_it_happens(
    studio: Studio,
) -> None:
    people = studio.people()
    run_id = studio.request()

    def died(cid: Cid, *, limit: int) -> bytes:
        raise KeyboardInterrupt

    studio.ports.content.get = died  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        generate_dataset(run_id, ports=studio.ports)
    assert len(studio.members(run_id)) == 50
    with studio.ports.database.read() as unit:
        logs = [unit.access_log.of_account(person.id) for person in people]
    (entry,) = next(log for log in logs if log)
    assert entry.actor == "service" and "cohort" in entry.purpose
    assert sum(map(len, logs)) == TOGETHER


def test_too_little_in_the_records_is_refused_with_what_would_be_enough(studio: Studio) -> None:
    studio.people()
    studio.generators.enough = False
    run = studio.run()
    assert (run.state, run.reason) == (RunState.REFUSED, "too_few_people")
    assert run.message is not None and "10 more people with whole days" in run.message
    assert studio.key_state(run.id) == "destroyed"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("generator", {"generator": "nobody's"}),
        ("generator", {"generator": "copies"}),
        ("generator", {"kind": Kind.VITALS}),
        ("setting", {"setting": "thorough"}),
        ("rows", {"rows": 0}),
        ("rows", {"rows": 100_001}),
        ("title", {"title": " "}),
        ("title", {"title": "a" * 121}),
        ("title", {"title": "a\x00"}),
        ("delta", {"epsilon": 1.0}),
        ("epsilon", {"epsilon": 1.0, "delta": 1e-5}),
        ("epsilon", {"generator": "pretending_privately", "epsilon": 11.0, "delta": 1e-5}),
        ("epsilon", {"generator": "pretending_privately", "epsilon": float("nan"), "delta": 1e-5}),
        ("delta", {"generator": "pretending_privately", "epsilon": 1.0, "delta": 0.5}),
        ("delta", {"generator": "pretending_privately", "epsilon": 1.0, "delta": 2e-4}),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_at_once(
    studio: Studio, field: str, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidField) as refused:
        studio.request(**changes)
    assert refused.value.field == field
    assert list_runs(ListRuns(studio.operator()), ports=studio.ports).runs == []


def test_a_seed_that_somebody_knows_is_refused_where_noise_protects(studio: Studio) -> None:
    plan = replace(PLAN, generator="pretending_privately", epsilon=1.0, delta=1e-5)
    with pytest.raises(InvalidField, match="under differential privacy the seed is drawn here"):
        request_run(RequestRun(studio.operator(), plan, seed=7), ports=studio.ports)


def test_runs_are_an_operators(studio: Studio) -> None:
    run_id = studio.request()
    researcher = studio.somebody("reader", Role.RESEARCHER)
    for ask in (
        lambda: request_run(RequestRun(researcher, PLAN), ports=studio.ports),
        lambda: show_run(researcher, run_id, ports=studio.ports),
        lambda: cancel_run(researcher, run_id, ports=studio.ports),
        lambda: list_runs(ListRuns(researcher), ports=studio.ports),
        lambda: retire_dataset(researcher, run_id, ports=studio.ports),
    ):
        with pytest.raises(RoleRequired):
            ask()


def test_without_a_key_that_signs_nothing_is_asked_for_and_nothing_opened(
    studio: Studio, tmp_path: Path
) -> None:
    person, *_ = studio.people()
    run_id = studio.request()
    studio.ports = replace(studio.ports, evaluator=FileEvaluator(tmp_path / "none"))
    with pytest.raises(MisconfiguredService):
        studio.request()
    generate_dataset(run_id, ports=studio.ports)
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.REFUSED, "misconfigured")
    with studio.ports.database.read() as unit:
        assert unit.access_log.of_account(person.id) == []


def test_a_cancelled_run_stops_at_its_next_step_and_leaves_nothing(studio: Studio) -> None:
    studio.people()
    studio.tick_at_every_step()
    run_id = studio.request()
    before = studio.ports.content.pinned()
    steps = []

    def cancel_at_the_second(step: int) -> None:
        steps.append(step)
        if step == 1:
            cancel_run(studio.operator(), run_id, ports=studio.ports)

    studio.generators.before_step = cancel_at_the_second
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert steps == [0, 1]
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.CANCELLED, "cancelled_by_operator")
    assert studio.checkpoint(run_id) is None and studio.dataset(run_id) is None
    assert studio.key_state(run_id) == "destroyed"
    assert studio.ports.content.pinned() == before
    assert cancel_run(studio.operator(), run_id, ports=studio.ports).run == run


def test_a_run_tells_how_far_it_is(studio: Studio) -> None:
    studio.people()
    studio.tick_at_every_step()
    run_id = studio.request()
    seen = []
    studio.generators.before_step = lambda step: seen.append(
        (studio.row(run_id).stage, studio.row(run_id).progress)
    )
    generate_dataset(run_id, ports=studio.ports)
    assert seen == [
        ("opening the cohort's records", 0),
        ("pretending to learn", 0),
        ("pretending to learn", 250),
        ("pretending to learn", 500),
    ]


def test_a_worker_that_ends_hands_the_run_on(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()
    ending = replace(studio.ports, stopping=lambda: studio.checkpoint(run_id) is not None)
    assert isinstance(generate_dataset(run_id, ports=ending), Again)
    members = studio.members(run_id)
    studio.people(1, first=50)
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert studio.generators.resumed_at == [0, 1]
    run = studio.row(run_id)
    assert (run.state, run.attempts) == (RunState.RELEASED, 1)
    assert [(one.contribution_id, one.person) for one in studio.members(run_id)] == [
        (one.contribution_id, one.person) for one in members
    ]


def test_the_same_run_gives_the_same_sealed_package_after_an_interruption(studio: Studio) -> None:
    """Its content id is written down before it is stored, so that nothing is left behind."""
    studio.people()
    run_id = studio.request()
    generate_dataset(run_id, ports=studio.ports)
    dataset = studio.dataset(run_id)
    with studio.ports.database.read() as unit:
        named = unit.runs.own_contents(run_id)
    assert dataset is not None and dataset.certificate.sealed_package in named
    assert set(named) <= studio.ports.content.pinned()


def test_a_chain_that_is_down_keeps_the_run_waiting(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()
    studio.generators.before_step = lambda step: setattr(studio.chain, "down", step == 3)
    with pytest.raises(ChainUnavailable):
        generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).state is RunState.RUNNING and studio.dataset(run_id) is None
    studio.chain.down = False
    studio.generators.before_step = lambda step: None
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert (studio.row(run_id).state, studio.row(run_id).attempts) == (RunState.RELEASED, 1)


def test_a_run_that_broke_too_often_has_failed(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()

    def broken(_: int) -> None:
        raise ZeroDivisionError

    studio.generators.before_step = broken
    for _ in range(studio.ports.policy.training_attempts):
        with pytest.raises(ZeroDivisionError):
            generate_dataset(run_id, ports=studio.ports)
        assert studio.checkpoint(run_id) is None
    assert generate_dataset(run_id, ports=studio.ports) is None
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.FAILED, "failed_inside")
    assert studio.key_state(run_id) == "destroyed"


def test_a_run_that_breaks_before_it_begins_has_an_end_as_well(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.people()
    run_id = studio.request()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("backend.use_cases.generate_dataset.choose_cohort", broken)
    for _ in range(studio.ports.policy.training_attempts):
        with pytest.raises(ZeroDivisionError):
            generate_dataset(run_id, ports=studio.ports)
    assert generate_dataset(run_id, ports=studio.ports) is None
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.FAILED, "failed_inside")


def test_repeating_the_job_changes_nothing(studio: Studio) -> None:
    studio.people()
    run = studio.run()
    dataset = studio.dataset(run.id)
    assert generate_dataset(run.id, ports=studio.ports) is None
    assert studio.dataset(run.id) == dataset and studio.generators.made == 1


def test_an_unfinished_run_whose_job_was_lost_goes_on_after_a_start(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()
    now = studio.clock.now()
    with studio.ports.database.write() as unit:
        while job := unit.jobs.lease(now=now, holder="x", until=now + timedelta(minutes=1)):
            unit.jobs.finish(job.id, holder="x")
    resume_work(ports=studio.ports)
    studio.settle()
    assert studio.row(run_id).state is RunState.RELEASED


def test_a_retired_dataset_is_gone_from_the_list_and_from_downloads(studio: Studio) -> None:
    studio.people()
    run = studio.run()
    retired = retire_dataset(studio.operator(), run.id, ports=studio.ports)
    assert not retired.listed
    assert retire_dataset(studio.operator(), run.id, ports=studio.ports) == retired
    assert list_datasets(ListDatasets(), ports=studio.ports).datasets == []
    with pytest.raises(NotFound):
        open_dataset(OpenDataset(studio.operator(), run.id), ports=studio.ports)
    studio.settle()
    pinned = studio.ports.content.pinned()
    certificate = retired.certificate
    assert certificate.sealed_package not in pinned
    assert {retired.certificate_cid, certificate.lineage} <= pinned
    assert studio.key_state(run.id) == "destroyed"


def test_lists_are_read_page_by_page(studio: Studio) -> None:
    studio.people()
    ids: list[RunId] = []
    for _ in range(3):
        ids.insert(0, studio.run().id)
        studio.clock.advance(timedelta(minutes=1))
    operator = studio.operator()
    first = list_runs(ListRuns(operator, limit=2), ports=studio.ports)
    rest = list_runs(ListRuns(operator, limit=2, after=first.next), ports=studio.ports)
    assert [view.run.id for view in (*first.runs, *rest.runs)] == ids and rest.next is None
    assert {(view.people, view.contributions) for view in first.runs} == {(50, 50)}
    page = list_datasets(ListDatasets(limit=2), ports=studio.ports)
    more = list_datasets(ListDatasets(limit=2, after=page.next), ports=studio.ports)
    assert [one.dataset.run_id for one in (*page.datasets, *more.datasets)] == ids
    assert more.next is None
    with pytest.raises(InvalidField):
        list_datasets(ListDatasets(after="x"), ports=studio.ports)
