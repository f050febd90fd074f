"""A cohort of simulated people in `make run`: each signs up, consents, contributes vital signs."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scripts.run.files import ExampleFile, simulated_vitals_files
from scripts.run.patient import Patient, PatientStuck

AT_ONCE = 12
PURPOSES = ("care", "training", "sale")


def contribute_cohort(api_url: str, people: int, counter: Path, console: Console) -> int:
    """How many of them are anchored on chain when this returns: all, or `PatientStuck`."""
    files = simulated_vitals_files(people, counter)
    columns = (TextColumn("  people    "), BarColumn(bar_width=30), MofNCompleteColumn())
    quiet = not console.is_terminal
    with (
        ThreadPoolExecutor(AT_ONCE) as pool,
        Progress(*columns, console=console, transient=True, disable=quiet) as bar,
    ):
        task = bar.add_task("", total=len(files))
        for _ in pool.map(lambda file: _contribute(api_url, file), files):
            bar.advance(task)
    return len(files)


def _contribute(api_url: str, file: ExampleFile) -> None:
    with Patient(api_url) as patient:
        patient.consent("vitals", PURPOSES)
        receipt = patient.contribute(file.name, file.data, file.zone, "vitals")
        anchored = patient.anchored(receipt["contribution_id"])
    if anchored["status"] != "anchored":
        raise PatientStuck(f"{file.name} is {anchored['status']}: {anchored['reason']}")
