"""The deployment file: read whole or refused with every fault, and held against the chain."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.chain.deployment import read_deployment
from backend.adapters.chain.ethereum_chain import EthereumChain
from backend.adapters.chain.node import Node
from backend.domain.consent import Kind
from backend.domain.errors import MisconfiguredService
from tests.networks import DeployedChain, ShiftedClock

ADDRESS = "0x" + "5A" * 20
CONTRACT = {"address": ADDRESS, "transaction": "0x" + "ab" * 32, "block": 7}
WHOLE: dict[str, Any] = {
    "schema": 1,
    "chainId": 1337,
    "deployer": ADDRESS,
    "contracts": {
        "ConsentRegistry": CONTRACT,
        "RewardToken": {**CONTRACT, "block": 5},
        "ContributionRegistry": CONTRACT,
    },
    "recorder": ADDRESS,
    "operator": ADDRESS,
    "rates": {"cgm": "100", "vitals": "20", "motion": "30", "image": "0"},
    "dailyCap": "300",
    "epochCap": "9000",
    "epochLength": 604_800,
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: Any) -> Path:
        path = tmp_path / "deployment.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_a_whole_file_is_read(written: Callable[[Any], Path]) -> None:
    deployment = read_deployment(written(WHOLE))
    assert deployment.chain_id == 1337 and deployment.first_block == 5
    assert deployment.address("RewardToken") == ADDRESS.lower()
    assert deployment.schedule.rates[Kind.MOTION].base_units == 30
    assert deployment.schedule.epoch_length_s == 604_800
    assert deployment.evaluator is None


def test_the_evaluator_is_read_where_the_file_names_one(written: Callable[[Any], Path]) -> None:
    assert read_deployment(written({**WHOLE, "evaluator": ADDRESS})).evaluator == ADDRESS.lower()
    for junk in (None, "", "0x12", "0x" + "00" * 20):
        with pytest.raises(MisconfiguredService, match="evaluator"):
            read_deployment(written({**WHOLE, "evaluator": junk}))


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "null", '{"schema": 2}', "\0"])
def test_what_is_no_deployment_file_is_refused(
    written: Callable[[Any], Path], content: str
) -> None:
    with pytest.raises(MisconfiguredService, match=r"deployment file deployment\.json"):
        read_deployment(written(content))


def test_a_file_that_is_missing_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredService, match=r"scripts/deploy\.py"):
        read_deployment(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chainId", 0),
        ("chainId", "1337"),
        ("chainId", True),
        ("deployer", "0x12"),
        ("recorder", "0x" + "00" * 20),
        ("operator", None),
        ("contracts", {}),
        ("contracts", []),
        ("rates", {"cgm": "1"}),
        ("dailyCap", 300),
        ("dailyCap", "-1"),
        ("epochCap", str(2**64)),
        ("epochLength", 0),
        ("epochLength", 1.5),
    ],
)
def test_a_field_that_is_wrong_is_named(
    written: Callable[[Any], Path], field: str, value: Any
) -> None:
    with pytest.raises(MisconfiguredService) as caught:
        read_deployment(written({**WHOLE, field: value}))
    wanted = {"contracts": "ConsentRegistry.address", "rates": "rates.vitals"}.get(field, field)
    assert any(wanted in fault for fault in caught.value.faults)


def test_all_faults_are_told_at_once(written: Callable[[Any], Path]) -> None:
    broken = {**WHOLE, "chainId": -1, "dailyCap": "x", "epochLength": "y"}
    del broken["operator"]
    with pytest.raises(MisconfiguredService) as caught:
        read_deployment(written(broken))
    assert len(caught.value.faults) == 4


def test_the_deployed_contracts_pass(deployed_chain: DeployedChain) -> None:
    deployed_chain.chain.check()
    deployment = deployed_chain.deployment
    assert deployed_chain.chain.schedule() == deployment.schedule


def changed(deployed_chain: DeployedChain, written: Callable[[Any], Path], **changes: Any) -> Any:
    content = json.loads(deployed_chain.deployment_file.read_text())
    deployment = read_deployment(written({**content, **changes}))
    node = Node(deployed_chain.rpc_url, limit_s=10)
    return EthereumChain(deployment, node, deployed_chain.relayer_key, ShiftedClock())


def test_another_chain_is_refused(
    deployed_chain: DeployedChain, written: Callable[[Any], Path]
) -> None:
    with pytest.raises(MisconfiguredService, match="is on chain 1337"):
        changed(deployed_chain, written, chainId=1).check()


def test_an_address_without_a_contract_is_refused(
    deployed_chain: DeployedChain, written: Callable[[Any], Path]
) -> None:
    contracts = json.loads(deployed_chain.deployment_file.read_text())["contracts"]
    contracts["RewardToken"]["address"] = ADDRESS
    with pytest.raises(MisconfiguredService, match=r"RewardToken: .* no contract"):
        changed(deployed_chain, written, contracts=contracts).check()


def test_contracts_that_do_not_belong_together_are_refused(
    deployed_chain: DeployedChain, written: Callable[[Any], Path]
) -> None:
    contracts = json.loads(deployed_chain.deployment_file.read_text())["contracts"]
    contracts["RewardToken"] = contracts["ConsentRegistry"]
    with pytest.raises(MisconfiguredService, match="belong together"):
        changed(deployed_chain, written, contracts=contracts).check()


def test_a_relayer_that_is_not_the_recorder_is_refused(deployed_chain: DeployedChain) -> None:
    with pytest.raises(MisconfiguredService, match="is not the registry's recorder"):
        deployed_chain.chain_as(deployed_chain.rich_key).check()


@pytest.mark.parametrize("key", [b"", b"\0" * 32, b"\xff" * 32, b"\x01" * 31])
def test_bytes_that_are_no_key_are_refused_and_not_told(
    written: Callable[[Any], Path], key: bytes
) -> None:
    deployment = read_deployment(written(WHOLE))
    node = Node("http://127.0.0.1:1", limit_s=1)
    with pytest.raises(MisconfiguredService) as caught:
        EthereumChain(deployment, node, key, ShiftedClock())
    assert caught.value.faults == ("the relayer's key is not a private key: 32 bytes are wanted",)
