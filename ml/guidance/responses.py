"""How far glucose rises after a moment: after meals, and in comparable hours without one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.guidance.clock import LEAST_KNOWN, calendar_day
from ml.guidance.journal import Sitting
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.metrics import LOW

WITHIN_MINUTES = 180
BEFORE_MINUTES = 15
APART_MINUTES = 120
"""A meal that soon after another starts while that one's rise is under way."""
AROUND_MINUTES = 90
"""How far a comparable hour may lie from the meals' usual time of day."""
WAKING = (6 * 60, 22 * 60)
_STARTS_EVERY = 15


@dataclass(frozen=True)
class Response:
    """From `before` (mg/dL) to the highest reading within three hours."""

    before: float
    rise: float
    minutes: int


@dataclass(frozen=True)
class MealResponse:
    """A sitting and what followed."""

    sitting: Sitting
    response: Response


@dataclass(frozen=True)
class Comparable:
    """Stretches without a meal, one a day; `same_hours` when around the meals' time of day."""

    rises: tuple[float, ...]
    same_hours: bool


class Responses:
    """Looks up rises in one grid."""

    def __init__(self, grid: GlucoseGrid) -> None:
        self._grid = grid
        self._step = grid.step_minutes
        self._start = int(grid.moments[0].astype("datetime64[s]").astype(np.int64))
        self._day = calendar_day(grid)

    def after(self, at: int) -> Response | None:
        """The response at this moment; None where too few readings are there to tell."""
        return self._from_step(round((at - self._start) / (self._step * 60)))

    def of_meals(self, meals: Sequence[Sitting]) -> list[MealResponse]:
        """Sittings whose rise is their own: no other within two hours before or three after,
        glucose not low when they began (sugar against a low rises for another reason)."""
        times = np.array([meal.at for meal in meals], dtype=np.int64)
        found = []
        for meal in meals:
            gaps = np.delete(times, np.flatnonzero(times == meal.at)) - meal.at
            near = (gaps > -APART_MINUTES * 60) & (gaps <= WITHIN_MINUTES * 60)
            response = None if near.any() else self.after(meal.at)
            if response is not None and response.before >= LOW:
                found.append(MealResponse(meal, response))
        return found

    def without_meal(self, around: int, meals: Sequence[Sitting], *, enough: int) -> Comparable:
        """Rises of hours without a noted meal, on days on which meals were noted.

        Around the minute of day `around` where there are `enough` of them, else anywhere in the
        waking day, as near to it as each day allows.
        """
        distance = np.abs((self._grid.minute_of_day - around + 720) % 1440 - 720)
        free = self._free_of(meals)
        near = self._one_a_day(free & (distance <= AROUND_MINUTES), distance)
        if len(near) >= enough:
            return Comparable(near, same_hours=True)
        minute = self._grid.minute_of_day
        awake = (minute >= WAKING[0]) & (minute < WAKING[1])
        return Comparable(self._one_a_day(free & awake, distance), same_hours=False)

    def _free_of(self, meals: Sequence[Sitting]) -> npt.NDArray[np.bool_]:
        """Steps at the quarter hour, three hours from every noted meal, on days with a meal."""
        moments = self._start + np.arange(len(self._grid)) * self._step * 60
        free = self._grid.minute_of_day % _STARTS_EVERY < self._step
        noted = np.zeros(len(self._grid), dtype=bool)
        for meal in meals:
            free &= np.abs(moments - meal.at) >= WITHIN_MINUTES * 60
            step = round((meal.at - self._start) / (self._step * 60))
            if 0 <= step < len(self._grid):
                noted |= self._day == self._day[step]
        return free & noted

    def _one_a_day(
        self, free: npt.NDArray[np.bool_], distance: npt.NDArray[np.integer]
    ) -> tuple[float, ...]:
        steps = np.flatnonzero(free)
        rises: dict[int, float] = {}
        for step in steps[np.argsort(distance[steps], kind="stable")]:
            day = int(self._day[step])
            if day in rises:
                continue
            response = self._from_step(int(step))
            if response is not None and response.before >= LOW:
                rises[day] = response.rise
        return tuple(rises[day] for day in sorted(rises))

    def _from_step(self, step: int) -> Response | None:
        values = self._grid.mg_dl
        first = step - BEFORE_MINUTES // self._step
        last = step + WITHIN_MINUTES // self._step
        if first < 0 or last >= values.size:
            return None
        before, after = values[first : step + 1], values[step + 1 : last + 1]
        if not np.isfinite(before).any() or np.isfinite(after).mean() < LEAST_KNOWN:
            return None
        base, peak = float(np.nanmean(before)), int(np.nanargmax(after))
        return Response(base, float(after[peak]) - base, (peak + 1) * self._step)
