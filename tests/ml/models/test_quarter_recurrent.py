"""The GRU over daily summaries: trained in torch, told in numpy."""

import itertools

import numpy as np
import torch

from ml.models.quarter.days import figures
from ml.models.quarter.features import PARTS, WIDTH, day_features, spread_over_rows
from ml.models.quarter.recurrent import Recurrent
from ml.models.quarter.scale import base_onto
from ml.training.progress import Progress, silent
from tests.ml.models.quarter_people import people


def fitted(seed: int = 0) -> Recurrent:
    made = Recurrent()
    made.fit(people(240), rng=np.random.default_rng(seed), progress=silent)
    return made


def test_numpy_tells_what_torch_learnt() -> None:
    made = fitted()
    weights = {name: torch.from_numpy(np.asarray(a)) for name, a in made.arrays().items()}
    gru = torch.nn.GRU(6, WIDTH, batch_first=True)
    with torch.no_grad():
        for ours, theirs in (
            ("input_weight", gru.weight_ih_l0),
            ("state_weight", gru.weight_hh_l0),
            ("input_bias", gru.bias_ih_l0),
            ("state_bias", gru.bias_hh_l0),
        ):
            theirs.copy_(weights[ours])
        first = people(240).first
        days = (torch.tensor(day_features(first)).float() - weights["day_mean"]) / weights[
            "day_scale"
        ]
        seen = torch.tensor(base_onto(figures(first))).float()
        own = (seen - weights["seen_mean"]) / weights["seen_scale"]
        mixed = torch.cat([gru(days)[1][0], own], dim=1) @ weights["mix_weight"].T
        change = torch.relu(mixed + weights["mix_bias"]) @ weights["out_weight"].T
        told = seen[:, None] + torch.tensor(spread_over_rows()).float() @ (
            change + weights["out_bias"]
        ).reshape(-1, PARTS, 4)
    ours = base_onto(made.predict(first))
    inside = (ours[..., :2].max(axis=(1, 2)) < 1.5) & (
        told[..., :2].numpy().min(axis=(1, 2)) > 0.06
    )
    assert inside.sum() > 50
    assert np.abs(ours - told.numpy())[inside].max() < 1e-4


def test_the_same_seed_learns_the_same_and_torch_keeps_its_own_state() -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    one, other = fitted(3).arrays(), fitted(3).arrays()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert torch.equal(before, torch.get_rng_state())


def test_training_says_how_far_it_is() -> None:
    told: list[Progress] = []
    Recurrent().fit(people(240), rng=np.random.default_rng(0), progress=told.append)
    assert told and all(a.done < b.done for a, b in itertools.pairwise(told))
