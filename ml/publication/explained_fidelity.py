"""How alike synthetic and real data are: each measure in words, what is best, which way is good."""

from collections.abc import Mapping

Told = tuple[str, float, str]
"""What it measures, the best it can be, which way is good ("" where the best says it)."""

_SIMILARITY = "Best: 1, equal; 0 is nothing in common."

OF_TABLES: Mapping[str, Told] = {
    "column_shapes": (
        "How alike the distributions of single columns are, synthetic against real, on average.",
        1, _SIMILARITY,
    ),
    "column_shapes_worst": (
        "How alike the distributions are in the one column where they are least alike.",
        1, _SIMILARITY,
    ),
    "missing_shares": (
        "How alike the shares of missing cells are, column by column, on average.",
        1, _SIMILARITY,
    ),
    "correlations": (
        "How alike the correlations of two columns of numbers are, on average.", 1, _SIMILARITY,
    ),
    "contingencies": (
        "How alike the joint distributions of two columns are where one is a category, on average.",
        1, _SIMILARITY,
    ),
    "column_pairs": (
        "Correlations and contingencies together: how alike pairs of columns are, on average.",
        1, _SIMILARITY,
    ),
    "discriminator_auc": (
        "How well a model trained to do so tells synthetic rows from real ones.",
        0.5, "Best: 0.5, it cannot; 1: it always can.",
    ),
    "alpha_precision": (
        "Realism: whether synthetic rows lie as far from the middle of the data as real rows do, "
        "neither beyond them nor all huddled there.",
        1, "Best: 1.",
    ),
    "beta_recall": (
        "Variety: how much of what real rows look like comes up among the synthetic ones.",
        1, "Best: 1.",
    ),
    "density": (
        "Realism: how many real rows' neighbourhoods a synthetic row falls into, over how many "
        "are expected.",
        1, "Best: about 1; 0 is far from every real row, above 1 is huddled where real rows are "
        "dense.",
    ),
    "coverage": (
        "Variety: share of real rows that have a synthetic row in their neighbourhood.",
        1, "Best: 1.",
    ),
}  # fmt: skip

_DIFFERENCE = "Best: 0; above 0 the synthetic days have more."
_RATIO = "Best: 1; below 1 synthetic days vary too little."
_DISTANCE = "Best: 0; real days of other people do not reach 0 either."

OF_DAYS: Mapping[str, Told] = {
    "sd_ratio": (
        "How much synthetic glucose varies over how much real glucose does (standard deviations).",
        1, _RATIO,
    ),
    "tir_difference": (
        "Share of readings from 70 to 180 mg/dL (time in range), synthetic minus real.",
        0, _DIFFERENCE,
    ),
    "tbr_difference": (
        "Share of readings below 70 mg/dL, synthetic minus real.", 0, _DIFFERENCE,
    ),
    "tar_difference": (
        "Share of readings above 180 mg/dL, synthetic minus real.", 0, _DIFFERENCE,
    ),
    "mean_difference": ("Mean glucose in mg/dL, synthetic minus real.", 0, _DIFFERENCE),
    "lag1_difference": (
        "How closely a reading follows the one before it (autocorrelation), synthetic minus real.",
        0, "Best: 0; below 0 synthetic days are too jumpy.",
    ),
    "rate_wasserstein": (
        "Distance between how fast synthetic and real glucose rises and falls, in mg/dL a minute.",
        0, _DISTANCE,
    ),
    "rate_ks": (
        "The largest gap between the distributions of how fast glucose changes, as a share.",
        0, _DISTANCE,
    ),
    "agp_distance": (
        "Mean distance in mg/dL between the two daily profiles: five percentiles of every hour.",
        0, _DISTANCE,
    ),
    "day_mean_ks": (
        "The largest gap between the distributions of the days' means, as a share of days.",
        0, _DISTANCE,
    ),
    "day_sd_ks": (
        "The largest gap between the distributions of how much a day varies, as a share of days.",
        0, _DISTANCE,
    ),
    "hourly_sd_ratio_worst": (
        "How much synthetic glucose varies over how much real glucose does, in the hour of the day "
        "in which this is furthest from 1.",
        1, _RATIO,
    ),
    "discriminative": (
        "How well a network trained to do so tells synthetic days from real ones.",
        0, "Best: 0, it cannot; 0.5: it always can.",
    ),
}  # fmt: skip
