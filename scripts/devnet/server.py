"""A server process of the local network: launched, waited for, stopped, found again."""

import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from . import processes
from .errors import RpcFailed, ServerFailed
from .ports import choose_port
from .processes import ProcessId

_PORT_TAKEN = ("EADDRINUSE", "address already in use")
_LAUNCHES = 3
_STEP_SECONDS = 0.1
_LOG_TAIL = 15


class Server(ABC):
    """One server with its data in `folder`; what differs between servers is abstract here."""

    name: str
    ready_mark: str
    patience_seconds: float

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        process: ProcessId | None = None,
        tied_to_parent: bool = False,
    ) -> None:
        self.folder = folder
        self.port = port
        self.process = process
        self._tied_to_parent = tied_to_parent
        self._launched_here = False

    @property
    def log(self) -> Path:
        """What the server printed since its last launch; the launch before lies beside it."""
        return self.folder / f"{self.name}.log"

    @abstractmethod
    def prepare(self, port: int) -> None:
        """Bring the data folder into a state from which the server can be launched."""

    @abstractmethod
    def command(self, port: int) -> Sequence[str | Path]:
        """The command line of the server."""

    def environment(self) -> dict[str, str]:
        """What the server finds in its environment."""
        return dict(os.environ)

    @abstractmethod
    def probe(self) -> Mapping[str, object]:
        """Facts that the running server tells of itself over its own API, or RpcFailed."""

    def start(self, source: random.Random, *, excluding: Container[int] = ()) -> None:
        """Launch the server unless it runs; return when it answers, or leave nothing running."""
        try:
            if not self.is_running():
                self.launch(source, excluding=excluding)
            self.wait_until_ready(relaunch_with=source)
        except BaseException:
            self.kill()
            raise

    def launch(self, source: random.Random, *, excluding: Container[int] = ()) -> None:
        """Start the process on the port it had, if that is free, or on another; do not wait."""
        # What is left of an earlier process may still hold the port and the data.
        self.kill()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        port = choose_port(preferred=self.port, source=source, excluding=excluding)
        self.prepare(port)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        self.port = port
        self._launched_here = True
        self.process = processes.spawn(
            self.command(port),
            log=self.log,
            environment=self.environment(),
            tied_to_parent=self._tied_to_parent,
        )

    def wait_until_ready(self, *, relaunch_with: random.Random | None = None) -> None:
        """Return when the server says it listens and answers a call, or raise ServerFailed."""
        launches_left = _LAUNCHES if relaunch_with else 0
        deadline = time.monotonic() + self.patience_seconds
        while not self.is_ready():
            if not self.is_running():
                if launches_left == 0 or relaunch_with is None or self._failed_by_itself():
                    raise ServerFailed(f"{self.name} ended while starting; {self._log_tail()}")
                launches_left -= 1
                self.launch(relaunch_with)
            elif time.monotonic() > deadline:
                raise ServerFailed(
                    f"{self.name} does not answer within {self.patience_seconds:.0f} s: stop it "
                    f"and start it again; {self._log_tail()}"
                )
            time.sleep(_STEP_SECONDS)

    def is_running(self) -> bool:
        """Whether the process that was launched, by this program or an earlier one, is alive."""
        return self.process is not None and processes.is_alive(self.process)

    def is_ready(self) -> bool:
        """Whether this very server answers: its own log says it listens, and a call succeeds."""
        if not self.is_running() or self.ready_mark not in self._log_text():
            return False
        try:
            self.probe()
        except RpcFailed:
            return False
        return True

    def stop(self) -> None:
        """End the server in order, the whole process group, and return when it is gone."""
        if self.process is not None:
            processes.end(self.process)
        self.process = None

    def kill(self) -> None:
        """Kill the server without warning, as a power cut would."""
        if self.process is not None:
            processes.kill(self.process)
        self.process = None

    def suspend(self) -> None:
        """Freeze the server: connections are accepted by the system and never answered."""
        if self.process is not None:
            processes.suspend(self.process)

    def resume(self) -> None:
        """Let a frozen server go on."""
        if self.process is not None:
            processes.resume(self.process)

    def _failed_by_itself(self) -> bool:
        """Whether the end has another cause than a lost port, or a kill of an earlier process."""
        text = self._log_text()
        return self._launched_here and not any(sign in text for sign in _PORT_TAKEN)

    def _log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _log_tail(self) -> str:
        lines = self._log_text().strip().splitlines()[-_LOG_TAIL:]
        return f"the end of {self.log}:\n" + "\n".join(f"    {line}" for line in lines)
