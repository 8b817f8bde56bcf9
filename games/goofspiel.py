"""Goofspiel (Ross, 1971): an auction with sealed bids, in which every card can be spent once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.scene import Cards, Scene

MOST_CARDS = 13
"""A whole suit."""


class State(NamedTuple):
    """Prize cards in the order they were turned up, and the cards each seat has bid for them, oldest first.

    While the first seat has bid and the second has not, the first seat's last bid is sealed.
    """

    prizes: tuple[int, ...] = ()
    bids: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    @property
    def rounds(self) -> int:
        """Rounds in which both have bid."""
        return len(self.bids[1])


class Goofspiel(Game[State]):
    """Goofspiel is an auction. Both players hold cards with the numbers from 1 up, and prizes with the same
    numbers lie in a pile of their own.

    In every round one prize is turned up, and both players bid one of their cards for it at the same time,
    without seeing the other's bid. The higher bid wins the prize, which is worth its number of points; if the
    bids are equal, nobody gets it. Either way both bids are spent. You are told who won, but not what the
    other player bid. The last round plays itself, since everyone has one card left. Whoever has more points
    then wins (1 against −1); as many points are a draw (0). A move is the number of the card that you bid.
    """

    name = "goofspiel"
    roles = ("first", "second")
    hidden = True

    def __init__(
        self, cards: int = 4, points: Literal["random", "descending"] = "random", show_bids: bool = False
    ) -> None:
        """`points` is the order of the prizes. With `show_bids`, both bids are shown after each round."""
        if type(cards) is not int or not 2 <= cards <= MOST_CARDS:
            raise GameError(f"goofspiel is played with 2 to {MOST_CARDS} cards a player, not {cards!r}")
        if points not in ("random", "descending"):
            raise GameError(f"the points come in random or descending order, not {points!r}")
        if type(show_bids) is not bool:
            raise GameError(f"the bids are shown or not: give show_bids=True or show_bids=False, not {show_bids!r}")
        self.cards = cards
        self.points = points
        self.show_bids = show_bids
        self.actions = tuple(str(card + 1) for card in range(cards))

    def start(self) -> State:
        return State() if self.points == "random" else State((self.cards,))

    def turn(self, s: State) -> int:
        if len(s.bids[0]) > s.rounds:
            return 1
        if s.rounds == self.cards:
            return OVER
        return CHANCE if len(s.prizes) == s.rounds else 0

    def ready(self, s: State) -> tuple[int, ...]:
        return (0, 1) if self.turn(s) == 0 else (1,)

    def chance(self, s: State) -> list[tuple[str, float]]:
        left = self._left(s.prizes)
        return [(str(prize), 1 / len(left)) for prize in left]

    def legal(self, s: State, seat: int) -> tuple[str, ...]:
        return tuple(map(str, self._left(s.bids[seat])))

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if action not in self.actions:
            raise IllegalAction(f"{action!r} is no card: say a number from 1 to {self.cards}")
        card = int(action)
        if card in (s.prizes if seat == CHANCE else s.bids[seat]):
            raise IllegalAction(f"{action} has been played before: choose one that is left")
        if seat == CHANCE:
            return State((*s.prizes, card), s.bids)
        if seat == 0:
            return State(s.prizes, ((*s.bids[0], card), s.bids[1]))
        return self._next_prize(State(s.prizes, (s.bids[0], (*s.bids[1], card))))

    def _next_prize(self, s: State) -> State:
        """Return the state after a round; the last round plays itself."""
        if s.rounds == self.cards - 1:
            return State((*s.prizes, *self._left(s.prizes)), tuple((*b, *self._left(b)) for b in s.bids))  # type: ignore[arg-type]
        return s if self.points == "random" else State((*s.prizes, s.prizes[-1] - 1), s.bids)

    def _left(self, played: Sequence[int]) -> list[int]:
        return [card for card in range(1, self.cards + 1) if card not in played]

    def returns(self, s: State) -> tuple[float, float]:
        first, second = self._points(s)
        won = float((first > second) - (first < second))
        return (won, -won) if won else (0.0, 0.0)

    def _points(self, s: State) -> tuple[int, int]:
        first = second = 0
        for prize, a, b in zip(s.prizes, *s.bids, strict=False):
            first += prize * (a > b)
            second += prize * (a < b)
        return first, second

    def view(self, s: State, seat: int) -> str:
        points = self._points(s)
        hand = " ".join(map(str, self._left(s.bids[seat]))) or "none"
        lines = [f"your cards: {hand}; points: you {points[seat]}, the other {points[1 - seat]}"]
        for prize, own, other in zip(s.prizes, s.bids[seat], s.bids[1 - seat], strict=False):
            seen = f", the other bid {other}" if self.show_bids else ""
            lines.append(f"prize {prize}: you bid {own}{seen}: {('lost', 'tied', 'won')[_sign(own - other) + 1]}")
        if self.turn(s) in (0, 1):
            sealed = s.bids[seat][s.rounds :]
            lines.append(f"prize {s.prizes[-1]}: {f'you bid {sealed[0]}' if sealed else 'bid for it'}")
        return "\n".join(lines)

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (C, W) for C cards: a row per round.

        In a row: the prize, one-hot (C); your bid (C); won, tied or lost (3); with `show_bids` the other's bid
        (C). What is not known yet is 0.
        """
        c = self.cards
        tensor = np.zeros((c, 2 * c + 3 + c * self.show_bids), np.float32)
        for i, prize in enumerate(s.prizes):
            tensor[i, prize - 1] = 1
        for i, own in enumerate(s.bids[seat]):
            tensor[i, c + own - 1] = 1
        for i in range(s.rounds):
            own, other = s.bids[seat][i], s.bids[1 - seat][i]
            tensor[i, 2 * c + 1 - _sign(own - other)] = 1
            if self.show_bids:
                tensor[i, 2 * c + 2 + other] = 1
        return tensor

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return one of the states that this seat cannot tell apart, each with the same probability."""
        own, other = s.bids[seat], s.bids[1 - seat]
        allowed = [
            sum(1 << card for card in range(1, self.cards + 1) if self._possible(own[i], card, other[i]))
            for i in range(s.rounds)
        ]
        allowed += [(1 << self.cards + 1) - 2] * (len(other) - s.rounds)  # a sealed bid may be anything
        bids = _draw_bids(allowed, rng)
        return State(s.prizes, (own, bids) if seat == 0 else (bids, own))

    def _possible(self, own: int, card: int, other: int) -> bool:
        """Return whether this seat, having bid `own` and been told the result, may think that `card` was bid."""
        return card == other if self.show_bids else _sign(own - card) == _sign(own - other)

    def draw(self, s: State, seat: int | None = None) -> str:
        rows = [f"prizes: {' '.join(map(str, s.prizes)) or '-'}"]
        for i, role in enumerate(self.roles):
            rows.append(f"{role} bid: {' '.join(self._shown(s, i, seat)) or '-'}")
        first, second = self._points(s)
        return "\n".join([*rows, f"points: {first} {second}"])

    def scene(self, s: State, seat: int | None = None) -> Scene:
        points = self._points(s)
        bids = (Cards(f"{r} bid", self._shown(s, i, seat), f"{points[i]} points") for i, r in enumerate(self.roles))
        return (Cards("prizes", tuple(map(str, s.prizes))), *bids)

    def _shown(self, s: State, owner: int, seat: int | None) -> tuple[str, ...]:
        """Return the bids of `owner` as `seat` may see them."""
        known = s.rounds if self.show_bids else 0
        return tuple(str(bid) if seat in (None, owner) or i < known else "?" for i, bid in enumerate(s.bids[owner]))

    def rules(self, role: str) -> str:
        text = super().rules(role)
        if self.show_bids:
            text = text.replace(
                "You are told who won, but not what the\nother player bid.", "Then both bids are shown."
            )
        order = "in random order" if self.points == "random" else "from the highest down"
        return f"{text}\nHere everyone has the cards 1 to {self.cards}, and the prizes come {order}."


def _sign(x: int) -> int:
    return (x > 0) - (x < 0)


def _draw_bids(allowed: Sequence[int], rng: np.random.Generator) -> tuple[int, ...]:
    """Return different cards, one from every set (card c is bit c): each such sequence is equally likely."""
    # The sets with few cards come first, since then fewer ways have to be counted.
    order = sorted(range(len(allowed)), key=lambda i: (allowed[i].bit_count(), i))
    sets = tuple(allowed[i] for i in order)
    used, bids = 0, [0] * len(allowed)
    for place, i in enumerate(order):
        cards = [card for card in range(1, MOST_CARDS + 1) if allowed[i] & ~used & 1 << card]
        ways = list(accumulate(_ways(sets[place + 1 :], used | 1 << card) for card in cards))
        bids[i] = cards[bisect_right(ways, rng.random() * ways[-1])]
        used |= 1 << bids[i]
    return tuple(bids)


@lru_cache(maxsize=100_000)
def _ways(sets: tuple[int, ...], used: int) -> int:
    """Return in how many ways different cards can be taken from the sets, none of them among `used`."""
    if not sets:
        return 1
    total, left = 0, sets[0] & ~used
    while left:
        card = left & -left
        total += _ways(sets[1:], used | card)
        left ^= card
    return total
