"""`vitalmint …`: what operators and auditors do from a shell.

Exit status: 0 it holds or is done, 1 the audit found a breach, 2 wrong usage, 3 it could not be
done, for the reason that is printed.
"""

import gzip
import json
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from backend.domain.consent import Kind
from backend.domain.errors import PayloadTooLarge, UnreadableRecord, VitalMintError
from backend.settings import AuditInputs, Settings, read_settings

COULD_NOT = 3


class _KindName(StrEnum):
    """Kinds of record as they are named on the command line."""

    cgm = "cgm"
    vitals = "vitals"


app = typer.Typer(
    name="vitalmint",
    help="A marketplace where patients contribute health data and only synthetic data leaves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="The keyring.", no_args_is_help=True)
jobs = typer.Typer(help="The job queue.", no_args_is_help=True)
operator = typer.Typer(help="Operators' accounts.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(jobs, name="jobs")
app.add_typer(operator, name="operator")


def main() -> None:
    """Run a command; an error of ours is one line, never a traceback."""
    try:
        app()
    except VitalMintError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        sys.exit(COULD_NOT)
    except Exception as fault:  # noqa: BLE001 - the outermost edge: 1 may only mean a breach
        traceback.print_tb(fault.__traceback__)
        sys.stderr.write(f"unforeseen: {type(fault).__name__}\n")
        sys.exit(COULD_NOT)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    zone: Annotated[str | None, typer.Option(help="IANA zone of the device's clock")] = None,
    kind: Annotated[_KindName, typer.Option(help="what the file is a record of")] = _KindName.cgm,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Show what is understood of a file of glucose or vital signs; nothing is kept."""
    from backend import wiring

    summary = wiring.record_reader().inspect(
        _content_of(file), Kind[kind.upper()], zone=zone, received_at=datetime.now(UTC)
    )
    if as_json:
        sys.stdout.write(json.dumps(summary.fields, indent=2) + "\n")
        return
    _show_fields(file.name, summary.fields | _quality_rows(summary.quality_parts))


@app.command()
def audit(
    rpc: Annotated[str | None, typer.Option(help="EVM RPC URL")] = None,
    ipfs: Annotated[str | None, typer.Option(help="Kubo RPC URL")] = None,
    deployment: Annotated[Path | None, typer.Option(help="deployment file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
    resume: Annotated[Path | None, typer.Option(help="checkpoint to go on from")] = None,
    certificate: Annotated[
        list[str] | None, typer.Option(help="CID or file of a release's certificate; repeatable")
    ] = None,
    certificates: Annotated[
        list[str] | None, typer.Option(help="file or address that lists them, as /api/datasets")
    ] = None,
) -> None:
    """Verify everything on chain and IPFS, without the service; non-zero exit on any breach.

    What is not given is taken from VITALMINT_RPC_URL, VITALMINT_IPFS_API_URL and
    VITALMINT_DEPLOYMENT_FILE, or from what `make run` left up in this folder.
    """
    from backend.auditor import run_audit

    left_up = AuditInputs()
    status = run_audit(
        rpc or left_up.rpc_url,
        ipfs or left_up.ipfs_api_url,
        deployment or left_up.deployment_file,
        as_json=as_json,
        resume=resume,
        certificates=certificate or (),
        listings=certificates or (),
    )
    sys.exit(status)


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this release."""
    from backend import wiring

    wiring.migrate(read_settings())
    sys.stdout.write("the database has this release's schema\n")


@app.command()
def settings() -> None:
    """List every setting; a faulty environment is refused with every fault."""
    current = read_settings()
    table = Table("variable", Column("value", overflow="fold"), "from")
    for name, field in Settings.model_fields.items():
        value = getattr(current, name)
        source = "environment" if name in current.model_fields_set else "default"
        shown = _without_password(str(value)) if field.annotation is str else str(value)
        table.add_row(f"VITALMINT_{name.upper()}", shown, source)
    Console().print(table)


@keys.command()
def evaluator() -> None:
    """Make the key that signs certificates of releases, where there is none; show its address."""
    from backend import wiring
    from backend.crypto.wallets import checksum_address

    address = checksum_address(wiring.create_evaluator(read_settings()))
    sys.stdout.write(f"certificates are signed by {address}\n")


@keys.command()
def create() -> None:
    """Make the keyring and its first master key, where neither is yet."""
    from backend import wiring

    wiring.create_keyring(read_settings())
    sys.stdout.write("the keyring is there\n")


@keys.command()
def rotate() -> None:
    """Wrap every key under a fresh master key; safe to kill and to start again."""
    from backend import wiring

    keyring = wiring.keyring(read_settings())
    with _progress("re-wrapping") as bar:
        task = bar.add_task("keys", total=None)
        count = keyring.rotate(lambda done, total: bar.update(task, completed=done, total=total))
    sys.stdout.write(f"{count} keys are wrapped under a fresh master key\n")


@jobs.command()
def dead() -> None:
    """List the jobs that failed for good."""
    from backend import wiring

    table = Table("id", "job", "attempts", "last error")
    with wiring.database(read_settings()) as database, database.read() as unit:
        for job in unit.jobs.dead():
            table.add_row(job.id, job.name, str(job.attempts), job.last_error or "")
    Console().print(table)


@jobs.command()
def revive(job_id: str) -> None:
    """Queue a buried job again."""
    from backend import wiring

    with wiring.database(read_settings()) as database, database.write() as unit:
        from backend.domain.identifiers import JobId

        unit.jobs.revive(JobId(job_id), datetime.now(UTC))
    sys.stdout.write("the job is queued again\n")


@operator.command("create")
def create_account(
    login: str,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="take the password from standard input")
    ] = False,
) -> None:
    """Make an operator's account; the password is asked for, and never an argument."""
    from backend import wiring
    from backend.use_cases.create_operator import CreateOperator, create_operator

    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = typer.prompt("password", hide_input=True, confirmation_prompt=True)
    with wiring.connect(read_settings()) as ports:
        created = create_operator(CreateOperator(login=login, password=password), ports=ports)
    sys.stdout.write(f"operator {login} can log in\n")
    sys.stdout.write(f"recovery code, shown this once: {created.recovery_code}\n")


def _content_of(file: Path) -> bytes:
    """The file, unpacked when it is named .gz; no more than an upload may have."""
    limit = read_settings().upload_limit
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
            content = opened.read(limit + 1)
    except (gzip.BadGzipFile, EOFError) as error:
        raise UnreadableRecord(f"{file.name} is named .gz and is no whole gzip file") from error
    if len(content) > limit:
        raise PayloadTooLarge(f"{file.name} is larger than {limit // 2**20} MiB")
    return content


def _show_fields(title: str, fields: dict[str, Any]) -> None:
    table = Table(title=escape(title), show_header=False)
    for name, value in fields.items():
        table.add_row(escape(name), "–" if value is None else escape(str(value)))
    Console().print(table)


def _quality_rows(parts: dict[str, float]) -> dict[str, Any]:
    return {f"  {name}": f"{value:.3f}" for name, value in parts.items()}


def _progress(label: str) -> Progress:
    return Progress(
        TextColumn(label), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True)
    )


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    scheme, separator, _ = before.partition("://")
    return f"{scheme}{separator}…@{after}" if at else url
