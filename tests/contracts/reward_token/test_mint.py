import pytest
from brownie import ZERO_ADDRESS, RewardToken
from conftest import VMR
from refusals import refused


@pytest.mark.parametrize("who", ["deployer", "operator", "recorder", "stranger", "alice"])
def test_nobody_but_the_minter_can_mint(token, people, who):
    caller = getattr(people, who)
    with refused("RewardToken_CallerNotMinter", caller):
        token.mint(caller, VMR, {"from": caller})
    assert token.totalSupply() == 0


def test_what_is_minted_appears_in_the_balance_and_in_the_supply(people):
    token = RewardToken.deploy(people.stranger, {"from": people.deployer})
    transaction = token.mint(people.alice, 7 * VMR, {"from": people.stranger})
    assert token.balanceOf(people.alice) == token.totalSupply() == 7 * VMR
    assert [dict(event) for event in transaction.events["Transfer"]] == [
        {"from": ZERO_ADDRESS, "to": people.alice, "value": 7 * VMR}
    ]
