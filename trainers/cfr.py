"""Counterfactual regret minimisation: play against oneself, and prefer what one regrets not having done.

At every information set the regret of an action is what it would have earned more than the policy's mix, weighted by
how likely chance and the others make the set; the next policy plays each action in proportion to its regret so far,
if that is positive (regret matching; Hart & Mas-Colell, 2000). In two-seat zero-sum games the average of all policies,
weighted by the player's own way to each set, converges to a Nash equilibrium. Elsewhere it need not: only what was
played together is, in the mean, an equilibrium of a weaker kind (coarse correlated). The seats take turns within an
iteration, as in OpenSpiel, whose iterates these are.

Every solver here is made from a tree, goes on by `step()`, and has the average so far as `average()` (I, A).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.tree.enumeration import Policy, Tree
from arena.tree.treeplex import Treeplexes

Floats = NDArray[np.float64]


class Cfr:
    """CFR (Zinkevich et al., 2007), with alternating updates. NashConv falls as 1/√iterations, or faster."""

    def __init__(self, tree: Tree) -> None:
        self.game = Treeplexes.of(tree)
        self.iteration = 0
        self.regrets = [np.zeros(seat.mask.shape) for seat in self.game.seats]
        """Per seat (n, A), the sum of regrets, in payoff units."""
        self.policies = [seat.uniform for seat in self.game.seats]
        self.plans = [seat.plan(seat.uniform) for seat in self.game.seats]
        self.totals = [np.zeros_like(plan) for plan in self.plans]
        """Per seat (S,), the weighted sum of the plans so far: their average is that of play, not of probabilities."""

    def step(self) -> None:
        """Do one iteration: every seat in turn learns from the others' present policies."""
        self.iteration += 1
        for seat, treeplex in enumerate(self.game.seats):
            self.totals[seat] += self.weight() * self.plans[seat]
            regret, policy = self.regrets[seat], self.policies[seat]
            values, mix = treeplex.action_values(self.game.gradient(seat, self.plans), policy)
            regret += (values - mix[:, None]) * treeplex.mask
            self.discount(regret)
            self.policies[seat] = treeplex.in_proportion(np.maximum(regret, 0.0))
            self.plans[seat] = treeplex.plan(self.policies[seat])

    def average(self) -> Policy:
        """Return the average policy (I, A) of all iterations, the one that converges."""
        pairs = zip(self.game.seats, self.totals, strict=True)
        return self.game.policy([treeplex.policy(total) for treeplex, total in pairs])

    def weight(self) -> float:
        """Return what this iteration's policies count in the average."""
        return 1.0

    def discount(self, regret: Floats) -> None:
        """Change the sum of regrets (n, A) before policies are made of it."""


class CfrPlus(Cfr):
    """CFR+ (Tammelin, 2014): a sum of regrets never falls below 0, and later policies count more."""

    def weight(self) -> float:
        """Return the number of the iteration: linear averaging."""
        return float(self.iteration)

    def discount(self, regret: Floats) -> None:
        """Forget negative regrets, so that an action comes back as soon as it is good."""
        np.maximum(regret, 0.0, out=regret)


class DiscountedCfr(Cfr):
    """Discounted CFR (Brown & Sandholm, 2019): what was learnt from bad early policies is forgotten.

    In iteration t positive sums of regrets are multiplied by t^alpha / (t^alpha + 1), negative ones by the same with
    beta, and policies count t^gamma.
    """

    def __init__(self, tree: Tree, alpha: float = 1.5, beta: float = 0.0, gamma: float = 2.0) -> None:
        super().__init__(tree)
        self.alpha, self.beta, self.gamma = alpha, beta, gamma

    def weight(self) -> float:
        """Return t^gamma."""
        return float(self.iteration**self.gamma)

    def discount(self, regret: Floats) -> None:
        """Shrink the sums, those that are negative by a factor of their own."""
        positive, negative = (self.iteration**power for power in (self.alpha, self.beta))
        regret *= np.where(regret >= 0, positive / (positive + 1), negative / (negative + 1))
