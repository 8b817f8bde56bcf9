"""Many states at once: kernels for the games that have one, the plain rules for all others."""

from collections import Counter

import numpy as np
import pytest

from arena.errors import GameError, PlayerError
from arena.game import OVER, Game
from arena.games.connect_four import ConnectFour
from arena.games.connect_four_kernel import ConnectFourKernel
from arena.games.kuhn_poker import KuhnPoker
from arena.kernel import ByRules, Questions, many_states
from arena.registry import BUILT_IN, find, load_game


def begin(game, games=4, seed=0):
    return many_states(game, games, np.random.default_rng(seed))


# Which way.


@pytest.mark.parametrize("name", sorted(BUILT_IN["kernels"]))
def test_a_kernel_plays_the_game_of_its_name(name):
    assert type(load_game(name)) is find("kernels", name).rules
    assert type(begin(load_game(name))) is find("kernels", name)


def test_other_games_are_played_by_their_rules():
    assert isinstance(begin(KuhnPoker()), ByRules)


def test_a_game_that_only_has_the_name_is_played_by_its_own_rules():
    class Popular(ConnectFour):
        """Connect Four in which the second player has won when the board is full."""

    assert isinstance(begin(ConnectFour()), ConnectFourKernel)
    assert isinstance(begin(Popular()), ByRules)


def test_a_game_without_a_vocabulary_has_no_numbers_for_its_moves():
    class Chat(KuhnPoker):
        actions = ()

    with pytest.raises(PlayerError, match="kuhn_poker has no closed vocabulary"):
        begin(Chat())


# The plain rules.


def test_chance_has_moved_before_a_seat_is_asked():
    states = begin(KuhnPoker(), 6000)
    assert (states.movers() == 0).all()
    deals = Counter(states.state(i)[:2] for i in range(6000))
    assert len(deals) == 6
    assert sum((n - 1000) ** 2 / 1000 for n in deals.values()) < 20.5  # 5 degrees of freedom: one in a thousand


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "goofspiel(cards=3)", "tic_tac_toe"])
def test_the_rules_say_what_they_say_of_a_single_state(name):
    game, rng = load_game(name), np.random.default_rng(1)
    states = begin(game, 50)
    while (playing := np.flatnonzero(states.movers() >= 0)).size:
        mask, seen = states.mask(playing), states.encode(playing)
        for row, i in enumerate(playing.tolist()):
            s, seat = states.state(i), int(states.movers()[i])
            assert game.turn(s) == seat
            assert [game.actions[a] for a in np.flatnonzero(mask[row])] == sorted(
                game.legal(s, seat), key=game.actions.index
            )
            assert (seen[row] == game.encode(s, seat)).all()
        states.step(playing, (rng.random(mask.shape) * mask).argmax(axis=1))
    assert (states.movers() == OVER).all()
    assert states.returns().tolist() == [list(game.returns(states.state(i))) for i in range(50)]


def test_a_seat_that_played_no_game_has_nothing():
    class Idle(KuhnPoker):
        def returns(self, s):
            return None, super().returns(s)[1]

    assert isinstance(Idle(), Game)
    states = begin(Idle(), 3)
    for _ in range(2):
        states.step(np.arange(3), np.zeros(3, np.int64))  # both pass
    assert states.returns()[:, 0].tolist() == [0.0] * 3


def test_returns_that_the_game_does_not_declare_are_refused():
    class Rich(KuhnPoker):
        def returns(self, s):
            return 9.0, -9.0

    states = begin(Rich(), 3)
    for _ in range(2):
        states.step(np.arange(3), np.zeros(3, np.int64))  # both pass
    with pytest.raises(GameError, match="leave its payoff_range -2 to 2: widen the range"):
        states.returns()


# Questions.


def test_a_question_can_be_read_one_by_one():
    game = ConnectFour()
    states = begin(game, 3)
    states.step(np.array([1]), np.array([4]))
    games = np.array([0, 1])
    questions = Questions(game, states, games, states.movers()[games])
    assert len(questions) == 2
    assert questions.game is game
    assert [request.seat for request in questions] == [0, 1]
    assert questions[1].text == game.view(states.state(1), 1)
    assert (questions.tensor() == states.encode(games)).all()
    assert (questions.mask() == states.mask(games)).all()
