"""Leduc poker (Southey et al., 2005): the smallest poker with a card on the table and two rounds of betting."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.scene import Cards, Scene

RAISES = (2.0, 4.0)
"""Chips that a raise adds, by round."""


class State(NamedTuple):
    """Cards in the order they were dealt (first seat, second seat, table), and the betting of each round."""

    cards: tuple[str, ...] = ()
    first_round: tuple[str, ...] = ()
    second_round: tuple[str, ...] = ()

    @property
    def bets(self) -> tuple[str, ...]:
        """The betting of the round that is on."""
        return self.second_round if len(self.cards) == 3 else self.first_round


class LeducPoker(Game[State]):
    """Leduc poker is played with six cards: two jacks, two queens and two kings (Js is a jack, Jh the other).

    Each player puts 1 chip into the pot and is dealt one card that only they see. There are two rounds of
    betting; between them one more card is put face up on the table. In each round the first player begins,
    and the players take turns to say: raise (put in what the other has put in and 2 chips more, 4 in the
    second round), call (put in what the other has put in; nothing, if that is even) or fold (give up the
    pot, only after a raise). Each round allows two raises. It ends when a raise is called or both have called.

    If nobody folds, a card of the same rank as the one on the table wins the pot; otherwise the higher card
    does (K beats Q beats J, suits never matter), and equal ranks share it. You win or lose what the loser put
    in: 1 to 13 chips.
    """

    name = "leduc_poker"
    roles = ("first", "second")
    actions = ("fold", "call", "raise")
    hidden = True
    scoring = "payoff"
    payoff_range = (-13.0, 13.0)

    deck = ("Js", "Jh", "Qs", "Qh", "Ks", "Kh")

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if len(s.cards) < 2:
            return CHANCE
        bets = s.bets
        if bets and bets[-1] == "fold":
            return OVER
        if len(bets) >= 2 and bets[-1] == "call":
            return CHANCE if len(s.cards) == 2 else OVER
        return len(bets) % 2

    def chance(self, s: State) -> list[tuple[str, float]]:
        left = [card for card in self.deck if card not in s.cards]
        return [(card, 1 / len(left)) for card in left]

    def legal(self, s: State, seat: int) -> tuple[str, ...]:
        bets = s.bets
        fold = ("fold",) if bets and bets[-1] == "raise" else ()
        return (*fold, "call", "raise") if bets.count("raise") < 2 else (*fold, "call")

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if seat == CHANCE:
            if action not in self.deck or action in s.cards:
                raise IllegalAction(f"{action!r} cannot be dealt: the deck holds {', '.join(self.deck)} once each")
            return State((*s.cards, action), s.first_round)
        if action not in (legal := self.legal(s, seat)):
            raise IllegalAction(f"{action!r} is no move here: say {' or '.join(legal)}")
        if len(s.cards) == 2:
            return State(s.cards, (*s.first_round, action))
        return State(s.cards, s.first_round, (*s.second_round, action))

    def returns(self, s: State) -> tuple[float, float]:
        stakes = _stakes(s)
        if s.bets[-1] == "fold":
            won = -1 if len(s.bets) % 2 else 1  # who spoke last lost
        else:
            first, second = (self._strength(card, s.cards[2]) for card in s.cards[:2])
            won = (first > second) - (first < second)
        payoff = won * min(stakes)
        return (payoff, -payoff) if won else (0.0, 0.0)

    def view(self, s: State, seat: int) -> str:
        card = s.cards[seat] if seat < len(s.cards) else "not dealt yet"
        table = s.cards[2] if len(s.cards) == 3 else "none"
        rounds = [", ".join(bets) or "nothing" for bets in (s.first_round, s.second_round)]
        return f"your card: {card}; on the table: {table}; round 1: {rounds[0]}; round 2: {rounds[1]}"

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (30,), the layout of OpenSpiel's leduc_poker.

        0–1 the seat; 2–7 the own card in the order of the deck; 8–13 the card on the table; 14–21 the
        betting of round 1, two numbers per word: (1, 0) is call and (0, 1) is raise; 22–29 that of round 2.
        """
        tensor = np.zeros(30, np.float32)
        tensor[seat] = 1
        if seat < len(s.cards):
            tensor[2 + self.deck.index(s.cards[seat])] = 1
        if len(s.cards) == 3:
            tensor[8 + self.deck.index(s.cards[2])] = 1
        for begin, bets in ((14, s.first_round), (22, s.second_round)):
            for i, action in enumerate(bets):
                if action != "fold":
                    tensor[begin + 2 * i + (action == "raise")] = 1
        return tensor

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return the state with the other's card drawn again from those that `seat` does not see."""
        cards, other = list(s.cards), 1 - seat
        if other < len(cards):
            unseen = [card for card in self.deck if card == cards[other] or card not in cards]
            cards[other] = unseen[rng.integers(len(unseen))]
        return s._replace(cards=tuple(cards))

    def draw(self, s: State, seat: int | None = None) -> str:
        hands = [card if seat in (None, i) else "?" for i, card in enumerate(s.cards[:2])]
        paid = " ".join(f"{stake:g}" for stake in _stakes(s))
        rounds = [" ".join(bets) or "-" for bets in (s.first_round, s.second_round)]
        return (
            f"cards: {' '.join(hands) or '-'}\ntable: {' '.join(s.cards[2:]) or '-'}\n"
            f"round 1: {rounds[0]}\nround 2: {rounds[1]}\nchips paid: {paid}"
        )

    def scene(self, s: State, seat: int | None = None) -> Scene:
        hands = []
        for i, (role, paid) in enumerate(zip(self.roles, _stakes(s), strict=True)):
            shown = s.cards[i : i + 1] if seat in (None, i) else ("?",) * len(s.cards[i : i + 1])
            hands.append(Cards(role, shown, f"{paid:g} in the pot"))
        rounds = [f"round {i}: {', '.join(bets)}" for i, bets in enumerate((s.first_round, s.second_round), 1) if bets]
        return (*hands, Cards("table", s.cards[2:]), *rounds)

    def _strength(self, card: str, table: str) -> int:
        """Return a number that grows with the hand: 0–2 for J, Q and K; a pair is above all of them."""
        return 3 if card[0] == table[0] else "JQK".index(card[0])


def _stakes(s: State) -> tuple[float, float]:
    """Return the chips that each seat has put in."""
    stakes = [1.0, 1.0]
    for size, bets in zip(RAISES, (s.first_round, s.second_round), strict=True):
        for i, action in enumerate(bets):
            if action != "fold":
                stakes[i % 2] = max(stakes) + (size if action == "raise" else 0)
    return stakes[0], stakes[1]
