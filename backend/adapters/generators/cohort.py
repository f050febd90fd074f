"""Implements `ports.generators.CohortGenerators` over `ml`; everything heavy is loaded on use."""

from collections.abc import Sequence
from datetime import date

from backend.adapters.generators.offers import OFFERS
from backend.domain.consent import Kind
from backend.domain.generation import RunPlan
from backend.ports.generators import CohortMember, Generated, GeneratorOffer
from backend.ports.models import Checkpoints, ProgressSink


class MlCohortGenerators:
    """Learns in this process, on `threads` cores."""

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads

    def offers(self) -> tuple[GeneratorOffer, ...]:
        return OFFERS

    def require_readable(self, canonical: bytes, kind: Kind) -> None:
        """As the recipes read it, with nothing kept."""
        from backend.adapters.generators.reading import require_readable

        require_readable(canonical, kind)

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
        """Learnt, judged and packed; see `making`."""
        from backend.adapters.generators.making import make_release
        from ml.training.threads import use_threads

        use_threads(self._threads)
        return make_release(
            members,
            plan,
            seed=seed,
            published=published,
            progress=progress,
            checkpoints=checkpoints,
        )
