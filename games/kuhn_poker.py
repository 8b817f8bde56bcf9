"""Kuhn poker (Kuhn, 1950): the smallest poker with bluffing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.scene import Cards, Scene


class State(NamedTuple):
    """Cards by seat in the order they were dealt, and the betting so far."""

    cards: tuple[str, ...] = ()
    bets: tuple[str, ...] = ()


class KuhnPoker(Game[State]):
    """Kuhn poker is played with three cards: J, Q and K, where K beats Q and Q beats J.

    Each player puts 1 chip into the pot and is dealt one card that only they see. The first player says pass
    or bet (1 chip more). After a bet, the other player says bet (call it, 1 chip more) or pass (fold: lose
    the pot). After a pass, the second player may pass too, or bet, and then the first calls or folds. If
    nobody folds, the higher card takes the pot. You win or lose 1 chip, or 2 if a bet was called.
    """

    name = "kuhn_poker"
    roles = ("first", "second")
    actions = ("pass", "bet")
    hidden = True
    scoring = "payoff"
    payoff_range = (-2.0, 2.0)

    deck = ("J", "Q", "K")

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if len(s.cards) < 2:
            return CHANCE
        if s.bets in {("pass", "pass"), ("bet", "pass"), ("bet", "bet")} or len(s.bets) == 3:
            return OVER
        return len(s.bets) % 2

    def chance(self, s: State) -> list[tuple[str, float]]:
        left = [card for card in self.deck if card not in s.cards]
        return [(card, 1 / len(left)) for card in left]

    def step(self, s: State, action: str) -> State:
        if len(s.cards) < 2:
            if action not in self.deck or action in s.cards:
                raise IllegalAction(f"{action!r} cannot be dealt: the deck holds J, Q and K once each")
            return State((*s.cards, action), s.bets)
        if action not in self.actions or self.turn(s) == OVER:
            raise IllegalAction(f"{action!r} is no move here: say pass or bet")
        return State(s.cards, (*s.bets, action))

    def returns(self, s: State) -> tuple[float, float]:
        if s.bets[-2:] == ("bet", "pass"):  # a fold: whoever bet takes the single chip
            first = 1.0 if len(s.bets) == 2 else -1.0
        else:
            stake = 2.0 if s.bets[-1] == "bet" else 1.0
            first = stake if self.deck.index(s.cards[0]) > self.deck.index(s.cards[1]) else -stake
        return first, -first

    def view(self, s: State, seat: int) -> str:
        card = s.cards[seat] if seat < len(s.cards) else "not dealt yet"
        return f"your card: {card}; so far: {', '.join(s.bets) or 'nothing'}"

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (7,): 0–2 the own card J, Q, K; 3–6 the betting is empty, pass, bet, pass-bet."""
        tensor = np.zeros(7, np.float32)
        if seat < len(s.cards):
            tensor[self.deck.index(s.cards[seat])] = 1
        sequences = ((), ("pass",), ("bet",), ("pass", "bet"))
        if s.bets in sequences:
            tensor[3 + sequences.index(s.bets)] = 1
        return tensor

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return the state with the other's card drawn again from those that `seat` does not see."""
        cards, other = list(s.cards), 1 - seat
        if other < len(cards):
            unseen = [card for card in self.deck if card == cards[other] or card not in cards]
            cards[other] = unseen[rng.integers(len(unseen))]
        return s._replace(cards=tuple(cards))

    def draw(self, s: State, seat: int | None = None) -> str:
        shown = [card if seat in (None, i) else "?" for i, card in enumerate(s.cards)]
        return f"cards: {' '.join(shown) or '-'}\nbetting: {' '.join(s.bets) or '-'}"

    def scene(self, s: State, seat: int | None = None) -> Scene:
        hands = []
        for i, role in enumerate(self.roles):
            shown = s.cards[i : i + 1] if seat in (None, i) else ("?",) * len(s.cards[i : i + 1])
            said = s.bets[i::2]
            hands.append(Cards(role, shown, ", ".join([f"{1 + said.count('bet')} in the pot", *said])))
        return tuple(hands)


def equilibrium(alpha: float = 0.2) -> dict[str, dict[str, float]]:
    """Return the equilibrium in which the first player bets J with probability `alpha` in [0, 1/3] (Kuhn, 1950).

    A table of view → action → probability, as the tabular player takes it; the first player loses 1/18.
    """
    bet = {
        ("J", ()): alpha, ("Q", ()): 0.0, ("K", ()): 3 * alpha,
        ("J", ("pass", "bet")): 0.0, ("Q", ("pass", "bet")): alpha + 1 / 3, ("K", ("pass", "bet")): 1.0,
        ("J", ("bet",)): 0.0, ("Q", ("bet",)): 1 / 3, ("K", ("bet",)): 1.0,
        ("J", ("pass",)): 1 / 3, ("Q", ("pass",)): 0.0, ("K", ("pass",)): 1.0,
    }  # fmt: skip
    game = KuhnPoker()
    table = {}
    for (card, bets), p in bet.items():
        seat = len(bets) % 2
        cards = (card, "") if seat == 0 else ("", card)
        table[game.view(State(cards, bets), seat)] = {"pass": 1 - p, "bet": p}
    return table
