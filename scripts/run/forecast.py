"""One patient's own model in `make run`: trained before one's eyes, then asked."""

import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from scripts.run.patient import Patient

METRICS = ("tir", "tbr", "tar", "gmi", "cv")


def show_forecast(patient: Patient, console: Console) -> None:
    """Train, and tell what came of it; a refusal is told with what would be enough."""
    columns = (
        TextColumn("  learning  "),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("[dim]{task.description}[/]"),
    )
    began = time.monotonic()
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=1.0)

        def told(stage: str, share: float) -> None:
            bar.update(task, description=stage, completed=share)

        ended = patient.trained(told)
    if ended["state"] != "finished":
        why = ended["refusal"] or {"message": ended["reason"], "needs": ""}
        console.print(f"  [yellow]no model[/]   {escape(why['message'])} {escape(why['needs'])}")
        return
    console.print(
        f"  learnt     in {time.monotonic() - began:.0f} s, at the setting `quick`: "
        "VITALMINT_TRAINING_SETTING=full takes minutes"
    )
    forecast = patient.forecast()
    _tell_hours(forecast, console)
    _tell_months(forecast, patient.figures(), console)


def _tell_hours(forecast: dict[str, Any], console: Console) -> None:
    short = forecast["short_term"]
    console.print(f"  forecast   {escape(forecast['says'])}")
    for step in short["told"]:
        console.print(
            f"             in {step['minutes_ahead']:>3} min {step['median_mg_dl']:>5.0f} mg/dL, "
            f"90 % between {step['low_mg_dl']:.0f} and {step['high_mg_dl']:.0f}"
        )
    console.print(f"             [dim]{escape(short['reason'])}[/]")


def _tell_months(forecast: dict[str, Any], figures: dict[str, Any], console: Console) -> None:
    quarter = forecast["quarter"]
    if quarter is None:
        console.print(f"  3 months   {escape(forecast['quarter_reason'])}")
        return
    now = {**figures, "gmi": figures["gmi_percent"]}
    console.print("  3 months   from the last fourteen days, with 90 % intervals")
    for metric in METRICS:
        band = quarter["total"][metric]
        low, mid, high = (_written(metric, band[name]) for name in ("low", "mid", "high"))
        console.print(
            f"             {metric.upper():<3} {mid} ({low} to {high}), "
            f"so far {_written(metric, now[metric])}"
        )
    console.print(f"             [dim]{escape(quarter['reason'])}[/]")


def _written(metric: str, value: float) -> str:
    return f"{value:.1f} %" if metric == "gmi" else f"{100 * value:.0f} %"
