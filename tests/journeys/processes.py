"""API and worker as processes of their own, started as `make run` starts them, killed at will."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from backend.settings import PREFIX, Settings

READY_S = 60.0
WATCHED = Path(__file__).with_name("watched_process.py")


@dataclass
class Processes:
    """Both of them over one world's settings; `watch` records what they open for writing."""

    settings: Settings
    folder: Path
    port: int
    environment: dict[str, str]
    watch: bool = False
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def opened(self) -> Path:
        """A line for each file that Python opened for writing."""
        return self.folder / "opened"

    def log(self, name: str) -> str:
        return self._log_file(name).read_text()

    def start(self, *names: str) -> None:
        """Start what is not running, `api` and `worker` unless named; ready when this returns."""
        names = names or ("worker", "api")
        for name in names:
            if name not in self._running:
                self._running[name] = self._launched(name)
        if "api" in names:
            self._wait_until_ready()

    def start_in_vain(self, name: str) -> int:
        """The exit status of one that ends by itself."""
        return self._launched(name).wait(timeout=READY_S)

    def kill(self, *names: str) -> None:
        """SIGKILL, both at once unless named."""
        self._end(signal.SIGKILL, *names)

    def stop(self, *names: str) -> None:
        """SIGTERM, and wait for what was under way."""
        self._end(signal.SIGTERM, *names)

    def _end(self, how: signal.Signals, *names: str) -> None:
        ended = [self._running.pop(name) for name in names or tuple(self._running)]
        for process in ended:
            process.send_signal(how)
        for process in ended:
            process.wait(timeout=30)

    def _launched(self, name: str) -> subprocess.Popen[bytes]:
        module = {
            "worker": ["backend.worker", "--all"],
            "api": [
                *("uvicorn", "--factory", "backend.app:production_app"),
                *("--host", "127.0.0.1", "--port", str(self.port)),
                *("--no-access-log", "--log-level", "warning"),
            ],
        }[name]
        start = [str(WATCHED), str(self.opened)] if self.watch else ["-m"]
        with self._log_file(name).open("ab") as log:
            return subprocess.Popen(
                [*_tied_to_this_process(), sys.executable, *start, *module],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _log_file(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            assert self._running["api"].poll() is None, self.log("api")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the API is not ready after {READY_S:.0f} s: {self.log('api')}")


def processes_over(settings: Settings, folder: Path, **more: str) -> Processes:
    """Nothing started yet; `more` is added to the environment, which is otherwise bare."""
    folder.mkdir()
    given = {
        f"{PREFIX}{name.upper()}": str(getattr(settings, name))
        for name in settings.model_fields_set
    }
    bare = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    port = _free_port()
    own = {
        f"{PREFIX}PUBLIC_URL": f"http://127.0.0.1:{port}",
        f"{PREFIX}COOKIE_SECURE": "false",
    }
    return Processes(settings, folder, port, bare | given | own | more)


def _tied_to_this_process() -> list[str]:
    """They end with the test run, also when it is killed, where the system can do that."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
