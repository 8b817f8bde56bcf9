"""Whether ratings look at what the payoffs tell: who won, or how much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from arena.game import Game
from arena.testing.findings import Findings
from arena.testing.walks import History

_SHOWN = 5
"""Sizes that a finding lists; a match of many hands of poker has hundreds."""


def check_scoring(game: Game[Any], histories: Sequence[History], findings: Findings) -> None:
    """Tell of wins, or losses, of different sizes in a game whose ratings count only who won.

    An author who has not written `scoring` down has hardly thought of it, which is a warning; for one who has,
    it is a note.
    """
    if game.scoring != "outcome" or game.entrants < 2:
        return
    ends = [paid for history in histories if len(paid := _by_side(game, history.states[-1])) > 1]
    for what, extreme in (("wins", max), ("losses", min)):
        sizes = _sizes((extreme(paid), paid) for paid in ends)
        if len(sizes) > 1:
            tell = findings.note if _is_declared(game) else findings.warning
            shown = ", ".join(f"{size:g}" for size in sizes[:_SHOWN]) + ", …" * (len(sizes) > _SHOWN)
            tell(
                "scoring_outcome",
                f"{what} are of different sizes ({shown}), but ratings count only who won",
                'set scoring = "payoff" if it matters how much, or write scoring = "outcome" if it does not',
            )
            return


def _by_side(game: Game[Any], s: Any) -> list[float]:
    """Return what each rated side was paid, by its first seat; a side that was not paid is left out."""
    returns = game.returns(s)
    paid = [returns[list(game.side_of).index(side)] for side in range(game.entrants)]
    return [float(payoff) for payoff in paid if payoff is not None]


def _sizes(ends: Iterable[tuple[float, list[float]]]) -> list[float]:
    """Return the different sizes of what one side alone got; shared wins and draws are smaller by nature."""
    return sorted({round(abs(payoff), 9) for payoff, paid in ends if paid.count(payoff) == 1})


def _is_declared(game: Game[Any]) -> bool:
    """Return whether the game itself says what counts, in its class or for this instance."""
    return "scoring" in vars(game) or any("scoring" in vars(cls) for cls in type(game).__mro__ if cls is not Game)
