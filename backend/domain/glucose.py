"""What is told about a person's glucose: figures, profiles, a forecast, and how sure it is.

Glucose is in mg/dL, shares and coefficients of variation run from 0 to 1, GMI is in per cent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

LEVELS = (0.05, 0.10, 0.25, 0.40, 0.50, 0.60, 0.75, 0.90, 0.95)
"""Of every quantile forecast; the outer two bound the 90 % interval."""
MIDDLE = LEVELS.index(0.50)
PERCENTILES = (5, 25, 50, 75, 95)
"""Of every ambulatory glucose profile."""
METRICS = ("tir", "tbr", "tar", "gmi", "cv")
"""Of every week of the three-month forecast."""
RANGE_MG_DL = (70.0, 180.0)
MG_DL_PER_MMOL_L = 18.0156


@dataclass(frozen=True)
class Finding:
    """One thing that was found in the readings; `code` is stable, `sentence` is for people."""

    code: str
    sentence: str


@dataclass(frozen=True)
class Assessment:
    """Whether there is enough to learn a person's model from, why not, and what would be enough.

    Attributes:
        days_worn: days of which 70 % is there.
        widened: enough, but under 14 days: intervals are wider and every answer says so.
        reasons: why it is not enough; empty where it is.
        notes: what was met and does not stand in the way.
        needs: what would be enough, one sentence; empty where it is.
    """

    days_worn: int
    wear: float
    enough: bool
    widened: bool
    reasons: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    needs: str


@dataclass(frozen=True)
class Step:
    """One step ahead of a short-term forecast; quantiles at `LEVELS`."""

    minutes_ahead: int
    at: datetime
    quantiles_mg_dl: tuple[float, ...]


@dataclass(frozen=True)
class Baseline:
    """What a forecast that needs no network says, one value for each step."""

    name: str
    mg_dl: tuple[float, ...]


@dataclass(frozen=True)
class Candidate:
    """A forecaster that was tried on the person's last days.

    Attributes:
        figures: by name, e.g. ``rmse_60_mg_dl``, ``pinball_mg_dl``, ``coverage_90``.
    """

    name: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class ShortTerm:
    """The two hours after the last reading, as quantiles.

    Attributes:
        origin: moment of the reading that the forecast starts from.
        recent: the hours before the origin, moment and mg/dL, oldest first, for a plot.
        served: name of the forecaster that gave the steps.
        reason: why this one, a sentence with its figures.
        candidates: all that were tried on days held out, with their figures.
        baselines: what the simplest forecasts say of the same steps.
    """

    origin: datetime
    last_mg_dl: float
    recent: tuple[tuple[datetime, float], ...]
    steps: tuple[Step, ...]
    served: str
    reason: str
    candidates: tuple[Candidate, ...]
    baselines: tuple[Baseline, ...]


@dataclass(frozen=True)
class Band:
    """A figure with its 90 % interval."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class Week:
    """One of the thirteen weeks ahead; a band for each of `METRICS`."""

    week: int
    first_day: date
    figures: Mapping[str, Band]


@dataclass(frozen=True)
class Month:
    """The profile expected in one of the three months ahead.

    Attributes:
        percentiles_mg_dl: one row of `PERCENTILES` for each `step_minutes` from midnight.
    """

    month: int
    step_minutes: int
    percentiles_mg_dl: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Scenario:
    """One way the three months might go; a forecast of no day. A row for each day."""

    source: str
    step_minutes: int
    mg_dl: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Choice:
    """Whether a metric is served by a model or carried forward, and the errors behind that."""

    metric: str
    served: str
    candidate: str
    reason: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Quarter:
    """The three months after the record, as summaries of weeks and months.

    Attributes:
        served: ``model``, or ``carry_forward`` where no model beat carrying the days forward.
        so_far: `METRICS` of the last fourteen days: what is carried forward.
        total: `METRICS` of the three months as a whole.
    """

    first_day: date
    worn_days: int
    widened: bool
    served: str
    reason: str
    so_far: Mapping[str, float]
    total: Mapping[str, Band]
    weeks: tuple[Week, ...]
    months: tuple[Month, ...]
    scenarios: tuple[Scenario, ...]
    choices: tuple[Choice, ...]
    note: str


@dataclass(frozen=True)
class GlucoseForecast:
    """What a stored model says: always from its last reading, whenever it is asked.

    Attributes:
        quarter: None when the record cannot carry one, with the reason in `quarter_reason`.
    """

    assessment: Assessment
    short_term: ShortTerm
    quarter: Quarter | None
    quarter_reason: str


@dataclass(frozen=True)
class TrainedModel:
    """A model as bytes, and what may be told of how it was made: names and figures."""

    content: bytes = field(repr=False)
    served: str
    widened: bool


@dataclass(frozen=True)
class GlucoseSummary:
    """The consensus figures of a stretch of readings.

    Attributes:
        gmi: glucose management indicator, per cent.
        tir: share from 70 to 180 mg/dL; `tbr` below, `tar` above, the very low (< 54) and very
            high (> 250) ones included in them and told apart as well.
        lbgi: low blood glucose index; `hbgi` the high one (Kovatchev).
        mage: mean amplitude of glycaemic excursions, mg/dL; None where there is none.
        wear: share of the span's readings that are there.
    """

    first: datetime
    last: datetime
    days: float
    days_worn: int
    readings: int
    wear: float
    mean_mg_dl: float
    sd_mg_dl: float
    cv: float
    gmi: float
    tir: float
    tbr: float
    tbr_very_low: float
    tar: float
    tar_very_high: float
    lbgi: float
    hbgi: float
    mage_mg_dl: float | None
    notes: tuple[Finding, ...]


@dataclass(frozen=True)
class GlucoseProfile:
    """The ambulatory glucose profile: what each time of day has looked like.

    Attributes:
        percentiles_mg_dl: one row of `PERCENTILES` for each bin from midnight on the wall clock;
            None in a bin without readings.
        counts: readings in each bin.
    """

    first: datetime
    last: datetime
    days: float
    bin_minutes: int
    percentiles_mg_dl: tuple[tuple[float, ...] | None, ...]
    counts: tuple[int, ...]
