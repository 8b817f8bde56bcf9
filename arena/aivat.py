"""Payoffs with the luck taken out: the mean stays what it was, and far fewer matches tell who is better.

Wherever the law of the next move is known (at every chance node, and at every decision of a player that states
its policy), what the move was worth beyond its expectation is subtracted: v(after) − E v(after), for a guess v of
what a position is worth. Each such term has mean 0 whatever v is, so the corrected payoff is unbiased; the better
the guess, the less luck is left. (AIVAT; Burch, Schmid, Moravčík, Morrill & Bowling, 2018, without its averaging
over the cards that a player might have held.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from arena.errors import PlayerError
from arena.game import CHANCE, OVER, Game
from arena.interval import Floats
from arena.record import Record
from arena.tree import Tree
from arena.tree.tables import Policy
from arena.tree.values import branch_probabilities, node_values

Value = Callable[[Any], Sequence[float]]
"""A guess: state → expected payoff per seat, in the game's own units."""
Law = Callable[[Any], Mapping[str, float]]
"""A player's policy: a state in which it is to move → the probability of each of its actions."""

CHANCE_LIMIT = 2_000
"""A draw among more outcomes than this stays uncorrected, which costs precision and nothing else."""


def corrected_returns(
    game: Game[Any], record: Record, value: Value, policies: Mapping[int, Law] | None = None
) -> tuple[float, ...]:
    """Return the payoff per seat of a rated match less its luck, for any `value`; `policies` is seat → its law.

    A seat that played no game counts as 0. Raises ReplayError for a record of another game.
    """
    policies = policies or {}
    payoff = np.array([x or 0.0 for x in record.returns])
    for s, turn in record.replay(game):
        if turn is None or turn.action is None:
            continue
        law: Iterable[tuple[str, float]]
        if turn.seat == CHANCE:
            law = game.chance(s)
            if len(law) > CHANCE_LIMIT:
                continue
        elif turn.seat in policies:
            law = policies[turn.seat](s).items()
        else:
            continue
        after = {action: np.asarray(value(game.step(s, action)), np.float64) for action, p in law if p > 0}
        expected = sum((p * after[action] for action, p in law if p > 0), np.zeros(game.seats))
        payoff -= _of(after, turn.action, record, turn.seat) - expected
    return tuple(map(float, payoff))


def _of(after: Mapping[str, Floats], action: str, record: Record, seat: int) -> Floats:
    if action not in after:
        raise _lie(record, seat, action)
    return after[action]


def _lie(record: Record, seat: int, action: str) -> PlayerError:
    who = "chance" if seat == CHANCE else record.entrants[seat]
    return PlayerError(
        f"match {record.key}: {who} played {action!r}, to which its stated policy gives probability 0, "
        "so luck cannot be told from skill: mend its policy(batch)"
    )


@dataclass(frozen=True, eq=False)
class TreeCorrection:
    """The same for one seating of a game that can be enumerated: every correction is computed beforehand.

    v is the exact value of a position when the seats in `known` play their rows of `policy` (I, A), and the
    others theirs: there the policy is only a guess, and no decision is corrected.
    """

    tree: Tree
    policy: Policy
    known: frozenset[int]

    @cached_property
    def luck(self) -> Floats:
        """(N, M, P) what every branch is worth beyond its expectation; 0 where that is not known."""
        values = node_values(self.tree, self.policy)
        law = branch_probabilities(self.tree, self.policy)
        after = np.where((self.tree.child >= 0)[:, :, None], values[self.tree.child], 0.0)
        excess = after - (law[:, :, None] * after).sum(axis=1, keepdims=True)
        lawful = np.isin(self.tree.mover, [CHANCE, *self.known])
        luck: Floats = np.where(lawful[:, None, None] & (law > 0)[:, :, None], excess, 0.0)
        return luck

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """(P,) the least and the greatest corrected payoff per seat; any seat may forfeit at any move."""
        tree, law = self.tree, branch_probabilities(self.tree, self.policy)
        lawful = np.isin(tree.mover, [CHANCE, *self.known])
        open_ = (tree.child >= 0) & ((law > 0) | ~lawful[:, None])
        ends = []
        for sign in (-1.0, 1.0):  # the least is the greatest of the opposite
            most = np.where((tree.mover == OVER)[:, None], sign * tree.returns, -np.inf)
            for seat in range(tree.game.seats):
                given_up = sign * np.array([x or 0.0 for x in tree.game.forfeit(seat)])
                most[tree.mover == seat] = given_up
            for level in reversed(tree.levels):
                nodes = np.arange(level.start, level.stop)
                reach = np.where(open_[nodes, :, None], most[tree.child[nodes]] - sign * self.luck[nodes], -np.inf).max(
                    axis=1
                )
                most[nodes] = np.maximum(most[nodes], reach)
            ends.append(sign * most[0])
        return ends[0], ends[1]

    def corrected_returns(self, record: Record) -> tuple[float, ...]:
        """Return the payoff per seat of a rated match less its luck.

        Raises ReplayError for a record of another game, PlayerError where a player did what its policy excludes.
        """
        payoff = np.array([x or 0.0 for x in record.returns])
        node = 0
        law = self._law
        for s, turn in record.replay(self.tree.game):
            if turn is None or turn.action is None:
                continue
            if turn.seat == CHANCE:
                column = [name for name, p in self.tree.game.chance(s) if p > 0].index(turn.action)
            else:
                column = self.tree.actions.index(turn.action)
            if turn.seat in self.known and not law[node, column]:
                raise _lie(record, turn.seat, turn.action)
            payoff -= self.luck[node, column]
            node = self.tree.child[node, column]
        return tuple(map(float, payoff))

    @cached_property
    def _law(self) -> Floats:
        return branch_probabilities(self.tree, self.policy)
