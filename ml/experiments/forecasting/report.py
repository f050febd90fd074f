"""The figures as a page that a person reads, in a terminal or in docs."""

from collections.abc import Mapping
from typing import Any

from ml.evaluation.forecast import BAND_NAMES, STEP_NAMES
from ml.experiments.forecasting.protocol import Protocol
from ml.experiments.forecasting.tables import GROUPS, best_network
from ml.experiments.quarter.page import quarter_lines

_NOTES = (
    "Every person is tested once, by models that learnt from and were calibrated on other "
    "people alone. Errors are taken within a person first; intervals are the 2.5th and 97.5th "
    "percentile over bootstraps of people.",
    "The HUPA-UCM set (25 of the people with type 1) was interpolated from 15 to 5 minutes by "
    "its authors, so its past holds readings of its future: at origins 5 min past a reading the "
    "slope of the last 5 min tells glucose 10 min ahead within 1 mg/dL in over 95 % of cases. "
    "Forecasts of it look better than those of a sensor, and networks can read the interpolation "
    "where a linear map cannot. `t1d_not_interpolated` leaves it out; targets are stated for it, "
    "too.",
    "`linear` is least squares on the same windows as the networks. `linear_by_condition` is "
    "told who has type 1 and fits each half alone: a stricter baseline than any model that "
    "has to find out by itself.",
    "Shanghai's sensor reads every 15 minutes: its six people have outcomes at every third step "
    "alone, so that curves by minute have teeth.",
    "Coverage is that of the 90 % interval over all 24 steps; bands are those of the last "
    "observed glucose, never of the outcome. Width is that of the same interval in mg/dL, pinball "
    "the loss of all nine quantiles: intervals that are wide for safety cover more and lose.",
    "The form of the calibration was chosen on the calibration people of folds 1 to 3, who are "
    "tested in other folds; what it says is learnt anew in each fold, never from whom it tests "
    "(decision 0434).",
    "A perfect forecaster, whose intervals cover 90 % of everybody's outcomes at every hour, would "
    "be measured within the range given beside a target in 95 of 100 cases: people have a coverage "
    "of their own and their hours one about it, simulated with beta distributions, as spread as "
    "these forecasts are over people (`ml.evaluation.wandering`; of `t1d_not_interpolated`, as "
    "over all people with type 1). That says what so few people can show. It loosens no target.",
)

_BEST = (
    "The network named is the one with the least mean pinball loss over everybody tested; the "
    "tables have all three."
)


def page(result: Mapping[str, Any]) -> str:
    """The whole result as Markdown."""
    protocol = result["protocol"]
    lines = ["# Short-term forecasts of glucose, on people never seen", ""]
    if protocol["quick"]:
        lines += ["**QUICK: a subsample and few epochs, to see that it runs; no result.**", ""]
    lines += [_how(result), "", *[f"- {note}" for note in _NOTES], ""]
    lines += ["## Targets", "", *_targets(result["targets"]), "", _BEST, ""]
    for group, content in result["table"].items():
        lines += [f"## {group}: {content['people']} people, {content['windows']:,} windows", ""]
        lines += [*_models(content["models"]), ""]
    for group in (g for g in GROUPS if g in result["table"]):
        covered = _coverage(result["table"][group]["models"])
        chance = _chance(result["table"][group]["models"], best_network(result["table"]))
        lines += [f"## 90 % intervals, {group}", "", *covered, "", chance, ""]
    if result.get("ablation"):
        lines += ["## Synthetic days on and off", "", *_ablation(result["ablation"]), ""]
    if result.get("glucobench"):
        lines += ["## GlucoBench's protocol", "", *_glucobench(result["glucobench"]), ""]
    if not result.get("quarter"):
        lines += ["Three months ahead: `cgm_quarter.md`, of `ml.experiments.cgm_quarter`.", ""]
    else:
        shown = quarter_lines(result["quarter"])
        quarter = [f"#{line}" if line.startswith("## ") else line for line in shown]
        lines += ["## Three months ahead", "", *quarter, ""]
    lines += ["## Trainings", "", *_trainings(result), ""]
    return "\n".join(lines)


def _how(result: Mapping[str, Any]) -> str:
    protocol = result["protocol"]
    return (
        f"{protocol['tested']} of {protocol['folds']} folds over people, seed "
        f"{protocol['seed']}; at most {protocol['epochs']} epochs and {protocol['train_most']} "
        f"training windows of a person, {protocol['test_most']} tested; "
        f"{protocol['bootstraps']:,} bootstraps; {result['core_hours']:.2f} core-hours of "
        f"{declared_core_hours(Protocol(**protocol)):.2f} declared."
    )


def declared_core_hours(protocol: Protocol) -> float:
    """What a run of the table is expected to cost, said before it begins."""
    return 0.01 if protocol.quick else 0.0014 * protocol.tested * protocol.epochs * 3


def _models(models: Mapping[str, Any]) -> list[str]:
    head = "| model | min | RMSE mean | median | MAE | pinball | covered | width | RMSE / linear |"
    lines = [f"{head} / by condition |", "|---|---|---|---|---|---|---|---|---|---|"]
    for name, figures in models.items():
        for minutes in STEP_NAMES:
            row = figures["minutes"][minutes]
            lines.append(
                f"| {name} | {minutes} | {_bounds(row['rmse_mean'], 1)} | {row['rmse_median']:.1f} "
                f"| {_bounds(row['mae'], 1)} | {_bounds(row['pinball'], 2)} "
                f"| {_bounds(row['coverage'], 3)} | {_bounds(row['width'], 1)} "
                f"| {_bounds(row['ratio_to_linear'], 3)} "
                f"| {_bounds(row['ratio_to_linear_by_condition'], 3)} |"
            )
    return lines


def _coverage(models: Mapping[str, Any]) -> list[str]:
    head = "| model | width | pinball | overall | least hour | most hour "
    lines = [f"{head}| {' | '.join(BAND_NAMES)} |"]
    lines.append("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, figures in models.items():
        cover = figures["coverage"]
        hours = [hour for hour in cover["hours"] if hour["outcomes"]]
        worst = (extreme(hours, key=lambda hour: hour["value"]) for extreme in (min, max))
        cells = [cover["overall"], *worst, *(cover["bands"][name] for name in BAND_NAMES)]
        price = f"{_bounds(cover['width'], 1)} | {_bounds(cover['pinball'], 2)}"
        lines.append(f"| {name} | {price} | {' | '.join(_bounds(cell, 3) for cell in cells)} |")
    return lines


def _chance(models: Mapping[str, Any], best: str) -> str:
    """How often a perfect forecaster would hold the targets of hours and bands."""
    chance = models[best]["coverage"]["perfect"]
    return (
        f"Of so many people a perfect forecaster would have every hour within 0.85 to 0.95 in "
        f"{chance['hours']['holds']:.0%} of cases, and every band in {chance['bands']['holds']:.0%}"
        f" (people and hours as different as {best} finds them)."
    )


def _targets(rows: list[Mapping[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        line = f"- {'holds' if row['holds'] else 'MISSED'}: {row['target']}: {row['value']:.5f}"
        if "perfect" in row:
            line += " (perfect: {:.3f} to {:.3f})".format(*row["perfect"])
        lines.append(line)
    return lines


def _ablation(content: Mapping[str, Any]) -> list[str]:
    lines = [content["protocol"], "", "| arm | pinball | RMSE 30 | RMSE 60 | RMSE 120 | covered |"]
    lines.append("|---|---|---|---|---|---|")
    for arm, row in content["arms"].items():
        rmse = " | ".join(f"{value:.2f}" for value in row["rmse"])
        lines.append(f"| {arm} | {row['pinball']:.3f} | {rmse} | {row['coverage']:.3f} |")
    for name, figures in content["differences"].items():
        lines += ["", f"{name}: pinball {_bounds(figures, 3)} mg/dL"]
    return lines


def _glucobench(content: Mapping[str, Any]) -> list[str]:
    lines = ["| set | people | seeds | test | model | windows | RMSE of mean MSE | of median |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for row in content["rows"]:
        lines.append(
            f"| {row['set']} | {row['people']} | {row['seeds']} | {row['test']} | {row['model']} "
            f"| {row['windows']} | {row['root_mean_mse']:.2f} | {row['root_median_mse']:.2f} |"
        )
    return [*lines, "", content["protocol"]]


def _trainings(result: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, card in result["trainings"].items():
        runs = card["trainings"]
        people = "/".join(str(run["people"]) for run in runs)
        windows = "/".join(str(run["windows"]) for run in runs)
        line = f"- {name}: {people} people, {windows} windows, {card['cpu_seconds']:.0f} CPU s"
        if "epochs" in runs[0]:
            epochs = "/".join(str(run["epochs"]) for run in runs)
            best = "/".join(str(run["best_epoch"]) for run in runs)
            seeds = "/".join(str(run["seed"]) for run in runs)
            line += f"; epochs {epochs}, best {best}; seeds {seeds}"
        lines.append(line)
    return lines


def _bounds(figures: Mapping[str, float], digits: int) -> str:
    if figures["value"] != figures["value"]:
        return "-"  # nothing of the kind was tested
    value, low, high = (f"{figures[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
