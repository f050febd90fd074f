"""`make run`: start everything, contribute, forecast, audit, tamper with a copy, release a
synthetic dataset of a cohort, and stay up.

python -m scripts.run [--cgm FILE --zone ZONE] [--people N] [--cohort N] [--stop]
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from scripts.devnet.errors import DevnetError
from scripts.run.caller import ServiceRefused
from scripts.run.cohort import contribute_cohort
from scripts.run.files import ExampleFile, own_file, simulated_files
from scripts.run.forecast import show_forecast
from scripts.run.patient import Patient, PatientStuck
from scripts.run.release import PLANS, Operator, Researcher, fetch, release
from scripts.run.stack import PROJECT, Running, Stack, StackFailed
from scripts.run.tampering import BlockMissing, tampered_copy

HOME = PROJECT / ".run"
CONTENT_TIMEOUT_S = 30.0
HOLDS, BREACHED = 0, 1


def main() -> int:
    """0 when everything went as it must, 1 when it did not, 2 for wrong arguments."""
    wanted = _arguments()
    console = Console(highlight=False, soft_wrap=True)
    stack = Stack(HOME, report=lambda line: console.print(f"[dim]  {line}[/]"))
    try:
        if wanted.stop:
            console.print("stopped" if stack.stop() else "nothing was running")
            return 0
        return _run(wanted, stack, console)
    except (StackFailed, ServiceRefused, DevnetError, BlockMissing) as fault:
        console.print(f"[bold red]✗[/] {escape(str(fault))}")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--cgm", type=Path, help="your own export")
    parser.add_argument("--zone", help="IANA zone of its clock, such as Europe/London")
    parser.add_argument("--people", type=int, default=4, help="simulated patients")
    parser.add_argument(
        "--cohort", type=int, default=60, help="simulated people behind a synthetic dataset"
    )
    parser.add_argument("--stop", action="store_true", help="stop what was left up")
    wanted = parser.parse_args()
    if wanted.cgm and not wanted.cgm.is_file():
        parser.error(f"there is no file {wanted.cgm}")
    if wanted.cgm and not wanted.zone:
        parser.error("--cgm needs --zone: the file's clock does not say which zone it is in")
    return wanted


def _run(wanted: argparse.Namespace, stack: Stack, console: Console) -> int:
    console.rule("[bold]1  starting")
    running = stack.start()
    console.rule("[bold]2  contributing")
    if wanted.cgm:
        files = [own_file(wanted.cgm, wanted.zone)]
    else:
        files = simulated_files(wanted.people, stack.home / "simulated.json")
    for number, file in enumerate(files):
        _contribute(running, file, console, learning=number == 0)
    console.rule("[bold]3  auditing, with chain and IPFS alone")
    console.print("[dim]$ vitalmint audit[/]")
    if _audit() != HOLDS:
        console.print("[bold red]✗[/] the audit does not hold")
        return 1
    console.rule("[bold]4  tampering with one stored byte, in a copy")
    if not _tamper(running, stack.home, console):
        console.print("[bold red]✗[/] the audit did not find exactly the changed byte")
        return 1
    console.print("  [green]found[/]  exactly that one")
    console.rule("[bold]5  a synthetic dataset of a cohort")
    if not _release(wanted.cohort, running, stack.home, console):
        return 1
    _farewell(running, console)
    return 0


def _contribute(running: Running, file: ExampleFile, console: Console, *, learning: bool) -> None:
    """One person from sign-up to reward, and one of them to a forecast; each step as it can be
    checked."""
    console.print(f"[bold]{escape(file.name)}[/]  {escape(file.described)}")
    with Patient(running.api_url) as patient:
        consent = patient.consent()
        console.print(f"  consent    {consent['status']} on chain, wallet {consent['wallet']}")
        try:
            receipt = patient.contribute(file.name, file.data, file.zone)
        except ServiceRefused as refusal:
            console.print(f"  [yellow]refused[/]    {escape(str(refusal))}")
            return
        understood = receipt["summary"]["fields"]
        console.print(
            f"  understood {understood['readings']} readings, {understood['unit']}, "
            f"{understood['format']}, {understood['start']} to {understood['end']}"
        )
        console.print(f"  sealed     {receipt['size']} bytes as {receipt['cid']}")
        anchored = patient.anchored(receipt["contribution_id"])
        if anchored["status"] != "anchored":
            raise PatientStuck(f"{anchored['status']}: {anchored['reason']}")
        console.print(f"  anchored   in transaction {anchored['transaction']}")
        quality = receipt["summary"]["quality"]
        balance = patient.rewards()["balance"]
        console.print(
            f"  rewarded   {anchored['reward']} VMR for quality {quality:.3f}, balance {balance}"
        )
        if learning:
            show_forecast(patient, console)


def _audit(*arguments: str) -> int:
    """`vitalmint audit`, exactly as anyone would call it."""
    return subprocess.run(_vitalmint("audit", *arguments), cwd=PROJECT, check=False).returncode


def _release(people: int, running: Running, home: Path, console: Console) -> bool:
    """A cohort contributes, generators learn from it without and with differential privacy, the
    gate judges; what passes is fetched and its certificate audited. A dataset that the gate keeps
    in is no fault: it is explained."""
    if people < 1:
        return True
    count = contribute_cohort(running.api_url, people, home / "simulated.json", console)
    console.print(f"  anchored   vital signs of {count} people who consent to training and sale")
    with Operator(running.api_url, _vitalmint, PROJECT) as operator:
        for plan in PLANS:
            run = release(operator, plan, console)
            if run["state"] != "withheld":
                break
            console.print("  [yellow]kept in[/]    nothing of it is listed or published")
    if run["state"] == "withheld":
        return True
    if run["state"] != "released":
        console.print(f"[bold red]✗[/] the run is {run['state']}")
        return False
    with Researcher(running.api_url) as researcher:
        listed = fetch(researcher, run["run_id"], home / "datasets", console)
    console.print(f"[dim]$ vitalmint audit --certificate {listed['certificate']}[/]")
    if _audit("--certificate", listed["certificate"]) != HOLDS:
        console.print("[bold red]✗[/] the audit of the certificate does not hold")
        return False
    return True


def _tamper(running: Running, home: Path, console: Console) -> bool:
    """Whether the audit finds the one changed byte, and nothing else, in a copy."""
    folder = home / "tampered-copy"
    with tampered_copy(running.ipfs_api_url, folder, timeout_s=CONTENT_TIMEOUT_S) as copy:
        console.print(f"  one byte of {copy.changed} is changed; the live node was only read")
        console.print("[dim]$ vitalmint audit --json --ipfs …the copy…[/]")
        command = _vitalmint("audit", "--json", "--ipfs", copy.api_url)
        ended = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True)
    if ended.returncode != BREACHED:
        console.print(f"[red]{ended.stderr}[/]")
        return False
    breaches = json.loads(ended.stdout)["breaches"]
    for breach in breaches:
        console.print(f"  [red]BREACH[/] {breach['check']} of {breach['subject']}")
        console.print(f"         {breach['found']}")
    return len(breaches) == 1 and copy.changed in breaches[0]["subject"]


def _vitalmint(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("vitalmint")), *arguments]


def _farewell(running: Running, console: Console) -> None:
    console.rule("[bold green]everything holds, and stays up")
    console.print(f"  API        {running.api_url}/docs")
    console.print(f"  readiness  {running.api_url}/readyz      metrics  {running.api_url}/metrics")
    console.print(f"  chain      {running.rpc_url}      IPFS  {running.ipfs_api_url}")
    console.print("  audit      .venv/bin/vitalmint audit --json")
    console.print("  stop       make stop")


if __name__ == "__main__":
    sys.exit(main())
