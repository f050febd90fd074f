"""Released datasets: found by anybody, downloaded by researchers, held against the certificate."""

import base64
import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.crypto.certificates import certificate_of, certificate_signer, read_release_document
from backend.crypto.cid import content_cid
from backend.domain.account import Role
from backend.domain.errors import NotFound
from backend.domain.generation import Run
from backend.domain.release import POLICY_1, Evidence
from backend.http.config import HttpConfig
from backend.http.download import certificate_response, package_response
from backend.ports import Ports
from backend.use_cases import release_dataset
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.http.browser import PUBLIC_URL, Browser
from tests.releases import certificate, dataset, failing
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


@pytest.fixture
def released(studio: Studio) -> Run:
    """A run whose dataset was released."""
    studio.people()
    return studio.run()


def as_role(app: FastAPI, studio: Studio, role: Role) -> Browser:
    return Browser(app).be(studio.somebody(f"a {role.value}", role), studio.ports)


def test_anybody_finds_a_dataset_with_everything_that_an_auditor_takes(
    browser: Browser, released: Run, content: InMemoryContentStore, ports: Ports
) -> None:
    (shown,) = browser.get("/api/datasets").json()["datasets"]
    assert shown == browser.get(f"/api/datasets/{released.id}").json()
    assert (shown["dataset_id"], shown["title"]) == (released.id, released.plan.title)
    for name in ("certificate", "lineage", "policy", "sealed_package"):
        held = content.get(shown[name], limit=2**26)
        assert content_cid(held) == shown[name]
    document = browser.get(f"/api/datasets/{released.id}/certificate").content
    assert content_cid(document) == shown["certificate"]
    release = read_release_document(document)
    one = certificate_of(release.content)
    where = {"chain_id": one.chain_id, "registry": one.registry}
    signer = certificate_signer(release.content, release.signature, **where)  # type: ignore[arg-type]
    assert signer == ports.evaluator.address
    assert "0x" + sha256(release.policy).hexdigest() == shown["policy_digest"]


def test_what_was_released_under_the_first_policy_stays_as_it_was(
    app: FastAPI, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of rows were not measured then, and its certificate names that policy and no other."""
    measured = studio.generators.evidence

    def without_parts(*given: Any) -> Evidence:
        found = measured(*given)
        kept = {one.measure for one in POLICY_1.rules}
        named = {name: one for name, one in found.measures.items() if name in kept}
        return replace(found, measures=named)

    studio.people()
    with monkeypatch.context() as then:
        then.setattr(release_dataset, "CURRENT_POLICY", POLICY_1)
        then.setattr(studio.generators, "evidence", without_parts)
        run = studio.run()
    anybody, path = Browser(app), f"/api/datasets/{run.id}"
    (shown,) = anybody.get("/api/datasets").json()["datasets"]
    assert shown == anybody.get(path).json()
    assert shown["policy_digest"] == "0x" + POLICY_1.digest.hex()
    for name in ("datasheet", "report", "croissant"):
        assert anybody.get(shown["preview"][name]).status_code == 200
    release = read_release_document(anybody.get(f"{path}/certificate").content)
    assert release.policy == POLICY_1.content
    assert as_role(app, studio, Role.RESEARCHER).get(f"{path}/package").status_code == 200
    findings = as_role(app, studio, Role.OPERATOR).get(f"/api/runs/{run.id}/findings").json()
    assert len(findings["findings"]) == len(POLICY_1.rules)


def test_researchers_and_operators_download_what_the_certificate_names(
    app: FastAPI, studio: Studio, released: Run
) -> None:
    path = f"/api/datasets/{released.id}/package"
    packages = []
    for role in (Role.RESEARCHER, Role.OPERATOR):
        answer = as_role(app, studio, role).get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        digest = base64.b64encode(sha256(answer.content).digest()).decode()
        assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
        assert released.id in answer.headers["content-disposition"]
        packages.append(answer.content)
    row = studio.dataset(released.id)
    assert row is not None
    assert {sha256(one).digest() for one in packages} == {row.certificate.package_digest}
    with zipfile.ZipFile(io.BytesIO(packages[0])) as archive:
        assert sha256(archive.read("data.parquet")).digest() == row.certificate.dataset_digest


def test_nobody_else_downloads(app: FastAPI, studio: Studio, released: Run) -> None:
    path = f"/api/datasets/{released.id}/package"
    assert Browser(app).get(path).status_code == 401
    for role in (Role.PATIENT, Role.GUARDIAN):
        assert as_role(app, studio, role).get(path).status_code == 403


def test_a_retired_dataset_is_gone_from_everywhere(
    app: FastAPI, browser: Browser, studio: Studio, released: Run
) -> None:
    operator = as_role(app, studio, Role.OPERATOR)
    for _ in range(2):
        assert operator.send("DELETE", f"/api/datasets/{released.id}").status_code == 204
    assert browser.get("/api/datasets").json()["datasets"] == []
    for path in ("", "/certificate"):
        assert browser.get(f"/api/datasets/{released.id}{path}").status_code == 404
    for role in (Role.RESEARCHER, Role.OPERATOR):
        answer = as_role(app, studio, role).get(f"/api/datasets/{released.id}/package")
        assert answer.status_code == 404


def test_a_package_that_is_lost_or_changed_in_the_content_store_does_not_leave(
    app: FastAPI, studio: Studio, released: Run, content: InMemoryContentStore
) -> None:
    row = studio.dataset(released.id)
    assert row is not None and row.certificate.sealed_package is not None
    researcher = as_role(app, studio, Role.RESEARCHER)
    for spoil in (content.corrupt, content.lose):
        spoil(row.certificate.sealed_package)
        answer = researcher.get(f"/api/datasets/{released.id}/package")
        assert answer.status_code in (500, 502)
        assert answer.headers["content-type"] == "application/problem+json"


def test_datasets_come_by_the_page(browser: Browser, studio: Studio) -> None:
    studio.people()
    made = []
    for _ in range(3):
        made.append(studio.run().id)
        studio.clock.advance(timedelta(seconds=1))
    first = browser.get("/api/datasets?limit=2").json()
    second = browser.get(f"/api/datasets?limit=2&after={first['next']}").json()
    found = [one["dataset_id"] for one in first["datasets"] + second["datasets"]]
    assert found == made[::-1] and second["next"] is None
    for wrong in ("limit=0", "limit=101", "limit=x", "after=junk"):
        assert browser.get(f"/api/datasets?{wrong}").status_code == 422


def test_looking_is_counted_by_network_and_downloading_by_account(
    ports: Ports, studio: Studio, released: Run
) -> None:
    config = HttpConfig(public_url=PUBLIC_URL, browse_rate="2/minute", download_rate="2/hour")
    app = create_app(config, ports)
    anybody, path = Browser(app), f"/api/datasets/{released.id}"
    assert [anybody.get(path).status_code for _ in range(3)] == [200, 200, 429]
    researcher = as_role(app, studio, Role.RESEARCHER)
    fetched = [researcher.get(f"{path}/package").status_code for _ in range(3)]
    assert fetched == [200, 200, 429]
    assert as_role(app, studio, Role.OPERATOR).get(f"{path}/package").status_code == 200


def test_what_is_no_gated_package_makes_no_response() -> None:
    class Passing:
        """Looks like one."""

        content, digest, run_id = b"rows", sha256(b"rows").digest(), "ab" * 16

    for other in (b"rows", None, Passing(), Passing):
        with pytest.raises((TypeError, AttributeError)):
            package_response(other)  # type: ignore[arg-type]


def test_the_certificate_of_what_is_not_listed_makes_no_response() -> None:
    kept_in = dataset(certificate(evidence=failing()))
    retired = replace(dataset(), retired_at=certificate().issued_at)
    for one in (kept_in, retired):
        with pytest.raises(NotFound):
            certificate_response(one)


def test_people_see_which_datasets_they_are_in_and_what_that_cost(
    app: FastAPI, studio: Studio
) -> None:
    people = studio.people()
    person = Browser(app).be(people[0].id, studio.ports)
    stranger = Browser(app).be(studio.somebody("a stranger", Role.PATIENT), studio.ports)
    assert person.get("/api/privacy-ledger").json()["releases"] == []
    run = studio.run(generator="pretending_privately", epsilon=1.0, delta=1e-6)
    plain = studio.run()
    told = person.get("/api/privacy-ledger").json()
    assert (told["spent_epsilon"], told["plain_releases"]) == (1.0, 1)
    assert told["most_epsilon"] >= told["spent_epsilon"]
    by_run = {one["dataset_id"]: one for one in told["releases"]}
    assert set(by_run) == {run.id, plain.id}
    assert by_run[run.id]["epsilon"] == 1.0 and by_run[plain.id]["epsilon"] is None
    (share,) = by_run[run.id]["shares"]
    assert share["contribution_id"] == studio.record_of(people[0])
    assert all(one["membership_bound"] == 0.54 for one in told["releases"])
    assert stranger.get("/api/privacy-ledger").json()["releases"] == []
