"""What every learning algorithm must show: it learns Kuhn poker from sampled play, and a stop leaves no trace."""

import numpy as np
import torch

from arena.games.kuhn_poker import KuhnPoker
from arena.players.net import Net
from arena.rollout import from_tables
from arena.tree import enumerate_game, nash_conv, rollout

torch.set_num_threads(1)  # as the training loop does: nets so small only lose by more

KUHN = KuhnPoker()
TREE = enumerate_game(KUHN)


def nets(count, hidden=(32, 32), seed=1):
    return [Net(KUHN, hidden=hidden, device="cpu", seed=seed) for _ in range(count)]


def play(players, shares, number, matches=512, tree=TREE):
    """Return the batch of some matches among a trainer's players, drawn by their shares."""
    rng = np.random.default_rng(number)
    policies = np.stack([tree.policy(player) for player in players])
    seating = rng.choice(len(players), size=(matches, 2), p=shares)
    played = rollout(tree, policies, seating, rng)
    return from_tables(tree, played, played.seat >= 0, "shared", 0)


def learn(trainer, players, updates, matches=512):
    """Improve by so many updates; returns the exact NashConv of the trained policy (uniform play: 0.917)."""
    for number in range(updates):
        trainer.update(play(players, trainer.shares, number, matches))
    return nash_conv(TREE, TREE.policy(trainer.policy))


def memory_of(trainer, folder):
    """Return all that the trainer writes down, byte by byte."""
    folder.mkdir()
    trainer.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_a_stop_leaves_no_trace(make, folder, stop=5, updates=9):
    """`make(seed)` returns (trainer, its players): saved after `stop` updates and loaded by one with other weights."""
    whole, players = make(1)
    for number in range(updates):
        if number == stop:
            trainer_folder = folder / "trainer"
            trainer_folder.mkdir()
            whole.save(trainer_folder)
            whole.policy.save(folder / "policy")
        whole.update(play(players, whole.shares, number, 64))
    again, players = make(2)
    again.policy.load(folder / "policy")
    again.load(trainer_folder)
    for number in range(stop, updates):
        again.update(play(players, again.shares, number, 64))
    for one, other in zip(whole.policy.parameters(), again.policy.parameters(), strict=True):
        assert torch.equal(one, other)
    assert memory_of(whole, folder / "whole") == memory_of(again, folder / "again")
