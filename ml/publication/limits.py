"""What the numbers of people and the privacy of a release mean for it, in plain words."""

import math
from collections.abc import Mapping
from typing import Any

from ml.publication.release import Release

_RARE = 3.0
"""What one in n/3 people has is missed by n people one time in twenty: (1 − 3/n)ⁿ ≈ 0.05."""
_UNMEASURED = (
    "Attacks other than those above: nobody can list what an attacker may yet think of.",
    "What this dataset tells together with another one, be it of the same people or of others.",
    "Whether a group of people, a family or a clinic say, can be recognised; every figure is about "
    "single people.",
)


def cohort(release: Release) -> tuple[int, int | None, int | None]:
    """People in all, learnt from and held out; None where the evidence does not tell."""
    told = release.evidence
    whole, held = told.get("people"), told.get("holdout_people")
    if not isinstance(whole, int) or not isinstance(held, int):
        return release.people, None, None
    return whole, release.people, held


def few_people(release: Release) -> str:
    """What so many people can and cannot stand for."""
    _, _, held = cohort(release)
    learnt = release.people
    rare = (
        f"{learnt:,} people were learnt from. What one person in {math.floor(learnt / _RARE):,} "
        "has is missing among so many one time in twenty, and so is then missing here; what is "
        "rarer is missing more often."
        if learnt >= 2 * _RARE
        else f"{learnt:,} people were learnt from: nothing here stands for anybody else."
    )
    if held is None:
        return rare
    return (
        f"{rare} Closeness and usefulness were judged on {held:,} held-out people: a difference "
        "smaller than a figure's interval may be chance. More rows do not make more people."
    )


def guarantee(card: Mapping[str, Any]) -> str:
    """Whether there is differential privacy, and what it promises."""
    if card["epsilon"] is None:
        return "Trained without differential privacy; privacy rests on the measured figures alone."
    return (
        f"Trained with differential privacy: ε = {card['epsilon']:g}, δ = {card['delta']:g} "
        "for the training of the generator."
    )


def in_plain_words(card: Mapping[str, Any]) -> str:
    """What the guarantee means for people learnt from, and for what the rows are worth."""
    if card["epsilon"] is None:
        return (
            "Without differential privacy nothing bounds what somebody could learn by an attack "
            "that was not tried. The attacks below were tried; the figures say how they ended."
        )
    times = math.exp(min(float(card["epsilon"]), 50.0))
    return (
        f"ε = {card['epsilon']:g} means: whatever somebody concludes from the generator would be "
        f"at most {times:,.3g} times as likely as if one contributor had not taken part, but for a "
        f"chance of δ = {card['delta']:g}. It is bought with noise: what many people share "
        "survives best, such as common values and strong relations of two columns; rare values, "
        "small groups and relations of several columns drown first. The figures of closeness and "
        "usefulness, which ε does not cover, say how much did."
    )


def unmeasured(release: Release) -> tuple[str, ...]:
    """What of privacy nobody measured."""
    whole, _, _ = cohort(release)
    return (
        *_UNMEASURED,
        f"More certainty than {whole:,} people give: read the upper end of an interval, not its "
        "middle.",
    )
