"""A match of Kuhn poker (Kuhn, 1950): several hands with one stack of chips each, and the chips decide."""

from __future__ import annotations

from inspect import cleandoc
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.scene import Cards, Scene


class Hand(NamedTuple):
    """Cards by seat in the order they were dealt, and what was said, by the two seats in turn."""

    cards: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether the cards are put on the table at its end."""
        return self.said[-1:] != ("fold",)


class State(NamedTuple):
    """Chips by seat outside the pot, the pot, the hand that is on, and those that are over.

    The pot is empty only when the match is over; in every state it makes with the stacks the chips of the start.
    """

    stacks: tuple[int, int]
    pot: int
    hand: Hand = Hand()
    past: tuple[Hand, ...] = ()


class KuhnMatch(Game[State]):
    """A match of Kuhn poker has several hands. A hand is played with three cards: J, Q and K, where K beats Q and
    Q beats J.

    In each hand both players put 1 chip into the pot and are dealt one card that only they see. The first player
    speaks first in the first hand, the second player in the second hand, and so on in turn. Whoever speaks first
    may check (put in nothing) or bet (1 chip). After a check the other may check or bet too. After a bet, the one
    who did not bet may call (put in 1 chip as well) or fold (give up the pot). If nobody folds, both cards are
    shown and the higher one takes the pot; after a fold the other player takes it, and no card is shown. Where a
    player has put in the last chip before the betting begins, nobody bets, and the cards are shown at once.
    """

    name = "kuhn_match"
    roles = ("first", "second")
    actions = ("check", "bet", "call", "fold")
    hidden = True
    # Not "outcome", since who has more chips after a few hands tells little: against always betting, equilibrium play
    # earns a ninth of a chip a hand, but comes out ahead in 41% of single hands and in 52% of matches of five. So
    # players are rated by what they are trained on, and a match of one hand is worth what Kuhn's hand is.
    scoring = "payoff"

    deck = ("J", "Q", "K")

    def __init__(self, hands: int = 5, chips: int = 10) -> None:
        """Play at most `hands` hands; each player begins the match with `chips` chips."""
        if type(hands) is not int or type(chips) is not int or hands < 1 or chips < 1:
            raise GameError(f"hands={hands!r}, chips={chips!r}: a match has at least 1 hand, and 1 chip a player")
        self.hands, self.chips = hands, chips
        most = float(min(chips, 2 * hands))
        self.payoff_range = (-most, most)

    def start(self) -> State:
        return _ante((self.chips, self.chips), ())

    def turn(self, s: State) -> int:
        if not s.pot:
            return OVER
        return CHANCE if len(s.hand.cards) < 2 else (len(s.past) + len(s.hand.said)) % 2

    def chance(self, s: State) -> list[tuple[str, float]]:
        left = [card for card in self.deck if card not in s.hand.cards]
        return [(card, 1 / len(left)) for card in left]

    def legal(self, s: State, seat: int) -> tuple[str, ...]:
        return ("call", "fold") if s.hand.said[-1:] == ("bet",) else ("check", "bet")

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the match is over")
        cards, said = s.hand
        if seat == CHANCE:
            if action not in self.deck or action in cards:
                raise IllegalAction(f"{action!r} cannot be dealt: the deck holds J, Q and K once each")
            dealt = s._replace(hand=Hand((*cards, action)))
            return self._settle(dealt) if cards and not all(s.stacks) else dealt
        if action not in (legal := self.legal(s, seat)):
            raise IllegalAction(f"{action!r} is no move here: say {' or '.join(legal)}")
        if action in ("bet", "call"):
            s = s._replace(stacks=_moved(s.stacks, seat, -1), pot=s.pot + 1)
        said = (*said, action)
        s = s._replace(hand=Hand(cards, said))
        return self._settle(s) if action in ("call", "fold") or said == ("check", "check") else s

    def _settle(self, s: State) -> State:
        """Return the state in which the pot is paid out, and the next hand, if there is one, is begun."""
        past = (*s.past, s.hand)
        stacks = _moved(s.stacks, self._winner(s.hand, len(s.past)), s.pot)
        return _ante(stacks, past) if len(past) < self.hands and all(stacks) else State(stacks, 0, Hand(), past)

    def _winner(self, hand: Hand, number: int) -> int:
        """Return the seat that takes the pot of a finished hand, which was `number` in the match, from 0."""
        if not hand.shown:
            return (number + len(hand.said)) % 2  # it would be the next to speak
        first, second = map(self.deck.index, hand.cards)
        return int(first < second)

    def returns(self, s: State) -> tuple[float, float]:
        won = float(s.stacks[0] - self.chips)
        return (won, -won) if won else (0.0, 0.0)

    def view(self, s: State, seat: int) -> str:
        own, other = s.stacks[seat], s.stacks[1 - seat]
        lines = [f"hand {i}: {self._memory(hand, i - 1, seat)}" for i, hand in enumerate(s.past, 1)]
        if not s.pot:
            return "\n".join([*lines, f"the match is over: you have {own} chips, the other {other}"])
        lines.append(f"hand {len(s.past) + 1} of {self.hands}: you have {own} chips, the other {other}; pot: {s.pot}")
        card = s.hand.cards[seat] if seat < len(s.hand.cards) else "not dealt yet"
        begins = "you speak first" if len(s.past) % 2 == seat else "the other speaks first"
        return "\n".join([*lines, f"your card: {card}; {_told(s.hand, len(s.past), seat) or begins}"])

    def _memory(self, hand: Hand, number: int, seat: int) -> str:
        """Return what `seat` remembers of a finished hand, in one line."""
        shown = f"the other shows {hand.cards[1 - seat]}; " if hand.shown else ""
        result = "win" if self._winner(hand, number) == seat else "lose"
        told = _told(hand, number, seat) or "no chips to bet"
        return f"your card {hand.cards[seat]}; {told}; {shown}you {result} {_at_stake(hand)}"

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (hands, 20), a row per hand that has begun; the rows of later hands are 0.

        0–2 the own card J, Q, K; 3–5 the other's card, if it was shown; 6 is 1 if this seat speaks first; then
        four numbers for each of the three words that a hand may have: check, bet, call, fold; 19 the chips that
        this seat has won in the hand, halved.
        """
        tensor = np.zeros((self.hands, 20), np.float32)
        for number, (row, hand) in enumerate(zip(tensor, (*s.past, s.hand), strict=False)):
            if seat < len(hand.cards):
                row[self.deck.index(hand.cards[seat])] = 1
            row[6] = number % 2 == seat
            for i, word in enumerate(hand.said):
                row[7 + 4 * i + self.actions.index(word)] = 1
            if number < len(s.past):
                if hand.shown:
                    row[3 + self.deck.index(hand.cards[1 - seat])] = 1
                row[19] = _at_stake(hand) / (2 if self._winner(hand, number) == seat else -2)
        return tensor

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return the state with every card that the other holds, or has never shown, drawn again."""

        def again(hand: Hand) -> Hand:
            cards, other = list(hand.cards), 1 - seat
            if other < len(cards):
                unseen = [card for card in self.deck if card == cards[other] or card not in cards]
                cards[other] = unseen[rng.integers(len(unseen))]
            return hand._replace(cards=tuple(cards))

        return s._replace(hand=again(s.hand), past=tuple(hand if hand.shown else again(hand) for hand in s.past))

    def draw(self, s: State, seat: int | None = None) -> str:
        lines = []
        for role, cards, note in self._hands(s, seat):
            lines.append(f"{role}: {' '.join(cards) or '-'} ({note})")
        return "\n".join([*self._title(s), *lines, *self._last(s, seat)])

    def scene(self, s: State, seat: int | None = None) -> Scene:
        return (*self._title(s), *self._hands(s, seat), *self._last(s, seat))

    def rules(self, role: str) -> str:
        count = f"The match has {self.hands} hands" if self.hands > 1 else "The match has 1 hand"
        return (
            f"{cleandoc(type(self).__doc__ or '')}\n\n{count}, and both players begin it with {self.chips} chips. It "
            "ends early when a player has no chip left to put into the next pot. Whoever has more chips at the end has "
            "won, and equal chips are a draw. What counts is how many chips you have won or lost."
        )

    def _title(self, s: State) -> list[str]:
        return [f"hand {len(s.past) + 1} of {self.hands}; pot: {s.pot}"] if s.pot else ["the match is over"]

    def _hands(self, s: State, seat: int | None) -> list[Cards]:
        hands = []
        for i, role in enumerate(self.roles):
            shown = s.hand.cards[i : i + 1] if seat in (None, i) else ("?",) * len(s.hand.cards[i : i + 1])
            said = s.hand.said[(i + len(s.past)) % 2 :: 2]
            hands.append(Cards(role, shown, ", ".join([f"{s.stacks[i]} chips", *said])))
        return hands

    def _last(self, s: State, seat: int | None) -> list[str]:
        """Return how the last finished hand went, for people."""
        if not s.past:
            return []
        number, hand = len(s.past) - 1, s.past[-1]
        cards = [card if hand.shown or seat in (None, i) else "?" for i, card in enumerate(hand.cards)]
        result = f"{self.roles[self._winner(hand, number)]} won {_at_stake(hand)}"
        return [f"hand {number + 1}: {' '.join(cards)}; {', '.join(hand.said) or 'no chips to bet'}; {result}"]


def _ante(stacks: tuple[int, int], past: tuple[Hand, ...]) -> State:
    return State((stacks[0] - 1, stacks[1] - 1), 2, Hand(), past)


def _moved(stacks: tuple[int, int], seat: int, chips: int) -> tuple[int, int]:
    return (stacks[0] + chips, stacks[1]) if seat == 0 else (stacks[0], stacks[1] + chips)


def _at_stake(hand: Hand) -> int:
    """Return the chips that the winner of a finished hand has won."""
    return 2 if "call" in hand.said else 1


def _told(hand: Hand, number: int, seat: int) -> str:
    """Return the betting as `seat` tells it: "you check, the other bets"; empty if nothing was said."""
    speakers = ((number + i) % 2 for i in range(len(hand.said)))
    words = zip(speakers, hand.said, strict=True)
    return ", ".join(f"you {word}" if speaker == seat else f"the other {word}s" for speaker, word in words)
