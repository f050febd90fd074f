"""scripts/deploy.py, as a function here and once as the command that the local network runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from brownie import ContributionRegistry, RewardToken, accounts, web3
from conftest import VMR

from scripts import deploy

ROOT = Path(__file__).resolve().parents[3]
DEFAULT_RATES = (100 * VMR, 20 * VMR, 30 * VMR, 50 * VMR)


@pytest.fixture
def wanted(people, tmp_path) -> dict[str, str]:
    """The arguments that have no default."""
    return {
        "recorder": people.recorder.address,
        "operator": people.operator.address,
        "out": str(tmp_path / "deployments" / "devnet.json"),
    }


def run(wanted: dict[str, str], **changes: str) -> dict[str, Any]:
    """Deploys and reads what was written."""
    arguments = wanted | changes
    deploy.main(*(f"{name}={value}" for name, value in arguments.items()))
    return json.loads(Path(arguments["out"]).read_text())


def test_the_file_says_what_was_deployed(wanted, people):
    written = run(wanted)
    contracts = written.pop("contracts")
    assert written == {
        "schema": 1,
        "chainId": 1337,
        "deployer": people.deployer.address,
        "recorder": people.recorder.address,
        "operator": people.operator.address,
        "rates": {
            "cgm": "100000000",
            "vitals": "20000000",
            "motion": "30000000",
            "image": "50000000",
        },
        "dailyCap": "300000000",
        "epochCap": "100000000000",
        "epochLength": 604_800,
    }
    assert list(contracts) == ["ConsentRegistry", "RewardToken", "ContributionRegistry"]
    for contract in contracts.values():
        receipt = web3.eth.get_transaction_receipt(contract["transaction"])
        assert receipt["contractAddress"] == contract["address"]
        assert receipt["blockNumber"] == contract["block"]


def test_the_deployer_ends_with_nothing(wanted, people):
    contracts = run(wanted)["contracts"]
    registry = ContributionRegistry.at(contracts["ContributionRegistry"]["address"])
    token = RewardToken.at(contracts["RewardToken"]["address"])
    assert people.deployer not in (
        registry.operator(),
        registry.recorder(),
        registry.proposedRecorder(),
        token.minter(),
    )
    assert token.minter() == registry.address
    assert token.totalSupply() == 0


def test_the_terms_given_are_the_terms_deployed(wanted):
    contracts = run(
        wanted, cgm="1.5", image="0", daily_cap="30", epoch_cap="31.000001", epoch_length="3600"
    )["contracts"]
    registry = ContributionRegistry.at(contracts["ContributionRegistry"]["address"])
    rates = tuple(registry.rateOf(kind) for kind in range(4))
    assert rates == (1_500_000, 20 * VMR, 30 * VMR, 0)
    assert registry.dailyCap() == 30 * VMR
    assert registry.epochCap() == 31 * VMR + 1
    assert registry.epochLength() == 3_600


def test_the_deployer_can_come_by_key(wanted, people, monkeypatch):
    key = "0x" + "d1" * 32
    deployer = accounts.add(key)
    accounts[9].transfer(deployer, "1 ether")
    monkeypatch.setenv("VITALMINT_DEPLOYER_KEY", key)
    assert run(wanted)["deployer"] == deployer.address


def test_the_deployer_can_be_an_account_of_the_node(wanted):
    assert run(wanted, deployer=accounts[7].address)["deployer"] == accounts[7].address


def test_the_evaluator_is_written_down_where_one_is_named(wanted, people):
    assert run(wanted, evaluator=accounts[6].address)["evaluator"] == accounts[6].address


@pytest.mark.parametrize("role", ["recorder", "operator", "evaluator"])
def test_a_deployer_that_would_keep_a_role_is_refused(wanted, people, role):
    assert_refused(wanted, "must hold nothing", **{role: people.deployer.address})


def test_a_deployment_file_is_never_overwritten(wanted):
    path = Path(wanted["out"])
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(deploy.DeploymentRefused, match="exists already"):
        run(wanted)
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"recorder": ""}, "missing: recorder="),
        ({"recorder": "0x12"}, "is not the address of an account"),
        ({"operator": "0x" + "00" * 20}, "is not the address of an account"),
        ({"evaluator": "0x" + "00" * 20}, "is not the address of an account"),
        ({"colour": "blue"}, "unknown: colour"),
        ({"cgm": "many"}, "is not an amount of tokens"),
        ({"cgm": "0.0000001"}, "is not an amount of tokens"),
        ({"cgm": "-1"}, "is not an amount of tokens"),
        ({"epoch_cap": "Infinity"}, "is not an amount of tokens"),
        ({"cgm": "301"}, "could never be paid"),
        ({"epoch_cap": "299"}, "could never be paid"),
        ({"epoch_cap": "72057594038"}, "could never be paid"),
        ({"epoch_length": "0"}, "is not a number of seconds"),
        ({"epoch_length": "1.5"}, "is not a number of seconds"),
    ],
)
def test_a_faulty_argument_is_named_and_nothing_is_deployed(wanted, changes, message):
    assert_refused(wanted, message, **changes)


def test_a_deployer_without_ether_is_refused(wanted, monkeypatch):
    monkeypatch.setenv("VITALMINT_DEPLOYER_KEY", "0x" + "d2" * 32)
    assert_refused(wanted, "has no ether")


def test_the_command_deploys_to_a_running_chain(wanted):
    command = [sys.executable, str(ROOT / "scripts" / "brownie.py"), "run", "deploy"]
    arguments = [f"{name}={value}" for name, value in wanted.items()]
    rpc = ["--rpc", web3.provider.endpoint_uri]
    done = subprocess.run([*command, *rpc, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    address = json.loads(Path(wanted["out"]).read_text())["contracts"]["RewardToken"]["address"]
    assert RewardToken.at(address).symbol() == "VMR"


def assert_refused(wanted: dict[str, str], message: str, **changes: str) -> None:
    """The message names the fault, no block was mined and no file begun."""
    before = web3.eth.block_number
    with pytest.raises(deploy.DeploymentRefused, match=message):
        run(wanted, **changes)
    assert web3.eth.block_number == before
    assert not Path(wanted["out"]).parent.exists()
