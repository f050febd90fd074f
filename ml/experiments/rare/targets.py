"""What was asked of the experiment beside what was reached."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.experiments.rare.classifiers import CLASSIFIERS
from ml.experiments.rare.protocol import GENERATORS, SDV, SMOTE
from ml.experiments.rare.sets import HEART, KNOWN, KTAS, MATERNAL

HIT, MISSED, OPEN = "hit", "missed", "undecided"
CHANCE = (0.47, 0.53)
_OF_REAL = 0.97
Result = Mapping[str, Any]
Line = dict[str, Any]


def targets(result: Result) -> list[Line]:
    """One line per target; a quick run judges none of them."""
    lines = [
        *_negative(result),
        *_known(result),
        *_against_sdv(result),
        *_ahead_of_smote(result),
        *_detector(result),
    ]
    if result["protocol"]["quick"]:
        return [{**line, "verdict": "not judged"} for line in lines]
    return lines


def _negative(result: Result) -> list[Line]:
    """Every honest arm's simultaneous interval lies within chance."""
    lines = []
    for classifier in CLASSIFIERS:
        intervals = [arm[classifier]["simultaneous"] for arm in result["negative_control"]]
        known = [each for each in intervals if each[1] is not None]
        if not known:
            continue
        low, high = min(each[1] for each in known), max(each[2] for each in known)
        held = CHANCE[0] <= low and high <= CHANCE[1]
        outside = [
            arm["arm"]
            for arm, each in zip(result["negative_control"], intervals, strict=True)
            if each[1] is not None and not CHANCE[0] <= each[1] <= each[2] <= CHANCE[1]
        ]
        lines.append(
            _line(
                f"{HEART}, {classifier}: AUROC of every arm, simultaneous intervals",
                f"within {CHANCE[0]} to {CHANCE[1]}",
                f"{low:.4f} to {high:.4f} over {len(known)} arms"
                + (f"; outside: {', '.join(outside)}" if outside else ""),
                HIT if held else MISSED,
            )
        )
    return lines


def _known(result: Result) -> list[Line]:
    """The best generator's TSTR on the set with known Bayes scores, by how many rows it drew."""
    times = result["protocol"].get("tstr_times")
    drawn = {
        "as many rows": _generators(result["tstr"], KNOWN),
        f"{times} times as many rows": _generators(result.get("tstr_more", ()), KNOWN),
    }
    lines = []
    for classifier in CLASSIFIERS:
        for said, generators in drawn.items():
            rows = [row for row in generators if row[classifier]["auprc_ratio"][0]]
            if not rows:
                continue
            best = max(rows, key=lambda row: float(row[classifier]["auprc_ratio"][0]))
            ratio = best[classifier]["auprc_ratio"]
            lines.append(
                _line(
                    f"{KNOWN}, {classifier}: TSTR over real AUPRC, best generator, {said}",
                    f"≥ {_OF_REAL}",
                    f"{_text(ratio)} ({best['arm']}, {best['runs']} runs)",
                    _verdict(ratio, _OF_REAL),
                )
            )
    return lines


def _against_sdv(result: Result) -> list[Line]:
    """Best own over best SDV generator on the positive controls."""
    lines = []
    for row in result["best"]:
        if row["set"] not in (KTAS, MATERNAL):
            continue
        verdict = _verdict(row["ratio"], 1.0)
        lines.append(
            _line(
                f"{row['set']}, {row['classifier']}: TSTR AUPRC, best own over best SDV",
                "not worse (≥ 1)",
                f"{_text(row['ratio'])} ({row['own']} over {row['sdv']}, {row['runs']} runs)",
                verdict,
            )
        )
    return lines


def _ahead_of_smote(result: Result) -> list[Line]:
    """Own generators lie farther from the rows they learnt than SMOTE's rows do."""
    lines = []
    for name in (KTAS, MATERNAL, KNOWN):
        rows = {row["arm"]: row for row in result["tstr"] if row["set"] == name}
        if SMOTE not in rows:
            continue
        smote = rows[SMOTE]["privacy"]["dcr"]
        own = {
            arm: rows[arm]["privacy"]["dcr"] for arm in GENERATORS if arm not in SDV and arm in rows
        }
        if own:
            least = min(own, key=lambda arm: own[arm])
            lines.append(
                _line(
                    f"{name}: distance to the closest record, every own generator",
                    f"> SMOTE's {smote:.4f}",
                    f"least {own[least]:.4f} ({least})",
                    HIT if own[least] > smote else MISSED,
                )
            )
    return lines


def _detector(result: Result) -> list[Line]:
    """The detector fires on every leak in every run and on no honest row."""
    controls: Sequence[Result] = result["controls"]
    leaking = [row for row in controls if not row["honest"]]
    honest = [row for row in controls if row["honest"]]
    rows = result["honest_leaks"]
    if not controls:
        return []
    fired = sum(row["fired"] for row in leaking)
    asked = sum(row["runs"] for row in leaking)
    false = sum(row["fired"] for row in honest) + rows["fired"]
    quiet = sum(row["runs"] for row in honest) + rows["rows"]
    return [
        _line(
            "leak detector on protocols that leak",
            "fires in every run",
            f"{fired} of {asked}",
            HIT if fired == asked else MISSED,
        ),
        _line(
            "leak detector on honest rows",
            "silent",
            f"fired on {false} of {quiet}",
            HIT if not false else MISSED,
        ),
    ]


def _verdict(ratio: Sequence[float | None], asked: float) -> str:
    """By the mean; undecided where it misses and its interval holds what was asked."""
    value, _, high = ratio
    if value is None:
        return OPEN
    if value >= asked:
        return HIT
    return OPEN if high is not None and high >= asked else MISSED


def _generators(rows: Sequence[Result], name: str) -> list[Result]:
    return [row for row in rows if row["set"] == name and row["arm"] in GENERATORS]


def _line(target: str, asked: str, reached: str, verdict: str) -> Line:
    return {"target": target, "asked": asked, "reached": reached, "verdict": verdict}


def _text(figure: Sequence[float | None]) -> str:
    value, low, high = figure
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
