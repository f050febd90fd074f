"""The contracts, really deployed by scripts/deploy.py on a real Ganache, put back after each test.

`deployed_chain` is that chain; `network` is the same test on it and on the fake, with one set of
levers: mine, stop mining, pass time, reorganise, pause, act past the relayer.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.adapters.chain.deployment import read_deployment
from backend.crypto.wallets import wallet_of
from tests.devnet_fixtures import GanacheUnderTest
from tests.networks import DeployedChain, FakeNetwork, Network, ShiftedClock

ROOT = Path(__file__).resolve().parent.parent
TERMS = ("epoch_cap=2000",)
DEPLOYER, OPERATOR, RECORDER, RICH = range(4)


@pytest.fixture(scope="session")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[GanacheUnderTest], DeployedChain]:
    """Deploy on a chain of one's choice; takes some ten seconds."""

    def on(ganache: GanacheUnderTest) -> DeployedChain:
        out = tmp_path_factory.mktemp("deployment") / "deployment.json"
        keys = [bytes.fromhex(account.private_key[2:]) for account in ganache.accounts]
        _run_deploy(ganache.rpc_url, keys, out)
        deployed = DeployedChain(
            ganache=ganache,
            deployment_file=out,
            deployment=read_deployment(out),
            relayer_key=keys[RECORDER],
            operator_key=keys[OPERATOR],
            rich_key=keys[RICH],
            clock=ShiftedClock(),
        )
        # Ganache 7.9.2 takes nonce 0 for "the next one", so nothing can replace that transaction.
        deployed.send_from_relayer()
        return deployed

    return on


def _run_deploy(rpc_url: str, keys: list[bytes], out: Path) -> None:
    if not (ROOT / ".venv-chain" / "bin" / "brownie").exists():
        pytest.skip("Brownie is not installed: run `make setup`")
    command = [
        *(sys.executable, "scripts/brownie.py", "run", "deploy", "--rpc", rpc_url),
        f"deployer={wallet_of(keys[DEPLOYER])}",
        f"operator={wallet_of(keys[OPERATOR])}",
        f"recorder={wallet_of(keys[RECORDER])}",
        f"out={out}",
        *TERMS,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and out.exists(), f"deploying failed:\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def deployed_for_session(
    ganache: GanacheUnderTest, deploy: Callable[[GanacheUnderTest], DeployedChain]
) -> DeployedChain:
    """Deployed once; tests take `deployed_chain`."""
    return deploy(ganache)


@pytest.fixture
def deployed_chain(deployed_for_session: DeployedChain) -> Iterator[DeployedChain]:
    """The contracts on Ganache as they were deployed, whatever the tests before did."""
    ganache = deployed_for_session.ganache
    deployed_for_session.clock = ShiftedClock()
    deployed_for_session.__post_init__()
    with ganache.rolled_back():
        yield deployed_for_session
        ganache.start_mining()


@pytest.fixture
def fake_network() -> FakeNetwork:
    """The contracts in memory."""
    return FakeNetwork()


@pytest.fixture(params=["fake_network", "deployed_chain"])
def network(request: pytest.FixtureRequest) -> Network:
    """The same test on the fake and on the real chain."""
    found: Network = request.getfixturevalue(request.param)
    return found
