"""Drawing again agrees with the formulas of the ladder, and both cover the truth."""

import numpy as np
import pytest

from arena.blocks import block_games, match_games
from arena.bootstrap import bootstrap_payoffs, bootstrap_strengths, resamples
from arena.errors import RatingError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.payoff import matrix_of
from arena.results import Results
from arena.scores import Scores
from arena.strengths import ELO, strengths


def league(rng, theta, pairs, deal=0.0, draws=0.6):
    """Return `pairs` pairs between random players, whose two matches share the luck of a deal."""
    n = len(theta)
    i = rng.integers(n, size=pairs)
    j = (i + rng.integers(1, n, size=pairs)) % n
    first, second = np.stack([i, j], 1).ravel(), np.stack([j, i], 1).ravel()
    luck = np.repeat(rng.normal(0, deal, pairs), 2)  # of whoever sits first
    win = np.exp((theta[first] - theta[second] + 0.4 + luck) / 2)
    u = rng.random(2 * pairs) * (win + draws + 1 / win)
    payoff = np.where(u < win, 1.0, np.where(u < win + draws, 0.0, -1.0))
    zeros = np.zeros(2 * pairs, np.int64)
    names = tuple(f"p{k}" for k in range(n))
    pair = tuple(f"{k:06d}" for k in range(pairs))
    of = np.repeat(np.arange(pairs), 2)
    return Results(names, ("first", "second"), pair, first, second, zeros, zeros + 1, payoff, of, zeros)


def test_a_stratum_keeps_its_size_and_the_variance_of_its_mean():
    stratum = np.array([0, 1, 0, 2, 0, 1, 0])
    value = np.array([1.0, 5.0, 2.0, 9.0, 4.0, 7.0, 3.0])
    drawn = np.stack(list(resamples(stratum, 4000, seed=1)))
    for s in range(3):
        inside = stratum == s
        size = inside.sum()
        np.testing.assert_allclose(drawn[:, inside].sum(axis=1), size)
        mean = (drawn[:, inside] * value[inside]).sum(axis=1) / size
        wanted = value[inside].var(ddof=1) / size if size > 1 else 0.0
        assert mean.var() == pytest.approx(wanted, rel=0.08)
    assert (drawn[:, 3] == 1).all()  # a single pair cannot be drawn otherwise


def test_the_same_seed_draws_the_same():
    stratum = np.arange(20) % 3
    one, other, third = (np.stack(list(resamples(stratum, 5, seed))) for seed in (1, 1, 2))
    assert (one == other).all()
    assert (one != third).any()
    with pytest.raises(RatingError, match="at least once"):
        next(resamples(stratum, 0, 1))


@pytest.mark.parametrize("deal", [0.0, 2.0])
def test_elo_scatters_as_the_sandwich_says(deal):
    theta = np.linspace(-1, 1, 6)
    scores = Scores.of(league(np.random.default_rng(3), theta, 1500, deal), TicTacToe())
    games = match_games(scores)
    found = strengths(scores, games, ["p0"], role_skill=False)
    drawn = ELO * bootstrap_strengths(games, 6, 2, False, draws=400)
    spread = 1.96 * (drawn - drawn[:, :1])[:, 1:].std(axis=0, ddof=1)
    assert spread == pytest.approx(found.half_width[0, 1:], rel=0.12)
    assert (drawn - drawn[:, :1]).mean(axis=0)[1:] == pytest.approx(found.elo[1:] - 1000, abs=4)


def test_block_elo_scatters_as_the_sandwich_says():
    scores = Scores.of(league(np.random.default_rng(4), np.array([0.0, 0.1, 0.3]), 6000), KuhnPoker())
    blocks = block_games(scores, 10, 1.0)
    found = strengths(scores, blocks, ["p0"], role_skill=False)
    drawn = ELO * bootstrap_strengths(blocks, 3, 2, False, draws=400)
    spread = 1.96 * (drawn - drawn[:, :1])[:, 1:].std(axis=0, ddof=1)
    assert spread == pytest.approx(found.half_width[0, 1:], rel=0.15)


@pytest.mark.parametrize("deal", [0.0, 2.0])
def test_mean_payoffs_scatter_as_their_intervals_say(deal):
    scores = Scores.of(league(np.random.default_rng(5), np.linspace(-0.5, 0.5, 4), 1200, deal), KuhnPoker())
    known = matrix_of(scores, 1.0)
    drawn = bootstrap_payoffs(scores, draws=400)
    off = ~np.eye(4, dtype=bool)
    assert (1.96 * drawn.std(axis=0, ddof=1))[off] == pytest.approx(known.half_width[off], rel=0.15)
    assert drawn.mean(axis=0) == pytest.approx(known.mean, abs=0.02)
    np.testing.assert_allclose(drawn, -drawn.transpose(0, 2, 1), atol=1e-12)


def test_who_never_met_stays_unknown():
    scores = Scores.of(league(np.random.default_rng(6), np.zeros(3), 40), KuhnPoker())
    met = scores.where((scores.first != 2) | (scores.second != 0))
    met = met.where((met.first != 0) | (met.second != 2))
    drawn = bootstrap_payoffs(met, draws=3)
    assert np.isnan(drawn[:, 0, 2]).all()
    assert not np.isnan(drawn[:, 0, 1]).any()


def test_drawn_intervals_cover_the_truth():
    theta = np.array([0.0, 0.3, -0.3, 0.6])
    # The luck of deals flattens the curve: what an endless league shows is less than what was put in.
    endless = Scores.of(league(np.random.default_rng(8), theta, 300_000, deal=1.0, draws=0.0), TicTacToe())
    shown = (strengths(endless, match_games(endless), ["p0"], role_skill=False).elo - 1000) / ELO
    rng, hits = np.random.default_rng(7), []
    for k in range(40):
        scores = Scores.of(league(rng, theta, 300, deal=1.0, draws=0.0), TicTacToe())
        drawn = bootstrap_strengths(match_games(scores), 4, 2, False, draws=40, seed=k)
        difference = (drawn - drawn[:, :1])[:, 1:]
        half = 2.02 * difference.std(axis=0, ddof=1)  # Student's t for 39 degrees of freedom
        hits.append(np.abs(difference.mean(axis=0) - shown[1:]) <= half)
    assert 0.9 < np.mean(hits) < 0.995, f"95% intervals cover {np.mean(hits):.3f}"
