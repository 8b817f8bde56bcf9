"""What the tests of arena.testing share: small games to break, and what is found in them."""

from typing import NamedTuple

import numpy as np

from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.games.kuhn_poker import KuhnPoker
from arena.testing import examine_game

RULES = "A game of one's own: whoever is to move says what there is to say, until the game is over and paid."


class Poker(KuhnPoker):
    __doc__ = KuhnPoker.__doc__


class Heap(NamedTuple):
    left: int = 5
    mover: int = 0


class Race(Game[Heap]):
    """Two players take one or two of five stones in turn, and whoever takes the last one wins (1 against −1)."""

    name = "race"
    actions = ("1", "2")

    def start(self):
        return Heap()

    def turn(self, s):
        return s.mover if s.left else OVER

    def legal(self, s, seat):
        return [action for action in self.actions if int(action) <= s.left]

    def step(self, s, action):
        if not s.left or action not in self.legal(s, s.mover):
            raise IllegalAction(f"{action!r} is no move here")
        return Heap(s.left - int(action), 1 - s.mover)

    def returns(self, s):
        return (-1.0, 1.0) if s.mover == 0 else (1.0, -1.0)

    def view(self, s, seat):
        return f"{s.left} left, seat {s.mover} is to move, you are {seat}"

    def encode(self, s, seat):
        """Return shape (3,): stones left, who is to move, who you are."""
        return np.array([s.left, s.mover, seat], np.float32)


class Secret(Game[tuple]):
    """A coin falls where only the first player sees it; then both in turn say heads or tails.

    Whoever names the coin is paid 1 by the other; if both do or neither does, nobody is.
    """

    name = "secret"
    actions = ("heads", "tails")
    hidden = True

    def start(self):
        return ()

    def turn(self, s):
        return CHANCE if not s else OVER if len(s) == 3 else len(s) - 1

    def chance(self, s):
        return [("heads", 0.5), ("tails", 0.5)]

    def step(self, s, action):
        if action not in self.actions or len(s) == 3:
            raise IllegalAction(f"{action!r} is no move here: say heads or tails")
        return (*s, action)

    def returns(self, s):
        won = float((s[1] == s[0]) - (s[2] == s[0]))
        return won, -won

    def view(self, s, seat):
        coin = (s or ("not thrown",))[0] if seat == 0 else "?"
        return f"coin: {coin}; said: {', '.join(s[1:])}; you are {seat}"

    def draw(self, s, seat=None):
        return self.view(s, seat or 0)


def found(game, games=30):
    """Return the findings in a game by their code; that it has no name is none."""
    findings = examine_game(game, games, results=False).findings
    return {finding.code: finding for finding in findings if finding.code != "one_process"}
