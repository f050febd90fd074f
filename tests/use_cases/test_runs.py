"""What a run leaves: a dataset that is published, listed and opened, or a certificate that says
why not.
"""

import zipfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from backend.crypto.certificates import (
    certificate_of,
    certificate_signer,
    read_lineage,
    read_release_document,
)
from backend.crypto.cid import cid_of
from backend.domain.account import Role
from backend.domain.errors import (
    InvalidField,
    NotFound,
    NotReleasable,
    RoleRequired,
)
from backend.domain.generation import RunState
from backend.domain.identifiers import RAW, ContentDigest, RunId
from backend.domain.release import CURRENT_POLICY
from backend.ports import Ports
from backend.use_cases.list_datasets import ListDatasets, list_datasets, show_dataset
from backend.use_cases.open_dataset import OpenDataset, open_dataset
from backend.use_cases.retire_dataset import retire_dataset
from backend.use_cases.show_run import ListRuns, list_runs, show_run
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
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
    assert policy == CURRENT_POLICY.content


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
