"""Cohort generators in memory that learn nothing, in as many steps as they are told, and can fail.

What they make is a real ZIP of made-up rows, with evidence that passes unless told otherwise.
"""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256
from html import escape

from backend.domain.consent import Kind
from backend.domain.errors import NotEnoughData, UnreadableRecord
from backend.domain.generation import RunPlan
from backend.domain.release import Evidence, GeneratorCard, Measure, Spent
from backend.ports.generators import CohortMember, Generated, GeneratorOffer
from backend.ports.models import Checkpoints, ProgressSink

OFFERS = (
    GeneratorOffer(
        "copies", frozenset({Kind.CGM, Kind.VITALS}), ("quick",), "Apache-2.0", False, False
    ),
    GeneratorOffer(
        "pretending", frozenset({Kind.CGM}), ("full", "quick"), "Apache-2.0", True, False
    ),
    GeneratorOffer(
        "pretending_privately",
        frozenset({Kind.CGM, Kind.VITALS}),
        ("quick",),
        "Apache-2.0",
        True,
        True,
    ),
)
COUNTS = (
    "exact_matches",
    "too_near",
    "partial_copies",
    "outlier_exposure",
    "people_across_split",
)
OF_ROWS = (
    "exact_matches",
    "too_near",
    "partial_copies",
    "near_copies",
    "dcr_share",
    "nndr_below",
)
PASSING = {
    "near_copies": (0.005, 0.002, 0.01),
    "shared_cells": (0.01, -0.1, 0.08),
    "dcr_share": (0.5, 0.45, 0.55),
    "nndr_below": (0.05, 0.03, 0.07),
    "membership_auc": (0.51, 0.5, 0.54),
    "attribute_advantage": (0.0, -0.02, 0.02),
}


def every_fourth(place: int, member: CohortMember) -> bool:
    """Whoever they are: the order of a cohort is drawn."""
    return place % 4 == 3


class FakeCohortGenerators:
    """`steps` a run takes; `enough` whether there is data; `before_step` may act in between;
    `holds_out` names who is not learnt from, by place and member; `refuses` what is unreadable.

    `worse` replaces measures by name, as (value, low, high). `made` counts runs that ended,
    `resumed_at` says from which step each went on, `cohorts` what each was given.
    """

    def __init__(self) -> None:
        self.steps = 4
        self.enough = True
        self.before_step: Callable[[int], None] = lambda step: None
        self.refuses: Callable[[bytes], bool] = lambda canonical: False
        self.worse: dict[str, tuple[float, float, float]] = {}
        self.holds_out: Callable[[int, CohortMember], bool] = every_fourth
        self.made = 0
        self.resumed_at: list[int] = []
        self.cohorts: list[tuple[CohortMember, ...]] = []

    def offers(self) -> tuple[GeneratorOffer, ...]:
        return OFFERS

    def require_readable(self, canonical: bytes, kind: Kind) -> None:
        if self.refuses(canonical):
            raise UnreadableRecord("a record of the cohort cannot be read: as a test wants it")

    def generate(
        self,
        members: Sequence[CohortMember],
        plan: RunPlan,
        *,
        seed: int,
        published: date,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> Generated:
        """Step by step, a checkpoint after each."""
        self.cohorts.append(tuple(members))
        if not self.enough:
            raise NotEnoughData(
                "40 people have whole days",
                needs="10 more people with whole days",
                reasons=("too_few_people",),
            )
        kept = checkpoints.load()
        first = 0 if kept is None else json.loads(kept)["step"]
        self.resumed_at.append(first)
        for step in range(first, self.steps):
            self.before_step(step)
            progress("pretending to learn", 1000 * step // self.steps)
            checkpoints.save(json.dumps({"step": step + 1}).encode())
        self.made += 1
        data = "".join(f"{seed % 7},{row}\n" for row in range(plan.rows)).encode()
        report = json.dumps({"protocol": "none", "n": len(members)}).encode()
        return Generated(
            package=_package(
                {**_about(plan), "data.parquet": data, "report.json": report}, published
            ),
            dataset_digest=sha256(data).digest(),
            report_digest=sha256(report).digest(),
            evidence=self.evidence(members, plan),
            card=GeneratorCard(plan.generator, 1, "Apache-2.0", {"setting": plan.setting}),
            windows={
                member.pseudonym: tuple(
                    0 if self.holds_out(at, member) else 7 for _ in member.canonicals
                )
                for at, member in enumerate(members)
            },
        )

    def evidence(self, members: Sequence[CohortMember], plan: RunPlan) -> Evidence:
        """What passes, but for what is `worse`."""
        people = len(members)
        held_out = sum(self.holds_out(at, member) for at, member in enumerate(members))
        figures = {**PASSING, **dict.fromkeys(COUNTS, (0.0, 0.0, 0.0)), **self.worse}
        of = dict.fromkeys(OF_ROWS, plan.rows) | {"people_across_split": people - held_out}
        measures = {
            name: Measure(*three, n=of.get(name, people), protocol="pretended")
            for name, three in figures.items()
        }
        spent = None
        if plan.epsilon is not None and plan.delta is not None:
            spent = Spent(plan.epsilon, plan.delta, plan.epsilon, "pretended")
        return Evidence(people, people - held_out, held_out, 1 / people, plan.rows, measures, spent)


def _about(plan: RunPlan) -> dict[str, bytes]:
    """What describes a package, as little as there may be."""
    sheet = f"<!doctype html><title>{escape(plan.title)}</title><p>{escape(plan.description)}"
    croissant = {"@type": "sc:Dataset", "name": plan.title}
    return {"datasheet.html": sheet.encode(), "croissant.json": json.dumps(croissant).encode()}


def _package(files: dict[str, bytes], published: date) -> bytes:
    out = io.BytesIO()
    moment = (published.year, published.month, published.day, 0, 0, 0)
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, moment), files[name])
    return out.getvalue()
