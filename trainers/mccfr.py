"""Monte Carlo CFR by external sampling (Lanctot et al., 2009): regrets from walks that see a part of the game.

A walk belongs to one seat. It goes down every action of that seat, but draws one outcome wherever chance or somebody
else moves, so it touches about the square root of a game for two. What it says of the regrets is right in the mean,
and the policies that it makes converge as those of CFR do, with noise. Many walks are made side by side, all with
the same policies (external_sampling.py). Shapes: I information sets, A actions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.seeds import generator
from arena.trainers.external_sampling import traverse
from arena.tree.enumeration import Policy, Tree
from arena.tree.treeplex import Treeplexes

Floats = NDArray[np.float64]


class Mccfr:
    """CFR with sampled regrets; the average weighs policies by the player's own exact way to each set.

    Equal seeds give equal policies. Converges to a Nash equilibrium in two-seat zero-sum games.
    """

    def __init__(self, tree: Tree, seed: int = 0, walks: int = 128) -> None:
        self.game = Treeplexes.of(tree)
        self.walks = walks
        self.rng = generator(seed, "mccfr")
        self.regret = np.zeros(tree.mask.shape)
        """(I, A) the sum of sampled regrets, in payoff units."""
        self.policy = tree.uniform.copy()
        self.totals = [np.zeros(1 + seat.mask.size) for seat in self.game.seats]
        """Per seat, the sum of its plans so far."""

    def step(self) -> None:
        """Do one iteration: every seat in turn learns from walks of its own, in the mean over them."""
        tree = self.game.tree
        for seat, treeplex in enumerate(self.game.seats):
            self.totals[seat] += treeplex.plan(self.policy[treeplex.sets])
            self.regret += sampled_regrets(tree, self.policy, seat, self.walks, self.rng)
            self.policy[treeplex.sets] = treeplex.in_proportion(np.maximum(self.regret[treeplex.sets], 0.0))

    def average(self) -> Policy:
        """Return the average policy (I, A) of all iterations, the one that converges."""
        pairs = zip(self.game.seats, self.totals, strict=True)
        return self.game.policy([treeplex.policy(total) for treeplex, total in pairs])


def sampled_regrets(tree: Tree, policy: Policy, seat: int, walks: int, rng: np.random.Generator) -> Floats:
    """Return (I, A) what `seat` regrets at its information sets, as the mean of `walks` external samples."""
    regrets: Floats = traverse(tree, policy, seat, walks, rng).regret / walks
    return regrets
