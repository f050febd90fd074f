"""What readings and a journal show together, in sentences with their evidence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from backend.domain.glucose import GlucoseForecast
from backend.domain.guidance import Guidance, Language
from backend.domain.journal import JournalEntry


class Guide(Protocol):
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
        """What the last `days` days of these canonical traces show.

        No sentence names a dose, a drug or a diagnosis, or says that one thing causes another;
        every one carries its numbers and the entries it is about. A forecast that has run out by
        `now` is left aside. Raises `UnreadableRecord`, and `NotEnoughData` without any reading.
        """
        ...
