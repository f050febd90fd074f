"""What people take back, here or past us on the chain, is followed to its end."""

import os

import httpx

from backend.domain.identifiers import Cid, ContributionId, KeyId
from tests.chain_fixture import DeployedChain
from tests.journeys.served import Patient, Served, audit, refused, said
from tests.world import catch_up, export_of, run_due_jobs, run_jobs


def key_id_of(service: Served, contribution_id: str) -> KeyId:
    with service.ports.database.read() as unit:
        row = unit.contributions.by_id(ContributionId(contribution_id))
    assert row is not None
    return row.key_id


def own_wallet(service: Served, key: bytes) -> Patient:
    """A person with a wallet of their own, consenting on chain."""
    person = service.visitor().sign_up_with_wallet(key)
    year = service.in_a_year()
    service.put_in_force(person.consent_with_wallet(key, "care", "training", until=year))
    return person


def is_held(service: Served, cid: str) -> bool:
    """Whether the content is pinned, or any block of it is left."""
    if Cid(cid) in service.ports.content.pinned():
        return True
    node = service.world.settings.ipfs_api_url
    return cid_bytes(node, cid) is not None


def cid_bytes(node: str, cid: str) -> bytes | None:
    """The block straight from the node, None where it has none."""
    answer = httpx.post(
        f"{node}/api/v0/block/get", params={"arg": cid, "timeout": "500ms"}, timeout=10
    )
    return answer.content if answer.status_code == 200 else None


def test_a_consent_revoked_between_sealing_and_anchoring_undoes_the_upload(
    service: Served,
) -> None:
    person = service.patient("haneul")
    before = service.world.census(person.wallet)
    receipt = said(person.contribute(export_of(41)))
    key_id = key_id_of(service, receipt["contribution_id"])
    revoke_first(service, person)
    seen = person.contribution(receipt["contribution_id"])
    assert seen["status"] == "rejected"
    assert "consent" in seen["reason"]
    assert seen["summary"] is None
    assert service.ports.keys.state(key_id) == "destroyed"
    assert not is_held(service, receipt["cid"])
    after = service.world.census(person.wallet)
    assert (after.keys, after.pins, after.registered) == (before.keys, before.pins, ())
    assert (after.fingerprints, after.balance) == (0, 0)
    assert refused(person.contribute(export_of(41))) == (403, "consent_not_granted")

    service.put_in_force(person.consent("care", "training", until=service.in_a_year()))
    again = said(person.contribute(export_of(41)))
    service.work()
    assert person.contribution(again["contribution_id"])["status"] == "anchored"
    assert audit(service.world).holds


def revoke_first(service: Served, person: Patient) -> None:
    """Revoke, and let the revocation be mined before the upload's job gets its turn."""
    assert said(person.post("/api/consents/revocation", {}))["status"] == "revoking"
    assert service.ports.chain.consent_of(person.wallet) is None
    service.work()


def test_a_revoke_sent_to_the_chain_past_us_is_followed(
    service: Served, deployed_chain: DeployedChain
) -> None:
    key = os.urandom(32)
    person = own_wallet(service, key)
    kept = said(person.contribute(export_of(42)))
    service.work()
    deployed_chain.revoke_directly(key)
    assert refused(person.contribute(export_of(43))) == (403, "consent_not_granted")
    catch_up(service.ports)
    consents = said(person.get("/api/consents"))["consents"]
    assert [one["status"] for one in consents] == ["revoked"]
    assert person.contribution(kept["contribution_id"])["status"] == "anchored"
    assert audit(service.world).holds


def test_a_mark_of_erasure_sent_to_the_chain_past_us_erases_here_too(
    service: Served, deployed_chain: DeployedChain
) -> None:
    key = os.urandom(32)
    person = own_wallet(service, key)
    receipts = [said(person.contribute(export_of(seed))) for seed in (44, 45)]
    service.work()
    gone, kept = receipts
    key_id = key_id_of(service, gone["contribution_id"])
    with service.ports.database.read() as unit:
        row = unit.contributions.by_id(ContributionId(gone["contribution_id"]))
    assert row is not None
    deployed_chain.mark_erased_directly(key, row.digest)
    service.work()
    assert person.contribution(gone["contribution_id"])["status"] == "erased"
    assert service.ports.keys.state(key_id) == "destroyed"
    assert not is_held(service, gone["cid"])
    answer = person.get(f"/api/contributions/{gone['contribution_id']}/record")
    assert refused(answer) == (409, "illegal_transition")
    assert person.record(kept["contribution_id"])
    report = audit(service.world)
    assert report.holds, report.breaches
    assert report.totals.erased == 1


def test_erasing_before_the_anchor_leaves_nothing_on_chain_and_pays_nothing(
    service: Served,
) -> None:
    person = service.patient("haneul")
    receipt = said(person.contribute(export_of(46)))
    said(person.send("DELETE", f"/api/contributions/{receipt['contribution_id']}"))
    run_due_jobs(service.ports)
    run_jobs(service.ports)
    after = service.world.census(person.wallet)
    assert (after.registered, after.erased, after.balance) == ((), (), 0)
    assert person.contribution(receipt["contribution_id"])["status"] == "erased"
    assert not is_held(service, receipt["cid"])
    assert refused(person.contribute(export_of(46))) == (409, "duplicate_contribution")
