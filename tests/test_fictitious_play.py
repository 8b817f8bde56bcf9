"""Fictitious play against its formula in probabilities of single moves, and on games whose answer is known."""

import numpy as np
import pytest

from arena.registry import load_game
from arena.trainers.fictitious_play import FictitiousPlay
from arena.tree import best_response, enumerate_game, expected_returns, nash_conv
from arena.tree.sequence_form import sequence_form


def own_reach(tree, policy):
    """Return (I,) the product of the mover's own probabilities on the way to each information set."""
    form, A = sequence_form(tree), tree.mask.shape[1]

    def reach(i):
        before = int(form.parent[i])
        return 1.0 if before == 0 else reach((before - 1) // A) * policy[(before - 1) // A, (before - 1) % A]

    return np.array([reach(i) for i in range(len(tree.seat))])


def answers(solver):
    """Return the best responses (I, A) that its next step will take: of several, only it can say which."""
    game = solver.game
    return game.policy([seat.best(game.gradient(i, solver.plans)) for i, seat in enumerate(game.seats)])


@pytest.mark.parametrize("name", ["kuhn_poker", "liars_dice(faces=3)", "goofspiel(cards=3)"])
def test_every_iteration_is_the_published_formula(name):
    """At a set, the average moves towards the answer as far as the answer comes there (Heinrich et al., theorem 7)."""
    tree = enumerate_game(load_game(name))
    ours, average = FictitiousPlay(tree), tree.uniform
    for t in range(1, 8):
        answer = answers(ours)
        for seat in (0, 1):
            against = np.where(tree.seat[:, None] == seat, answer, average)
            best = best_response(tree, average, seat).value
            assert expected_returns(tree, against)[seat] == pytest.approx(best, abs=1e-12)
        share, x, y = 1 / (t + 1), own_reach(tree, average), own_reach(tree, answer)
        move = share * y / ((1 - share) * x + share * y)
        average = average + move[:, None] * (answer - average)
        ours.step()
        assert ours.average() == pytest.approx(average, abs=1e-12)


def test_single_moves_may_not_be_averaged():
    """The mean of probabilities is another policy than the mean of plans, and it is not the one that is kept."""
    tree = enumerate_game(load_game("kuhn_poker"))
    ours = FictitiousPlay(tree)
    answer = answers(ours)
    ours.step()
    assert np.abs(ours.average() - (tree.uniform + answer) / 2).max() > 0.1


@pytest.mark.parametrize(
    ("name", "value", "iterations", "bound"),
    [
        ("kuhn_poker", -1 / 18, 1000, 0.03),
        ("leduc_poker", -0.0856064241, 500, 0.3),
        ("matrix(payoffs=[[0, -25, 50], [25, 0, -5], [-50, 5, 0]])", 0.0, 3000, 1.5),
        ("rock_paper_scissors", 0.0, 1000, 0.1),
    ],
)
def test_the_average_is_nearly_an_equilibrium_and_earns_the_value(name, value, iterations, bound):
    tree = enumerate_game(load_game(name))
    ours = FictitiousPlay(tree)
    for _ in range(iterations):
        ours.step()
    assert nash_conv(tree, ours.average()) < bound
    assert expected_returns(tree, ours.average())[0] == pytest.approx(value, abs=bound)


def test_before_the_first_iteration_the_average_is_uniform():
    tree = enumerate_game(load_game("leduc_poker"))
    assert FictitiousPlay(tree).average() == pytest.approx(tree.uniform)
