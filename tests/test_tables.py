"""The arrays of a game, in both of their layouts, and what players do there as one table."""

import re

import numpy as np
import pytest

from arena.errors import ConfigError, PlayerError
from arena.game import CHANCE, OVER
from arena.games.kuhn_poker import KuhnPoker
from arena.games.leduc_poker import LeducPoker
from arena.games.matrix import RockPaperScissors
from arena.player import Move
from arena.players.script import Script
from arena.players.uniform import UniformPlayer
from arena.registry import load_game
from arena.tree import best_response, enumerate_game, expected_returns, leaks, nash_conv, outcomes, regret

# The layouts.


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "matrix"])
def test_branches_and_wide_tables_say_the_same(name):
    tree = enumerate_game(load_game(name))
    parents, columns = np.nonzero(tree.child >= 0)
    assert tree.branch_parent.tolist() == parents.tolist()
    assert tree.branch_column.tolist() == columns.tolist()
    assert tree.branch_child.tolist() == tree.child[parents, columns].tolist()
    chance = tree.mover == CHANCE
    assert tree.outcome_probability.tolist() == tree.chance[chance][tree.child[chance] >= 0].tolist()
    assert not tree.chance[~chance].any()


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "matrix"])
def test_the_entries_of_actions_are_those_of_the_mask(name):
    tree = enumerate_game(load_game(name))
    assert set(tree.policy_entry.tolist()) == set(np.flatnonzero(tree.mask).tolist())
    assert len(tree.action_branches) + len(tree.chance_branches) == len(tree.branch_child)


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe"])
def test_inner_levels_hold_every_node_that_goes_on_with_its_branches(name):
    tree = enumerate_game(load_game(name))
    for nodes, branches, begin in tree.inner_levels:
        assert (tree.mover[nodes] != OVER).all()
        assert (branches.start + begin).tolist() == tree.first_branch[nodes].tolist()
        assert set(tree.branch_parent[branches].tolist()) == set(nodes.tolist())
    assert sum(len(nodes) for nodes, _, _ in tree.inner_levels) == len(tree.mover) - len(tree.terminals)


def test_bytes_grow_with_the_nodes_and_no_faster():
    """Liar's dice grows wider with its faces; a table with a column per action would grow with the square."""
    per_node = []
    for faces in (3, 4, 5):
        tree = enumerate_game(load_game(f"liars_dice(faces={faces})"))
        per_node.append(tree.nbytes / len(tree.mover))
    assert max(per_node) < 40
    assert max(per_node) / min(per_node) < 1.1


# What a player is asked.


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "matrix", "liars_dice(dice=2, faces=2)"])
def test_requests_ask_what_a_player_would_be_asked(name):
    tree = enumerate_game(load_game(name))
    assert [request.text for request in tree.requests] == list(tree.views)
    assert [request.seat for request in tree.requests] == tree.seat.tolist()
    assert (tree.requests.mask() == tree.mask).all()


# Players as policies.


def test_one_player_sits_everywhere_or_one_in_each_seat():
    tree = enumerate_game(KuhnPoker())
    bets, uniform = Script("bet"), UniformPlayer()
    assert (tree.policy(uniform) == tree.uniform).all()
    assert tree.policy(bets).tolist() == [[0.0, 1.0]] * 12
    both = tree.policy([bets, uniform])
    assert both[tree.by_seat[0]].tolist() == [[0.0, 1.0]] * 6
    assert both[tree.by_seat[1]].tolist() == [[0.5, 0.5]] * 6


def test_a_player_per_seat_means_every_seat():
    with pytest.raises(PlayerError, match="kuhn_poker has 2 seats, but 1 players were given"):
        enumerate_game(KuhnPoker()).policy([UniformPlayer()])


def test_a_player_that_cannot_state_its_policy_is_sent_to_play_matches():
    class Silent:
        name = "silent"

        def act(self, batch):
            return [Move("bet")] * len(batch)

    with pytest.raises(PlayerError, match="silent cannot state its policy, so it has no exact value: play matches"):
        enumerate_game(KuhnPoker()).policy(Silent())


@pytest.mark.parametrize(
    ("game", "row"),
    [
        (KuhnPoker(), [0.5, 0.4]),
        (KuhnPoker(), [1.5, -0.5]),
        (KuhnPoker(), [np.nan, 1.0]),
        (KuhnPoker(), [0.5, 0.25, 0.25]),
        (LeducPoker(), [0.2, 0.4, 0.4]),  # folds where there is nothing to fold to
    ],
)
def test_a_policy_that_is_no_distribution_over_legal_actions_is_refused(game, row):
    class Odd:
        name = "odd"

        def act(self, batch):
            return [Move("bet")] * len(batch)

        def policy(self, batch):
            return np.tile(row, (len(batch), 1))

    with pytest.raises(PlayerError, match="odd states a policy that is no distribution over the legal actions"):
        enumerate_game(game).policy(Odd())


def test_a_policy_that_fails_is_a_sentence():
    class Broken:
        name = "broken"

        def act(self, batch):
            return [Move("bet")] * len(batch)

        def policy(self, batch):
            return [1 / 0]

    with pytest.raises(PlayerError, match="broken fails to state its policy: ZeroDivisionError: division by zero"):
        enumerate_game(KuhnPoker()).policy(Broken())


def test_single_precision_policies_are_made_to_sum_to_one():
    class Single:
        name = "single"

        def act(self, batch):
            return [Move("rock")] * len(batch)

        def policy(self, batch):
            return np.full((len(batch), 3), 1 / 3, np.float32)

    policy = enumerate_game(RockPaperScissors()).policy(Single())
    assert policy.dtype == np.float64
    assert policy.sum(axis=1).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", ["kuhn_poker", "tic_tac_toe"])
@pytest.mark.parametrize("measure", [nash_conv, expected_returns, outcomes])
def test_what_is_no_policy_table_is_refused(name, measure):
    tree = enumerate_game(load_game(name))
    for wrong, said in (
        (tree.uniform[:3], r"not an array of shape \(3, "),
        (np.ones((*tree.mask.shape, 1)), "not an array of shape"),
        (tree.uniform.tolist(), "not a list"),
    ):
        with pytest.raises(PlayerError, match=rf"a policy of {name} is an array of shape .* {said}"):
            measure(tree, wrong)


def spoilt(tree, row, change):
    policy = tree.uniform.copy()
    policy[row] = change(policy[row], tree.mask[row])
    return policy


WRONG_ROWS = {
    "negative": lambda row, mask: np.where(mask, [1.5 if i == mask.argmax() else -0.5 for i in range(len(mask))], 0.0),
    "too little": lambda row, mask: row * 0.99999,
    "too much": lambda row, mask: row * 2,
    "nothing": lambda row, mask: row * 0,
    "no number": lambda row, mask: row * np.nan,
    "endless": lambda row, mask: np.where(mask, np.inf, -np.inf),
}


@pytest.mark.parametrize("wrong", WRONG_ROWS)
@pytest.mark.parametrize("name", ["kuhn_poker", "tic_tac_toe"])
@pytest.mark.parametrize(
    "measure", [nash_conv, expected_returns, outcomes, lambda tree, policy: regret(tree, policy, 0)]
)
def test_a_row_that_is_no_distribution_is_refused_with_its_seat_and_view(name, wrong, measure):
    tree = enumerate_game(load_game(name))
    row = int(np.flatnonzero(tree.mask.sum(axis=1) == 2)[-1])
    said = f"the policy of seat {tree.seat[row]} of {name} at {tree.views[row]!r} is no distribution over its legal"
    with pytest.raises(PlayerError, match=re.escape(said)):
        measure(tree, spoilt(tree, row, WRONG_ROWS[wrong]))


def test_illegal_actions_have_no_probability_not_even_where_it_cancels():
    tree = enumerate_game(load_game("leduc_poker"))
    first, second = np.flatnonzero((tree.mask.sum(axis=1) == 2) & (tree.seat == 0))[:2]
    illegal = int(np.flatnonzero(~tree.mask[first])[0])
    policy = spoilt(tree, first, lambda row, mask: np.where(mask, 0.25, 0.5))
    with pytest.raises(PlayerError, match="is no distribution over its legal actions, but"):
        nash_conv(tree, policy)
    policy[second] = np.where(tree.mask[second], 0.75, -0.5)  # now legal actions have 1 per row on average
    with pytest.raises(PlayerError, match=rf"{tree.actions[illegal]} 0.5"):
        nash_conv(tree, policy)


@pytest.mark.parametrize("name", ["kuhn_poker", "tic_tac_toe"])
def test_who_answers_need_not_say_how_it_plays_and_the_others_must(name):
    tree = enumerate_game(load_game(name))
    policy = np.where(tree.seat[:, None] == 0, 0.0, tree.uniform)
    assert best_response(tree, policy, 0).value == best_response(tree, tree.uniform, 0).value
    with pytest.raises(PlayerError, match="the policy of seat 0"):
        best_response(tree, policy, 1)


def test_what_rounding_leaves_is_a_distribution():
    tree = enumerate_game(load_game("kuhn_poker"))
    assert nash_conv(tree, tree.uniform * (1 + 1e-8)) == pytest.approx(nash_conv(tree, tree.uniform), abs=1e-6)


@pytest.mark.parametrize("seat", [7, 2, -1])
@pytest.mark.parametrize("measure", [best_response, regret, lambda tree, policy, seat: leaks(tree, policy, seat, 3)])
def test_a_seat_that_there_is_not_is_refused(seat, measure):
    tree = enumerate_game(load_game("kuhn_poker"))
    with pytest.raises(ConfigError, match=f"kuhn_poker has no seat {seat}: its seats are 0 to 1"):
        measure(tree, tree.uniform, seat)
