"""How many cores a training takes."""

import torch


def use_threads(count: int) -> None:
    """Let torch compute on `count` threads in this process from now on."""
    torch.set_num_threads(count)
