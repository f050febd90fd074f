"""A synthetic dataset in `make run`: asked for, watched, judged, fetched, and audited."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from scripts.run.caller import Caller
from scripts.run.patient import until

PATIENCE_S = 600.0
UNDER_WAY = ("queued", "running")
PLAN = {
    "kind": "vitals",
    "generator": "gaussian_copula",
    "setting": "quick",
    "rows": 2000,
    "title": "Vital signs at home",
    "description": "Rows of vital signs as simulated people measure them, with the status noted.",
}
PLANS = (
    PLAN,
    PLAN | {"epsilon": 2.0, "delta": 2e-5},
    PLAN | {"epsilon": 1.0, "delta": 2e-5},
)
"""Without differential privacy, which sixty people cannot carry; then with more and more of it,
until the gate lets a dataset out."""


class Researcher(Caller):
    """Somebody who downloads what the gate let out."""

    role = "researcher"

    def datasets(self) -> list[dict[str, Any]]:
        """What is listed, the newest first."""
        return list(self._get("/api/datasets")["datasets"])

    def package(self, dataset_id: str) -> bytes:
        """The ZIP."""
        return self._bytes(f"/api/datasets/{dataset_id}/package")


class Operator(Caller):
    """An operator, made on the command line as every one is."""

    role = "operator"

    def __init__(self, api_url: str, vitalmint: Callable[..., list[str]], folder: Path) -> None:
        super().__init__(api_url)
        self._vitalmint = vitalmint
        self._folder = folder

    def _sign_up(self) -> None:
        command = self._vitalmint("operator", "create", self.login, "--password-stdin")
        subprocess.run(
            command,
            cwd=self._folder,
            input=self._password + "\n",
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def ran(self, plan: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, Any]:
        """A run once it has ended, told how far it is meanwhile."""
        path = f"/api/runs/{self._post('/api/runs', json=plan)['run_id']}"

        def look() -> dict[str, Any]:
            seen = self._get(path)
            progress(seen["stage"] or seen["state"], seen["progress"])
            return dict(seen)

        return until(lambda one: one["state"] not in UNDER_WAY, look, patience_s=PATIENCE_S)

    def findings(self, run_id: str) -> dict[str, Any]:
        """Every rule of the gate, applied."""
        return dict(self._get(f"/api/runs/{run_id}/findings"))


def release(operator: Operator, plan: dict[str, Any], console: Console) -> dict[str, Any]:
    """The run, at its end, and the gate's findings shown."""
    privacy = f"ε = {plan['epsilon']:g}, δ = {plan['delta']:g}" if "epsilon" in plan else "none"
    console.print(f"  [bold]{plan['generator']}[/]  differential privacy: {privacy}")
    columns = (
        TextColumn("  generating"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("[dim]{task.description}[/]"),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=1.0)
        run = operator.ran(
            plan, lambda stage, share: bar.update(task, description=stage, completed=share)
        )
    console.print(f"  run        {run['state']}  {escape(run['message'] or '')}")
    if run["state"] in ("released", "withheld"):
        _show_findings(operator.findings(run["run_id"]), console)
    return run


def _show_findings(judged: dict[str, Any], console: Console) -> None:
    evidence = judged["evidence"]
    table = Table("the gate asks", "found", "wanted", "", box=None, pad_edge=False)
    for one in judged["findings"]:
        found = "not measured" if one["found"] is None else f"{one['found']:.4g}"
        least = one["at_most"] is None
        wanted = f"≥ {one['at_least']:g}" if least else f"≤ {one['at_most']:g}"
        bound = "" if one["bound"] == "value" else f" ({one['bound']} bound)"
        holds = "[green]holds[/]" if one["holds"] else "[red]fails[/]"
        table.add_row(f"  {one['measure']}{bound}", found, wanted, holds)
    console.print(table)
    console.print(
        f"  [dim]{evidence['people']} people, {evidence['holdout_people']} of them held out, "
        f"{evidence['rows']} synthetic rows[/]"
    )


def fetch(researcher: Researcher, run_id: str, folder: Path, console: Console) -> dict[str, Any]:
    """The dataset as it is listed, its package in `folder`."""
    listed = next(one for one in researcher.datasets() if one["dataset_id"] == run_id)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run_id}.zip"
    file.write_bytes(researcher.package(run_id))
    console.print(f"  listed     {escape(listed['title'])}, {listed['evidence']['rows']} rows")
    console.print(f"  package    {file.relative_to(Path.cwd())}, {file.stat().st_size:,} bytes")
    console.print(f"  certificate {listed['certificate']}")
    return listed
