"""From rows to figures: means with corrected intervals, and paired differences."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ml.evaluation.statistics import Interval, corrected_resampled_t
from ml.experiments.rare.classifiers import CLASSIFIERS
from ml.experiments.rare.honest import REAL, SCORES
from ml.experiments.rare.paper import CONTROLS
from ml.experiments.rare.protocol import (
    CURVE_GAN,
    GENERATORS,
    NONE,
    SDV,
    SMOTE,
    Protocol,
)
from ml.experiments.rare.sets import HEART
from ml.experiments.rare.simultaneous import simultaneous_intervals
from ml.experiments.rare.units import CONTROL, HONEST, MORE, PAPER, TSTR

Row = Mapping[str, Any]
Figure = list[float | None]
Found = Sequence[tuple[str, Row]]
COMPARED = ("auprc", "auroc", "recall_at_specificity", "recall", "accuracy", "f1", "brier", "ece")


def summarised(found: Found, protocol: Protocol) -> dict[str, Any]:
    """Everything that tables, targets and plots show."""
    parts: dict[str, list[Row]] = defaultdict(list)
    skipped = []
    for part, row in found:
        if "skipped" in row:
            skipped.append(row)
        else:
            parts[part].append(row)
    whole = [row for row in parts[HONEST] if row["size"] == 1.0]
    return {
        "arms_table": [_arm(rows, whole, protocol) for rows in _grouped(whole, "set", "arm")],
        "negative_control": _simultaneous(whole, protocol),
        "tstr": [
            _tstr(rows, parts[TSTR], protocol) for rows in _grouped(parts[TSTR], "set", "arm")
        ],
        "tstr_more": [
            _tstr(rows, parts[TSTR], protocol) for rows in _grouped(parts[MORE], "set", "arm")
        ],
        "best": _best(parts[TSTR], protocol),
        "curves": [
            _point(rows, protocol) | {"protocol": "honest"}
            for rows in _grouped(_curved(parts[HONEST]), "set", "arm", "size")
        ],
        "paper": [_point(rows, protocol) for rows in _grouped(parts[PAPER], "set", "arm", "size")],
        "claims": _claims(parts[PAPER], whole, protocol),
        "controls": [_control(rows) for rows in _grouped(parts[CONTROL], "set", "control")],
        "honest_leaks": {
            "rows": len(parts[HONEST]),
            "fired": sum(bool(row["leaks"]) for row in parts[HONEST]),
        },
        "skipped": _reasons(skipped),
        "core_hours": round(sum(row.get("cpu_seconds", 0.0) for _, row in found) / 3600, 3),
    }


def _grouped(rows: Iterable[Row], *names: str) -> list[list[Row]]:
    """Rows of equal `names`, in the order of their first appearance, each by run."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return [sorted(group, key=lambda row: int(row["run"])) for group in groups.values()]


def _told(rows: Sequence[Row]) -> dict[str, Any]:
    runs = [int(row["run"]) for row in rows]
    told = {"set": rows[0]["set"], "arm": rows[0]["arm"], "size": rows[0]["size"]}
    means = {
        name: round(float(np.mean([row[name] for row in rows])), 1)
        for name in ("steps", "generated_rows", "generated_rare", "training_rows")
        if name in rows[0]
    }
    return (
        told
        | means
        | {
            "runs": len(runs),
            "run_numbers": [min(runs), max(runs)],
            "seed": rows[0]["seed"],
            "epochs": rows[0]["epochs"],
            "cpu_seconds": round(float(np.mean([row.get("cpu_seconds", 0.0) for row in rows])), 2),
        }
    )


def _arm(rows: Sequence[Row], whole: Sequence[Row], protocol: Protocol) -> dict[str, Any]:
    found = _told(rows)
    beside = {arm: _by_run(whole, rows[0]["set"], arm) for arm in (NONE, SMOTE)}
    for classifier in CLASSIFIERS:
        found[classifier] = {
            score: _mean([row["scores"][classifier][score] for row in rows], rows, protocol)
            for score in SCORES
        }
        found[classifier]["differences"] = {
            arm: _differences(rows, others, classifier, protocol)
            for arm, others in beside.items()
            if arm != rows[0]["arm"]
        }
    if "privacy" in rows[0]:
        found["privacy"] = _privacy(rows)
    return found


def _differences(
    rows: Sequence[Row], others: Mapping[int, Row], classifier: str, protocol: Protocol
) -> dict[str, Any]:
    pairs = [(row, others[row["run"]]) for row in rows if row["run"] in others]
    found: dict[str, Any] = {"runs": len(pairs)}
    for score in COMPARED if pairs else ():
        apart = [a["scores"][classifier][score] - b["scores"][classifier][score] for a, b in pairs]
        found[score] = _mean(apart, rows, protocol)
    return found


def _simultaneous(whole: Sequence[Row], protocol: Protocol) -> list[dict[str, Any]]:
    """AUROC of every arm on the negative control, its own interval and the one for all arms."""
    groups = _grouped([row for row in whole if row["set"] == HEART], "set", "arm")
    found: list[dict[str, Any]] = [_told(rows) | {"arms": len(groups)} for rows in groups]
    if not groups or max(map(len, groups)) < 2:
        return []
    sizes = {name: groups[0][0][f"{name}_rows"] for name in ("training", "test")}
    for classifier in CLASSIFIERS:
        values = {
            rows[0]["arm"]: [row["scores"][classifier]["auroc"] for row in rows] for rows in groups
        }
        together = simultaneous_intervals(
            values, train_size=sizes["training"], test_size=sizes["test"], level=protocol.level
        )
        for line, rows in zip(found, groups, strict=True):
            interval = together[line["arm"]]
            line[classifier] = {
                "single": _mean(values[line["arm"]], rows, protocol),
                "simultaneous": _figure(interval),
            }
    return found


def _tstr(rows: Sequence[Row], every: Sequence[Row], protocol: Protocol) -> dict[str, Any]:
    found = _told(rows)
    real = _by_run(every, rows[0]["set"], REAL)
    for classifier in CLASSIFIERS:
        found[classifier] = {
            score: _mean([row["scores"][classifier][score] for row in rows], rows, protocol)
            for score in SCORES
        }
        found[classifier]["auprc_ratio"] = _ratio(rows, real, classifier, protocol)
    if "privacy" in rows[0]:
        found["privacy"] = _privacy(rows)
    return found


def _best(every: Sequence[Row], protocol: Protocol) -> list[dict[str, Any]]:
    """Best own over best SDV generator by mean AUPRC of train-on-synthetic, run by run.

    The best has the highest mean over its own runs, on either side alike.
    """
    found = []
    for name in dict.fromkeys(row["set"] for row in every):
        for classifier in CLASSIFIERS:
            line: dict[str, Any] = {"set": name, "classifier": classifier}
            sides = {"own": [a for a in GENERATORS if a not in SDV], "sdv": SDV}
            best = {side: _highest(every, name, arms, classifier) for side, arms in sides.items()}
            if not all(best.values()):
                continue
            theirs = {row["run"]: row for row in best["sdv"]}
            shared = [row for row in best["own"] if row["run"] in theirs]
            ratio = _ratio(shared, theirs, classifier, protocol)
            line |= {side: rows[0]["arm"] for side, rows in best.items()}
            found.append(line | {"ratio": ratio, "runs": len(shared)})
    return found


def _highest(every: Sequence[Row], name: str, arms: Iterable[str], classifier: str) -> list[Row]:
    """The rows of the generator with the highest mean AUPRC; none where none is finished."""
    sides = [sorted(_by_run(every, name, arm).items()) for arm in arms]
    candidates = [[row for _, row in side] for side in sides if side]
    return max(
        candidates,
        key=lambda rows: float(np.mean([r["scores"][classifier]["auprc"] for r in rows])),
        default=[],
    )


def _ratio(
    rows: Sequence[Row], others: Mapping[int, Row], classifier: str, protocol: Protocol
) -> Figure:
    """Mean over runs of AUPRC over the other's AUPRC of the same run."""
    values = [
        row["scores"][classifier]["auprc"] / others[row["run"]]["scores"][classifier]["auprc"]
        for row in rows
        if row["run"] in others
    ]
    return _mean(values, rows, protocol) if values else [None, None, None]


def _curved(rows: Sequence[Row]) -> list[Row]:
    """Rows of arms that have a learning curve, as many runs at full size as at the others."""
    small = [row for row in rows if row["size"] < 1]
    runs: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in small:
        runs[row["set"], row["arm"]].add(row["run"])
    full = [
        row for row in rows if row["size"] == 1.0 and row["run"] in runs[row["set"], row["arm"]]
    ]
    return [*small, *full]


def _point(rows: Sequence[Row], protocol: Protocol) -> dict[str, Any]:
    found = _told(rows)
    found["rows"] = rows[0].get("rows", rows[0].get("training_rows"))
    found["leaks"] = sum(bool(row["leaks"]) for row in rows)
    for classifier in CLASSIFIERS:
        found[classifier] = {
            score: _mean([row["scores"][classifier][score] for row in rows], rows, protocol)
            for score in SCORES
        }
    return found


def _claims(paper: Sequence[Row], whole: Sequence[Row], protocol: Protocol) -> list[dict[str, Any]]:
    """GAN less SMOTE in accuracy and recall: as the paper measures it, and honestly."""
    found = []
    sides = {"paper": [row for row in paper if row["size"] == 1.0], "honest": whole}
    for side, rows in sides.items():
        gan = [row for row in rows if row["set"] == HEART and row["arm"] == CURVE_GAN]
        for classifier in CLASSIFIERS:
            apart = _differences(gan, _by_run(rows, HEART, SMOTE), classifier, protocol)
            if apart["runs"]:
                found.append({"protocol": side, "classifier": classifier, **apart})
    return found


def _control(rows: Sequence[Row]) -> dict[str, Any]:
    kinds = sorted({kind for row in rows for kind in row["leaks"]})
    return {
        "set": rows[0]["set"],
        "control": rows[0]["control"],
        "honest": rows[0]["control"] in CONTROLS[:2],
        "runs": len(rows),
        "fired": sum(bool(row["leaks"]) for row in rows),
        "kinds": kinds,
        "auroc": [round(f([row["auroc"] for row in rows]), 4) for f in (np.mean, np.min, np.max)],
        "permuted_auroc": [
            round(f([row["permuted_auroc"] for row in rows]), 4) for f in (np.mean, np.min, np.max)
        ],
    }


def _privacy(rows: Sequence[Row]) -> dict[str, float]:
    means = {
        name: float(np.mean([row["privacy"][name] for row in rows]))
        for name in ("dcr", "strangers_dcr")
    }
    made = sum(row["privacy"]["rows"] for row in rows)
    copied = sum(row["privacy"]["copies"] for row in rows)
    return means | {"copied_share": copied / max(made, 1)}


def _reasons(skipped: Sequence[Row]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for row in skipped:
        counts[row["set"], row["skipped"]] += 1
    return [
        {"set": name, "reason": reason, "rows": count} for (name, reason), count in counts.items()
    ]


def _by_run(rows: Sequence[Row], name: str, arm: str) -> dict[int, Row]:
    return {row["run"]: row for row in rows if row["set"] == name and row["arm"] == arm}


def _mean(values: Sequence[float], rows: Sequence[Row], protocol: Protocol) -> Figure:
    """Mean over runs with Nadeau and Bengio's corrected interval; one run has no bounds."""
    known = np.array([value for value in values if np.isfinite(value)])
    if not known.size:
        return [None, None, None]
    if known.size < 2:
        return [float(known[0]), None, None]
    test = rows[0].get("test_rows", 1)
    train = rows[0].get("training_rows", 4 * test)
    return _figure(
        corrected_resampled_t(known, train_size=train, test_size=test, level=protocol.level)
    )


def _figure(interval: Interval) -> Figure:
    return [round(each, 6) for each in (interval.value, interval.low, interval.high)]
