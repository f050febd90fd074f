"""SDV behind our contract: a comparator that is seeded, typed, and neither saved nor released."""

import logging

import numpy as np
import pytest
import torch
from planted import planted

from ml.catalogue import releasable
from ml.checks.tables import TABLES
from ml.generators.generator import NotSavable
from ml.generators.tables.sdv_synthesizers import (
    SdvCopulaGan,
    SdvCtgan,
    SdvGaussianCopula,
    SdvTvae,
)
from ml.records.tables.inference import typed
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent

pytest.importorskip("sdv", reason="sdv is not installed: pip install 'vitalmint[sdv]'")

KINDS = {made.kind: made for made in (SdvGaussianCopula, SdvCtgan, SdvTvae, SdvCopulaGan)}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fitted(generator, table):
    generator.fit(table, rng=np.random.default_rng(1), progress=silent, checkpoints=NoCheckpoints())
    return generator


@pytest.fixture(scope="module")
def tvae():
    return fitted(SdvTvae("tiny"), planted(120))


def test_the_card_names_the_licence_and_bars_a_release(tvae):
    assert "Business Source License" in tvae.card["licence"]
    assert tvae.card["releasable"] is False and not releasable("sdv_tvae", tvae.card)
    with pytest.raises(NotSavable, match="pickle"):
        tvae.to_artifact()


def test_only_an_agreement_with_the_licensor_allows_a_release():
    generator = fitted(SdvGaussianCopula("tiny", agreement="DataCebo 2026-17"), planted(60))
    assert releasable(generator.kind, generator.card)
    assert generator.card["agreement"] == "DataCebo 2026-17"


def test_missing_cells_are_drawn_anew_with_every_seed(tvae):
    first, second = (tvae.sample(200, rng=np.random.default_rng(seed)) for seed in (1, 2))
    empty = [np.isnan(each.column("saturation")) for each in (first, second)]
    assert 0 < empty[0].mean() < 1 and (empty[0] != empty[1]).any()


def test_torchs_own_state_and_sdvs_log_are_left_as_they_were():
    before = torch.get_rng_state()
    loggers = [logging.getLogger(name).disabled for name in ("SingleTableSynthesizer", "Metadata")]
    fitted(SdvTvae("tiny"), planted(60)).sample(5, rng=np.random.default_rng(0))
    assert torch.equal(before, torch.get_rng_state())
    assert loggers == [
        logging.getLogger(name).disabled for name in ("SingleTableSynthesizer", "Metadata")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_column_of_either_sort_is_learnt(kind):
    import pandas as pd

    for cells in (np.arange(70) % 13 + 0.5, ["x", "y"] * 35, ["x"] * 70):
        table = typed(pd.DataFrame({"only": cells}))
        made = fitted(KINDS[kind]("tiny"), table).sample(30, rng=np.random.default_rng(1))
        assert len(made) == 30 and TABLES.fault(made, table) is None
