"""The paper's protocol, reproduced to be seen beside the honest one, and controls that leak.

The paper balances the whole set by synthesis and only then splits it: test rows are synthetic in
part, and rows between two test rows train. Nothing here is a result; it is what the leak detector
is held to.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ml.evaluation.classification import auroc, classification_scores
from ml.experiments.rare.arms import Skipped, rare_rows
from ml.experiments.rare.classifiers import CLASSIFIERS, GRID, LIGHTGBM, Settings, probabilities
from ml.experiments.rare.folds import FOLDS, dealt, fold_of, seeded, share
from ml.experiments.rare.honest import SCORES
from ml.experiments.rare.leaks import Evaluated, leaks, permuted_auroc
from ml.experiments.rare.protocol import NONE, RANDOM, SMOTE, Protocol
from ml.experiments.rare.sets import TARGET, RareSet
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table, joined

Row = dict[str, Any]
CONTROLS = (
    "honest",
    "honest_smote",
    "random_oversampling_before_split",
    "smote_before_split",
    "duplicates_across_split",
    "target_in_feature",
)
"""The first two are honest; the detector has to be silent on them alone."""
_SETTINGS: Settings = GRID[LIGHTGBM][-1]


def paper_row(given: RareSet, arm: str, run: int, protocol: Protocol, size: float) -> Row:
    """One run as the paper describes it: balance all rows, split at random, train, test.

    Args:
        size: share of the set's rows that the data set has.
    """
    began = time.process_time()
    rng = seeded(protocol.seed, "paper", given.name, arm, run, size)
    source = given.table.take(share(given.table, size, rng)) if size < 1 else given.table
    row: Row = {"set": given.name, "arm": arm, "run": run, "size": size, "rows": len(source)}
    row["seed"] = protocol.seed
    try:
        more = rare_rows(arm, source, epochs=protocol.epochs_of(given.name, arm), rng=rng)
    except Skipped as fault:
        return row | {"skipped": str(fault)}
    handed = _split(joined([source, more.table]), rng)
    truth = (handed.test.column(TARGET) == 1).astype(np.intp)
    scores = {}
    for name in CLASSIFIERS:
        settings = GRID[name][-1]
        found = classification_scores(
            truth,
            np.clip(probabilities(name, settings, handed.training, handed.test), 0, 1),
            specificity=protocol.specificity,
        )
        scores[name] = {score: round(found[score], 6) for score in SCORES}
    return row | {
        "epochs": more.epochs,
        "steps": more.steps,
        "generated_rows": len(more.table),
        "scores": scores,
        "leaks": sorted({leak.kind for leak in leaks(handed, source)}),
        "cpu_seconds": round(time.process_time() - began, 3),
    }


def control_row(given: RareSet, control: str, run: int, protocol: Protocol) -> Row:
    """One run of a protocol that leaks on purpose, or of an honest one, and what was detected."""
    began = time.process_time()
    planted = plant(given, control)
    handed = hand_over(planted, control, run, protocol)
    found = leaks(handed, planted.table)

    def protocol_alone(table: Table) -> float:
        other = RareSet(given.name, given.role, given.rare, 0, table)
        return _auroc(hand_over(other, control, run, protocol))

    chance = permuted_auroc(
        protocol_alone, planted.table, rng=seeded(protocol.seed, "permuted", given.name, run)
    )
    return {
        "set": given.name,
        "control": control,
        "run": run,
        "seed": protocol.seed,
        "auroc": round(_auroc(handed), 6),
        "permuted_auroc": round(chance, 6),
        "leaks": sorted({leak.kind for leak in found}),
        "found": [leak.what for leak in found],
        "test_rows": len(handed.test),
        "cpu_seconds": round(time.process_time() - began, 3),
    }


def plant(given: RareSet, control: str) -> RareSet:
    """The set with what the control plants in it before the protocol sees it."""
    planters: dict[str, Callable[[Table], Table]] = {
        "duplicates_across_split": lambda table: joined([table, table]),
        "target_in_feature": _with_echo,
    }
    if control not in planters:
        return given
    table = planters[control](given.table)
    return RareSet(given.name, given.role, given.rare, given.removed, table)


def hand_over(given: RareSet, control: str, run: int, protocol: Protocol) -> Evaluated:
    """What the control's protocol trains on and tests on."""
    rng = seeded(protocol.seed, "control", given.name, control, run)
    before = {"random_oversampling_before_split": RANDOM, "smote_before_split": SMOTE}
    if control in before:
        more = rare_rows(before[control], given.table, epochs=0, rng=rng)
        return _split(joined([given.table, more.table]), rng)
    fold = fold_of(given, run, seed=protocol.seed)
    arm = SMOTE if control == "honest_smote" else NONE
    more = rare_rows(arm, fold.training, epochs=0, rng=rng)
    return Evaluated(fold.training, more.table, fold.test)


def _split(improved: Table, rng: np.random.Generator) -> Evaluated:
    """A random fifth of the improved data is tested, the rest trains."""
    test = dealt(improved, FOLDS, rng) == 0
    nothing = improved.take(slice(0, 0))
    return Evaluated(improved.take(~test), nothing, improved.take(test))


def _auroc(handed: Evaluated) -> float:
    learnt = joined([handed.training, handed.generated])
    truth = (handed.test.column(TARGET) == 1).astype(np.intp)
    return auroc(truth, probabilities(LIGHTGBM, _SETTINGS, learnt, handed.test))


def _with_echo(table: Table) -> Table:
    """One more feature that says the target, with a little noise so that it is no copy."""
    echo = Column("echo", "continuous", minimum=-1.0, maximum=2.0)
    noise = np.linspace(-0.4, 0.4, len(table))
    cells = table.column(TARGET) + noise
    columns = (echo, *table.schema.columns)
    values = np.column_stack([cells, table.values])
    return Table(Schema(columns, table.schema.dependencies, TARGET), values)
