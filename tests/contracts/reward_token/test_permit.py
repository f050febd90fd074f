from typing import Any

import pytest
from brownie import RewardToken
from conftest import VMR, People
from eth_account import Account
from messages import FOREVER
from refusals import SOMEBODY, refused

PERMIT = [
    {"name": "owner", "type": "address"},
    {"name": "spender", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]


@pytest.fixture
def filled(people: People) -> Any:
    """A token of which alice holds ten."""
    token = RewardToken.deploy(people.stranger, {"from": people.deployer})
    token.mint(people.alice, 10 * VMR, {"from": people.stranger})
    return token


def test_a_permit_signed_by_the_holder_lets_the_spender_take_that_much_and_no_more(filled, people):
    submit(filled, people, people.alice)
    taken = {"from": people.relayer}
    filled.transferFrom(people.alice, people.bob, 4 * VMR, taken)
    assert filled.balanceOf(people.bob) == 4 * VMR
    with refused("ERC20InsufficientAllowance", people.relayer, 0, 1):
        filled.transferFrom(people.alice, people.bob, 1, taken)


def test_a_permit_signed_by_somebody_else_is_refused(filled, people):
    with refused("ERC2612InvalidSigner", people.bob, people.alice):
        submit(filled, people, people.bob)


def test_a_permit_submitted_twice_is_refused(filled, people):
    submit(filled, people, people.alice)
    with refused("ERC2612InvalidSigner", SOMEBODY, people.alice):
        submit(filled, people, people.alice)


def submit(token: Any, people: People, signer: Any) -> None:
    """Relays `signer`'s word that the relayer may spend four of alice's tokens."""
    signed = Account.sign_typed_data(
        signer.private_key,
        domain_data={
            "name": "VitalMint Reward",
            "version": "1",
            "chainId": 1337,
            "verifyingContract": token.address,
        },
        message_types={"Permit": PERMIT},
        message_data={
            "owner": people.alice.address,
            "spender": people.relayer.address,
            "value": 4 * VMR,
            "nonce": 0,
            "deadline": FOREVER,
        },
    )
    token.permit(
        people.alice,
        people.relayer,
        4 * VMR,
        FOREVER,
        signed.v,
        signed.r,
        signed.s,
        {"from": people.relayer},
    )
