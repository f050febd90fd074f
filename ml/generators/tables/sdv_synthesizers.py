"""SDV's single-table synthesizers behind our contract: comparators, never a source of releases.

SDV and ctgan are under the Business Source License, which bars offering what they do to third
parties. They learn the same prepared columns as our own generators (see `Plan`), so that what is
compared is the learner. Their own files are pickles, so they are fitted and used in one process and
refuse to be saved.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np
import pandas as pd

from ml.artifacts import Artifact
from ml.generators.generator import NotSavable, TooLittleData
from ml.generators.tables.plan import Plan
from ml.generators.tables.sampling import Where, check_where, copied_rows, fill
from ml.records.tables.table import Table
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

LICENCE = (
    "Business Source License 1.1 (SDV and ctgan, DataCebo): bars offering synthetic data as a "
    "service to third parties"
)
_TABLE = "table"
_COUNTED = 10_000
_LOGGERS = ("SingleTableSynthesizer", "Metadata", "SingleTableMetadata")


@dataclass(frozen=True)
class SdvSettings:
    """One named way to train; everything that is not named here is SDV's own default.

    Attributes:
        epochs: of the networks; the copula has none.
        batch: rows of a step.
        least_rows: fewer are refused with `TooLittleData`.
    """

    name: str
    epochs: int = 300
    batch: int = 500
    least_rows: int = 50


DEFAULT = SdvSettings("default")
TINY = SdvSettings("tiny", epochs=2, batch=100)
SETTINGS = {settings.name: settings for settings in (DEFAULT, TINY)}


class SdvSynthesizer:
    """What the four have in common; any category is asked for by drawing until it came.

    Args:
        settings: or the name of one.
        agreement: the licence agreement under which its output may be released, where you hold
            one; without it the card says that it may not.
    """

    kind: ClassVar[str]
    synthesizer: ClassVar[str]
    networked: ClassVar[bool] = True
    licence = LICENCE
    savable = False

    def __init__(
        self, settings: SdvSettings | str = "default", *, agreement: str | None = None
    ) -> None:
        self.settings = SETTINGS[settings] if isinstance(settings, str) else settings
        self.releasable = agreement is not None
        self._agreement = agreement
        self._plan: Plan | None = None
        self._model: Any = None
        self._card: dict[str, Any] = {}

    def fit(
        self,
        data: Table,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """Learn from `data`; see `Generator.fit`. SDV cannot be stopped while it learns."""
        if len(data) < self.settings.least_rows:
            raise TooLittleData(
                f"{len(data)} rows are too few: {self.settings.least_rows} are needed"
            )
        self._plan, self._model = None, None
        seed = int(rng.integers(2**32))
        plan = Plan.of(data)
        progress(Progress("training by SDV", 0, 1))
        if plan.discrete or plan.numbers:
            with _hidden_randomness(seed), _quiet():
                self._model = self._fresh(plan)
                self._model.fit({_TABLE: _frame(plan, data)})
        self._plan = plan
        drawn = self._table(min(len(data), _COUNTED), np.random.default_rng(seed))
        self._card = self._describe(data, seed, copied_rows(drawn, data))
        progress(Progress("training by SDV", 1, 1))

    def sample(self, n: int, *, rng: np.random.Generator, where: Where | None = None) -> Table:
        """`n` rows, all with the categories that `where` names; see `LearntTables.sample`."""
        asked = dict(where or {})
        check_where(self._fitted(), asked)
        return fill(n, asked, self._table(0, rng), lambda count: self._table(count, rng))

    @property
    def card(self) -> dict[str, Any]:
        """What it was trained on and how, and under which licence."""
        self._fitted()
        return dict(self._card)

    def to_artifact(self) -> Artifact:
        """Always refused: SDV's state can only be kept as a pickle."""
        self._fitted()
        _refuse(self.kind)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "SdvSynthesizer":
        """Always refused, as nothing was ever saved."""
        _refuse(cls.kind)

    def _fresh(self, plan: Plan) -> Any:
        from sdv import single_table
        from sdv.metadata import Metadata

        metadata = Metadata()
        metadata.add_table(_TABLE)
        for index in range(len(plan.discrete)):
            metadata.add_column(f"d{index}", _TABLE, sdtype="categorical")
        for index in range(len(plan.numbers)):
            metadata.add_column(f"n{index}", _TABLE, sdtype="numerical")
        made = getattr(single_table, self.synthesizer)
        if not self.networked:
            return made(metadata)
        return made(
            metadata,
            epochs=self.settings.epochs,
            batch_size=self.settings.batch,
            enable_gpu=False,
        )

    def _table(self, n: int, rng: np.random.Generator) -> Table:
        plan = self._fitted()
        codes = np.zeros((n, len(plan.discrete)), dtype=np.intp)
        figures = np.full((n, len(plan.numbers)), np.nan)
        if n and self._model is not None:
            frame = self._drawn(n, rng)
            for index in range(len(plan.discrete)):
                codes[:, index] = frame[f"d{index}"].astype(np.intp)
            for index in range(len(plan.numbers)):
                figures[:, index] = frame[f"n{index}"].to_numpy(dtype=np.float64)
            figures[~np.isfinite(figures)] = np.nan
            _fill_forbidden(plan, figures)
        return plan.restore(codes, figures)

    def _drawn(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """`n` rows from SDV, whose model and transformers each keep a random state of their own."""
        seeds = rng.integers(2**32, size=2)
        with _hidden_randomness(int(seeds[0])), _quiet():
            self._model.reset_sampling()
            self._model._set_random_state(int(seeds[0]))
            transformers = self._model.get_transformers(_TABLE).values()
            for place, transformer in enumerate(transformers):
                if transformer is not None:
                    state = np.random.RandomState([int(seeds[1]), place])
                    transformer.set_random_state(state, "reverse_transform")
            frame: pd.DataFrame = self._model.sample(n)[_TABLE]
        return frame

    def _describe(self, data: Table, seed: int, copies: dict[str, int]) -> dict[str, Any]:
        from importlib.metadata import version

        return {
            "settings": asdict(self.settings),
            "seed": str(seed),
            "rows": len(data),
            "columns": len(data.schema.columns),
            "copies": copies,
            "recipe": {"synthesizer": self.synthesizer, "sdv": version("sdv")},
            "licence": self.licence,
            "agreement": self._agreement,
            "releasable": self.releasable,
            "savable": self.savable,
        }

    def _fitted(self) -> Plan:
        if self._plan is None:
            raise ValueError(f"this {self.kind} has learnt nothing yet: fit it")
        return self._plan


class SdvGaussianCopula(SdvSynthesizer):
    """SDV's GaussianCopulaSynthesizer."""

    kind = "sdv_gaussian_copula"
    synthesizer = "GaussianCopulaSynthesizer"
    networked = False


class SdvCtgan(SdvSynthesizer):
    """SDV's CTGANSynthesizer."""

    kind = "sdv_ctgan"
    synthesizer = "CTGANSynthesizer"


class SdvTvae(SdvSynthesizer):
    """SDV's TVAESynthesizer."""

    kind = "sdv_tvae"
    synthesizer = "TVAESynthesizer"


class SdvCopulaGan(SdvSynthesizer):
    """SDV's CopulaGANSynthesizer."""

    kind = "sdv_copulagan"
    synthesizer = "CopulaGANSynthesizer"


def _refuse(kind: str) -> NoReturn:
    raise NotSavable(
        f"{kind} cannot be saved: SDV keeps its state as a pickle, which runs code when it is "
        "read. Fit it again from the seed and recipe on its card, or use one of our own generators"
    )


def _frame(plan: Plan, data: Table) -> pd.DataFrame:
    """The columns to be learnt: codes as words, numbers as they are."""
    codes, figures = plan.codes(data), plan.figures(data)
    words = {
        f"d{index}": codes[:, index].astype(str).astype(object) for index in range(codes.shape[1])
    }
    numbers = {f"n{index}": figures[:, index] for index in range(figures.shape[1])}
    return pd.DataFrame(words | numbers)


def _fill_forbidden(plan: Plan, figures: np.ndarray) -> None:
    """Numbers in place of missing cells where training had none: the middle of the column."""
    for index, number in enumerate(plan.numbers):
        if not number.missing:
            empty = np.isnan(figures[:, index])
            figures[empty, index] = 0.5 * (number.lowest + number.highest)


@contextmanager
def _hidden_randomness(seed: int) -> Iterator[None]:
    """numpy's and torch's own states are seeded inside and left as they were."""
    import torch

    before = np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            np.random.seed(seed)
            yield
    finally:
        np.random.set_state(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """No log in the user's home, no advice, no processes with data in files between them."""
    import joblib

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        with warnings.catch_warnings(), joblib.parallel_config(backend="sequential"):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
