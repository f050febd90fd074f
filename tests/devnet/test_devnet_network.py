"""The local network as `start`, `status`, `stop` and `reset` promise it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import ipfshttpclient
import pytest

from scripts.devnet import processes
from scripts.devnet.chain_control import ChainControl
from scripts.devnet.errors import AddressUnreadable, NetworkConflict, ServerFailed
from scripts.devnet.network import PROJECT, LocalNetwork
from scripts.devnet.ports import HOST
from tests.devnet_fixtures import IpfsNodeUnderTest

NetworkFactory = Callable[..., LocalNetwork]

_CONTENT = b"kept over the restart"


@pytest.fixture
def networks(tmp_path: Path) -> Iterator[NetworkFactory]:
    """Make networks in folders of this test; whatever they run is stopped at its end."""
    folders: list[Path] = []

    def make(name: str = "devnet", **environment: str) -> LocalNetwork:
        folders.append(tmp_path / name)
        return LocalNetwork(
            tmp_path / name, environment=environment, report=print, tied_to_parent=True
        )

    yield make
    for folder in folders:
        LocalNetwork(folder, environment={}).stop()


def _send(rpc_url: str) -> str:
    control = ChainControl(rpc_url)
    sender = control.call("eth_accounts")[0]
    return str(control.call("eth_sendTransaction", {"from": sender, "to": sender, "value": "0x1"}))


def _pids(network: LocalNetwork) -> list[int]:
    records = (network.state.ganache, network.state.ipfs)
    return [record.process.pid for record in records if record.process]


def _conditions(network: LocalNetwork) -> list[str]:
    return [status.condition for status in network.status()]


def test_chain_and_content_survive_sigkill_of_everything(networks: NetworkFactory) -> None:
    network = networks()
    before = network.start(block_time=0)
    transaction = _send(before.rpc_url)
    height = ChainControl(before.rpc_url).block_number()
    with ipfshttpclient.Client(before.ipfs_api_multiaddr, timeout=10) as client:
        cid = client.add_bytes(_CONTENT)
    for pid in _pids(network):
        os.killpg(pid, signal.SIGKILL)

    after = networks().start()

    assert (after.rpc_url, after.ipfs_api_url) == (before.rpc_url, before.ipfs_api_url)
    assert after.block_time == 0
    control = ChainControl(after.rpc_url)
    assert control.block_number() == height
    assert control.call("eth_getTransactionReceipt", transaction)["transactionHash"] == transaction
    with ipfshttpclient.Client(after.ipfs_api_multiaddr, timeout=10) as client:
        assert client.cat(cid) == _CONTENT


def test_two_networks_live_side_by_side_and_stop_leaves_no_process(
    networks: NetworkFactory,
) -> None:
    one, other = networks("one"), networks("other")
    first, second = one.start(block_time=0), other.start(block_time=0)
    _send(first.rpc_url)

    assert len({first.rpc_url, second.rpc_url, first.ipfs_api_url, second.ipfs_api_url}) == 4
    assert ChainControl(first.rpc_url).block_number() == 1
    assert ChainControl(second.rpc_url).block_number() == 0
    assert {a.address for a in one.accounts()}.isdisjoint(a.address for a in other.accounts())

    recorded = [one.state.ganache.process, one.state.ipfs.process]
    assert one.stop() is True
    assert not any(process and processes.is_alive(process) for process in recorded)
    assert _conditions(one) == ["stopped", "stopped"]
    assert _conditions(other) == ["running", "running"]
    assert one.stop() is False


def test_a_port_taken_meanwhile_is_replaced(
    networks: NetworkFactory, ipfs_node: IpfsNodeUnderTest
) -> None:
    network = networks(IPFS_API_URL=ipfs_node.api_url)
    before = network.start(block_time=0)
    _send(before.rpc_url)
    network.stop()
    port = network.state.ganache.port
    assert port is not None
    with socket.create_server((HOST, port)):
        after = network.start()

    assert after.rpc_url != before.rpc_url
    assert ChainControl(after.rpc_url).block_number() == 1


def test_a_server_that_cannot_start_is_named_with_its_log_and_nothing_stays_up(
    networks: NetworkFactory,
) -> None:
    network = networks()
    blocks = network.data / "ganache" / "blocks"
    blocks.parent.mkdir(parents=True)
    blocks.write_text("not a database")

    with pytest.raises(ServerFailed, match=r"(?s)ganache ended while starting.*ganache\.log"):
        network.start()

    assert _conditions(network) == ["stopped", "stopped"]
    assert network.state.ganache.process is None and network.state.ipfs.process is None


def test_another_block_time_is_refused_while_the_chain_runs(
    networks: NetworkFactory, ipfs_node: IpfsNodeUnderTest
) -> None:
    network = networks(IPFS_API_URL=ipfs_node.api_url)
    network.start(block_time=0)

    with pytest.raises(NetworkConflict, match="block time of 0 s, not 2 s"):
        network.start(block_time=2)
    with pytest.raises(NetworkConflict, match="not possible"):
        network.start(block_time=-1)

    assert _conditions(network) == ["running", "running"]


def test_a_node_of_ones_own_is_used_and_none_is_started(
    networks: NetworkFactory, ipfs_node: IpfsNodeUnderTest
) -> None:
    network = networks(IPFS_API_URL=ipfs_node.multiaddr)
    state = network.start(block_time=0)

    assert (state.ipfs_kind, state.ipfs_api_url) == ("external", ipfs_node.api_url)
    assert state.ipfs.process is None
    assert not (network.data / "ipfs").exists()
    assert _conditions(network) == ["running", "running"]

    network.stop()

    assert ipfs_node.server.is_ready()


def test_the_kind_of_node_that_holds_the_content_is_kept(
    networks: NetworkFactory,
    ipfs_node: IpfsNodeUnderTest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = networks()
    network.start(block_time=0)
    network.stop()
    program = tmp_path / "ipfs"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    assert networks(IPFS_API_URL=ipfs_node.api_url).start().ipfs_kind == "external"
    network.stop()
    assert network.start().ipfs_kind == "jsipfs"

    with pytest.raises(ServerFailed, match="ipfs init --empty-repo` ended with code 1"):
        networks("fresh").start(block_time=0)
    assert _conditions(networks("fresh")) == ["stopped", "stopped"]


def test_a_node_of_ones_own_that_does_not_answer_is_an_error(networks: NetworkFactory) -> None:
    network = networks(IPFS_API_URL="http://127.0.0.1:9")

    with pytest.raises(ServerFailed, match="IPFS_API_URL names a node that cannot be used"):
        network.start()
    with pytest.raises(AddressUnreadable):
        networks(IPFS_API_URL="localhost").start()

    assert _conditions(network) == ["stopped", "stopped"]


def test_reset_deletes_chain_and_content_and_nothing_else(
    networks: NetworkFactory, ipfs_node: IpfsNodeUnderTest
) -> None:
    network = networks()
    network.data.mkdir(parents=True)
    foreign = network.data / "keyring.json"
    foreign.write_text("{}")
    assert network.reset() is False
    old = network.start(block_time=0)
    _send(old.rpc_url)
    accounts = network.accounts()

    assert network.reset() is True

    assert foreign.exists()
    assert sorted(path.name for path in network.data.iterdir()) == ["keyring.json", "network.lock"]
    new = networks(IPFS_API_URL=ipfs_node.api_url).start(block_time=0)
    assert ChainControl(new.rpc_url).block_number() == 0
    assert network.accounts() != accounts


def test_a_state_file_that_cannot_be_read_is_named(networks: NetworkFactory) -> None:
    network = networks()
    network.data.mkdir(parents=True)
    network.state_file.write_text('{"schema": 7}')

    with pytest.raises(NetworkConflict, match=r"network\.json is not a state file"):
        network.start()

    network.state_file.unlink()


def test_the_command_line_starts_what_is_missing_and_leaves_it_running(tmp_path: Path) -> None:
    def devnet(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.devnet", *arguments, "--data", str(tmp_path)]
        environment = {k: v for k, v in os.environ.items() if k != "IPFS_API_URL"}
        return subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )

    def pids() -> tuple[int, int]:
        state = json.loads((tmp_path / "network.json").read_text())
        return state["ganache"]["process"]["pid"], state["ipfs"]["process"]["pid"]

    try:
        started = devnet("start", "--block-time", "1")
        assert started.returncode == 0, started.stderr
        state = json.loads((tmp_path / "network.json").read_text())
        assert state["rpc_url"] in started.stdout and state["ipfs_api_url"] in started.stdout
        time.sleep(1.5)
        assert ChainControl(state["rpc_url"]).block_number() > 0
        shown = devnet("status", "--json")
        assert shown.returncode == 0
        assert {row["condition"] for row in json.loads(shown.stdout)} == {"running"}
        refused = devnet("start", "--block-time", "3")
        assert refused.returncode == 1 and "stop the network first" in refused.stderr

        ganache, ipfs = pids()
        os.kill(ganache, signal.SIGKILL)
        assert devnet("start").returncode == 0
        assert pids()[0] != ganache and pids()[1] == ipfs
    finally:
        stopped = devnet("stop")
    assert stopped.returncode == 0 and "ganache stopped" in stopped.stdout
    assert devnet("status").returncode == 1
