"""Private trainings spend what they say and learn from rows by private steps alone."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from planted import distances, planted
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.metrics import roc_auc_score
from torch import nn

from ml.artifacts import pack, unpack
from ml.checks.generators import check_generator
from ml.checks.tables import DECLARED_TABLES, class_sampling
from ml.generators.generator import TooLittleData
from ml.generators.tables import tabddpm, tvae
from ml.generators.tables.private import NotPublic, Privacy, PrivacyOutOfReach, PrivacySpent
from ml.generators.tables.private_accounting import epsilon_by_pld, epsilon_by_prv, noise_for
from ml.generators.tables.private_steps import PeopleRows, PrivateDescent, Protection
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent

pytest.importorskip("opacus", reason="opacus is not installed")
pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")

MODEST = Privacy(8.0, 1e-3)
QUICK = {
    "tvae": lambda: tvae.Tvae(replace(tvae.TINY, epochs=3), private=MODEST),
    "tabddpm": lambda: tabddpm.TabDdpm(
        replace(tabddpm.TINY, iterations=8, diffusion=8, hidden=(32,)), private=MODEST
    ),
}
GRID = [(0.6, 0.02, 200), (1.0, 0.01, 1000), (2.0, 0.1, 600), (5.0, 0.25, 500), (30.0, 1.0, 600)]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fitted(generator, table, seed=1, persons=None):
    generator.fit(
        table,
        rng=np.random.default_rng(seed),
        progress=silent,
        checkpoints=NoCheckpoints(),
        persons=persons,
    )
    return generator


@pytest.fixture(scope="module")
def table():
    return planted(150).with_dependencies(())


@pytest.fixture(scope="module", params=QUICK)
def learnt(request, table):
    return fitted(QUICK[request.param](), table)


@pytest.mark.parametrize(("noise", "rate", "steps"), GRID)
def test_two_accountants_that_share_no_code_agree(noise, rate, steps):
    for delta in (1e-5, 1e-3):
        first = epsilon_by_prv(noise, rate, steps, delta)
        second = epsilon_by_pld(noise, rate, steps, delta)
        assert abs(first - second) <= 0.02 + 0.01 * second


def test_without_subsampling_both_give_what_arithmetic_gives():
    noise, steps, delta = 30.0, 600, 1e-5
    one = noise / math.sqrt(steps)

    def over(epsilon):  # Balle and Wang 2018, theorem 8
        a, b = 1 / (2 * one) - epsilon * one, -1 / (2 * one) - epsilon * one
        return norm.cdf(a) - math.exp(epsilon) * norm.cdf(b) - delta

    exact = brentq(over, 0.0, 20.0)
    for epsilon in (epsilon_by_prv, epsilon_by_pld):
        assert exact - 1e-6 <= epsilon(noise, 1.0, steps, delta) <= exact + 0.02


def test_less_epsilon_is_bought_with_more_noise_and_neither_accountant_finds_it_exceeded():
    noises = []
    for epsilon in (8.0, 2.0, 0.5):
        noise, first, second = noise_for(Privacy(epsilon, 1e-4), 0.1, 200)
        noises.append(noise)
        assert first == epsilon_by_prv(noise, 0.1, 200, 1e-4) <= epsilon
        assert second == epsilon_by_pld(noise, 0.1, 200, 1e-4) <= epsilon
        assert epsilon_by_pld(noise / 1.02, 0.1, 200, 1e-4) > epsilon - 0.02
    assert noises[0] < noises[1] < noises[2]


@pytest.mark.parametrize("name", QUICK)
def test_a_private_generator_keeps_every_promise(name, table):
    check_generator(
        QUICK[name],
        table,
        rng=np.random.default_rng(4),
        kind=DECLARED_TABLES,
        too_little=20,
        classes=class_sampling("outcome", ("ill", "well")),
    )


def test_what_was_spent_is_on_the_generator_and_its_card_and_survives_saving(learnt):
    spent = learnt.privacy
    assert 0.8 * MODEST.epsilon < spent.epsilon <= MODEST.epsilon
    assert 0.8 * MODEST.epsilon < spent.second_epsilon <= MODEST.epsilon
    assert spent.delta == MODEST.delta and spent.people == 150
    assert f"{spent.second_epsilon:.3f} by PLD" in str(spent)
    card = learnt.to_artifact().card["privacy"]
    assert PrivacySpent.from_json(card) == spent and card["unit"] == "person"
    loaded = type(learnt).from_artifact(unpack(pack(learnt.to_artifact())))
    assert loaded.privacy == spent


def test_with_enough_people_the_marginals_are_learnt_all_the_same():
    real, fresh = (planted(700, seed=seed).with_dependencies(()) for seed in (7, 8))

    def furthest(epochs):
        setting = replace(tvae.PRIVATE, epochs=epochs)
        generator = fitted(tvae.Tvae(setting, private=Privacy(8.0)), real)
        return distances(generator.sample(700, rng=np.random.default_rng(2)), fresh)["marginals"]

    assert furthest(60) < 0.3 < furthest(1)


def test_an_ordinary_training_claims_no_privacy(table):
    generator = fitted(tvae.Tvae(replace(tvae.TINY, epochs=1)), table)
    assert generator.privacy is None and generator.card["privacy"] is None


def test_card_and_encoding_are_the_same_whatever_the_rows_say(learnt, table):
    rng = np.random.default_rng(9)
    others = np.column_stack([np.repeat(column[:1], 150) for column in table.values.T])
    others[:, 0] = np.float64(table.schema.columns[0].minimum)
    others = np.where(np.isnan(others), np.nan, others)
    shuffled = Table(table.schema, others[rng.permutation(150)])
    again = fitted(QUICK[learnt.kind](), shuffled)
    assert again.card == learnt.card
    assert not {"seed", "copies", "rows"} & learnt.card.keys()
    ours, theirs = learnt.to_artifact().files, again.to_artifact().files
    assert ours["plan.json"] == theirs["plan.json"]
    for name, array in learnt._arrays().items():
        np.testing.assert_array_equal(array, again._arrays()[name])


def test_what_determines_what_is_not_public(table):
    with pytest.raises(NotPublic, match=r"'region'.*with_dependencies"):
        fitted(QUICK["tvae"](), planted(150))


def test_promises_that_cannot_be_kept_are_refused(table):
    with pytest.raises(PrivacyOutOfReach, match="one of 150 people"):
        fitted(tvae.Tvae(tvae.TINY, private=Privacy(1.0, 0.01)), table)
    with pytest.raises(ValueError, match="say whose the rows are"):
        fitted(tvae.Tvae(tvae.TINY, private=Privacy(1.0, 1e-3, rows_per_person=3)), table)
    with pytest.raises(TooLittleData, match="10 people are too few: 20"):
        persons = np.arange(150) % 10
        fitted(tvae.Tvae(tvae.TINY, private=Privacy(1.0, 1e-3)), table, persons=persons)
    for wrong in ({"epsilon": 0.0}, {"epsilon": 1.0, "delta": 0.0}, {"epsilon": 1.0, "clip": 0.0}):
        with pytest.raises(PrivacyOutOfReach):
            Privacy(**wrong)
    with pytest.raises(PrivacyOutOfReach, match="train for fewer"):
        noise_for(Privacy(0.1, 1e-9), 1.0, 1_000_000)


def test_a_person_gives_a_step_no_more_rows_than_agreed_and_one_weight():
    persons = np.array(["a"] * 7 + ["b"] + ["c"] * 3 + ["d"] * 2)
    people = PeopleRows.of(len(persons), persons, 3, np.random.default_rng(0))
    assert people.rows.shape == (4, 3)
    for rows, weights in zip(people.rows.numpy(), people.weights.numpy(), strict=True):
        kept = rows[weights > 0]
        assert len(set(persons[rows])) == 1 and len(set(kept)) == len(kept)
        assert len(kept) == min(3, (persons == persons[rows[0]]).sum())
        assert weights.sum() == pytest.approx(1)
    seen = {int(row) for seed in range(40) for row in _first_persons_rows(persons, seed)}
    assert seen == set(range(7))


def _first_persons_rows(persons, seed):
    people = PeopleRows.of(len(persons), persons, 3, np.random.default_rng(seed))
    return next(rows for rows in people.rows.numpy() if persons[rows[0]] == "a")


def test_people_are_drawn_each_by_a_chance_of_their_own():
    people = PeopleRows.of(400, None, 1, np.random.default_rng(0))
    rng = torch.Generator().manual_seed(0)
    sizes = np.array([len(people.draw(0.1, rng)[0]) for _ in range(300)])
    assert abs(sizes.mean() - 40) < 1.5 and abs(sizes.std() - 6) < 1


def stepped(rows, clip, noise=0.0):
    """What one step of plain descent moves the weights by, times the people expected: 10."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
    before = nn.utils.parameters_to_vector(network.parameters()).detach().clone()
    spent = PrivacySpent(1.0, 1e-5, noise, 1, 0.1, "", 1.0, "", 100, rows.shape[1], clip)
    people = PeopleRows(torch.zeros(100, rows.shape[1]), torch.ones(100, rows.shape[1]))
    descent = PrivateDescent(
        {"network": network},
        torch.optim.SGD(network.parameters(), lr=1.0),
        Protection(people, 10, spent),
        torch.Generator().manual_seed(1),
    )
    shaped = rows if rows.shape[1] > 1 else rows[:, 0]
    descent.step(len(rows), lambda: network(shaped).square().reshape(len(rows), -1).mean(dim=1))
    return 10 * (before - nn.utils.parameters_to_vector(network.parameters()).detach())


@pytest.mark.parametrize("rows_per_person", [1, 3])
def test_one_extreme_person_moves_a_step_by_no_more_than_the_clip(rows_per_person):
    rows = torch.randn(20, rows_per_person, 3, generator=torch.Generator().manual_seed(2))
    rows[-1] *= 1e4
    for clip in (0.1, 2.0):
        moved = stepped(rows, clip) - stepped(rows[:-1], clip)
        assert 0.9 * clip < float(moved.norm()) <= 1.001 * clip
    free = stepped(rows, 1e12) - stepped(rows[:-1], 1e12)
    assert float(free.norm()) > 1e4


@pytest.mark.parametrize("rows_per_person", [1, 3])
def test_a_step_is_the_sum_of_every_persons_own_clipped_gradient(rows_per_person):
    rows = torch.randn(7, rows_per_person, 3, generator=torch.Generator().manual_seed(2))
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
    total = 0
    for person in rows:
        gradient = torch.autograd.grad(network(person).square().mean(), network.parameters())
        flat = torch.cat([each.flatten() for each in gradient])
        total = total + flat * min(1.0, 0.3 / float(flat.norm()))
    torch.testing.assert_close(stepped(rows, 0.3), total, rtol=1e-3, atol=1e-5)


def test_a_step_without_anybody_is_noise_of_the_promised_size():
    moved = stepped(torch.zeros(0, 1, 3), clip=2.0, noise=50.0)
    assert torch.isfinite(moved).all() and 60 < float(moved.std()) < 150


def test_members_are_told_from_strangers_without_privacy_and_not_with_it():
    schema = Schema(tuple(Column(f"v{k}", "continuous", False, -5.0, 5.0) for k in range(6)))
    values = np.random.default_rng(0).normal(size=(120, 6)).clip(-5, 5)
    eager = replace(tabddpm.TINY, iterations=400, diffusion=10, batch=60, average=0.9, looks=1)

    def told_apart(private):
        members = Table(schema, values[:60])
        made = fitted(tabddpm.TabDdpm(eager, private=private), members, seed=3)
        drawn = made.sample(2000, rng=np.random.default_rng(1)).values
        nearest = np.sqrt(((values[:, None] - drawn) ** 2).sum(axis=2)).min(axis=1)
        return roc_auc_score(np.arange(120) < 60, -nearest)

    assert told_apart(None) > 0.7
    assert abs(told_apart(Privacy(1.0, 1e-3)) - 0.5) < 0.15
