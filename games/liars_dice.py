"""Liar's dice for two: bids about dice that nobody sees whole, until somebody calls the other a liar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.scene import Cards, Scene


class State(NamedTuple):
    """The dice of each seat, in rising order once all have fallen, and what has been said."""

    dice: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    said: tuple[str, ...] = ()


class LiarsDice(Game[State]):
    """In liar's dice each player rolls dice that only they see, and the players take turns to bid.

    A bid such as 2x3 claims that, among the dice of both players together, at least two show a 3. The highest
    face is wild: it counts as every face. The first player opens with any bid. After that you either bid higher
    or say liar. A bid is higher if it names more dice (of any face), or as many dice of a higher face. When
    somebody says liar, the dice are shown: if the last bid holds, whoever made it wins, and otherwise whoever
    said liar wins.
    """

    name = "liars_dice"
    roles = ("first", "second")
    hidden = True

    def __init__(self, dice: int = 1, faces: int = 6) -> None:
        """Each player rolls `dice` dice with `faces` faces each."""
        if dice < 1 or not 2 <= faces <= 9:
            raise GameError(f"dice={dice}, faces={faces}: liar's dice takes at least 1 die each, of 2 to 9 faces")
        self.dice, self.faces = dice, faces
        self.deck = tuple(str(face) for face in range(1, faces + 1))
        self.actions = (*(f"{n}x{face}" for n in range(1, 2 * dice + 1) for face in self.deck), "liar")

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if s.said:
            return OVER if s.said[-1] == "liar" else len(s.said) % 2
        return CHANCE if len(s.dice[1]) < self.dice else 0

    def chance(self, s: State) -> list[tuple[str, float]]:
        return [(face, 1 / self.faces) for face in self.deck]

    def legal(self, s: State, seat: int) -> tuple[str, ...]:
        return self.actions[self.actions.index(s.said[-1]) + 1 :] if s.said else self.actions[:-1]

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if seat == CHANCE:
            if action not in self.deck:
                raise IllegalAction(f"{action!r} cannot be rolled: a die shows 1 to {self.faces}")
            first, second = s.dice
            # In rising order, because which die fell first means nothing: equal hands are equal states.
            if len(first) < self.dice:
                return State((tuple(sorted((*first, action))), second))
            return State((first, tuple(sorted((*second, action)))))
        if action not in self.legal(s, seat):
            above = f"a bid above {s.said[-1]}, or liar" if s.said else "a bid"
            raise IllegalAction(f"{action!r} is no move here: say {above}, as in {self.legal(s, seat)[0]}")
        return State(s.dice, (*s.said, action))

    def returns(self, s: State) -> tuple[float, float]:
        count, face = s.said[-2].split("x")
        shown = s.dice[0] + s.dice[1]
        holds = sum(map(shown.count, {face, self.deck[-1]})) >= int(count)
        caller = (len(s.said) - 1) % 2
        return (1.0, -1.0) if holds == (caller == 1) else (-1.0, 1.0)

    def view(self, s: State, seat: int) -> str:
        own = f"your dice: {' '.join(s.dice[seat]) or 'not rolled yet'}; so far: {', '.join(s.said) or 'nothing'}"
        return f"{own}; the other's dice: {' '.join(s.dice[1 - seat])}" if self.turn(s) == OVER else own

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (3 + 3 · dice · faces,), the layout of OpenSpiel's liars_dice.

        0–1 the seat; then one row of `faces` numbers per own die, in rising order; then one number per bid in
        the order of `actions`, and one for liar: 1 where it was said.
        """
        tensor = np.zeros(2 + self.dice * self.faces + len(self.actions), np.float32)
        tensor[seat] = 1
        for i, die in enumerate(s.dice[seat]):
            tensor[2 + i * self.faces + self.deck.index(die)] = 1
        for action in s.said:
            tensor[2 + self.dice * self.faces + self.actions.index(action)] = 1
        return tensor

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return the state with the other's dice rolled again."""
        other = tuple(sorted(self.deck[i] for i in rng.integers(self.faces, size=len(s.dice[1 - seat]))))
        return State((s.dice[0], other) if seat == 0 else (other, s.dice[1]), s.said)

    def draw(self, s: State, seat: int | None = None) -> str:
        dice = " | ".join(" ".join(hand) or "-" for hand in self._shown(s, seat))
        return f"dice: {dice}\nsaid: {' '.join(s.said) or '-'}"

    def scene(self, s: State, seat: int | None = None) -> Scene:
        said = [", ".join(s.said[i::2]) for i in (0, 1)]
        return tuple(Cards(*block) for block in zip(self.roles, self._shown(s, seat), said, strict=True))

    def _shown(self, s: State, seat: int | None) -> list[tuple[str, ...]]:
        """Return both hands as `seat` sees them; everyone sees all dice at the end."""
        shown = seat is None or self.turn(s) == OVER
        return [hand if shown or i == seat else ("?",) * len(hand) for i, hand in enumerate(s.dice)]
