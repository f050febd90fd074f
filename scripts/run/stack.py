"""Chain, IPFS, contracts, database, API and workers, started together and stopped together."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from scripts.devnet import processes
from scripts.devnet.network import LocalNetwork
from scripts.devnet.ports import HOST, choose_port
from scripts.devnet.processes import ProcessId
from scripts.devnet.rpc import json_rpc
from scripts.devnet.state import NetworkState

PROJECT = Path(__file__).resolve().parents[2]
READY_S = 60.0
COHORT_RATE = "1200/minute"
"""Sixty simulated people sign up from one address; the service's own limits are far lower."""
STUCK_AFTER_S = "5"
"""Ganache mines at once, but now and then leaves what it took lying until it is sent anew; the
service's own minute for that is for public chains."""


class StackFailed(Exception):
    """Something did not come up; the message names it and its log."""


@dataclass(frozen=True)
class Running:
    """Where everything listens."""

    api_url: str
    rpc_url: str
    ipfs_api_url: str
    deployment_file: Path


class Stack:
    """Everything of one service, with all its data in one folder."""

    def __init__(self, home: Path, report: Callable[[str], None]) -> None:
        self.home = home
        self._report = report
        self._state_file = home / "stack.json"
        self.network = LocalNetwork(home / "devnet", report=report)

    @property
    def environment_file(self) -> Path:
        """What `vitalmint …` reads when it is called from the project's folder."""
        return self.home / "vitalmint.env"

    def start(self) -> Running:
        """Start what is not running; the same state as before, if there was one."""
        self.home.mkdir(parents=True, exist_ok=True)
        network = self.network.start(block_time=1)
        deployment = self._deployment(network)
        self._key("relayer.key", self.network.accounts()[1].private_key)
        self._key("evaluator.key", self.network.accounts()[3].private_key)
        port = self._api_port()
        running = Running(
            f"http://{HOST}:{port}", network.rpc_url, network.ipfs_api_url, deployment
        )
        environment = self._environment(running)
        self._vitalmint(environment, "keys", "create")
        self._vitalmint(environment, "migrate")
        self._restart_processes(environment, port)
        self._wait_ready(running)
        return running

    def stop(self) -> bool:
        """Stop everything, the data kept; False when nothing was running."""
        stopped = self._stop_processes()
        return self.network.stop() or stopped

    def _deployment(self, network: NetworkState) -> Path:
        """The deployment on this chain, made once."""
        file = self.home / "deployment.json"
        if file.exists():
            address = json.loads(file.read_text())["contracts"]["ContributionRegistry"]["address"]
            if json_rpc(network.rpc_url, "eth_getCode", address, "latest") != "0x":
                return file
            file.rename(file.with_suffix(".of-another-chain.json"))
        self._report("deploying the contracts with Brownie")
        deployer, recorder, operator, evaluator = self.network.accounts()[:4]
        self._call(
            [
                sys.executable, "scripts/brownie.py", "run", "deploy", "--rpc", network.rpc_url,
                f"deployer={deployer.address}", f"recorder={recorder.address}",
                f"operator={operator.address}", f"evaluator={evaluator.address}", f"out={file}",
            ],
            dict(os.environ),
            "deploy.log",
        )  # fmt: skip
        return file

    def _key(self, name: str, private_key: str) -> None:
        file = self.home / name
        file.touch(mode=0o600)
        file.write_text(private_key + "\n")

    def _environment(self, running: Running) -> dict[str, str]:
        chosen = {
            "VITALMINT_DATABASE_URL": f"sqlite:///{self.home / 'vitalmint.db'}",
            "VITALMINT_KEYRING_FOLDER": str(self.home / "keyring"),
            "VITALMINT_MASTER_KEY_FOLDER": str(self.home / "master-keys"),
            "VITALMINT_INSECURE_DEVELOPMENT_KEYS": "true",
            "VITALMINT_RPC_URL": running.rpc_url,
            "VITALMINT_IPFS_API_URL": running.ipfs_api_url,
            "VITALMINT_DEPLOYMENT_FILE": str(running.deployment_file),
            "VITALMINT_RELAYER_KEY_FILE": str(self.home / "relayer.key"),
            "VITALMINT_EVALUATOR_KEY_FILE": str(self.home / "evaluator.key"),
            "VITALMINT_STUCK_AFTER_S": STUCK_AFTER_S,
            "VITALMINT_PUBLIC_URL": running.api_url,
            "VITALMINT_COOKIE_SECURE": "false",
            "VITALMINT_TRAINING_SETTING": "quick",
            "VITALMINT_TRAINING_TICK_S": "0.5",
            "VITALMINT_CLIENT_RATE": COHORT_RATE,
            "VITALMINT_LOGIN_RATE": COHORT_RATE,
        }
        self.environment_file.write_text("".join(f"{k}={v}\n" for k, v in chosen.items()))
        return os.environ | chosen | {"PYTHONUNBUFFERED": "1"}

    def _vitalmint(self, environment: dict[str, str], *arguments: str) -> None:
        command = [str(Path(sys.executable).with_name("vitalmint")), *arguments]
        self._call(command, environment, f"{arguments[0]}.log")

    def _restart_processes(self, environment: dict[str, str], port: int) -> None:
        self._stop_processes()
        api = [
            sys.executable, "-m", "uvicorn", "--factory", "backend.app:production_app",
            "--host", HOST, "--port", str(port), "--no-access-log", "--log-level", "warning",
        ]  # fmt: skip
        worker = [sys.executable, "-m", "backend.worker"]
        commands = {
            "worker": worker,
            "trainer": [*worker, "--only", "training"],
            "api": api,
        }
        started = {
            name: processes.spawn(command, log=self.home / f"{name}.log", environment=environment)
            for name, command in commands.items()
        }
        state = {"port": port, **{name: asdict(process) for name, process in started.items()}}
        self._state_file.write_text(json.dumps(state))

    def _stop_processes(self) -> bool:
        state = self._state()
        stopped = False
        for name in ("api", "worker", "trainer"):
            if name in state:
                process = ProcessId(**state[name])
                stopped = stopped or processes.is_alive(process)
                processes.end(process)
        return stopped

    def _api_port(self) -> int:
        self._stop_processes()
        return choose_port(preferred=self._state().get("port", 8000), source=random.Random())

    def _state(self) -> dict[str, object]:
        return json.loads(self._state_file.read_text()) if self._state_file.exists() else {}

    def _wait_ready(self, running: Running) -> None:
        """Ready is what the service itself says of database, chain, content and keyring."""
        self._report("starting the API, the worker, and the worker that trains")
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{running.api_url}/readyz", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise StackFailed(f"the API is not ready after {READY_S:.0f} s: see {self.home}/api.log")

    def _call(self, command: list[str], environment: dict[str, str], log: str) -> None:
        with (self.home / log).open("w") as output:
            ended = subprocess.run(
                command, cwd=PROJECT, env=environment, stdout=output, stderr=output, check=False
            )
        if ended.returncode != 0:
            raise StackFailed(f"{' '.join(command[1:4])} failed: see {self.home / log}")
