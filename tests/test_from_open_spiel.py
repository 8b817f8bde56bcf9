"""Trees straight from OpenSpiel: those of the bridge to it, and those of our own rules where the game is the same."""

from dataclasses import fields

import numpy as np
import pytest

from arena.errors import ConfigError, TooLarge
from arena.players.uniform import UniformPlayer
from arena.registry import load_game
from arena.tree import enumerate_game, enumerate_open_spiel, nash_conv

pyspiel = pytest.importorskip("pyspiel", reason="open_spiel is not installed")


@pytest.mark.parametrize(
    "name",
    [
        *("kuhn_poker", "kuhn_poker(players=3)", "leduc_poker", "liars_dice(dice_sides=3)", "tiny_hanabi"),
        *(
            "catch(rows=3,columns=3)",
            "nim(pile_sizes=1;2)",
            "goofspiel(num_cards=3)",
            "matrix_rps",
            "python_kuhn_poker",
        ),
    ],
)
def test_the_arrays_are_those_of_the_bridge(name):
    """Goofspiel and the matrix are taken by the bridge itself, since all choose at once there."""
    direct, bridge = enumerate_open_spiel(name), enumerate_game(load_game(f"open_spiel(name={name!r})"))
    for part in fields(direct)[1:]:
        ours, theirs = getattr(direct, part.name), getattr(bridge, part.name)
        assert np.array_equal(ours, theirs) if isinstance(ours, np.ndarray) else ours == theirs


@pytest.mark.parametrize(
    ("ours", "theirs", "merge"),
    [
        ("kuhn_poker", "kuhn_poker", False),
        ("leduc_poker", "leduc_poker", False),
        ("liars_dice(faces=4)", "liars_dice(dice_sides=4)", False),
        ("tic_tac_toe", "tic_tac_toe", True),
    ],
)
def test_our_own_rules_make_the_same_tree(ours, theirs, merge):
    ours, theirs = enumerate_game(load_game(ours)), enumerate_open_spiel(pyspiel.load_game(theirs), merge=merge)
    assert len(ours.mover) == len(theirs.mover)
    assert nash_conv(ours, ours.uniform) == pytest.approx(nash_conv(theirs, theirs.uniform), abs=1e-12)
    # Actions have the same columns, so both can be walked side by side: nodes and sets name each other.
    place = np.full(len(ours.mover), -1)
    place[0] = 0
    for node in range(len(ours.mover)):
        branches = ours.child[node] >= 0
        assert (branches == (theirs.child[place[node]] >= 0)).all()
        below = place[ours.child[node, branches]]
        assert ((below < 0) | (below == theirs.child[place[node], branches])).all()
        place[ours.child[node, branches]] = theirs.child[place[node], branches]
    assert sorted(place) == list(range(len(place)))
    assert (ours.mover == theirs.mover[place]).all()
    assert (ours.returns == theirs.returns[place]).all()
    assert ours.chance == pytest.approx(theirs.chance[place], abs=1e-15)
    pairs = set(zip(ours.information_set.tolist(), theirs.information_set[place].tolist(), strict=True))
    assert len(pairs) == len(ours.seat) + 1 == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_players_are_asked_as_in_the_bridge():
    tree = enumerate_open_spiel("leduc_poker")
    assert [request.text for request in tree.requests] == list(tree.views)
    assert (tree.policy(UniformPlayer()) == tree.uniform).all()


def test_merged_states_have_a_request_each():
    tree = enumerate_open_spiel("tic_tac_toe", merge=True)
    assert len(tree.requests) == len(tree.seat) == 4520
    assert [request.text for request in tree.requests] == list(tree.views)
    assert (tree.requests.mask() == tree.mask).all()


def test_what_is_hidden_is_not_merged_by_what_is_written():
    with pytest.raises(ConfigError, match="kuhn_poker hides something"):
        enumerate_open_spiel("kuhn_poker", merge=True)


def test_the_limits_are_those_of_our_own_rules():
    with pytest.raises(TooLarge, match="chess has more than 2,000 states, too many for exact tables"):
        enumerate_open_spiel("chess", limit=2000)


def test_an_open_game_that_is_too_large_is_told_of_merging():
    advice = "merge=True makes one node of states that OpenSpiel writes alike"
    with pytest.raises(TooLarge, match=f"allows more, and {advice}$"):
        enumerate_open_spiel("tic_tac_toe", limit=2000)
    for name, merge in (("tic_tac_toe", True), ("leduc_poker", False)):  # done already, and not to be done
        with pytest.raises(TooLarge) as refused:
            enumerate_open_spiel(name, limit=2000, merge=merge)
        assert "merge" not in str(refused.value)


def test_a_name_that_openspiel_does_not_know_is_a_sentence():
    with pytest.raises(ConfigError, match="did you mean 'leduc_poker'"):
        enumerate_open_spiel("leduc_pocker")
