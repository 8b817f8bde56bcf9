"""Torch says what numpy says, on whatever device there is."""

import numpy as np
import pytest
import torch

from arena.registry import load_game
from arena.tree import best_responses, enumerate_game
from arena.tree.on_device import on_device
from tests.test_best_response import RandomHidden, RandomOpen, RandomThree

GAMES = [
    *("kuhn_poker", "leduc_poker", "liars_dice(faces=4)", "tic_tac_toe", "matrix", "rock_paper_scissors"),
    *(RandomHidden(7), RandomOpen(3), RandomThree(5)),
]
CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=CUDA)])
@pytest.mark.parametrize("game", GAMES, ids=lambda game: game if isinstance(game, str) else type(game).__name__)
def test_the_quantities_are_those_of_numpy(game, device):
    tree = enumerate_game(load_game(game) if isinstance(game, str) else game)
    policy = tree.mask * np.random.default_rng(0).random(tree.mask.shape)
    policy /= policy.sum(axis=1, keepdims=True)
    ours = best_responses(tree, policy)
    theirs = on_device(tree, device).best_responses(torch.tensor(policy, device=device))
    assert theirs.nash_conv.device.type == device
    assert theirs.nash_conv.dtype == torch.float64
    assert theirs.values.tolist() == pytest.approx(ours.values.tolist(), abs=1e-12)
    assert theirs.best.tolist() == pytest.approx(ours.best.tolist(), abs=1e-12)
    assert float(theirs.nash_conv) == pytest.approx(ours.nash_conv, abs=1e-12)


def test_a_tree_serves_one_policy_after_the_other():
    tree = enumerate_game(load_game("leduc_poker"))
    there = on_device(tree)
    uniform = torch.tensor(tree.uniform)
    first = there.best_responses(uniform).nash_conv
    there.best_responses(torch.nn.functional.one_hot(torch.ones(len(tree.seat), dtype=torch.int64), 3).double())
    assert there.best_responses(uniform).nash_conv == first == pytest.approx(4.7472222222, abs=1e-9)
