"""Notes become a tree whatever the order of the visits."""

from array import array

import numpy as np
import pytest

from arena.errors import GameError
from arena.game import OVER
from arena.games.matrix import Matrix
from arena.tree.assembly import Notes, assemble

GAME = Matrix()  # any game: its rules are not asked


def notes(branches, movers, sets):
    """Return notes of nodes with these targets; the information sets are told per deciding node."""
    made = Notes()
    made.mover.extend(movers)
    for targets in branches:
        made.child.extend(targets)
        made.column.extend(range(len(targets)))
        made.ends.append(len(made.child))
    made.payoff = array("d", [float(i) for i in range(2 * movers.count(OVER))])
    made.information_set.extend(sets)
    for i in range(max(sets) + 1):
        made.views.append(f"view {i}")
        made.seat.append(i % 2)
        made.columns.append((0, 1))
    return made


def test_a_node_stands_after_all_of_its_parents_though_it_was_seen_early():
    # 0 → 1 and 2; 2 → 1 and 3: node 1 is seen first, and lies below 2.
    tree = assemble(GAME, GAME.actions, notes([[1, 2], [3, 3], [1, 3], []], [0, 1, 0, OVER], [0, 1, 2]))
    assert tree.child.tolist() == [[2, 1], [2, 3], [3, 3], [-1, -1]]
    assert tree.mover.tolist() == [0, 0, 1, OVER]
    assert tree.level_ends.tolist() == [0, 1, 2, 3, 4]
    assert tree.returns[3].tolist() == [0.0, 1.0]


def test_without_merged_states_the_order_is_that_of_the_visits():
    tree = assemble(
        GAME,
        GAME.actions,
        notes([[1, 2, 3], [4], [], [5, 6], [], [], []], [0, 1, OVER, 0, OVER, OVER, OVER], [0, 1, 2]),
    )
    assert tree.child.tolist()[:4] == [[1, 2, 3], [4, -1, -1], [-1, -1, -1], [5, 6, -1]]
    assert tree.level_ends.tolist() == [0, 1, 4, 7]


def test_information_sets_are_numbered_by_their_first_node():
    tree = assemble(GAME, GAME.actions, notes([[1, 2], [3, 3], [1, 3], []], [0, 1, 0, OVER], [0, 1, 2]))
    assert tree.information_set.tolist() == [0, 1, 2, -1]
    assert tree.views == ("view 0", "view 2", "view 1")
    assert tree.seat.tolist() == [0, 0, 1]


@pytest.mark.parametrize("targets", [[[1, 0], []], [[1, 2], [2, 2], [1, 1]]])
def test_a_state_that_comes_back_is_refused(targets):
    movers = [OVER if not t else 0 for t in targets]
    sets = list(range(len(movers) - movers.count(OVER)))
    with pytest.raises(GameError, match="a state can come back after some moves, so the game may never end"):
        assemble(GAME, GAME.actions, notes(targets, movers, sets))


def test_the_arrays_are_as_small_as_their_numbers_allow():
    tree = assemble(GAME, GAME.actions, notes([[1, 2], [], []], [0, OVER, OVER], [0]))
    kinds = {name: getattr(tree, name).dtype for name in ("mover", "seat", "first_branch", "branch_child", "mask")}
    assert kinds == {
        "mover": np.int8, "seat": np.int8, "first_branch": np.int32, "branch_child": np.int32, "mask": np.bool_,
    }  # fmt: skip
