import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.bradley_terry import Design, Games, fit, maximise

ELO = 400 / np.log(10)
MANY = 1e6  # every result so often: the priors no longer show


def law(z, nu):
    """Return Davidson's probabilities of a win and of a draw."""
    total = np.exp(z / 2) + np.exp(-z / 2) + nu
    return np.exp(z / 2) / total, nu / total


def simulated(rng, theta, rho, gamma, nu, pairs):
    """Return `pairs` random pairs of games of a game with two roles."""
    n = len(theta)
    i = rng.integers(n, size=pairs)
    j = (i + rng.integers(1, n, size=pairs)) % n
    first, second = np.stack([i, j], 1).ravel(), np.stack([j, i], 1).ravel()
    win, draw = law(theta[first] - theta[second] + rho[first] + rho[second] + gamma, nu)
    u = rng.random(len(first))
    outcome = np.where(u < win, 1, np.where(u < win + draw, 0, -1))
    zeros = np.zeros_like(first)
    return Games(first, second, zeros, zeros + 1, outcome, np.repeat(np.arange(pairs), 2))


def plain(wins):
    """Return the maximum without ties, seats and (by numbers) priors, for wins (n, n)."""
    design = Design(len(wins), ((0, 0),), np.ones((1, 1)))
    wins = np.array(wins, float)[None] * MANY
    return maximise(design, wins, wins, 0.0)


def test_the_example_of_wikipedia():
    best = plain([[0, 2, 0, 1], [3, 0, 5, 0], [0, 3, 0, 1], [4, 0, 3, 0]])
    assert best.iterations <= 6
    elo = (best.beta - best.beta.mean()) * ELO
    assert elo == pytest.approx([-77.573, 7.366, -72.232, 142.439], abs=1e-3)


def test_a_clone_moves_the_ratings_of_rock_paper_scissors():
    # Why the payoff matrix stands beside the list: nobody's play has changed.
    once = plain([[0, 0.9, 0.1], [0.1, 0, 0.9], [0.9, 0.1, 0]])
    assert once.beta == pytest.approx(np.zeros(3), abs=1e-9)
    cloned = plain([[0, 0.9, 0.1, 0.1], [0.1, 0, 0.9, 0.9], [0.9, 0.1, 0, 0.5], [0.9, 0.1, 0.5, 0]])
    assert np.abs(cloned.beta * ELO) == pytest.approx([71.9, 71.9, 0, 0], abs=0.1)


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50))
def test_two_players_have_the_closed_form_of_davidson(wins, draws, losses):
    design = Design(2, ((0, 0),), np.ones((1, 1)))
    games, score = np.zeros((1, 2, 2)), np.zeros((1, 2, 2))
    games[0, 0, 1], score[0, 0, 1] = wins + draws + losses, wins - losses
    best = maximise(design, games * MANY, score * MANY, draws * MANY)
    assert best.beta[0] - best.beta[1] == pytest.approx(np.log(wins / losses), abs=1e-4)
    assert np.exp(best.beta[2]) == pytest.approx(draws / np.sqrt(wins * losses), rel=1e-4)


def test_seat_ties_and_roles_are_recovered():
    rng = np.random.default_rng(1)
    theta, rho = rng.normal(0, 1, 12), rng.normal(0, 0.3, 12)
    rho -= rho.mean()
    found = fit(simulated(rng, theta, rho, 0.46, 0.6, 100_000), 12, 2, role_skill=True)
    overall = found.beta[:12] - found.beta[:12].mean()
    assert overall == pytest.approx(theta - theta.mean(), abs=0.06)
    assert found.design.strengths(found.beta)[0] - found.beta[:12] == pytest.approx(rho, abs=0.06)
    assert found.beta[24] * ELO == pytest.approx(80, abs=6)
    assert found.ties == pytest.approx(0.6, abs=0.02)


def test_scores_and_curvature_are_those_of_the_likelihood():
    # Central differences of the value, at the start and at the maximum.
    games = simulated(np.random.default_rng(2), np.array([0.5, 0, -0.5]), np.zeros(3), 0.3, 0.5, 30)
    design = Design.of(games, 3, 2, role_skill=True)
    played, score = np.zeros((1, 3, 3)), np.zeros((1, 3, 3))
    np.add.at(played, (0, games.first, games.second), 1)
    np.add.at(score, (0, games.first, games.second), games.outcome)
    best = maximise(design, played, score, float((games.outcome == 0).sum()))

    def value(beta):
        z = design.log_odds(beta)[0, games.first, games.second]
        win, draw = law(z, np.exp(beta[-1]))
        p = np.where(games.outcome == 1, win, np.where(games.outcome == 0, draw, 1 - win - draw))
        return np.log(p).sum() - best.precision @ beta**2 / 2

    h, eye = 1e-4, np.eye(len(best.beta))
    slope = [(value(best.beta + h * e) - value(best.beta - h * e)) / (2 * h) for e in eye]
    assert slope == pytest.approx(np.zeros(len(eye)), abs=1e-5)
    up = [[value(best.beta + h * (e + f)) for f in eye] for e in eye]
    across = [[value(best.beta + h * (e - f)) for f in eye] for e in eye]
    down = [[value(best.beta - h * (e + f)) for f in eye] for e in eye]
    back = [[value(best.beta - h * (e - f)) for f in eye] for e in eye]
    curvature = -(np.array(up) - across - back + down) / (4 * h * h)
    assert curvature == pytest.approx(best.at.hessian, abs=1e-4)


@given(st.lists(st.integers(1, 9), min_size=9, max_size=9))
def test_a_draw_counts_as_half_a_win(counts):
    # At the maximum everyone's expected score, draws as halves, is the score that it made.
    design = Design(3, ((0, 0),), np.ones((1, 1)))
    win, draw, loss = np.zeros((3, 3, 3))
    two = np.triu_indices(3, 1)
    win[two], draw[two], loss[two] = np.array(counts, float).reshape(3, 3) * MANY
    best = maximise(design, (win + draw + loss)[None], (win - loss)[None], draw.sum())
    points = ((win + draw / 2).sum(axis=1) + (loss + draw / 2).sum(axis=0)) / MANY
    games = (win + draw + loss) / MANY
    expected = games * (1 + best.at.expected[0]) / 2
    assert expected.sum(axis=1) + (games - expected).sum(axis=0) == pytest.approx(points, abs=1e-5)


@pytest.mark.parametrize("outcomes", [[1] * 1000, [0] * 1000, [1], [0]])
def test_one_sided_results_stay_finite(outcomes):
    zeros = np.zeros(len(outcomes), int)
    found = fit(Games(zeros, zeros + 1, zeros, zeros, np.array(outcomes), np.arange(len(outcomes))), 2, 1, False)
    assert np.isfinite(found.beta).all()
    assert np.isfinite(found.sandwich).all()
    assert np.abs(found.beta).max() * ELO < 3000


def test_the_side_from_which_a_game_is_told_does_not_matter():
    games = simulated(np.random.default_rng(3), np.array([1.0, 0, -1.0]), np.zeros(3), 0.5, 0.5, 50)
    turned = Games(games.second, games.first, games.second_role, games.first_role, -games.outcome, games.cluster)
    one, other = fit(games, 3, 2, True), fit(turned, 3, 2, True)
    assert one.beta == pytest.approx(other.beta, abs=1e-10)
    assert one.sandwich == pytest.approx(other.sandwich, abs=1e-10)


def test_equal_halves_of_a_pair_count_once():
    # Both games of every pair end alike: clustered errors are √2 wider than those of independent games.
    rng = np.random.default_rng(4)
    outcome = np.repeat(rng.choice([1, -1], 2000), 2)
    zeros, number = np.zeros(4000, int), np.arange(4000)
    paired = fit(Games(zeros, zeros + 1, zeros, zeros, outcome, number // 2), 2, 1, False)
    single = fit(Games(zeros, zeros + 1, zeros, zeros, outcome, number), 2, 1, False)
    contrast = np.array([1.0, -1.0])
    ratio = (contrast @ paired.sandwich @ contrast) / (contrast @ single.sandwich @ contrast)
    assert ratio == pytest.approx(2, rel=0.01)
    assert contrast @ single.sandwich @ contrast == pytest.approx(contrast @ single.model @ contrast, rel=0.05)


def test_three_roles_have_a_seat_term_per_pair_of_roles():
    rng = np.random.default_rng(5)
    a, b = rng.integers(3, size=30_000), rng.integers(3, size=30_000)
    first = rng.integers(4, size=30_000)
    second = (first + rng.integers(1, 4, size=30_000)) % 4
    gamma = np.array([[0, 0.5, -0.3], [-0.5, 0, 0.8], [0.3, -0.8, 0]])
    theta = np.array([0.6, 0.2, -0.2, -0.6])
    win, _ = law(theta[first] - theta[second] + gamma[a, b], 0.0)
    outcome = np.where(rng.random(30_000) < win, 1, -1)
    found = fit(Games(first, second, a, b, outcome, np.arange(30_000)), 4, 3, True)
    assert found.ties == 0
    pairs = [found.design.role_pairs[r] for r in found.design.seats]
    assert pairs == [(0, 1), (0, 2), (1, 2)]
    assert found.beta[found.design.skills :] == pytest.approx([0.5, -0.3, 0.8], abs=0.1)
