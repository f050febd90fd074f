"""Many one-hot spans side by side in one matrix, worked on without a loop over spans.

Spans are ordered by width, so that all of one width are one three-dimensional view.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class OneHots:
    """Where the spans lie.

    Attributes:
        widths: categories of each span, in the order of the matrix.
        runs: (first column, spans, width) of neighbours with the same width.
    """

    widths: tuple[int, ...]
    runs: tuple[tuple[int, int, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        runs: list[list[int]] = []
        start = 0
        for width in self.widths:
            if runs and runs[-1][2] == width:
                runs[-1][1] += 1
            else:
                runs.append([start, 1, width])
            start += width
        object.__setattr__(self, "runs", tuple((a, b, c) for a, b, c in runs))

    @property
    def total(self) -> int:
        """Columns of the matrix."""
        return sum(self.widths)

    @property
    def starts(self) -> tuple[int, ...]:
        """First column of each span."""
        ends = [0]
        for width in self.widths:
            ends.append(ends[-1] + width)
        return tuple(ends[:-1])

    def per_span(self, x: Tensor, work: Callable[[Tensor], Tensor]) -> Tensor:
        """`work` on (n, spans, width) views of `x`, (n, total), each keeping its shape."""
        if len(self.runs) == 1:
            _, count, width = self.runs[0]
            return work(x.view(len(x), count, width)).reshape(len(x), -1)
        parts = [
            work(x[:, start : start + count * width].reshape(len(x), count, width)).flatten(1)
            for start, count, width in self.runs
        ]
        return torch.cat(parts, dim=1) if parts else x

    def softmax(self, x: Tensor) -> Tensor:
        """Every span on its own, (n, total)."""
        return self.per_span(x, lambda part: part.softmax(dim=-1))

    def log_softmax(self, x: Tensor) -> Tensor:
        """Logarithm of `softmax`, (n, total)."""
        return self.per_span(x, lambda part: part.log_softmax(dim=-1))

    def normalised(self, weights: Tensor) -> Tensor:
        """Non-negative weights that sum to 1 within every span, (n, total)."""
        return self.per_span(weights, lambda part: part / part.sum(dim=-1, keepdim=True))

    def codes(self, x: Tensor) -> Tensor:
        """The position of the largest entry in every span, (n, spans)."""
        parts = [
            x[:, start : start + count * width].reshape(len(x), count, width).argmax(dim=-1)
            for start, count, width in self.runs
        ]
        return torch.cat(parts, dim=1) if parts else torch.zeros(len(x), 0, dtype=torch.long)

    def draw(self, log_weights: Tensor, rng: torch.Generator) -> Tensor:
        """A category per span, drawn by unnormalised log weights, (n, spans)."""
        return self.codes(log_weights + gumbel(log_weights, rng))

    def matrix(self, codes: Tensor) -> Tensor:
        """Codes (n, spans) as ones in zeros, (n, total) float32."""
        columns = codes + torch.tensor(self.starts, dtype=torch.long)
        return torch.zeros(len(codes), self.total).scatter_(1, columns, 1.0)

    def entries(self, per_span: Sequence[float]) -> Tensor:
        """A figure per span, repeated for each of its columns, (total,)."""
        repeats = torch.tensor(self.widths, dtype=torch.long)
        return torch.tensor(per_span, dtype=torch.float32).repeat_interleave(repeats)


def gumbel(like: Tensor, rng: torch.Generator) -> Tensor:
    """Standard Gumbel noise of the shape of `like`."""
    return -torch.empty_like(like).exponential_(generator=rng).clamp_min_(1e-20).log_()
