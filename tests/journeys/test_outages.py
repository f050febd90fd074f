"""Chain or IPFS down, frozen or lying: one stable error, nothing kept, and it works afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.faulty_node import FaultyNode, other_bytes
from tests.journeys.served import CONFIG, Patient, Served, audit, refused, said, served
from tests.world import Census, export_of, run_due_jobs, world_on

EXPORT = export_of(61)


@pytest.fixture
def frail(
    frail_chain: DeployedChain, frail_node: IpfsNodeUnderTest, tmp_path: Path
) -> Iterator[Served]:
    """The service, impatient, on servers that these tests treat badly."""
    home = tmp_path / "home"
    times = {"chain_timeout_s": 2.0, "content_timeout_s": 2.0}
    with (
        world_on(frail_chain, frail_node.api_url, home, **times) as world,
        served(world, replace(CONFIG, readiness_s=0.0)) as running,
    ):
        yield running


@contextmanager
def stopped(server: DeployedChain | IpfsNodeUnderTest, how: str) -> Iterator[None]:
    """Kill or freeze it; afterwards it runs again, on the same port."""
    process = server.ganache if isinstance(server, DeployedChain) else server
    (process.kill if how == "killed" else process.suspend)()
    try:
        yield
    finally:
        (process.start if how == "killed" else process.resume)()


def assert_nothing_was_kept(service: Served, person: Patient, before: Census) -> None:
    """Also once a slow server has finished what it was told, and the sweeper has been round."""
    service.world.recover()
    after = service.world.census(person.wallet)
    assert after == before


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_without_ipfs_an_upload_is_refused_whole_and_goes_through_afterwards(
    frail: Served, frail_node: IpfsNodeUnderTest, how: str
) -> None:
    person = frail.patient("haneul")
    frail.ports.keys.service_key("fingerprints")
    before = frail.world.census(person.wallet)
    with stopped(frail_node, how):
        answer = person.contribute(EXPORT)
        assert refused(answer) == (503, "content_store_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert person.contributions() == []
        readiness = frail.visitor().get("/readyz")
        assert readiness.status_code == 503
    assert_nothing_was_kept(frail, person, before)
    receipt = said(person.contribute(EXPORT))
    frail.work()
    assert person.contribution(receipt["contribution_id"])["status"] == "anchored"
    assert frail.visitor().get("/readyz").status_code == 200


def test_an_upload_repeated_while_the_first_is_still_being_cleared_away_is_kept_once(
    frail: Served, frail_node: IpfsNodeUnderTest
) -> None:
    person = frail.patient("haneul")
    with stopped(frail_node, "frozen"):
        assert refused(person.contribute(EXPORT))[0] == 503
    receipt = said(person.contribute(EXPORT))
    frail.world.recover()
    after = frail.world.census(person.wallet)
    assert [row.status for row in after.contributions] == ["anchored"]
    assert receipt["cid"] in after.pins
    assert len(after.keys) == 2  # the account's and the contribution's
    assert person.record(receipt["contribution_id"])


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_without_the_chain_nothing_is_contributed_or_consented_and_the_rest_still_works(
    frail: Served, frail_chain: DeployedChain, how: str
) -> None:
    person = frail.patient("haneul")
    sealed = said(person.contribute(export_of(62)))
    before = frail.world.census(person.wallet)
    with stopped(frail_chain, how):
        assert refused(person.contribute(EXPORT)) == (503, "chain_unavailable")
        year = frail.in_a_year()
        assert refused(person.consent("care", until=year)) == (503, "chain_unavailable")
        assert refused(person.get("/api/rewards")) == (503, "chain_unavailable")
        run_due_jobs(frail.ports)
        assert person.contribution(sealed["contribution_id"])["status"] == "sealed"
        assert person.record(sealed["contribution_id"])
        assert person.log_in("haneul").status_code == 200
    assert frail.world.census(person.wallet).contributions == before.contributions
    receipt = said(person.contribute(EXPORT))
    frail.work()
    for one in (sealed, receipt):
        assert person.contribution(one["contribution_id"])["status"] == "anchored"
    after = frail.world.census(person.wallet)
    assert after.dead_jobs == 0
    assert after.pins == before.pins | {receipt["cid"]}


def test_a_revoke_asked_for_while_the_chain_is_down_reaches_it_afterwards(
    frail: Served, frail_chain: DeployedChain
) -> None:
    person = frail.patient("haneul")
    with stopped(frail_chain, "killed"):
        assert said(person.post("/api/consents/revocation", {}))["status"] == "revoking"
        run_due_jobs(frail.ports)
    frail.work()
    assert frail.ports.chain.consent_of(person.wallet) is None
    assert said(person.get("/api/consents"))["consents"][0]["status"] == "revoked"


def test_a_record_whose_content_the_node_lost_is_an_error_with_a_name_and_a_breach(
    service: Served,
) -> None:
    person = service.patient("haneul")
    lost, kept = (said(person.contribute(export_of(seed))) for seed in (63, 64))
    service.work()
    api = service.world.settings.ipfs_api_url
    for call, argument in (("pin/rm", lost["cid"]), ("repo/gc", None)):
        params = {} if argument is None else {"arg": argument}
        assert httpx.post(f"{api}/api/v0/{call}", params=params, timeout=30).status_code == 200
    answer = person.get(f"/api/contributions/{lost['contribution_id']}/record")
    assert refused(answer) == (502, "content_missing")
    assert person.record(kept["contribution_id"])
    (breach,) = audit(service.world).breaches
    assert lost["cid"] in breach.subject


def test_a_node_that_returns_other_bytes_is_not_believed_and_nothing_is_kept(
    frail_chain: DeployedChain, frail_node: IpfsNodeUnderTest, tmp_path: Path
) -> None:
    with (
        FaultyNode(frail_node.api_url) as node,
        world_on(frail_chain, node.api_url, tmp_path / "home") as world,
        served(world) as service,
    ):
        person = service.patient("haneul")
        service.ports.keys.service_key("fingerprints")
        before = world.census(person.wallet)
        node.faults["block/get"] = other_bytes
        assert refused(person.contribute(EXPORT)) == (502, "content_mismatch")
        assert_nothing_was_kept(service, person, before)
        node.faults.clear()
        receipt = said(person.contribute(EXPORT))
        node.faults["block/get"] = other_bytes
        answer = person.get(f"/api/contributions/{receipt['contribution_id']}/record")
        assert refused(answer) == (502, "content_mismatch")
