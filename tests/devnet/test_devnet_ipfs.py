"""The local IPFS node, alone."""

import json
import os
import subprocess
from pathlib import Path

import ipfshttpclient
import pytest

from scripts.devnet.errors import NetworkConflict, RpcFailed
from scripts.devnet.ipfs_node import JsIpfs, Kubo, choose_server_kind
from scripts.devnet.rpc import ipfs_rpc
from tests.devnet_fixtures import IpfsNodeFactory, IpfsNodeUnderTest

_CONTENT = bytes(range(256)) * 1_000


def _client(node: IpfsNodeUnderTest) -> ipfshttpclient.Client:
    return ipfshttpclient.Client(node.multiaddr, timeout=10)


def test_pinned_content_survives_restart_and_sigkill_at_the_same_address(
    ipfs_node_factory: IpfsNodeFactory,
) -> None:
    node = ipfs_node_factory()
    address = node.multiaddr
    with _client(node) as client:
        first = client.add_bytes(_CONTENT)

    node.restart()
    with _client(node) as client:
        second = client.add_bytes(_CONTENT[::-1])
    node.kill()
    node.start()

    assert node.multiaddr == address
    with _client(node) as client:
        assert client.cat(first) == client.cat(second)[::-1] == _CONTENT
        assert {first, second} <= set(client.pin.ls(type="recursive")["Keys"])


def test_the_node_knows_nobody_and_tells_nobody(ipfs_node: IpfsNodeUnderTest) -> None:
    config = json.loads((ipfs_node.repo / "config").read_text())

    assert config["Bootstrap"] == config["Addresses"]["Swarm"] == []
    assert config["Addresses"]["Delegates"] == []
    assert not ipfs_rpc(ipfs_node.api_url, "swarm/peers")["Peers"]
    assert "--enable-preload=false" in ipfs_node.server.command(0)


def test_only_the_api_listens_and_only_on_this_machine(ipfs_node: IpfsNodeUnderTest) -> None:
    process = ipfs_node.server.process
    assert process is not None

    assert _listening(process.pid) == {f"0100007F:{ipfs_node.server.port:04X}"}


def test_a_repository_that_another_process_serves_is_not_taken(
    ipfs_node: IpfsNodeUnderTest,
) -> None:
    intruder = JsIpfs(ipfs_node.server.folder)

    with pytest.raises(NetworkConflict, match="another process serves"):
        intruder.prepare(ipfs_node.server.port or 0)

    assert (ipfs_node.repo / "repo.lock").exists()
    assert ipfs_rpc(ipfs_node.api_url, "id")["ID"]


def test_a_frozen_node_does_not_answer_until_it_is_resumed(ipfs_node: IpfsNodeUnderTest) -> None:
    ipfs_node.suspend()
    try:
        with pytest.raises(RpcFailed, match="does not answer"):
            ipfs_rpc(ipfs_node.api_url, "id", timeout=0.5)
    finally:
        ipfs_node.resume()

    assert ipfs_rpc(ipfs_node.api_url, "id")["ID"]


def test_kubo_is_preferred_where_it_is_installed(tmp_path: Path) -> None:
    assert choose_server_kind(str(tmp_path)) is JsIpfs

    program = tmp_path / "ipfs"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert choose_server_kind(str(tmp_path)) is Kubo


def _listening(pid: int) -> set[str]:
    """Local addresses, in the kernel's hexadecimal, on which a process accepts connections."""
    listing = Path(f"/proc/{pid}/net/tcp")
    if not listing.exists():
        pytest.skip("this system has no /proc to read listening sockets from")
    links = subprocess.run(
        ["ls", "-l", f"/proc/{pid}/fd"], check=True, capture_output=True, text=True, env=os.environ
    ).stdout
    rows = (line.split() for line in listing.read_text().splitlines()[1:])
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in links}
