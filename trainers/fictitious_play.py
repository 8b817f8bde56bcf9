"""Fictitious play in extensive form (XFP; Heinrich, Lanctot & Silver, 2015): answer the average of all that was played.

In every iteration each seat takes a best response to the others' averages and mixes it into its own. What is mixed
are plans, the probabilities of whole sequences of moves: a best response that never comes to an information set
then changes nothing there. In two-seat zero-sum games the averages converge to a Nash equilibrium (Robinson, 1951).
"""

from __future__ import annotations

from arena.tree.enumeration import Policy, Tree
from arena.tree.treeplex import Treeplexes


class FictitiousPlay:
    """XFP from the uniform policy on, with all seats answering at once and every answer counting the same."""

    def __init__(self, tree: Tree) -> None:
        self.game = Treeplexes.of(tree)
        self.iteration = 0
        self.plans = [seat.plan(seat.uniform) for seat in self.game.seats]
        """Per seat, the average plan so far."""

    def step(self) -> None:
        """Do one iteration: every seat mixes its best response to the averages into its own."""
        self.iteration += 1
        share = 1 / (self.iteration + 1)
        gradients = [self.game.gradient(seat, self.plans) for seat in range(len(self.plans))]
        answers = [
            treeplex.plan(treeplex.best(gradient))
            for treeplex, gradient in zip(self.game.seats, gradients, strict=True)
        ]
        self.plans = [(1 - share) * plan + share * answer for plan, answer in zip(self.plans, answers, strict=True)]

    def average(self) -> Policy:
        """Return the average policy (I, A), the one that converges."""
        pairs = zip(self.game.seats, self.plans, strict=True)
        return self.game.policy([treeplex.policy(plan) for treeplex, plan in pairs])
