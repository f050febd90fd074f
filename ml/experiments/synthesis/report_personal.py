"""The part of the page that is about one person at a time."""

from ml.experiments.synthesis.personal import COMPARED
from ml.experiments.synthesis.report_cells import Row, mean, table, text
from ml.experiments.synthesis.targets import named


def personal_table(result: Row) -> str:
    """The table of personal generators, means over people and seeds."""
    if not result["personal"]:
        return "No training is finished, or nobody has more whole days than are trained on."
    labels = list(dict.fromkeys(row["label"] for row in result["personal"]))
    lines = []
    for label in labels:
        rows = named(result["personal"], label)
        people = sorted({row["person"] for row in rows})
        judged = [row["privacy"] for row in rows if row["privacy"]]
        lines.append(
            (
                label,
                f"{len(people)}, {len(rows)}",
                *(f"{mean(r['off'][name] for r in rows):.4g}" for name in COMPARED),
                f"{mean(r['predictive']['hour_ratio'][0] for r in rows):.3f}",
                f"{mean(r['fit_cpu_seconds'] for r in rows) / 60:.2f}"
                if "fit_cpu_seconds" in rows[0]
                else "",
                f"{mean(found['copied_days'] for found in judged):.0f}" if judged else "",
                f"{mean(found['window']['dcr_share'][0] for found in judged):.2f}"
                if judged
                else "",
            )
        )
    names = ", ".join(
        f"{row['person']} ({row['test_days']})" for row in named(result["personal"], labels[0])
    )
    note = (
        f"People (test days): {names}. Means over people and seeds of the distance from the test "
        "days; the first row is the ten training days themselves, the least that the distance of "
        "a generator can be expected to be. TSTR at 60 min over training on the ten real days. "
        "Exact copies: of the synthetic days. Closest-record share: of six-hour windows, among the "
        "ten training days and the test days, for people with at least five of these; a person's "
        "later days differ from the first ten, so it is above .5 for whatever is learnt from "
        "those, and the copier beside it is the measure. A personal SinGAN never leaves."
    )
    head = ("generator", "people, trainings", "|SD ratio − 1|", "|ΔTIR|", "|Δlag-1|", "AGP mg/dL")
    more = (
        "rate W₁",
        "MAE 60 min",
        "TSTR ratio",
        "CPU min",
        "exact copies",
        "closest-record share",
    )
    return f"{note}\n\n{table((*head, *more), lines)}"


def ablation_table(result: Row) -> str:
    """ADA on and off, pair by pair."""
    found = result["ablation"]
    if not found:
        return "No pair of trainings with and without ADA is finished."
    lines = [
        (
            name,
            f"{found[name]['with_ada']:.4g}",
            f"{found[name]['without_ada']:.4g}",
            text(found[name]["difference"], 4),
        )
        for name in COMPARED
    ]
    note = (
        f"Personal SinGAN, {found['people']} people, {found['pairs']} pairs of trainings of one "
        "person and seed; less is better. In the columns every pair counts once; in the "
        "difference, with its interval over people, every person does, so that it is not quite "
        "that of the columns where some have more pairs. What synthetic days do for a forecast is "
        "in the table of `cgm_forecast`, with ADA on alone."
    )
    return f"{note}\n\n{table(('distance', 'with ADA', 'without', 'difference'), lines)}"
