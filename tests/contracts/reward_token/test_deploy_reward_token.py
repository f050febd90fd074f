from brownie import ZERO_ADDRESS, RewardToken
from refusals import refused


def test_a_token_that_nobody_could_mint_is_refused(people):
    with refused("RewardToken_MinterZero"):
        RewardToken.deploy(ZERO_ADDRESS, {"from": people.deployer})


def test_the_token_is_called_and_counted_as_documented(token):
    assert (token.name(), token.symbol(), token.decimals()) == ("VitalMint Reward", "VMR", 6)


def test_nothing_exists_until_it_is_minted(token, people):
    assert token.totalSupply() == 0
    assert token.balanceOf(people.deployer) == 0


def test_the_minter_is_the_contribution_registry_and_not_the_deployer(token, registry):
    assert token.minter() == registry.address
