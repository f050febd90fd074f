"""Implements `ports.guidance.Guide`; `ml` is loaded with the first question."""

from collections.abc import Sequence
from datetime import datetime

from backend.domain.glucose import GlucoseForecast
from backend.domain.guidance import Guidance, Language
from backend.domain.journal import JournalEntry


class MlGuide:
    """Asks `ml.guidance`."""

    def advise(
        self,
        canonicals: Sequence[bytes],
        journal: Sequence[JournalEntry],
        *,
        forecast: GlucoseForecast | None,
        days: int,
        now: datetime,
        language: Language,
    ) -> Guidance:
        """What the last `days` days before the last reading show."""
        from backend.adapters.guidance.advising import guidance_of

        return guidance_of(canonicals, journal, forecast, days=days, now=now, language=language)
