"""Every anchored contribution has a proof, whichever transaction registered it."""

from dataclasses import replace

import pytest

from backend.domain.account import Account
from backend.domain.chain_events import ContributionRegistered
from backend.domain.contribution import Contribution, Status
from backend.domain.errors import IllegalTransition
from backend.domain.transaction import TxPurpose, TxStatus
from backend.use_cases.read_contribution import IntegrityProof, prove_integrity
from backend.use_cases.relay_transactions import submit
from tests.relaying import Service
from tests.signing import send


def sealed(service: Service) -> tuple[Account, Contribution]:
    account = service.account(service.consenting())
    return account, service.sealed(account)


def proof_of(service: Service, row: Contribution) -> IntegrityProof:
    return prove_integrity(row.account_id, row.id, ports=service.ports)


def assert_proves(proof: IntegrityProof, service: Service, row: Contribution) -> None:
    """It names the block and the transaction in which the registry says that it was."""
    history = service.ports.history
    (event,) = [
        event
        for event in history.events(history.first_block, history.head().number)
        if isinstance(event, ContributionRegistered) and event.digest == row.digest
    ]
    assert (proof.transaction, proof.block_number) == (
        event.place.transaction,
        event.place.block_number,
    )
    mined = service.ports.chain.confirmation(proof.transaction)
    assert mined is not None and mined.succeeded
    assert (proof.contribution.digest, proof.registry, proof.chain_id) == (
        row.digest,
        service.ports.chain.contribution_registry,
        service.ports.chain.chain_id,
    )


def test_what_our_own_transaction_registered_is_proven_by_it(service: Service) -> None:
    _, row = sealed(service)
    service.work()
    proof = proof_of(service, row)
    assert proof.transaction == service.transaction(row).confirmed_hash
    assert_proves(proof, service, row)


def test_what_was_taken_over_from_the_chain_is_proven_all_the_same(service: Service) -> None:
    _, row = sealed(service)
    send(
        service.network,
        service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality),
    )
    service.work()
    assert service.row(row).transaction_id is None
    assert_proves(proof_of(service, row), service, row)


def test_a_transaction_that_was_reverted_proves_nothing(service: Service) -> None:
    """Another one registered the same digest first; ours, sent meanwhile, was refused."""
    _, row = sealed(service)
    service.network.stop_mining()
    submit(
        TxPurpose.REGISTER,
        "elsewhere",
        lambda: service.ports.chain.register_call(
            row.digest, row.kind, row.contributor, row.quality
        ),
        ports=service.ports,
    )
    assert service.run_one()
    refused = service.transaction(row)
    service.network.start_mining()
    anchored = service.work_until(row, Status.ANCHORED)
    refused = service.stored(refused)
    assert refused.status is TxStatus.REVERTED
    assert anchored.transaction_id is None
    assert_proves(proof_of(service, row), service, row)
    with service.ports.database.write() as unit:
        stale = replace(anchored, transaction_id=refused.id)
        unit.contributions.update(stale, expected=Status.ANCHORED)
    proof = proof_of(service, row)
    assert proof.transaction != refused.confirmed_hash
    assert_proves(proof, service, row)


def test_what_is_not_on_chain_has_no_proof(service: Service) -> None:
    _, row = sealed(service)
    service.network.mine(2)
    mark = service.network.mark()
    with pytest.raises(IllegalTransition, match="not anchored"):
        proof_of(service, row)
    service.work()
    service.network.reorganise(mark)
    with pytest.raises(IllegalTransition, match="reorganised"):
        proof_of(service, row)
