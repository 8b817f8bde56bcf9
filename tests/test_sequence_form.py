"""The sequence form against plain sums over the tree, and the games that have none."""

import numpy as np
import pytest

from arena.errors import GameError
from arena.game import OVER, Game
from arena.registry import load_game
from arena.tree import best_response, enumerate_game
from arena.tree.sequence_form import sequence_form
from arena.tree.values import expected_returns


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "liars_dice(faces=3)", "goofspiel(cards=3)"])
def test_endings_weighted_by_the_plans_of_all_are_the_expected_returns(name):
    tree = enumerate_game(load_game(name))
    form = sequence_form(tree)
    policy = tree.mask * np.random.default_rng(0).random(tree.mask.shape)
    policy /= policy.sum(axis=1, keepdims=True)
    reach = form.chance_reach.copy()
    for seat in (0, 1):
        plan = np.ones(1 + policy.size)
        for sets, sequences in form.by_depth[seat]:
            plan[sequences] = plan[form.parent[sets], None] * policy[sets]
        reach *= plan[form.sequence[seat]]
    assert reach.sum() == pytest.approx(1, abs=1e-12)
    assert reach @ form.payoff == pytest.approx(expected_returns(tree, policy), abs=1e-12)


class TwoSteps(Game[tuple[str, ...]]):
    """The first player moves, then the second, then the first again."""

    name = "two_steps"
    hidden = True
    actions = ("a", "b")

    def start(self):
        return ()

    def turn(self, s):
        return OVER if len(s) == 3 else len(s) % 2

    def step(self, s, action):
        return (*s, action)

    def returns(self, s):
        return (1.0, -1.0) if s[0] == s[2] else (-1.0, 1.0)

    def view(self, s, seat):
        return f"{len(s)}: {s[0] if s and seat == 0 else '?'}"


class ForgetfulView(TwoSteps):
    """The first player does not remember what it did."""

    name = "forgetful_view"

    def view(self, s, seat):
        return f"{len(s)}: ?"


class ForgetfulState(TwoSteps):
    """Nobody knows what the first player did, not even the rules."""

    name = "forgetful_state"

    def step(self, s, action):
        return ("?",) if not s else (*s, action)

    def view(self, s, seat):
        return f"{len(s)}: ?"


def test_who_remembers_can_do_best():
    tree = enumerate_game(TwoSteps())
    assert best_response(tree, tree.uniform, 0).value == 1.0


@pytest.mark.parametrize(
    ("game", "sentence"),
    [
        (
            ForgetfulView(),
            "forgetful_view: seat 0 sees '2: ?' after different moves of its own; "
            "a view must tell all that its seat did and saw (perfect recall)",
        ),
        (
            ForgetfulState(),
            "forgetful_state: different moves of seat 0 lead to one and the same state; "
            "a view, and so the state, must tell all that a seat did and saw (perfect recall)",
        ),
    ],
)
def test_imperfect_recall_is_refused(game, sentence):
    tree = enumerate_game(game)
    with pytest.raises(GameError) as refusal:
        sequence_form(tree)
    assert str(refusal.value) == sentence
