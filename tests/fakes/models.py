"""Glucose models in memory that learn nothing, in as many steps as they are told, and can fail."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from backend.domain.errors import ModelUnusable, NotEnoughData, UnreadableRecord
from backend.domain.glucose import (
    LEVELS,
    METRICS,
    Assessment,
    Band,
    Baseline,
    Candidate,
    Choice,
    GlucoseForecast,
    GlucoseProfile,
    GlucoseSummary,
    Quarter,
    ShortTerm,
    Step,
    TrainedModel,
    Week,
)
from backend.domain.identifiers import ContributionId, GlucoseModelId
from backend.ports.models import Checkpoints, ProgressSink

ORIGIN = datetime(2026, 10, 19, 7, 55, tzinfo=UTC)
_MAGIC = b"VMCT"


class FakeGlucoseModels:
    """`steps` a training takes; `enough` whether there is data; `before_step` may act in between.

    `trained` counts trainings that ended, `resumed_at` says from which step each went on.
    """

    def __init__(self) -> None:
        self.steps = 4
        self.enough = True
        self.before_step: Callable[[int], None] = lambda step: None
        self.trained = 0
        self.resumed_at: list[int] = []
        self.opened: list[GlucoseModelId] = []
        self._warm: dict[GlucoseModelId, tuple[frozenset[ContributionId], bytes, int]] = {}

    def assess(self, canonicals: Sequence[bytes]) -> Assessment:
        """Enough, unless told otherwise."""
        _check(canonicals)
        needs = "" if self.enough else "7 more days"
        return Assessment(14 if self.enough else 3, 0.9, self.enough, False, (), (), needs)

    def train(
        self,
        canonicals: Sequence[bytes],
        *,
        seed: int,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> TrainedModel:
        """Step by step, a checkpoint after each."""
        _check(canonicals)
        if not self.enough:
            raise NotEnoughData("3 days are worn", needs="7 more days", reasons=("too_few_days",))
        kept = checkpoints.load()
        first = 0 if kept is None else json.loads(kept)["step"]
        self.resumed_at.append(first)
        for step in range(first, self.steps):
            self.before_step(step)
            progress("pretending to learn", 1000 * step // self.steps)
            checkpoints.save(json.dumps({"step": step + 1}).encode())
        self.trained += 1
        learnt = hashlib.sha256(b"".join(sorted(canonicals))).hexdigest()
        content = json.dumps({"learnt": learnt, "seed": seed}).encode()
        return TrainedModel(content, "last_value", widened=False)

    def forecast(
        self,
        model_id: GlucoseModelId,
        open_model: Callable[[], bytes],
        *,
        newer: Mapping[ContributionId, Callable[[], bytes]],
    ) -> GlucoseForecast:
        """The same for everybody; the origin moves by an hour with each newer record."""
        warm = self._warm.get(model_id)
        if warm is None or warm[0] != newer.keys():
            content = warm[1] if warm else open_model()
            if warm is None:
                self.opened.append(model_id)
            _check([opened() for opened in newer.values()])
            warm = (frozenset(newer), content, len(newer))
            self._warm[model_id] = warm
        try:
            json.loads(warm[1])
        except ValueError as fault:
            raise ModelUnusable("your model is damaged: train it again") from fault
        return forecast_of(ORIGIN + timedelta(hours=warm[2]))

    def forget(self, model_id: GlucoseModelId) -> None:
        self._warm.pop(model_id, None)

    def warm(self) -> set[GlucoseModelId]:
        """The models that would answer without being opened."""
        return set(self._warm)

    def summarise(self, canonicals: Sequence[bytes], *, days: int | None) -> GlucoseSummary:
        """The same figures for everybody; `readings` counts the traces."""
        _check(canonicals)
        return GlucoseSummary(
            first=ORIGIN - timedelta(days=days or 14),
            last=ORIGIN,
            days=float(days or 14),
            days_worn=14,
            readings=len(canonicals),
            wear=0.9,
            mean_mg_dl=150.0,
            sd_mg_dl=50.0,
            cv=0.33,
            gmi=6.9,
            tir=0.7,
            tbr=0.03,
            tbr_very_low=0.005,
            tar=0.27,
            tar_very_high=0.05,
            lbgi=0.6,
            hbgi=5.0,
            mage_mg_dl=None,
            notes=(),
        )

    def profile(self, canonicals: Sequence[bytes], *, days: int | None) -> GlucoseProfile:
        """One flat profile, with an hour of which nothing is known."""
        _check(canonicals)
        rows = tuple(None if hour == 3 else (70.0, 90.0, 120.0, 160.0, 210.0) for hour in range(24))
        counts = tuple(0 if hour == 3 else 100 for hour in range(24))
        return GlucoseProfile(ORIGIN, ORIGIN, float(days or 14), 60, rows, counts)


def forecast_of(origin: datetime) -> GlucoseForecast:
    """A forecast in which glucose stays where it is."""
    steps = tuple(
        Step(
            minutes,
            origin + timedelta(minutes=minutes),
            tuple(120 + (level - 0.5) * minutes for level in LEVELS),
        )
        for minutes in range(5, 125, 5)
    )
    band = {metric: Band(0.1, 0.2, 0.3) for metric in METRICS}
    monday = date(2026, 10, 20)
    quarter = Quarter(
        first_day=monday,
        worn_days=14,
        widened=False,
        served="carry_forward",
        reason="No model beat carrying forward.",
        so_far=dict.fromkeys(METRICS, 0.2),
        total=band,
        weeks=tuple(Week(n + 1, monday + timedelta(weeks=n), band) for n in range(13)),
        months=(),
        scenarios=(),
        choices=tuple(
            Choice(metric, "carry_forward", "carry_forward", "It did not.", {})
            for metric in METRICS
        ),
        note="Summaries.",
    )
    short = ShortTerm(
        origin=origin,
        last_mg_dl=120.0,
        recent=tuple((origin - timedelta(minutes=5 * n), 120.0) for n in range(12, -1, -1)),
        steps=steps,
        served="last_value",
        reason="Nothing beat it.",
        candidates=(Candidate("last_value", {"rmse_60_mg_dl": 20.0}),),
        baselines=(Baseline("linear", (121.0,) * 24), Baseline("last_value", (120.0,) * 24)),
    )
    return GlucoseForecast(Assessment(14, 0.9, True, False, (), (), ""), short, quarter, "")


def _check(canonicals: Sequence[bytes]) -> None:
    if any(not canonical.startswith(_MAGIC) for canonical in canonicals):
        raise UnreadableRecord("not a canonical glucose trace")
