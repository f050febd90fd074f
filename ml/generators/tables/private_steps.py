"""Steps that no person can move far: people drawn by chance, gradients clipped, noise added.

Norms are taken without any person's gradient being written down (ghost clipping, Li et al. 2022),
by Opacus, so memory stays that of an ordinary step.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.generators.generator import TooLittleData
from ml.generators.tables.private import Privacy, PrivacySpent, require_delta
from ml.generators.tables.private_accounting import FIRST, SECOND, noise_for

LEAST_PEOPLE = 20


@dataclass(frozen=True)
class PeopleRows:
    """Whose the rows are.

    Attributes:
        rows: (people, k) positions of rows; where a person has fewer, the first one again.
        weights: (people, k) float32, of a person's rows in that person's loss; they sum to 1.
    """

    rows: Tensor
    weights: Tensor

    @classmethod
    def of(
        cls, rows: int, persons: npt.NDArray[Any] | None, most: int, rng: np.random.Generator
    ) -> "PeopleRows":
        """At most `most` rows of every person, drawn evenly; every row a person without `persons`.

        Raises:
            ValueError: `persons` does not name one person a row, or is needed and not there.
        """
        if persons is None:
            if most > 1:
                raise ValueError("several rows a person are asked for: say whose the rows are")
            return cls(torch.arange(rows)[:, None], torch.ones(rows, 1))
        if len(persons) != rows:
            raise ValueError(f"{len(persons):,} persons are named for {rows:,} rows")
        order = rng.permutation(rows)
        _, whose = np.unique(np.asarray(persons)[order], return_inverse=True)
        first, place = _places(whose)
        kept = place < most
        table = np.repeat(order[first][:, None], most, axis=1)
        table[whose[kept], place[kept]] = order[kept]
        present = np.zeros(table.shape, dtype=bool)
        present[whose[kept], place[kept]] = True
        weights = present / present.sum(axis=1, keepdims=True)
        return cls(torch.from_numpy(table), torch.from_numpy(weights).float())

    def __len__(self) -> int:
        return len(self.rows)

    def draw(self, rate: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rows and weights, (drawn, k), of people each drawn with the chance `rate`."""
        drawn = torch.rand(len(self.rows), generator=rng, dtype=torch.float64) < rate
        return self.rows[drawn], self.weights[drawn]


@dataclass(frozen=True)
class Protection:
    """How a training keeps what `Privacy` asks for.

    Attributes:
        people: whose the rows are.
        expected: people of a step, on average.
        spent: what the whole training spends.
    """

    people: PeopleRows
    expected: int
    spent: PrivacySpent


def protection(privacy: Privacy, people: PeopleRows, *, expected: int, steps: int) -> Protection:
    """The noise that a training of so many steps needs.

    Raises:
        TooLittleData: there are fewer than `LEAST_PEOPLE`.
        PrivacyOutOfReach: `delta` is not below one over the people, or no noise is enough.
    """
    if len(people) < LEAST_PEOPLE:
        raise TooLittleData(f"{len(people)} people are too few: {LEAST_PEOPLE} are needed")
    require_delta(privacy, len(people))
    rate = min(1.0, expected / len(people))
    noise, first, second = noise_for(privacy, rate, steps)
    spent = PrivacySpent(
        epsilon=first,
        delta=privacy.delta,
        noise=noise,
        steps=steps,
        sampling_rate=rate,
        accountant=FIRST,
        second_epsilon=second,
        second_accountant=SECOND,
        people=len(people),
        rows_per_person=privacy.rows_per_person,
        clip=privacy.clip,
    )
    return Protection(people, expected, spent)


class PrivateDescent:
    """An optimizer whose every step is private.

    Args:
        networks: of layers that Opacus can take norms of; everything that is trained.
        optimizer: of the same parameters.
        rng: of the noise.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        optimizer: Optimizer,
        protection: Protection,
        rng: torch.Generator,
    ) -> None:
        from opacus.grad_sample import GradSampleHooksFastGradientClipping
        from opacus.optimizers import DPOptimizerFastGradientClipping

        clip = protection.spent.clip
        self._hooks = GradSampleHooksFastGradientClipping(
            nn.ModuleDict(networks), loss_reduction="sum", max_grad_norm=clip
        )
        self.optimizer: Any = DPOptimizerFastGradientClipping(
            optimizer,
            noise_multiplier=protection.spent.noise,
            max_grad_norm=clip,
            expected_batch_size=protection.expected,
            generator=rng,
        )

    def step(self, people: int, losses: Callable[[], Tensor]) -> Tensor:
        """One step down the sum of `losses`, (people,); noise alone where nobody was drawn."""
        from opacus.utils.fast_gradient_clipping_utils import DPTensorFastGradientClipping

        self.optimizer.zero_grad(set_to_none=True)
        if people:
            self._hooks.enable_hooks()
            loss = losses()
            with warnings.catch_warnings():  # data ask for no gradient: torch finds that odd
                warnings.filterwarnings("ignore", message="Full backward hook is firing")
                DPTensorFastGradientClipping(self._hooks, self.optimizer, loss, "sum").backward()
        else:
            loss = torch.zeros(0)
            for parameter in self.optimizer.params:
                parameter.grad = torch.zeros_like(parameter)
        self.optimizer.step()
        return loss.detach()


def _places(groups: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The first position of every group, and the place of every item within its group."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    starts = np.append(0, np.cumsum(sizes)[:-1])
    place = np.empty(len(groups), dtype=np.intp)
    place[order] = np.arange(len(groups)) - np.repeat(starts, sizes)
    return order[starts], place
