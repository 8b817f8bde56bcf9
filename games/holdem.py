"""Heads-up Texas hold'em by pokerkit's rules, limit and no-limit: single hands for chips, or whole matches."""

from __future__ import annotations

from inspect import cleandoc
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.games.holdem_hand import BOARD, DECK, Betting, Hand, Stakes, betting, finished, showdown, won
from arena.games.holdem_view import draw_hand, hand_scene, tell_hand, tell_past, tell_result
from arena.scene import Scene


class State(NamedTuple):
    """The hand that is on, and those that are over."""

    hand: Hand
    past: tuple[Hand, ...] = ()


class Holdem(Game[State]):
    """Texas hold'em is played here by two players with a deck of 52 cards; a chip is the unit of all bets.

    One player has the button. That player posts the small blind and the other the big blind: bets that are put
    in before anybody sees a card. Each player is dealt two cards that only they see. Up to five cards follow
    face up on the table: three (the flop), one (the turn) and one (the river). There is a round of betting
    before the flop and after each of the three. The player with the button speaks first before the flop, and
    the other speaks first in the later rounds.

    In a round the players take turns to fold (give up the pot, possible only when the other has put in more),
    call (put in what the other has put in; if that is nothing more, this is a check) or raise (put in more than
    the other). A round ends when a raise is called, or when both have called. A player with no chips left
    speaks no more: the remaining cards are dealt and the hands are shown.

    If nobody folds, both show their cards, and the best five cards out of one's own two and the five on the
    table win the pot; equal hands share it. From the highest to the lowest: straight flush (five of one suit in
    sequence), four of a kind, full house (three and a pair), flush (five of one suit), straight (five in
    sequence; an ace may also begin A2345), three of a kind, two pair, one pair, high card. Equal kinds are
    decided by their ranks, then by the other cards: A K Q J T 9 8 7 6 5 4 3 2, suits never matter.
    """

    roles = ("first", "second")
    hidden = True
    deck = DECK
    limit: bool

    def __init__(self, stack: int, blinds: tuple[int, int], hands: int) -> None:
        small, big = blinds
        if not all(type(number) is int for number in (stack, small, big, hands)):
            raise GameError(f"stack={stack}, blinds={(small, big)}, hands={hands}: chips and hands are whole numbers")
        if not 0 < small <= big:
            raise GameError(f"blinds={(small, big)}: give the small one and the big one, in chips")
        if stack < 2 * big:
            raise GameError(f"stack={stack}: begin with at least {2 * big} chips, two big blinds")
        if hands < 1:
            raise GameError(f"hands={hands}: a match has at least one hand")
        self.stack, self.blinds, self.hands = stack, (small, big), hands
        self.stakes = Stakes(small, big, self.limit)
        # A single hand is about how much is won; a match is about who wins it.
        self.scoring = "payoff" if hands == 1 else "outcome"
        # Four bets a round, of one big blind before the turn and of two from then on, make 24.
        most = min(stack, hands * 24 * big) if self.limit else stack
        self.payoff_range = (-float(most), float(most))

    def raises(self, so_far: Betting) -> dict[str, int]:
        """Return the raises that are possible: what to say → what it brings the speaker's chips of the round to."""
        raise NotImplementedError

    @property
    def longest(self) -> int:
        """The words that a round of betting may have at most."""
        raise NotImplementedError

    def start(self) -> State:
        return State(Hand(0, (self.stack, self.stack)))

    def turn(self, s: State) -> int:
        dealt = len(s.hand.cards)
        if dealt < 4:
            return CHANCE
        so_far = betting(self.stakes, s.hand)
        if so_far.folded is not None:
            return OVER
        if so_far.actor is None:
            return CHANCE if dealt < 9 else OVER
        return CHANCE if dealt < 4 + BOARD[so_far.street] else so_far.actor

    def chance(self, s: State) -> list[tuple[str, float]]:
        left = [card for card in DECK if card not in s.hand.cards]
        return [(card, 1 / len(left)) for card in left]

    def legal(self, s: State, seat: int) -> tuple[str, ...]:
        so_far = betting(self.stakes, s.hand)
        return (*(("fold",) if so_far.to_call else ()), "call", *self.raises(so_far))

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if seat == CHANCE:
            if action not in DECK or action in s.hand.cards:
                raise IllegalAction(f"{action!r} cannot be dealt: the deck holds 2c to As once each")
            return self._next(s, s.hand._replace(cards=(*s.hand.cards, action)))
        legal = self.legal(s, seat)
        if action not in legal:
            shown = legal if len(legal) < 8 else (*legal[:3], "…", legal[-1])
            raise IllegalAction(f"{action!r} is no move here: say {' or '.join(shown)}")
        raised = self.raises(betting(self.stakes, s.hand)).get(action)
        said = action if raised is None else f"raise {raised}"
        return self._next(s, s.hand._replace(said=(*s.hand.said, said)))

    def _next(self, s: State, hand: Hand) -> State:
        """Return the state with the hand as it is now, or with a new one where it is over and the match is not."""
        if len(s.past) + 1 == self.hands or len(hand.cards) < 4 or not finished(self.stakes, hand):
            return State(hand, s.past)
        net = won(self.stakes, hand)
        stacks = hand.stacks[0] + net, hand.stacks[1] - net
        if not all(stacks):
            return State(hand, s.past)
        return State(Hand(1 - hand.button, stacks), (*s.past, hand))

    def returns(self, s: State) -> tuple[float, float]:
        net = s.hand.stacks[0] + won(self.stakes, s.hand) - self.stack
        return (float(net), float(-net)) if net else (0.0, 0.0)

    def view(self, s: State, seat: int) -> str:
        raises = self.raises(betting(self.stakes, s.hand)) if self.turn(s) == seat else None
        past = [f"hand {i}: {tell_past(self.stakes, hand, seat)}" for i, hand in enumerate(s.past, 1)]
        return "\n".join([*self._title(s), *tell_hand(self.stakes, s.hand, seat, raises), *past])

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (213 + 8 · longest,): the hand that is on, but not the earlier hands of a match.

        0 is 1 with the button; 1 and 2 the own and the other's chips outside the pot and 3 the pot, as shares of
        all chips; 4 the hands after this one, as a share of all hands. Then four times 52 cards in the order of
        `deck`: the own cards, the flop, the turn and the river. Then for each of the four rounds of betting
        `longest` pairs, one per word: (1, 0) is call or check, and (0, x) a raise that brings the speaker's
        chips of the round to x stacks.
        """
        hand, so_far = s.hand, betting(self.stakes, s.hand)
        tensor = np.zeros(213 + 8 * self.longest, np.float32)
        left = [stack - paid for stack, paid in zip(hand.stacks, so_far.paid, strict=True)]
        chips = (left[seat], left[1 - seat], sum(so_far.paid))
        tensor[0] = hand.button == seat
        tensor[1:4] = np.divide(chips, 2 * self.stack)
        tensor[4] = (self.hands - len(s.past) - 1) / self.hands
        for begin, cards in enumerate((hand.hole(seat), hand.board[:3], hand.board[3:4], hand.board[4:])):
            for card in cards:
                tensor[5 + 52 * begin + DECK.index(card)] = 1
        words = tensor[213:].reshape(4, self.longest, 2)
        for street in range(4):
            for i, word in enumerate(word for word in so_far.words if word.street == street):
                if word.verb in ("call", "check"):
                    words[street, i, 0] = 1
                elif word.verb != "fold":
                    words[street, i, 1] = word.chips / self.stack
        return tensor

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return the state with every card that the other holds and never showed drawn again."""

        def again(hand: Hand) -> Hand:
            held = hand.cards[2:4] if seat == 0 else hand.cards[:2]
            if len(hand.cards) >= 4 and showdown(self.stakes, hand):
                return hand
            unseen = [card for card in DECK if card in held or card not in hand.cards]
            drawn = tuple(unseen[i] for i in rng.choice(len(unseen), len(held), replace=False))
            own, board = hand.cards[2 * seat : 2 * seat + 2], hand.cards[4:]
            return hand._replace(cards=(*own, *drawn, *board) if seat == 0 else (*drawn, *own, *board))

        return State(again(s.hand), tuple(again(hand) for hand in s.past))

    def draw(self, s: State, seat: int | None = None) -> str:
        return "\n".join([*self._title(s), *draw_hand(self.stakes, s.hand, self.roles, seat), *self._last(s)])

    def scene(self, s: State, seat: int | None = None) -> Scene:
        return (*self._title(s), *hand_scene(self.stakes, s.hand, self.roles, seat), *self._last(s))

    def rules(self, role: str) -> str:
        small, big = self.blinds
        match = (
            "One hand is played; the first player has the button. You win or lose the chips that change hands."
            if self.hands == 1
            else f"A match has up to {self.hands} hands and ends early when a player has no chips left. The first "
            "player has the button in the first hand, and it changes after every hand; chips are kept from hand to "
            "hand. Whoever has more chips at the end wins the match."
        )
        here = f"Both players begin with {self.stack} chips; the blinds are {small} and {big}. {match}"
        return "\n\n".join([cleandoc(Holdem.__doc__ or ""), cleandoc(type(self).__doc__ or ""), here])

    def _title(self, s: State) -> list[str]:
        return [f"hand {len(s.past) + 1} of {self.hands}"] if self.hands > 1 else []

    def _last(self, s: State) -> list[str]:
        """Return how the last hand of the match ended, for people."""
        return [f"hand {len(s.past)}: {tell_result(self.stakes, s.past[-1], self.roles)}"] if s.past else []


class LimitHoldem(Holdem):
    """In limit hold'em every raise has one size: the big blind before and on the flop, twice that afterwards.

    A round allows four bets in all; before the flop the big blind counts as the first.
    """

    name = "limit_holdem"
    limit = True
    actions = ("fold", "call", "raise")
    longest = 6  # check, bet, three raises, call

    def __init__(self, stack: int = 48, blinds: tuple[int, int] = (1, 2), hands: int = 1) -> None:
        """`stack` in chips: 24 big blinds are all that one hand can cost. `hands` is the length of a match."""
        super().__init__(stack, blinds, hands)

    def raises(self, so_far: Betting) -> dict[str, int]:
        return {"raise": so_far.raises[0]} if so_far.raises else {}


class NoLimitHoldem(Holdem):
    """In no-limit hold'em a raise may have any size up to all chips, but adds at least as much as the last raise did.

    The first bet of a round is at least a big blind. All in means: as much as the player with fewer chips has.
    half_pot and pot first call, and then add half of the pot or all of it. Where sizes are given in chips,
    "raise 12" brings what you have put in in this round of betting to 12 chips.
    """

    name = "no_limit_holdem"
    limit = False

    def __init__(self, stack: int = 200, blinds: tuple[int, int] = (1, 2), hands: int = 1, sizes: str = "pot") -> None:
        """`stack` in chips; `hands` is the length of a match.

        `sizes="pot"` offers half_pot, pot and all_in (the abstraction that OpenSpiel calls fchpa);
        `sizes="chips"` offers every size, as in "raise 12", which makes about as many actions as a stack has chips.
        """
        super().__init__(stack, blinds, hands)
        if sizes not in ("pot", "chips"):
            raise GameError(f"sizes={sizes!r}: say 'pot' for half_pot, pot and all_in, or 'chips' for every size")
        self.sizes = sizes
        in_chips = [f"raise {chips}" for chips in range(1, stack + 1)]
        self.actions = ("fold", "call", *(("half_pot", "pot", "all_in") if sizes == "pot" else in_chips))

    @property
    def longest(self) -> int:
        """The words that a round may have: a check, the raises (each doubles the pot, or adds a big blind), a call."""
        in_blinds = self.stack // self.blinds[1]
        return 3 + (in_blinds.bit_length() if self.sizes == "pot" else in_blinds)

    def raises(self, so_far: Betting) -> dict[str, int]:
        if not so_far.raises:
            return {}
        least, most = so_far.raises[0], so_far.raises[-1]
        if self.sizes == "chips":
            return {f"raise {chips}": chips for chips in so_far.raises}
        pot = sum(so_far.paid) + so_far.to_call
        sizes = {"half_pot": max(so_far.bets) + pot // 2, "pot": max(so_far.bets) + pot}
        return {**{name: chips for name, chips in sizes.items() if least <= chips < most}, "all_in": most}
