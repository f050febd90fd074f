"""One numpy generator decides everything: torch draws from it too."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A torch generator seeded by the next draw of `rng`."""
    generator = torch.Generator()
    generator.manual_seed(int(rng.integers(2**63 - 1)))
    return generator


@contextmanager
def seeded_initialisation(rng: np.random.Generator) -> Iterator[None]:
    """Layers made inside draw their weights from `rng`; torch's own state is left as it was."""
    seed = int(rng.integers(2**63 - 1))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
