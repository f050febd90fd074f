"""The three-month figures as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.models.quarter import METRICS

_NOTES = (
    "Learnt, chosen and calibrated on simulated people alone; test people and every real record "
    "are strangers. A person counts once. `ratio` is the error (half the thirteen weeks, half the "
    "quarter as a whole) over that of carrying the fourteen days forward, with a 95 % interval "
    "over people where there are enough.",
    "Served is what the automatic choice serves per metric: a model only where the upper bound of "
    "its ratio lies below 1 on held-out people. With 28 worn days a person's own later weeks are "
    "forecast from earlier days, and whatever was worse there by two standard errors over weeks is "
    "carried forward (`own days asked`).",
    "The sizes of drift are set by the R² in the first table. The weekly wandering of the long "
    "real records was looked at beside the simulated one while they were set, and they were set "
    "again after a first full run, partly because real weeks were covered too seldom: the real "
    "figures are not untouched. No model was fitted to a real record.",
    "HUPA's readings were interpolated by their authors; exports are of single volunteers, some "
    "with years-old sensors that read low: time below range of a person without diabetes is then "
    "the sensor's, and it changes with the next sensor.",
)


def page(result: Mapping[str, Any]) -> str:
    """All of it."""
    lines = ["# Three months ahead, from fourteen days", ""]
    if result["quick"]:
        lines += ["**QUICK: few simulated people, to see that it runs; no result.**", ""]
    lines += [_how(result), "", *[f"- {note}" for note in _NOTES], ""]
    lines += ["## In short", "", *_short(result), ""]
    lines += quarter_lines(result)
    return "\n".join(lines) + "\n"


def quarter_lines(result: Mapping[str, Any]) -> list[str]:
    """The tables, as `cgm_forecast` prints them too."""
    simulated, real = result["simulated"], result["real"]
    return [
        "## How much fourteen days say (R², simulated type 1)",
        "",
        *_anchors(result["anchors"]),
        "",
        f"## {simulated['people']} simulated people never seen",
        "",
        *_served(simulated["served"]),
        "",
        *_candidates(simulated["candidates"]),
        "",
        *_conditions(simulated["by_condition"]),
        "",
        *_days_worn(simulated["days_worn"]),
        "",
        *_own_days(simulated["own_days"]),
        "",
        f"Monthly daily profiles: {simulated['profile']['between_5_and_95']:.3f} of the readings "
        f"that came lay between the 5th and 95th percentile, "
        f"{simulated['profile']['between_25_and_75']:.3f} between the 25th and 75th "
        f"({simulated['profile']['people']} people).",
        "",
        "## Real records of 105 days or nearly, each by itself: thirteen weeks",
        "",
        *_records(real["quarter"]),
        "",
        *_people(real["quarter_people"]),
        "",
        "## Every real record of 28 worn days: the two weeks after the fourteen",
        "",
        *_records(real["fortnight"]),
        "",
        *_people(real["fortnight_people"]),
        "",
    ]


def _short(result: Mapping[str, Any]) -> list[str]:
    simulated, real = result["simulated"], result["real"]
    gains = ", ".join(
        f"{row['metric'].upper()} {1 - row['ratio']['value']:+.1%} (better for {row['better']:.0%})"
        for row in simulated["served"]
    )
    lines = [
        f"- {simulated['people']} simulated strangers, error below carry-forward's by: {gains}.",
    ]
    for title, tables, entries in (
        ("Thirteen weeks", real["quarter_people"], real["quarter"]),
        ("Two weeks", real["fortnight_people"], real["fortnight"]),
    ):
        row = tables["served, own days asked"]
        told = ", ".join(
            f"{m.upper()} {_number(row[m]['median_ratio'])} (better for {row[m]['better']}, "
            f"worse for {row[m]['worse']})"
            for m in METRICS
        )
        lines.append(
            f"- {title} on {len(entries)} real people ({_origins(entries)}), median over people of "
            f"each one's own error over carry-forward's: {told}."
        )
    worse = [
        f"{m.upper()} of {entry['record']} ({row['ratio']['own_days']:.2f})"
        for entry in real["quarter"]
        for m, row in _by_metric(entry)
        if row["mae"]["own_days"] > row["mae"]["carry_forward"] + 1e-9
    ]
    lines.append(
        "- Carry-forward was better over thirteen weeks for: "
        + (", ".join(worse) if worse else "nobody")
        + "."
    )
    low = [
        f"{m.upper()} of {entry['record']} ({row['weeks_covered']:.2f})"
        for entry in real["quarter"]
        for m, row in _by_metric(entry)
        if row["weeks_covered"] < 0.8
    ]
    lines.append(
        "- 90 % intervals calibrated on simulated people covered less than 80 % of the real weeks "
        "for: " + (", ".join(low) if low else "nobody") + "."
    )
    return lines


def _origins(entries: Sequence[Mapping[str, Any]]) -> str:
    """How much each of the people says: a record with one origin says next to nothing."""
    counts = sorted((entry["origins"] for entry in entries), reverse=True)
    return f"forecast from {', '.join(str(count) for count in counts)} origins"


def _how(result: Mapping[str, Any]) -> str:
    return (
        f"{result['people']} simulated people to learn from (half teach, a quarter choose, a "
        f"quarter calibrate), GRU of {result['epochs']} epochs at most, seed {result['seed']}; "
        f"{result['core_hours']:.3f} core-hours of {result['core_hours_declared']:.2f} declared."
    )


def _anchors(anchors: Mapping[str, Any]) -> list[str]:
    lines = ["| | TIR | TBR | TAR | mean (GMI) | CV |", "|---|---|---|---|---|---|"]
    for title, key in (
        ("published, 14 days inside the 90 (Riddlesworth, n = 257)", "published_inside"),
        ("simulated, the same way", "inside"),
        ("simulated, 14 days and the 91 that follow", "ahead"),
    ):
        cells = " | ".join(f"{anchors[key][m]:.2f}" for m in METRICS)
        lines.append(f"| {title} | {cells} |")
    return lines


def _served(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| metric | served by | weeks' MAE | quarter's MAE | ratio | better for | weeks covered "
        "| quarter covered | width / SD |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['metric'].upper()} | {row['candidate']} | {row['weeks_mae']:.4f} "
            f"| {row['quarter_mae']:.4f} | {_interval(row['ratio'])} | {row['better']:.0%} "
            f"| {row['weeks_covered']:.3f} | {row['quarter_covered']:.3f} "
            f"| {row['relative_width']:.2f} |"
        )
    return lines


def _candidates(candidates: Mapping[str, Any]) -> list[str]:
    lines = ["| ratio to carry-forward | TIR | TBR | TAR | GMI | CV |", "|---|---|---|---|---|---|"]
    for kind, row in candidates.items():
        lines.append(f"| {kind} | {' | '.join(_interval(row[m]) for m in METRICS)} |")
    return lines


def _conditions(groups: Mapping[str, Any]) -> list[str]:
    lines = ["| weeks covered | TIR | TBR | TAR | GMI | CV |", "|---|---|---|---|---|---|"]
    for group, row in groups.items():
        lines.append(f"| {group} | {' | '.join(f'{row[m]:.3f}' for m in METRICS)} |")
    return lines


def _days_worn(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| days worn | mean width TIR | TBR | GMI | CV | least and most covered |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        covered = row["weeks_covered"].values()
        width = row["width"]
        lines.append(
            f"| {row['days']} | {width['tir']:.3f} | {width['tbr']:.3f} | {width['gmi']:.3f} "
            f"| {width['cv']:.3f} | {min(covered):.3f} to {max(covered):.3f} |"
        )
    return lines


def _own_days(own: Mapping[str, Any]) -> list[str]:
    lines = [
        f"| {own['people']} people with 28 earlier days | ratio, cohort's choice "
        "| ratio, own days asked | own days carry forward | weeks covered |",
        "|---|---|---|---|---|",
    ]
    for metric, row in _by_metric(own):
        lines.append(
            f"| {metric.upper()} | {_interval(row['ratio_by_cohort'])} "
            f"| {_interval(row['ratio_by_own_days'])} | {row['carried_for']:.0%} "
            f"| {row['weeks_covered']:.3f} |"
        )
    return lines


def _records(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| record | worn of days | origins | metric | carry-forward MAE | served MAE | ratio "
        "| own days asked | first origin | covered |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        head = (
            f"{entry['record']} ({entry['condition']}) | {entry['worn_days']} of "
            f"{entry['span_days']} | {entry['origins']}"
        )
        for metric, row in _by_metric(entry):
            lines.append(
                f"| {head} | {metric.upper()} | {row['mae']['carry_forward']:.4f} "
                f"| {row['mae']['served']:.4f} | {_number(row['ratio']['served'])} "
                f"| {_number(row['ratio']['own_days'])} | {_number(row['ratio']['served_first'])} "
                f"| {row['weeks_covered']:.2f} |"
            )
            head = " | | "
    return lines


def _people(tables: Mapping[str, Any]) -> list[str]:
    lines = [
        "| median of people's ratios (of errors summed over people; geometric mean) "
        "| TIR | TBR | TAR | GMI | CV |",
        "|---|---|---|---|---|---|",
    ]
    for title, row in tables.items():
        cells = []
        for metric in METRICS:
            of = row[metric]
            means = (
                f"{_number(of['median_ratio'])} ({of['ratio']:.3f}; "
                f"{of['geometric_mean_ratio']:.3f})"
            )
            cells.append(f"{means}; better {of['better']}, worse {of['worse']}")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines


def _by_metric(entry: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """In the order of every other table; JSON's is the alphabet's."""
    return [(metric, entry["metrics"][metric]) for metric in METRICS]


def _interval(of: Mapping[str, float]) -> str:
    return f"{of['value']:.3f} [{of['low']:.3f}, {of['high']:.3f}]"


def _number(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.3f}"
