"""The result as a page: every figure with its protocol, size, interval and simple baseline."""

from ml.experiments.synthesis.report_cells import Row, named_with_seed, table, text
from ml.experiments.synthesis.report_personal import ablation_table, personal_table
from ml.experiments.synthesis.targets import BASELINE, REAL, whole

_COHORT_COLUMNS = (
    ("SD ratio", 3, lambda row: row["sd_ratio"]),
    ("ΔTIR", 3, lambda row: row["tir_difference"]),
    ("ΔTBR", 3, lambda row: row["tbr_difference"]),
    ("ΔTAR", 3, lambda row: row["tar_difference"]),
    ("Δlag-1", 4, lambda row: row["lag1_difference"]),
    ("rate W₁ mg/dL/min", 3, lambda row: row["rate_wasserstein"]),
    ("AGP mg/dL", 1, lambda row: row["agp_distance"]),
    ("day mean KS", 3, lambda row: row["day_mean_ks"]),
    ("day SD KS", 3, lambda row: row["day_sd_ks"]),
)


def page(result: Row) -> str:
    """Markdown."""
    parts = [
        "# Synthetic glucose days",
        _protocol(result),
        "## Targets",
        _targets(result),
        "## Cohort: against the training people (did it learn what it was shown?)",
        "Intervals: synthetic days drawn anew; the training days are what they are.",
        _fidelity(result, "against_training"),
        "## Cohort: against people never seen",
        "Intervals: held-out people and synthetic days drawn anew; the first row is the floor, "
        "two groups of real people.",
        _fidelity(result, "against_held_out"),
        "## Cohort: told apart, learnt from, embedded (on people never seen)",
        _scores(result),
        "## Cohort: what it gives away",
        _privacy(result),
        "## Cohort: what it costs",
        _costs(result),
        "## Personal: first days train, later days of the same person test",
        personal_table(result),
        "### ADA on and off",
        ablation_table(result),
    ]
    return "\n\n".join(parts) + "\n"


def _protocol(result: Row) -> str:
    protocol, sides = result["protocol"], result["sides"]
    cohort, personal = result["settings"]["cohort"], result["settings"]["personal"]
    quick = (
        "**This is a quick run with tiny settings: it shows that everything runs, and no figure "
        "below says anything about the generators.**\n\n"
        if protocol["quick"]
        else ""
    )
    return (
        f"{quick}People are split, stratified by cohort and condition, seed {protocol['seed']}: "
        f"{sides['training_people']} train ({sides['training_days']} whole days, at most "
        f"{protocol['most_days']} of one person), {sides['held_out_people']} are held out "
        f"({sides['held_out_days']} days), nobody on both sides. Days of {sides['step_minutes']} "
        f"min steps. Every cohort generator draws {protocol['synthetic_days']} days. Cohort "
        f"SinGAN: setting `{cohort['name']}`, {cohort['iterations']} iterations a scale, batch "
        f"{cohort['batch']}. Personal: setting `{personal['name']}`, {personal['iterations']} "
        f"iterations a scale, {protocol['personal_seeds']} seeds, first "
        f"{protocol['training_days']} days, at most {protocol['test_days']} later ones test. "
        "Brackets are 95 % intervals. Declared: "
        f"{result['declared_core_hours']:.2f} core-hours for the whole; the trainings "
        f"below took {result['fit_core_hours']:.3f}{_uncounted(result)}.{_unfinished(result)}"
    )


def _uncounted(result: Row) -> str:
    """What is missing in the core-hours."""
    count = sum(not whole(row) for row in [*result["cohort"], *result["personal"]])
    said = f" and more: of {count} that had been interrupted, only the last part is counted"
    return said * (count > 0)


def _unfinished(result: Row) -> str:
    """Which trainings of the protocol are not in the tables."""
    missing = result.get("unfinished", [])
    return f" Not trained, and in no table: {'; '.join(missing)}." * bool(missing)


def _targets(result: Row) -> str:
    def beside(line: Row) -> tuple[tuple[str, str], ...]:
        unmapped = "not recorded" if line["side"] and line["trainings"] else ""
        return ("baseline", ""), ("unmapped", unmapped), ("real_days", "")

    words = {True: "hit", False: "missed", None: "not judged"}
    lines = [
        (
            line["setting"],
            line["target"],
            line["asked"],
            "" if line["reached"] is None else f"{line['reached']:.3f}",
            "; ".join(text(figure, 3) for figure in line["trainings"][:3])
            + (" …" if len(line["trainings"]) > 3 else ""),
            *(text(line[side], 3) if side in line else missing for side, missing in beside(line)),
            words[line["hit"]],
        )
        for line in result["targets"]
    ]
    head = ("setting", "target", "asked", "worst of trainings", "trainings")
    more = (BASELINE, "worst without the quantile map", "real days of others", "")
    note = (
        "A target is hit when every training hits it. Every SinGAN ends in a monotone map of the "
        "marginal of its draws on the marginal of the training readings, fitted on the training "
        "people: SD ratio and ΔTIR against these very people are in part the map's doing, and an "
        "untrained network would come near them. What the networks learnt stands in the column "
        "without the map; what carries over to others in the lines of people never seen. A "
        "thousand days are drawn on one thread, several times over, and the least of the seconds "
        "is kept; what else the machine had to do is in the wall seconds and not in the CPU's."
    )
    return f"{note}\n\n{table((*head, *more), lines)}"


def _fidelity(result: Row, side: str) -> str:
    lines = [
        (
            named_with_seed(row),
            *(text(pick(row[side]), digits) for _, digits, pick in _COHORT_COLUMNS),
        )
        for row in result["cohort"]
        if not (row["label"] == REAL and side == "against_training")
    ]
    return table(("generator", *(name for name, _, _ in _COHORT_COLUMNS)), lines)


def _scores(result: Row) -> str:
    lines = [
        (
            named_with_seed(row),
            text(row["discriminative"]["score"], 3),
            f"{row['predictive']['next_step']:.2f}",
            text(row["predictive"]["next_step_ratio"], 3),
            f"{row['predictive']['hour']:.2f}",
            text(row["predictive"]["hour_ratio"], 3),
            text(row["context_fid"], 2),
        )
        for row in result["cohort"]
    ]
    first = result["cohort"][0]
    note = (
        f"Discriminative: |accuracy − ½| of a {first['discriminative']['network']} with hidden 32, "
        f"four folds by person, {result['protocol']['scorer_seeds']} seeds, "
        f"{first['discriminative']['real_days']} days of each side. TSTR: MAE in mg/dL on "
        f"{first['predictive']['test_people']} held-out people of a network trained on "
        "as many synthetic days as there are real training days, and its ratio to the same "
        "network trained on those. Context-FID: Fréchet distance of 16 standardised features of "
        "an encoder learnt on the training people. The first row is what real days of other people "
        "score: the floor."
    )
    head = ("generator", "discriminative", "next step", "ratio", "60 min", "ratio", "context-FID")
    return f"{note}\n\n{table(head, lines)}"


def _privacy(result: Row) -> str:
    lines = []
    for row in result["cohort"]:
        for view in ("day", "shifted_day", "window"):
            found = row["privacy"][view]
            lines.append(
                (
                    named_with_seed(row),
                    view,
                    str(row["privacy"]["copied_days"]),
                    text(found["dcr_share"], 3),
                    text(found["near_copies"], 3),
                    f"{found['synthetic_nndr']:.2f} / {found['stranger_nndr']:.2f}",
                    text(found["attacks"]["distance"], 2),
                    text(found["attacks"]["density_ratio"], 2),
                    f"{found['membership_bound']:.3f}",
                    str(found.get("too_near", "not recorded")),
                    "copies" if found["fires"] else "",
                )
            )
    for view, found in result["control"].items():
        lines.append(
            (
                "control: real days of others",
                view,
                "",
                text(found["dcr_share"], 3),
                text(found["near_copies"], 3),
                "",
                "",
                "",
                f"{found['membership_bound']:.3f}",
                str(found.get("too_near", "not recorded")),
                "copies" if found["fires"] else "",
            )
        )
    note = (
        "Closest-record share: .5 copies nothing. Near copies: .01 is what strangers' days have. "
        "Too near: days nearer to a training day than half of the least distance of any "
        "stranger's; one is a copy. Copies changed by more than that, and rarer than one in a "
        "hundred, are not seen by any of these. "
        "Nearest over second-nearest distance: synthetic / strangers. Membership: AUC of two "
        "attacks, and the 95 % upper bound of max(AUC, 1 − AUC) over three (the third, by person, "
        f"is in the JSON); with {result['sides']['training_people']} and "
        f"{result['sides']['held_out_people']} people even the control's bound is the one below, "
        "so a bound of .55 cannot be shown on a cohort of this size, and nothing could be released."
    )
    head = ("generator", "view", "exact copies", "closest-record share", "near copies", "NNDR")
    more = ("distance attack", "density attack", "bound", "too near", "fires")
    return f"{note}\n\n{table((*head, *more), lines)}"


def _costs(result: Row) -> str:
    lines = [
        (
            named_with_seed(row),
            str(row.get("iterations_a_scale", "")),
            str(row.get("scales", "")),
            f"{row['fit_seconds']:.1f}" + ("" if whole(row) else " (last part only)"),
            f"{row['fit_cpu_seconds']:.1f}",
            f"{row['sample_1000_days_seconds']:.3f}",
            _seconds(row.get("sample_1000_days_cpu_seconds")),
            _highest_p(row),
            str(row.get("map_tail", "its extremes")) if "scales" in row else "",
        )
        for row in result["cohort"]
        if "fit_seconds" in row
    ]
    head = (
        "generator",
        "iterations a scale",
        "scales",
        "training s",
        "CPU s",
        "1,000 days s",
        "CPU s",
    )
    return table((*head, "highest p of ADA", "map ends at quantile"), lines)


def _seconds(measured: float | None) -> str:
    return "not recorded" if measured is None else f"{measured:.3f}"


def _highest_p(row: Row) -> str:
    if "ada_p" not in row:
        return ""
    known = [p for p in row["ada_p"] if p is not None]
    return f"{max(known):.2f}" if known else "not recorded"
