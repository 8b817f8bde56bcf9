"""What two entrants made of their meeting, where a format must know before it can go on.

Ratings never look at a match that was abandoned, but a meeting must end, and a crash must not pay. So here a match
in which somebody crashed is the worst loss for whoever crashed, even if it was finished at a later try: what was
about to be lost could otherwise be played again. If both crashed it is a draw, and so is what a judge gave up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import Any, NamedTuple

from arena.game import Game
from arena.match import Fixture
from arena.schema import Ending

_ROUNDING = 1e-9
"""A net payoff below this share of the game's greatest is nothing."""


class Score(NamedTuple):
    """A meeting as its first entrant sees it."""

    net: float
    """Payoff games: what the first won, in the game's own units; outcome games: matches won minus matches lost."""
    wins: int
    draws: int
    losses: int
    crashes: tuple[int, int]
    """In how many matches the first and the second crashed at least once."""

    @property
    def points(self) -> float:
        """1 for who is ahead, ½ each if nobody is."""
        return 0.5 if self.net == 0 else float(self.net > 0)

    def words(self, first_leads: bool) -> str:
        """Return the numbers of the meeting as its winner, or whoever is named first, sees them."""
        wins, losses = (self.wins, self.losses) if first_leads else (self.losses, self.wins)
        counts = f"{wins} won, {self.draws} drawn, {losses} lost"
        return f"by {abs(self.net):g} ({counts})" if self.net else f"({counts})"


Scorer = Callable[[str, str, Sequence[Fixture]], Score]
"""(first, second, the matches of their meeting, all complete) → the score."""


def score(game: Game[Any], first: str, endings: Iterable[Ending]) -> Score:
    """Return the score of a meeting of `first` with one other entrant, in a zero-sum game of two sides."""
    payoffs, crashes = [], [0, 0]
    for ending in endings:
        mine = int(ending.entrants[game.side_of.index(0)] != first)  # the side of the first
        crashed = {game.side_of[seat] for seat in ending.crashes}
        payoff = _payoff(game, ending, mine, crashed)
        payoffs.append(payoff)
        crashes[0] += mine in crashed
        crashes[1] += 1 - mine in crashed
    least = _ROUNDING * game.scale
    won, lost = sum(x > least for x in payoffs), sum(x < -least for x in payoffs)
    net = fsum(payoffs) if game.scoring == "payoff" else float(won - lost)
    return Score(net if abs(net) > least else 0.0, won, len(payoffs) - won - lost, lost, (crashes[0], crashes[1]))


def _payoff(game: Game[Any], ending: Ending, side: int, crashed: set[int]) -> float:
    """Return what the match counts for the side."""
    seat = game.side_of.index(side)
    guilty, other_guilty = side in crashed, 1 - side in crashed
    if guilty and other_guilty:
        return 0.0
    if guilty or other_guilty:
        return float(game.forfeit(seat if guilty else game.side_of.index(1 - side))[seat] or 0.0)
    return float(ending.returns[seat] or 0.0)  # None where the cast failed
