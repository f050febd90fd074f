"""What CTGAN, TVAE and TabDDPM have in common: from a table to steps, from draws to a table."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.generators.generator import TooLittleData
from ml.generators.tables.marginal import Marginal
from ml.generators.tables.plan import Plan
from ml.generators.tables.private import Privacy, PrivacySpent
from ml.generators.tables.private_encoding import public_plan
from ml.generators.tables.private_steps import PeopleRows, Protection, protection
from ml.generators.tables.sampling import (
    Codes,
    Floats,
    Where,
    check_where,
    copied_rows,
    fill,
    marginal_maps,
    matched,
)
from ml.generators.tables.training import Steps, run
from ml.generators.tensors import from_bytes, part, prefixed, to_bytes
from ml.records.tables.table import Table
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink
from ml.training.seeds import torch_generator

VERSION = 1
_WEIGHTS = "weights.safetensors"
_PLAN = "plan.json"
_DRAWN_FOR_MAPS = 10_000
_MAPS, _COUNT, _PEOPLE = 1, 2, 3


class Settings(Protocol):
    """What every setting of these generators has.

    Attributes:
        name: under which figures are published.
        least_rows: fewer are refused with `TooLittleData`.
        match_marginals: move numbers, in their order, to the training marginals, last.
    """

    @property
    def name(self) -> str: ...
    @property
    def least_rows(self) -> int: ...
    @property
    def match_marginals(self) -> bool: ...
    def steps(self, rows: int) -> int:
        """Of the training on a table of so many rows."""
        ...

    def rows_of_a_step(self, rows: int) -> int:
        """Of a table of so many rows."""
        ...


class LearntTables(ABC):
    """A network that learns a typed table and draws new rows; see `Generator`.

    Schema, types, ranges, steps and categories of what comes out are those of the training table;
    columns that another one determines are derived from it. Exact copies of training rows are
    not taken out: the card says how many there were in a draw as large as the training table.

    A private training learns nothing of the rows but by private steps: ranges and categories are
    those that the schema declares, and neither seed nor copies are on the card.
    """

    kind: ClassVar[str]

    def __init__(self, settings: Settings, private: Privacy | None = None) -> None:
        self.settings = settings
        self._private = private
        self._protection: Protection | None = None
        self._spent: PrivacySpent | None = None
        self._plan: Plan | None = None
        self._maps: tuple[tuple[Marginal, Marginal], ...] | None = None
        self._card: dict[str, Any] = {}

    @abstractmethod
    def _begin(self, data: Table, seed: int) -> Steps:
        """Learn the encoding, make the networks, and return the training."""

    @abstractmethod
    def _draw(self, n: int, where: Where, rng: torch.Generator) -> tuple[Codes, Floats]:
        """Codes and figures of `n` rows for `Plan.restore`; `where` may be heeded or not."""

    @abstractmethod
    def _arrays(self) -> dict[str, Floats]:
        """The encoding's arrays."""

    @abstractmethod
    def _kept_network(self) -> nn.Module:
        """What drawing needs."""

    @abstractmethod
    def _rebuild(self, plan: Plan, arrays: Mapping[str, Floats]) -> nn.Module:
        """The encoding again, and the network that `_kept_network` gave, without its weights."""

    @classmethod
    @abstractmethod
    def _settings_from(cls, kept: Mapping[str, Any]) -> Settings:
        """The settings of a card."""

    def fit(
        self,
        data: Table,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
        persons: npt.NDArray[Any] | None = None,
    ) -> None:
        """Learn from `data`; see `Generator.fit`.

        Args:
            persons: whose each row is, (rows,); needed by a private training alone, and there only
                where a person may have several rows.
        """
        if len(data) < self.settings.least_rows:
            raise TooLittleData(
                f"{len(data)} rows are too few: {self.settings.least_rows} are needed"
            )
        seed = int(rng.integers(2**63 - 1))
        self._plan, self._maps, self._protection, self._spent = None, None, None, None
        steps = 0
        plan = Plan.of(data) if self._private is None else public_plan(data.schema)
        if plan.discrete or plan.numbers:
            steps = self._protect(data, persons, seed)
            training = self._begin(data, seed)
            identity = {"kind": self.kind, "seed": str(seed), "data": _digest(data)}
            identity["settings"] = json.dumps(asdict(self.settings))  # type: ignore[call-overload]
            if self._private is not None:
                identity["private"] = json.dumps(asdict(self._private))
            run(training, steps, identity=identity, progress=progress, checkpoints=checkpoints)
            self._kept_network().eval().requires_grad_(False)
            if self.settings.match_marginals and plan.numbers:
                made = self._drawn_figures(min(len(data), _DRAWN_FOR_MAPS), seed)
                self._maps = marginal_maps(made, plan.figures(data))
        else:
            progress(Progress("nothing to learn", 1, 1))
        self._plan = plan
        self._card = self._describe(data, seed, steps)

    def _protect(self, data: Table, persons: npt.NDArray[Any] | None, seed: int) -> int:
        """Steps of the training; with the protection that a private one needs over them."""
        if self._private is None:
            return self.settings.steps(len(data))
        rng = np.random.default_rng([seed, _PEOPLE])
        people = PeopleRows.of(len(data), persons, self._private.rows_per_person, rng)
        steps = self.settings.steps(len(people))
        self._protection = protection(
            self._private,
            people,
            expected=self.settings.rows_of_a_step(len(people)),
            steps=steps,
        )
        self._spent = self._protection.spent
        return steps

    def sample(self, n: int, *, rng: np.random.Generator, where: Where | None = None) -> Table:
        """`n` synthetic rows, all with the categories that `where` names by column.

        Raises:
            CategoryOutOfReach: a category never occurred, or is hardly ever made.
        """
        plan = self._fitted()
        asked = dict(where or {})
        check_where(plan, asked)
        empty = plan.restore(
            np.empty((0, len(plan.discrete)), np.intp), np.empty((0, len(plan.numbers)))
        )
        source = torch_generator(rng)
        return fill(n, asked, empty, lambda count: self._table(count, asked, source))

    def to_artifact(self) -> Artifact:
        """Network, encoding and plan; no critic, and no row of the training table."""
        plan = self._fitted()
        arrays = plan.arrays() | (self._arrays() if self._networked else {})
        for index, pair in enumerate(self._maps or ()):
            arrays |= {
                f"map.{index}.{side}": marginal.packed()
                for side, marginal in zip(("made", "real"), pair, strict=True)
            }
        tensors: dict[str, Tensor] = prefixed(
            "array", {name: torch.from_numpy(array) for name, array in arrays.items()}
        )
        if self._networked:
            tensors |= prefixed("network", self._kept_network().state_dict())
        kept = json.dumps(plan.as_json(), sort_keys=True, ensure_ascii=False).encode()
        files = {_WEIGHTS: to_bytes(tensors), _PLAN: kept}
        return Artifact(self.kind, VERSION, self._card, files)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The generator as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        require(artifact, cls.kind, VERSION)
        try:
            made = cls(cls._settings_from(artifact.card["settings"]))
            tensors = from_bytes(artifact.files[_WEIGHTS])
            arrays = {name: each.numpy() for name, each in part(tensors, "array").items()}
            plan = Plan.from_json(json.loads(artifact.files[_PLAN]), arrays)
            made._plan, made._card = plan, dict(artifact.card)
            if artifact.card.get("privacy") is not None:
                made._spent = PrivacySpent.from_json(artifact.card["privacy"])
            if made._networked:
                network = made._rebuild(plan, arrays)
                network.load_state_dict(part(tensors, "network"))
                network.eval().requires_grad_(False)
            if "map.0.made" in arrays:
                made._maps = tuple(
                    (
                        Marginal.unpacked(arrays[f"map.{index}.made"]),
                        Marginal.unpacked(arrays[f"map.{index}.real"]),
                    )
                    for index in range(len(plan.numbers))
                )
        except (KeyError, TypeError, ValueError, RuntimeError) as fault:
            if isinstance(fault, BrokenArtifact):
                raise
            raise BrokenArtifact(
                f"the files of this {cls.kind} do not fit its card: train it again"
            ) from fault
        return made

    @property
    def card(self) -> dict[str, Any]:
        """What it was trained on and how, its licence and its privacy."""
        self._fitted()
        return dict(self._card)

    @property
    def privacy(self) -> PrivacySpent | None:
        """What the training has spent for every person, None when it was not private."""
        self._fitted()
        return self._spent

    @property
    def _networked(self) -> bool:
        plan = self._fitted()
        return bool(plan.discrete or plan.numbers)

    def _fitted(self) -> Plan:
        if self._plan is None:
            raise ValueError(
                f"this {self.kind} has learnt nothing yet: fit it, or load a fitted one"
            )
        return self._plan

    def _table(self, n: int, where: Where, rng: torch.Generator) -> Table:
        plan = self._fitted()
        if not self._networked:
            return plan.restore(np.empty((n, 0), np.intp), np.empty((n, 0)))
        with torch.inference_mode():
            codes, figures = self._draw(n, where, rng)
        return plan.restore(codes, matched(figures, self._maps) if self._maps else figures)

    def _drawn_figures(self, n: int, seed: int) -> Floats:
        with torch.inference_mode():
            return self._draw(n, {}, _stream(seed, _MAPS))[1]

    def _describe(self, data: Table, seed: int, steps: int) -> dict[str, Any]:
        card = {
            "settings": asdict(self.settings),  # type: ignore[call-overload]
            "columns": len(data.schema.columns),
            "steps": steps,
            "privacy": None if self._spent is None else self._spent.as_json(),
            "licence": "that of the data it was trained on",
            "release": "only what passed the gate",
            "releasable": True,
        }
        if self._private is not None:
            return card
        drawn = self._table(min(len(data), _DRAWN_FOR_MAPS), {}, _stream(seed, _COUNT))
        copied = copied_rows(drawn, data)
        return card | {"seed": str(seed), "rows": len(data), "copies": copied}


def _stream(seed: int, use: int) -> torch.Generator:
    return torch_generator(np.random.default_rng([seed, use]))


def _digest(data: Table) -> str:
    """SHA-256 of schema and values, so that a checkpoint is taken up for the same data alone."""
    schema = json.dumps(data.schema.as_json(), sort_keys=True).encode()
    return hashlib.sha256(schema + data.values.tobytes()).hexdigest()
