"""The local chain, alone."""

import time

import pytest

from scripts.devnet.errors import NetworkConflict, RpcFailed
from scripts.devnet.rpc import json_rpc
from tests.devnet_fixtures import GanacheFactory, GanacheUnderTest


def _send(chain: GanacheUnderTest, wei: int = 1) -> str:
    sender, receiver = chain.accounts[:2]
    transaction = {"from": sender.address, "to": receiver.address, "value": hex(wei)}
    return str(chain.call("eth_sendTransaction", transaction))


def test_the_chain_runs_the_shanghai_rules_under_its_chain_id(ganache: GanacheUnderTest) -> None:
    # PUSH0 PUSH0 RETURN: an invalid opcode before Shanghai.
    answer = ganache.call("eth_call", {"data": "0x5f5ff3"}, "latest")

    assert answer == "0x"
    assert int(ganache.call("eth_chainId"), 16) == ganache.chain_id == 1337


def test_ten_accounts_are_funded_and_their_keys_known(ganache: GanacheUnderTest) -> None:
    addresses = {address.lower() for address in ganache.call("eth_accounts")}

    assert {account.address.lower() for account in ganache.accounts} == addresses
    assert len(set(ganache.private_keys)) == len(addresses) == 10


def test_a_transaction_is_mined_at_once_without_a_block_time(ganache: GanacheUnderTest) -> None:
    with ganache.rolled_back():
        height = ganache.block_number()
        receipt = ganache.call("eth_getTransactionReceipt", _send(ganache))
        assert int(receipt["blockNumber"], 16) == ganache.block_number() == height + 1


def test_a_revert_undoes_blocks_and_what_follows_is_another_history(
    ganache: GanacheUnderTest,
) -> None:
    mark, height = ganache.snapshot(), ganache.block_number()
    transaction = _send(ganache, wei=1)
    ganache.mine()
    orphan = ganache.block_hash(height + 1)

    ganache.revert(mark)
    assert ganache.block_number() == height
    assert ganache.call("eth_getTransactionReceipt", transaction) is None

    with ganache.rolled_back():
        _send(ganache, wei=2)
        assert ganache.block_hash(height + 1) != orphan
    with pytest.raises(NetworkConflict, match="reverted to already"):
        ganache.revert(mark)


def test_the_clock_moves_forward_and_never_back(ganache: GanacheUnderTest) -> None:
    with ganache.rolled_back():
        ganache.mine()  # the newest block may be as old as the tests before are long
        before = ganache.timestamp()
        ganache.increase_time(86_400)
        assert before + 86_400 <= ganache.timestamp() <= before + 86_460
        target = ganache.timestamp() + 1_000
        ganache.set_time(target)
        assert target <= ganache.timestamp() <= target + 60
        with pytest.raises(NetworkConflict, match="before the latest block"):
            ganache.set_time(before)
        with pytest.raises(NetworkConflict, match="cannot go back"):
            ganache.increase_time(-1)


def test_transactions_wait_while_mining_is_stopped(ganache: GanacheUnderTest) -> None:
    with ganache.rolled_back():
        height = ganache.block_number()
        ganache.stop_mining()
        transaction = _send(ganache)
        assert ganache.call("eth_getTransactionReceipt", transaction) is None
        ganache.mine(3)
        receipt = ganache.call("eth_getTransactionReceipt", transaction)
        assert int(receipt["blockNumber"], 16) == height + 1
        assert ganache.block_number() == height + 3
        ganache.start_mining()


def test_a_refused_call_gives_the_nodes_own_reason(ganache: GanacheUnderTest) -> None:
    with pytest.raises(RpcFailed, match="no_such_method"):
        ganache.call("no_such_method")


def test_blocks_and_accounts_survive_being_killed(ganache_factory: GanacheFactory) -> None:
    chain = ganache_factory()
    transaction = _send(chain)
    receipt = chain.call("eth_getTransactionReceipt", transaction)
    accounts, url, height = chain.accounts, chain.rpc_url, chain.block_number()

    chain.kill()
    chain.start()

    assert chain.block_number() == height
    assert chain.call("eth_getTransactionReceipt", transaction) == receipt
    assert (chain.accounts, chain.rpc_url) == (accounts, url)
    assert _send(chain) != transaction


def test_a_frozen_chain_answers_again_when_it_is_resumed(ganache_factory: GanacheFactory) -> None:
    chain = ganache_factory()
    chain.suspend()
    with pytest.raises(RpcFailed, match="does not answer"):
        json_rpc(chain.rpc_url, "eth_chainId", timeout=0.5)

    chain.resume()

    assert chain.block_number() == 0


def test_a_chain_with_a_block_time_mines_without_transactions(
    ganache_factory: GanacheFactory,
) -> None:
    chain = ganache_factory(block_time=1)
    transaction = _send(chain)

    while chain.block_number() < 2:
        time.sleep(0.2)

    assert chain.call("eth_getTransactionReceipt", transaction) is not None
