"""Policy-space response oracles on exact tables: solve the game among the policies found so far, answer, repeat.

Every round a meta-solver mixes each seat's population and a best response to the mixture joins it (Lanctot et al.,
2017). The solver makes the method: "nash" is double oracle (McMahan, Gordon & Blum, 2003), "uniform" fictitious play
over pure answers (Brown, 1951), "latest" vanilla self-play. With "rectified_nash" every member of the mixture trains
against those that it does not lose to (Balduzzi et al., 2019). Here all payoffs and answers are exact; a league whose
opponents come from a meta-solver is the same loop with answers that are learnt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arena.errors import ConfigError, GameError
from arena.interval import Floats
from arena.meta_solvers import HISTORIES, Mixtures, rectified, solver
from arena.tree import Tree, best_response, expected_returns
from arena.tree.enumeration import Policy
from arena.tree.mixture import mixture_policy, sequence_weights
from arena.tree.sequence_form import sequence_form

_SUPPORTED = 1e-9
"""Weight from which a member of a mixture takes part in rectified training."""


class Psro(NamedTuple):
    """What a run of PSRO has found."""

    policy: Policy
    """(I, A) the mixtures of the last round as one policy: its seats' rows play as a member drawn before the game."""
    nash_conv: list[float]
    """Per round, of the mixtures of that round in the whole game, in the game's own units."""
    populations: tuple[list[Policy], list[Policy]]
    """Per seat, the policies in the order in which they came; rows of other seats are 0."""
    mixtures: Mixtures
    """The last round's weights of `populations`."""

    @property
    def rounds(self) -> int:
        """How many restricted games were solved."""
        return len(self.nash_conv)


def double_oracle(tree: Tree, rounds: int = 1000, tolerance: float = 1e-9, start: Policy | None = None) -> Psro:
    """Return PSRO with a Nash solver: in an n × n matrix game NashConv is 0 after at most 2n − 1 rounds."""
    return psro(tree, "nash", rounds, tolerance, start)


def psro(
    tree: Tree, meta_solver: str = "nash", rounds: int = 100, tolerance: float = 1e-9, start: Policy | None = None
) -> Psro:
    """Run PSRO with exact answers until NashConv is at most `tolerance`, nothing new is found or `rounds` are over.

    `start` (I, A) is the first policy of both seats; by default the first legal action everywhere. An answer that
    the population holds joins it again only for solvers that count repetitions. Raises ConfigError where the game
    is not between two seats with opposite interests, and GameError where mixtures are no policies (open games).
    """
    if not tree.game.hidden:
        raise GameError(f"{tree.game.name} hides nothing, so nobody need mix: let minimax play it perfectly")
    if tree.game.seats != 2 or not tree.game.zero_sum:
        raise ConfigError(f"PSRO is for two seats and a sum of zero, which {tree.game.name} does not have")
    solve, history = solver(meta_solver), meta_solver in HISTORIES
    first = np.eye(tree.mask.shape[1])[tree.mask.argmax(axis=1)] if start is None else start
    populations = [_seat_rows(tree, first, 0)], [_seat_rows(tree, first, 1)]
    nash_conv: list[float] = []
    while True:
        payoffs = _payoffs(tree, populations)
        mixtures = solve(payoffs)
        mixed = [mixture_policy(tree, populations[seat], mixtures[seat], seat) for seat in (0, 1)]
        policy: Policy = mixed[0] + mixed[1]
        answers = [best_response(tree, policy, seat) for seat in (0, 1)]
        gains = [answer.value - value for answer, value in zip(answers, expected_returns(tree, policy), strict=True)]
        nash_conv.append(float(sum(gains)))
        if nash_conv[-1] <= tolerance or len(nash_conv) == rounds:
            break
        if meta_solver == "rectified_nash":
            found = [_rectified_answers(tree, payoffs, populations, mixtures, seat) for seat in (0, 1)]
        else:
            found = [[a.policy] if history or g > tolerance / 2 else [] for a, g in zip(answers, gains, strict=True)]
        for population, policies in zip(populations, found, strict=True):
            for new in policies:
                if history or not any((new == old).all() for old in population):
                    population.append(new)
        if payoffs.shape == (len(populations[0]), len(populations[1])):
            break
    return Psro(policy, nash_conv, populations, mixtures)


def _seat_rows(tree: Tree, policy: Policy, seat: int) -> Policy:
    """Return the policy with this seat's rows only."""
    rows: Policy = np.where((tree.seat == seat)[:, None], policy, 0.0)
    return rows


def _payoffs(tree: Tree, populations: tuple[list[Policy], list[Policy]]) -> Floats:
    """Return (m, n) what seat 0 earns for every pair of policies."""
    form = sequence_form(tree)
    rows, columns = (
        sequence_weights(tree, population, seat)[:, form.sequence[seat]] for seat, population in enumerate(populations)
    )
    payoffs: Floats = (rows * (form.chance_reach * form.payoff[:, 0])) @ columns.T
    return payoffs


def _rectified_answers(
    tree: Tree, payoffs: Floats, populations: tuple[list[Policy], list[Policy]], mixtures: Mixtures, seat: int
) -> list[Policy]:
    """Return, for every member of this seat's mixture, the answer to those others that it does not lose to."""
    targets = rectified(payoffs if seat == 0 else -payoffs.T, mixtures[1 - seat])
    return [
        best_response(tree, mixture_policy(tree, populations[1 - seat], target, 1 - seat), seat).policy
        for target in targets[mixtures[seat] > _SUPPORTED]
    ]
