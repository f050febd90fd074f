"""The report for people."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backend.adapters.audit_output.document import (
    address_text,
    cid_text,
    kind_name,
    time_text,
)
from backend.domain.audit_checks import MEANINGS
from backend.domain.audit_report import (
    AuditReport,
    CheckResult,
    ContentState,
    ContributionLine,
    ReleaseLine,
)
from backend.domain.money import ONE_TOKEN

LISTED = 40
"""Longer lists are cut here; --json has them whole."""

_STYLES = {ContentState.HELD: "green", ContentState.ERASED: "dim"}


def print_report(report: AuditReport, console: Console) -> None:
    """Contributions, checks, notes, breaches, verdict."""
    console.print(_contributions(report))
    _say_cut(len(report.contributions), "contribution", "contributions", console)
    if report.releases:
        console.print(_releases(report))
        _say_cut(len(report.releases), "release", "releases", console)
    console.print(_checks(report))
    for note in report.notes[:LISTED]:
        console.print(Text(f"note  {note.subject}: {note.message}", "yellow"))
    _say_cut(len(report.notes), "note", "notes", console)
    for breach in report.breaches[:LISTED]:
        promises = ", ".join(MEANINGS[breach.check][1])
        console.print(Text(f"BREACH  {breach.check} ({promises})", "bold red"))
        console.print(Text(f"  {breach.subject}"))
        console.print(Text(f"  expected  {breach.expected}\n  found     {breach.found}"))
    _say_cut(len(report.breaches), "breach", "breaches", console)
    _print_summary(report, console)


def tokens(base_units: int) -> str:
    """An amount with its six decimals, also one that no honest chain can hold."""
    sign, units = ("-", -base_units) if base_units < 0 else ("", base_units)
    return f"{sign}{units // ONE_TOKEN}.{units % ONE_TOKEN:06d}"


def _contributions(report: AuditReport) -> Table:
    table = Table(title="Contributions", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("kind", no_wrap=True)
    table.add_column("contributor", no_wrap=True)
    table.add_column("registered", no_wrap=True)
    table.add_column("content", no_wrap=True)
    table.add_column("reward", justify="right", no_wrap=True)
    table.add_column("quality*", justify="right")
    table.add_column("signer*")
    table.add_column("state")
    for line in report.contributions[:LISTED]:
        table.add_row(*_cells(line))
    return table


def _cells(line: ContributionLine) -> tuple[str | Text, ...]:
    address, cid = address_text(line.contributor) or "–", cid_text(line) or "–"
    return (
        kind_name(line.kind),
        f"{address[:6]}…{address[-4:]}",
        time_text(line.registered_at)[:10],
        f"…{cid[-8:]}",
        tokens(line.reward),
        f"{line.quality / 10_000:.4f}",
        {None: "–", True: "kept", False: "own"}[line.custodial],
        Text(line.state.value.replace("_", " "), _STYLES.get(line.state, "bold red")),
    )


def _releases(report: AuditReport) -> Table:
    """What the chain shows of each, and beside a star what its evaluator attests."""
    table = Table(title="Releases", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("release")
    table.add_column("issued*", no_wrap=True)
    table.add_column("learnt from", no_wrap=True)
    table.add_column("policy", no_wrap=True)
    table.add_column("attested measures*")
    for line in report.releases[:LISTED]:
        table.add_row(*_release_cells(line))
    return table


def _release_cells(line: ReleaseLine) -> tuple[str | Text, ...]:
    share = "–" if line.largest_share is None else f"{line.largest_share:.1%}"
    learnt = [
        f"{_many(line.leaves, 'record')} of",
        _many(line.people, "person", "people"),
        f"at most {share} each",
    ]
    if line.erased:
        learnt.append(f"{line.erased} erased since")
    spent = "" if line.epsilon is None else f"ε {line.epsilon:g}, δ {line.delta:g}"
    measures = [
        f"{_visible(one.name)} {one.value:.3g} [{one.low:.3g}, {one.high:.3g}]"
        for one in line.attested
    ]
    version = "unknown" if line.policy_version is None else f"version {line.policy_version}"
    title, generator = _visible(line.title[:60]), _visible(line.generator)
    return (
        Text(f"{title}\n{kind_name(line.kind)}, {_many(line.rows, 'row')}*\n{generator}*"),
        time_text(line.issued_at)[:10],
        Text("\n".join(learnt)),
        Text(f"{version}\n{'passed' if line.passes else 'withheld'}"),
        Text("\n".join([*measures, spent] if spent else measures)),
    )


def _visible(text: str) -> str:
    """A stranger's words, without what would steer the terminal that shows them."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _checks(report: AuditReport) -> Table:
    table = Table(title="Checks", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("")
    table.add_column("what was checked")
    table.add_column("promises")
    table.add_column("holds", justify="right")
    for result in report.checks:
        meaning, promises = MEANINGS[result.check]
        table.add_row(_mark(result), meaning, " ".join(promises), _share(result))
    return table


def _share(result: CheckResult) -> str:
    """How many of the objects that were looked at are as promised."""
    if not result.checked:
        return "nothing"
    return f"{result.checked - result.breaches} of {result.checked}"


def _mark(result: CheckResult) -> Text:
    if result.breaches:
        return Text("✗", "bold red")
    return Text("✓", "green") if result.checked else Text("–", "dim")


def _print_summary(report: AuditReport, console: Console) -> None:
    totals, chain = report.totals, report.chain
    own = totals.grants - totals.grants_custodial
    console.print(
        f"{_many(totals.contributions, 'contribution')} ({_erased(report)}, {totals.unpaid} "
        f"unpaid), {_many(totals.content_bytes, 'byte')} held; {tokens(totals.minted)} VMR minted "
        f"to {_many(totals.holders, 'holder')}\n"
        f"{_many(totals.grants, 'consent')}: {totals.grants_custodial} by a kept wallet*, {own} by "
        f"the person's own*; {totals.revocations} revoked\n"
        "* claimed, not verified: quality by the operator, the sort of wallet by the signer",
        highlight=False,
    )
    if report.releases:
        console.print(
            f"{_many(len(report.releases), 'release')}; measures, rows and moments are attested by "
            "the evaluator: only who holds the real data can take them again",
            highlight=False,
        )
    console.print(
        f"chain {chain.chain_id}, blocks {chain.first_block} to {chain.head_number}, "
        f"{chain.blocks_opened} opened; everything hangs on this hash, compare it with another "
        f"node:\n0x{chain.head_hash.hex()}  ({time_text(chain.head_time)})",
        highlight=False,
        soft_wrap=True,
    )
    if report.resumption is not None:
        console.print(
            f"resumed: {_many(report.resumption.blocks, 'header')} and "
            f"{_many(report.resumption.contents, 'content')} had passed in the run begun "
            f"{time_text(report.resumption.begun_at)}",
            highlight=False,
        )
    count = len(report.breaches)
    verdict = _many(count, "breach", "breaches") if count else "everything holds"
    console.print(Text(verdict, "bold green" if report.holds else "bold red"))


def _erased(report: AuditReport) -> str:
    """How many are erased, and on whose word: a recorder may mark what nobody asked for."""
    marked = [line for line in report.contributions if line.erased_by is not None]
    by_others = sum(line.erased_by != line.contributor for line in marked)
    return f"{len(marked)} erased" + (
        f", {by_others} of them marked by the recorder" * (by_others > 0)
    )


def _say_cut(count: int, one: str, several: str, console: Console) -> None:
    if count > LISTED:
        more = count - LISTED
        console.print(f"… and {more} more {one if more == 1 else several}: --json lists them all")


def _many(count: int, one: str, several: str = "") -> str:
    """The count with its noun; `several` where an s is not enough."""
    return f"{count} {one if count == 1 else several or one + 's'}"
