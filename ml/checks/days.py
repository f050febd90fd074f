"""What `check_generator` has to know of whole days of glucose."""

from dataclasses import dataclass

import numpy as np

from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays


@dataclass(frozen=True)
class GlucoseDaysKind:
    """Whole days of glucose."""

    def size(self, data: GlucoseDays) -> int:
        return len(data)

    def schema(self, data: GlucoseDays) -> object:
        kinds = (data.mg_dl.dtype, data.person.dtype.kind, data.day.dtype)
        return data.step_minutes, data.mg_dl.shape[1:], kinds, data.person.ndim, data.day.ndim

    def same(self, first: GlucoseDays, second: GlucoseDays) -> bool:
        return all(
            np.array_equal(getattr(first, name), getattr(second, name))
            for name in ("step_minutes", "mg_dl", "person", "day")
        )

    def fault(self, made: GlucoseDays, learnt: GlucoseDays) -> str | None:
        if not np.isfinite(made.mg_dl).all():
            return "readings that are no numbers"
        if made.mg_dl.min() < LOWEST or made.mg_dl.max() > HIGHEST:
            return "readings that no sensor shows"
        if np.isin(made.person, learnt.person).any():
            return "days with the name of a real person"
        return None

    def copies(self, made: GlucoseDays, learnt: GlucoseDays) -> int:
        real = {row.tobytes() for row in np.rint(learnt.mg_dl).astype(np.int16)}
        return sum(row.tobytes() in real for row in np.rint(made.mg_dl).astype(np.int16))

    def first(self, data: GlucoseDays, n: int) -> GlucoseDays:
        return data.take(np.arange(len(data)) < n)


GLUCOSE_DAYS = GlucoseDaysKind()
