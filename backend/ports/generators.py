"""Learning a generator from a cohort and measuring what it makes: canonical traces in memory,
a package and its evidence out. Nothing here keeps anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from backend.domain.consent import Kind
from backend.domain.generation import RunPlan
from backend.domain.release import Evidence, GeneratorCard
from backend.ports.models import Checkpoints, ProgressSink


@dataclass(frozen=True, repr=False)
class CohortMember:
    """One person under a name made for this run, with the canonical traces learnt from."""

    pseudonym: str
    canonicals: tuple[bytes, ...]


@dataclass(frozen=True)
class GeneratorOffer:
    """One generator that a run may name: for which kinds, at which settings, under which licence.

    Attributes:
        releasable: whether what it makes may leave; a run that names another is refused.
        differential_privacy: whether a plan may ask for (ε, δ).
    """

    name: str
    kinds: frozenset[Kind]
    settings: tuple[str, ...]
    licence: str
    releasable: bool
    differential_privacy: bool


@dataclass(frozen=True, repr=False)
class Generated:
    """The package and what was measured of it.

    Attributes:
        package: a ZIP, the same bytes for the same cohort, plan and seed.
        dataset_digest, report_digest: SHA-256 of data.parquet and report.json inside it.
        windows: by pseudonym, for each canonical trace in the order given, how many windows or
            rows of the training data are its; only zeros for people held out.
    """

    package: bytes
    dataset_digest: bytes
    report_digest: bytes
    evidence: Evidence
    card: GeneratorCard
    windows: Mapping[str, tuple[int, ...]]


class CohortGenerators(Protocol):
    def offers(self) -> tuple[GeneratorOffer, ...]:
        """Every generator that a run may name, in alphabetical order."""
        ...

    def require_readable(self, canonical: bytes, kind: Kind) -> None:
        """Raises `UnreadableRecord` for bytes that `generate` would not take for a trace."""
        ...

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
        """The same members, plan, seed and date give the same package.

        An interrupted run goes on from `checkpoints`. Raises `NotEnoughData` with what would be
        enough, `UnreadableRecord` for bytes that are no canonical trace, `InvalidField` for a
        plan that cannot be carried out; and what `progress` raises.
        """
        ...
