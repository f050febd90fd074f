"""The parts under the generators of tables, against plain loops, autograd and arithmetic."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import planted
from torch import nn

from ml.generators.tables.conditions import Conditions, RowsByCategory
from ml.generators.tables.ctgan_networks import PackedCritic
from ml.generators.tables.diffusion import Diffusion
from ml.generators.tables.marginal import Marginal
from ml.generators.tables.mixture import fit_mixture
from ml.generators.tables.mode_encoding import ModeEncoding
from ml.generators.tables.onehots import OneHots
from ml.generators.tables.plan import Plan
from ml.generators.tables.quantile_encoding import QuantileEncoding
from ml.generators.tables.sampling import marginal_maps, matched
from ml.records.tables.table import snapped

NUMBERS = st.lists(
    st.one_of(st.integers(-5, 5).map(float), st.floats(-1e6, 1e6)), min_size=1, max_size=300
).map(np.array)


@settings(max_examples=80, deadline=None)
@given(NUMBERS, st.integers(0, 2**32 - 1))
def test_ranks_rise_with_the_numbers_and_bring_them_back_within_their_range(cells, seed):
    marginal = Marginal.learn(cells)
    ranks = marginal.ranks(np.sort(cells))
    assert (np.diff(ranks) >= 0).all() and ranks.min() >= 0 and ranks.max() <= 1
    drawn = marginal.cells(np.random.default_rng(seed).random(200))
    assert drawn.min() >= cells.min() and drawn.max() <= cells.max()
    again = Marginal.unpacked(marginal.packed())
    np.testing.assert_array_equal(again.cells(ranks), marginal.cells(ranks))


def test_repeated_numbers_come_back_exactly_and_as_often():
    rng = np.random.default_rng(0)
    cells = rng.choice([0.0, 1.5, 7.0], 3000, p=[0.7, 0.2, 0.1])
    marginal = Marginal.learn(cells)
    scores = marginal.scores(cells, rng)
    assert abs(scores.mean()) < 0.05 and abs(scores.std() - 1) < 0.05
    np.testing.assert_array_equal(marginal.from_scores(scores), cells)
    drawn = marginal.cells(rng.random(30_000))
    for number, share in ((0.0, 0.7), (1.5, 0.2), (7.0, 0.1)):
        assert abs((drawn == number).mean() - share) < 0.02


def test_fine_numbers_come_back_between_what_was_seen_not_on_it():
    cells = np.random.default_rng(0).normal(size=1000)
    marginal = Marginal.learn(cells)
    drawn = marginal.cells(np.random.default_rng(1).random(1000))
    assert np.isin(drawn, cells).mean() < 0.01
    assert (
        np.abs(np.quantile(drawn, [0.1, 0.5, 0.9]) - np.quantile(cells, [0.1, 0.5, 0.9])).max()
        < 0.15
    )


def test_planted_modes_are_found_and_no_more_of_them_than_needed():
    rng = np.random.default_rng(0)
    cells = np.concatenate([rng.normal(-50, 2, 600), rng.normal(10, 1, 300), np.full(100, 40.0)])
    mixture = fit_mixture(cells)
    for mean, weight in ((-50, 0.6), (10, 0.3), (40, 0.1)):
        near = np.abs(mixture.means - mean) < 5
        assert near.any() and abs(mixture.weights[near].sum() - weight) < 0.05
    assert mixture.means.size <= 6 and mixture.weights.sum() == pytest.approx(1)
    modes = mixture.draw_modes(cells, rng)
    assert np.abs(mixture.means[modes] - cells).max() < 10


def test_a_table_comes_back_from_both_encodings():
    table = planted()
    rng = np.random.default_rng(0)
    modes = ModeEncoding.learn(table)
    rows, _ = modes.encode(table, rng)
    assert rows.shape == (len(table), modes.width) and rows[:, : modes.offsets].abs().max() < 1
    codes = modes.spans.codes(rows[:, modes.offsets :])
    near = modes.plan.restore(*modes.decode(rows[:, : modes.offsets], codes))
    np.testing.assert_allclose(near.values, table.values, rtol=1e-4, atol=1e-3)
    quantiles = QuantileEncoding.learn(table)
    back = quantiles.plan.restore(*quantiles.decode(*quantiles.encode(table, rng)))
    steps = ["dose", "saturation", "pain", "clinic", "region", "consent", "outcome"]
    assert back.select(steps) == table.select(steps)


def test_a_plan_learns_neither_constants_nor_what_is_determined():
    table = planted()
    plan = Plan.of(table)
    learnt = {table.schema.names[each.column] for each in (*plan.discrete, *plan.numbers)}
    assert learnt == {"marker", "pressure", "dose", "saturation", "pain", "clinic", "outcome"}
    assert plan.restore(plan.codes(table), plan.figures(table)) == table


def test_what_comes_back_is_on_the_grid_and_within_what_was_seen():
    table = planted()
    plan = Plan.of(table)
    wild = np.random.default_rng(0).normal(0, 1e4, (50, len(plan.numbers)))
    made = plan.restore(np.zeros((50, len(plan.discrete)), np.intp), wild)
    for number in plan.numbers:
        cells = made.values[:, number.column]
        assert cells.min() >= number.lowest and cells.max() <= number.highest
        np.testing.assert_array_equal(cells, snapped(table.schema.columns[number.column], cells))


def test_spans_are_worked_on_as_if_one_by_one():
    spans = OneHots((2, 2, 3, 5, 5, 1))
    x = torch.randn(7, spans.total, generator=torch.Generator().manual_seed(0))
    parts = x.split(list(spans.widths), dim=1)
    torch.testing.assert_close(spans.softmax(x), torch.cat([p.softmax(1) for p in parts], 1))
    torch.testing.assert_close(
        spans.log_softmax(x), torch.cat([p.log_softmax(1) for p in parts], 1)
    )
    codes = torch.stack([p.argmax(1) for p in parts], 1)
    assert torch.equal(spans.codes(x), codes)
    assert torch.equal(spans.codes(spans.matrix(codes)), codes)
    assert spans.matrix(codes).sum() == 7 * len(spans.widths)


def test_categories_are_drawn_as_often_as_their_weights_say():
    spans = OneHots((2, 3))
    weights = torch.tensor([[0.1, 0.9, 0.2, 0.3, 0.5]]).log().expand(40_000, -1)
    codes = spans.draw(weights, torch.Generator().manual_seed(0))
    assert abs((codes[:, 0] == 1).float().mean() - 0.9) < 0.01
    assert abs((codes[:, 1] == 2).float().mean() - 0.5) < 0.01


def test_conditions_name_rare_categories_more_often_and_rows_that_have_them():
    spans = OneHots((2, 3))
    codes = np.column_stack([np.arange(1000) < 10, np.arange(1000) % 3]).astype(np.intp)
    pool = RowsByCategory(spans, codes)
    conditions = Conditions(spans, pool.counts)
    rng = torch.Generator().manual_seed(0)
    asked = conditions.draw(20_000, rng)
    rare = float((asked == 1).float().mean())
    assert rare == pytest.approx(0.5 * np.log(11) / (np.log(11) + np.log(991)), abs=0.01)
    seen = conditions.draw_as_seen(20_000, rng)
    assert float((seen == 1).float().mean()) == pytest.approx(0.5 * 0.01, abs=0.003)
    rows = pool.draw(asked, rng).numpy()
    columns = np.where(asked.numpy() < 2, 0, 1)
    assert (codes[rows, columns] == asked.numpy() - 2 * columns).all()
    assert len(np.unique(rows[asked.numpy() == 1])) == 10


def test_the_critics_penalty_is_what_autograd_derives():
    critic = PackedCritic(4, (6, 5), 3, 0.0)
    rng = torch.Generator()
    real, fake = torch.randn(12, 4), torch.randn(12, 4)
    penalty = critic.penalty(real, fake, rng.manual_seed(1))
    share = torch.rand(4, 1, generator=rng.manual_seed(1))
    at = share * real.reshape(4, -1) + (1 - share) * fake.reshape(4, -1)
    at.requires_grad_(True)
    scores = critic(at.reshape(12, 4), rng)
    (gradient,) = torch.autograd.grad(scores.sum(), at, create_graph=True)
    wanted = (gradient.norm(2, dim=1) - 1).square().mean()
    torch.testing.assert_close(penalty, wanted)
    ours = torch.autograd.grad(penalty, critic.layers[0].weight)[0]
    theirs = torch.autograd.grad(wanted, critic.layers[0].weight)[0]
    torch.testing.assert_close(ours, theirs)


def test_dropout_is_drawn_from_the_given_generator_alone():
    critic = PackedCritic(4, (16,), 2, 0.5)
    rows = torch.randn(8, 4)
    first, again = (critic(rows, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, critic(rows, torch.Generator().manual_seed(4)))


def test_noise_keeps_the_variance_and_ends_without_a_trace_of_the_data():
    spans = OneHots((4,))
    diffusion = Diffusion(100, spans)
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(20_000, 1, generator=rng)
    ones = spans.matrix(torch.zeros(20_000, 1, dtype=torch.long))
    for step in (0, 50, 99):
        at = torch.full((20_000,), step)
        noisy = diffusion.noisy_scores(scores, torch.randn(20_000, 1, generator=rng), at)
        assert abs(float(noisy.std()) - 1) < 0.03
    codes = diffusion.noisy_codes(ones, at, rng)
    shares = torch.bincount(codes[:, 0], minlength=4) / 20_000
    assert (shares - 0.25).abs().max() < 0.02
    assert (diffusion.noisy_codes(ones, torch.zeros_like(at), rng) == 0).float().mean() > 0.99


def test_a_step_back_is_the_step_that_bayes_gives():
    spans = OneHots((3,))
    diffusion = Diffusion(10, spans)
    at = torch.tensor([6])
    ones = spans.matrix(torch.tensor([[1]]))

    def after(start: int, end: int) -> torch.Tensor:
        """Chances from every category at `start` to every one at `end`, (3, 3)."""
        moved = torch.eye(3)
        for step in range(start, end):
            alpha = diffusion._alpha[step]
            moved = moved @ (alpha * torch.eye(3) + (1 - alpha) / 3)
        return moved

    for now in range(3):
        joint = after(0, 6)[1] * after(6, 7)[:, now]
        back = diffusion.one_back(ones, spans.matrix(torch.tensor([[now]])), at)
        torch.testing.assert_close(back[0], joint / joint.sum(), atol=1e-5, rtol=1e-4)


def test_perfect_guesses_cost_nothing():
    spans = OneHots((3, 4))
    diffusion = Diffusion(20, spans)
    rng = torch.Generator().manual_seed(0)
    codes = torch.stack(
        [torch.randint(3, (64,), generator=rng), torch.randint(4, (64,), generator=rng)], dim=1
    )
    ones = spans.matrix(codes)
    at = torch.randint(20, (64,), generator=rng)
    now = spans.matrix(diffusion.noisy_codes(ones, at, rng))
    right = diffusion.category_loss(ones, now, at, 40 * ones)
    wrong = diffusion.category_loss(ones, now, at, torch.zeros_like(ones))
    assert 0 <= float(right) < 1e-4 < float(wrong)
    logits = nn.Parameter(torch.zeros_like(ones))
    diffusion.category_loss(ones, now, at, logits).backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()


def test_the_way_back_from_noise_ends_at_the_data_when_every_guess_is_right():
    spans = OneHots((3,))
    diffusion = Diffusion(50, spans)
    rng = torch.Generator().manual_seed(0)
    data, codes = torch.linspace(-2, 2, 40)[:, None], torch.arange(40)[:, None] % 3
    scores = torch.randn(40, 1, generator=rng)
    ones = spans.matrix(torch.randint(3, (40, 1), generator=rng))
    for at in reversed(range(50)):
        kept = diffusion._kept[at]
        noise = (scores - kept.sqrt() * data) / (1 - kept).sqrt()
        scores, ones = diffusion.step_back(scores, ones, noise, 40 * spans.matrix(codes), at, rng)
    torch.testing.assert_close(scores, data, atol=1e-3, rtol=1e-3)
    assert torch.equal(spans.codes(ones), codes)


def test_nobodys_own_number_comes_back_however_wild_the_network():
    table = planted()
    plan = Plan.of(table)
    at = [plan.numbers[index].column for index in range(len(plan.numbers))].index(0)
    figures = plan.figures(table)[:50].copy()
    figures[:, at] = np.random.default_rng(0).normal(6, 5, 50)
    marker = plan.restore(np.zeros((50, len(plan.discrete)), np.intp), figures).column("marker")
    beyond = (figures[:, at] < plan.numbers[at].lowest) | (
        figures[:, at] > plan.numbers[at].highest
    )
    assert beyond.sum() > 10 and not np.isin(marker, table.column("marker")).any()
    made = np.random.default_rng(1).normal(50, 90, (400, len(plan.numbers)))
    wild = np.random.default_rng(2).normal(50, 900, (400, len(plan.numbers)))
    moved = matched(wild, marginal_maps(made, plan.figures(table)))
    assert not np.isin(moved[:, at], table.column("marker")).any()
