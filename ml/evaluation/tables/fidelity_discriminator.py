"""Can a learner that is trained to do so tell synthetic rows from real ones of unseen people?"""

import numpy as np
import numpy.typing as npt

from ml.evaluation.classification import weighted_auroc
from ml.evaluation.statistics import Interval, in_parts, of_draws, resampled_weights
from ml.evaluation.tables.marginals import Sample
from ml.evaluation.tables.utility_learner import Floats, Learner, learn

FOLDS = 5
MOST_ROWS = 20_000
"""Of either side; more are drawn down to so many."""


def discriminator_auc(
    real: Sample,
    synthetic: Sample,
    learner: Learner,
    *,
    rng: np.random.Generator,
    draws: int = 200,
) -> Interval:
    """Area under the ROC curve of real against synthetic rows; .5 where they cannot be told apart.

    Every row is judged once, by a learner that saw neither it nor any other row of its block: the
    folds go by blocks of people. Its interval draws blocks anew, on both sides.

    Raises:
        ValueError: either side has fewer than `FOLDS` blocks.
    """
    for side, word in ((real, "real"), (synthetic, "synthetic")):
        if side.blocks < FOLDS:
            raise ValueError(
                f"{side.blocks} blocks of {word} rows are too few to hold some out: "
                f"{FOLDS} are needed"
            )
    features = np.concatenate([real.table.values, synthetic.table.values])
    is_real = np.arange(len(features)) < len(real.table)
    fold = np.concatenate([_folds(side.block, rng) for side in (real, synthetic)])
    score = np.empty(len(features))
    for held in range(FOLDS):
        test = fold == held
        found = learn(
            learner,
            features[~test],
            is_real[~test].astype(np.intp),
            features[test],
            columns=real.table.schema.columns,
            classes=2,
            rng=rng,
        )
        score[test] = found.probability[:, 1]
    return _auc(score, is_real, (real, synthetic), rng=rng, draws=draws)


def _folds(block: npt.NDArray[np.intp], rng: np.random.Generator) -> npt.NDArray[np.intp]:
    return (rng.permutation(int(block.max()) + 1) % FOLDS)[block]


def _auc(
    score: Floats,
    is_real: npt.NDArray[np.bool_],
    sides: tuple[Sample, Sample],
    *,
    rng: np.random.Generator,
    draws: int,
) -> Interval:
    value = weighted_auroc(is_real, score, np.ones((1, score.size)))[0]
    drawn = []
    for count in in_parts(draws, score.size):
        weights = [
            resampled_weights(side.blocks, draws=count, rng=rng)[:, side.block] for side in sides
        ]
        drawn.append(weighted_auroc(is_real, score, np.concatenate(weights, axis=1)))
    return of_draws(float(value), np.concatenate(drawn))
