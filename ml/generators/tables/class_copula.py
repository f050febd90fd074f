"""A Gaussian copula for each class of the target: what holds within a class may differ between.

One copula of a whole table knows of the target but its correlations; a rare class then looks like
the common one, moved a little. Here every class has marginals and correlations of its own, and
rows are drawn evenly (`copula.even_normals`), so that a table says as much of what was learnt as
its size allows. Classes of few people are put together: a marginal of few rows is those rows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.generators.generator import TooLittleData
from ml.generators.tables.copula import GaussianCopula
from ml.generators.tables.plan import Plan
from ml.generators.tables.sampling import Where, check_where, copied_rows, fill
from ml.records.tables.table import Table
from ml.training.checkpoints import Checkpoints, NoCheckpoints
from ml.training.progress import Progress, ProgressSink, silent

_VERSION = 1
_ARRAYS, _PLAN, _GROUPS = "plan.safetensors", "plan.json", "groups.json"
_COUNTED = 10_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Group:
    """Classes that are learnt together.

    Attributes:
        classes: codes of the target among the plan's levels; empty where it is not learnt.
        share: of the training rows.
        copula: of their rows, without the columns that another one determines.
    """

    classes: tuple[int, ...]
    share: float
    copula: GaussianCopula


class ClassCopula:
    """Marginals and correlations by class; classes of the target are asked for directly."""

    kind = "class_copula"
    least_rows = 50
    """Of the table, and of a class that has a copula of its own."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._groups: tuple[_Group, ...] = ()
        self._card: dict[str, Any] = {}

    def fit(
        self,
        data: Table,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """A copula of every class of `data`; see `Generator.fit`. Nothing to resume."""
        if len(data) < self.least_rows:
            raise TooLittleData(f"{len(data)} rows are too few: {self.least_rows} are needed")
        self._plan = plan = Plan.of(data)
        learnt = data.select(_learnt(plan)).with_dependencies(())
        classes = _classes(plan, data)
        groups: list[_Group] = []
        gathered = _gathered(classes, self.least_rows)
        for done, together in enumerate(gathered):
            rows = np.isin(classes, together)
            copula = GaussianCopula(even=True)
            copula.fit(learnt.take(rows), rng=rng, progress=silent, checkpoints=NoCheckpoints())
            known = tuple(each for each in together if each >= 0)
            groups.append(_Group(known, float(rows.mean()), copula))
            progress(Progress("marginals and correlations", done + 1, len(gathered)))
        self._groups = tuple(groups)
        drawn = self._table(min(len(data), _COUNTED), {}, rng)
        self._card = {
            "rows": len(data),
            "columns": len(data.schema.columns),
            "groups": len(groups),
            "draws": "even",
            "copies": copied_rows(drawn, data),
            "licence": "that of the data it was trained on",
            "release": "only what passed the gate",
            "releasable": True,
        }

    def sample(self, n: int, *, rng: np.random.Generator, where: Where | None = None) -> Table:
        """`n` rows, all with the categories that `where` names; see `LearntTables.sample`."""
        asked = dict(where or {})
        check_where(self._fitted(), asked)
        empty = self._table(0, asked, rng)
        return fill(n, asked, empty, lambda count: self._table(count, asked, rng))

    def to_artifact(self) -> Artifact:
        """Plan, marginals and correlations; no row of the training table."""
        plan = self._fitted()
        files = {_ARRAYS: save(plan.arrays()), _PLAN: _json(plan.as_json())}
        kept = []
        for place, group in enumerate(self._groups):
            artifact = group.copula.to_artifact()
            files |= {f"{place}.{name}": content for name, content in artifact.files.items()}
            told = {"classes": group.classes, "share": group.share, "version": artifact.version}
            kept.append(told | {"card": dict(artifact.card)})
        return Artifact(self.kind, _VERSION, self._card, files | {_GROUPS: _json(kept)})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "ClassCopula":
        """The generator as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        require(artifact, cls.kind, _VERSION)
        made = cls()
        try:
            arrays = load(artifact.files[_ARRAYS])
            made._plan = Plan.from_json(json.loads(artifact.files[_PLAN]), arrays)
            kept = json.loads(artifact.files[_GROUPS])
            made._groups = tuple(
                _Group(tuple(each["classes"]), each["share"], _copula(artifact.files, place, each))
                for place, each in enumerate(kept)
            )
        except (KeyError, TypeError, ValueError, SafetensorError) as fault:
            if isinstance(fault, BrokenArtifact):
                raise
            raise BrokenArtifact("the copula's files do not fit: train it again") from fault
        made._card = dict(artifact.card)
        return made

    @property
    def card(self) -> dict[str, Any]:
        """What it was trained on, and its licence."""
        self._fitted()
        return dict(self._card)

    def _fitted(self) -> Plan:
        if self._plan is None:
            raise ValueError("this copula has learnt nothing yet: fit it, or load a fitted one")
        return self._plan

    def _table(self, n: int, where: Where, rng: np.random.Generator) -> Table:
        plan = self._fitted()
        groups = self._asked(where)
        counts = _dealt(n, np.array([group.share for group in groups]), rng)
        drawn = [
            group.copula.sample(int(count), rng=rng).values
            for group, count in zip(groups, counts, strict=True)
        ]
        values = np.full((n, len(plan.schema.columns)), np.nan)
        places = [plan.schema.index(name) for name in _learnt(plan)]
        values[:, places] = np.concatenate(drawn)[rng.permutation(n)]
        for mapping in plan.mappings:
            given = values[:, plan.schema.index(mapping.dependency.determinant)]
            values[:, plan.schema.index(mapping.dependency.dependent)] = mapping.derive(given)
        return Table(plan.schema, values)

    def _asked(self, where: Where) -> tuple[_Group, ...]:
        """The groups that hold the class asked for; all when none is."""
        target = self._fitted().schema.target
        if target is None or target not in where:
            return self._groups
        level = self._fitted().level(target, where[target])
        return tuple(g for g in self._groups if not g.classes or level in g.classes)


def _learnt(plan: Plan) -> list[str]:
    """Columns that no other one determines."""
    derived = {mapping.dependency.dependent for mapping in plan.mappings}
    return [name for name in plan.schema.names if name not in derived]


def _classes(plan: Plan, data: Table) -> npt.NDArray[np.intp]:
    """The class of every row, (rows,); -1 where no class of a target is learnt."""
    place = None if plan.schema.target is None else plan.position(plan.schema.target)
    return np.full(len(data), -1) if place is None else plan.codes(data)[:, place]


def _gathered(classes: npt.NDArray[np.intp], least: int) -> list[tuple[int, ...]]:
    """Classes with `least` rows each by itself, the others together, with the rarest if few."""
    found, counts = np.unique(classes, return_counts=True)
    groups = [(int(each),) for each in found[counts >= least]]
    few = tuple(int(each) for each in found[counts < least])
    if few and groups and counts[counts < least].sum() < least:
        rarest = int(found[counts >= least][np.argmin(counts[counts >= least])])
        groups.remove((rarest,))
        few = (*few, rarest)
    return [*groups, few] if few else groups


def _dealt(n: int, shares: Floats, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """`n` by shares, off by less than one each and right on average, (groups,)."""
    reached = np.cumsum(shares) / shares.sum() * n
    reached[-1] = n
    ends = np.floor(reached + rng.random()).astype(np.intp).clip(max=n)
    ends[-1] = n
    counts: npt.NDArray[np.intp] = np.diff(ends, prepend=0)
    return counts


def _copula(files: Mapping[str, bytes], place: int, kept: Mapping[str, Any]) -> GaussianCopula:
    """The copula of a group."""
    start = f"{place}."
    own = {name[len(start) :]: each for name, each in files.items() if name.startswith(start)}
    return GaussianCopula.from_artifact(
        Artifact(GaussianCopula.kind, kept["version"], kept["card"], own)
    )


def _json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
