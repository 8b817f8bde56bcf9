"""One hand of heads-up hold'em as a value, and what pokerkit says of it: who speaks, what a raise may be, who wins.

The betting never depends on the cards, so it is worked out without them: pokerkit's table is built from what
was said when it is needed and thrown away, and its answer is kept. No table is ever shared or changed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, cast

from pokerkit import Automation, BettingStructure, Card, Deck, Opening, StandardHighHand, State, Street

BOARD = (0, 3, 4, 5)
"""Cards on the table in each round of betting."""

DECK = tuple(rank + suit for rank in "23456789TJQKA" for suit in "cdhs")
"""The 52 cards, from the twos to the aces."""

_AUTOMATIC = (Automation.ANTE_POSTING, Automation.BET_COLLECTION)


class Stakes(NamedTuple):
    """What is the same in every hand of a match."""

    small_blind: int
    big_blind: int
    limit: bool
    """Whether raises have one size, of which each round allows four (the big blind is the first)."""


class Hand(NamedTuple):
    """One hand: who began with what, the cards dealt, and what was said."""

    button: int
    """The seat with the button. It posts the small blind, speaks first before the flop and last after it."""
    stacks: tuple[int, int]
    """Chips of each seat before the blinds."""
    cards: tuple[str, ...] = ()
    """In the order they were dealt: two of seat 0, two of seat 1, then the board."""
    said: tuple[str, ...] = ()
    """"fold", "call" (or check) and "raise 6", in turn; a raise names the speaker's chips of this round in all."""

    @property
    def board(self) -> tuple[str, ...]:
        """The cards on the table, highest first in the flop: its order means nothing."""
        return (*high_first(self.cards[4:7]), *self.cards[7:])

    def hole(self, seat: int) -> tuple[str, ...]:
        """Return the seat's own cards, highest first."""
        return high_first(self.cards[2 * seat : 2 * seat + 2])


class Word(NamedTuple):
    """Something said in the betting."""

    seat: int
    street: int
    verb: str
    """fold, check, call, bet or raise."""
    chips: int
    """What a call costs; what a bet or a raise brings the speaker's chips of this round up to; or 0."""


class Betting(NamedTuple):
    """The betting of a hand so far."""

    actor: int | None
    """The seat to speak, once the cards of the street are on the table; None: the betting is over."""
    street: int
    """0 before the flop, then 1, 2 and 3 (the river)."""
    folded: int | None
    """The seat that gave up."""
    paid: tuple[int, int]
    """Chips by seat in the pot, blinds included."""
    bets: tuple[int, int]
    """Those of them that were put in on this street."""
    raises: range
    """What a raise may bring the speaker's chips of this round up to; empty where no raise is possible."""
    words: tuple[Word, ...]

    @property
    def to_call(self) -> int:
        """What the speaker must put in to stay."""
        return 0 if self.actor is None else self.bets[1 - self.actor] - self.bets[self.actor]


def betting(stakes: Stakes, hand: Hand) -> Betting:
    """Return what the words of a hand have led to."""
    # What the richer player has above the other's chips can never be lost or won, so both play with as much.
    return _betting(stakes, min(hand.stacks), hand.button, hand.said)


@lru_cache(maxsize=100_000)
def _betting(stakes: Stakes, stack: int, button: int, said: tuple[str, ...]) -> Betting:
    table = _table(stakes, stack)
    words = []
    for action in said:
        words.append(_word(table, action, button))
        _act(table, action)
    raises = range(0)
    if table.can_complete_bet_or_raise_to():
        least = table.min_completion_betting_or_raising_to_amount or 0
        most = table.max_completion_betting_or_raising_to_amount or 0
        raises = range(least, most + 1)
    left = _by_seat(table.stacks, button)
    return Betting(
        actor=None if table.actor_index is None else _seat(table.actor_index, button),
        street=words[-1].street if table.street_index is None else table.street_index,
        folded=words[-1].seat if said[-1:] == ("fold",) else None,
        paid=(stack - left[0], stack - left[1]),
        bets=_by_seat(table.bets, button),
        raises=raises,
        words=tuple(words),
    )


def _seat(player: int, button: int) -> int:
    """Return the seat of pokerkit's player: 0 posts the big blind, and 1 has the button."""
    return button if player == 1 else 1 - button


def _by_seat(players: list[int], button: int) -> tuple[int, int]:
    """Return numbers by seat for numbers by pokerkit's player."""
    return (players[0], players[1]) if button == 1 else (players[1], players[0])


def _table(stakes: Stakes, stack: int) -> State:
    """Return pokerkit's table after the deal."""
    small, big = stakes.big_blind, stakes.big_blind * (2 if stakes.limit else 1)
    most = (3, 4, 4, 4) if stakes.limit else (None,) * 4
    streets = tuple(
        Street(False, (False, False) if i == 0 else (), cards, False, Opening.POSITION, size, raises)
        for i, (cards, size, raises) in enumerate(zip((0, 3, 1, 1), (small, small, big, big), most, strict=True))
    )
    structure = BettingStructure.FIXED_LIMIT if stakes.limit else BettingStructure.NO_LIMIT
    # The deck comes later and holds unknown cards, since pokerkit shuffles a deck with the process's generator.
    blinds = stakes.small_blind, stakes.big_blind
    deck, hands = cast(Deck, ()), (StandardHighHand,)
    table = State(_AUTOMATIC, deck, hands, streets, structure, True, 0, blinds, 0, stack, 2)
    table.deck_cards.extend([Card.UNKNOWN] * 9)
    for _ in range(2):
        table.post_blind_or_straddle()
    for _ in range(4):
        table.deal_hole()
    return table


def _act(table: State, action: str) -> None:
    if action == "fold":
        table.fold()
    elif action == "call":
        table.check_or_call()
    else:
        table.complete_bet_or_raise_to(int(action.removeprefix("raise ")))
    if table.actor_index is None and table.can_deal_board():
        table.deal_board(BOARD[1] if table.street_index == 1 else 1)


def _word(table: State, action: str, button: int) -> Word:
    """Return what an action will mean at this table."""
    player, street = table.actor_index, table.street_index
    assert player is not None
    assert street is not None
    seat = _seat(player, button)
    if action == "fold":
        return Word(seat, street, "fold", 0)
    if action == "call":
        chips = table.checking_or_calling_amount or 0
        return Word(seat, street, "call" if chips else "check", chips)
    return Word(seat, street, "raise" if any(table.bets) else "bet", int(action.removeprefix("raise ")))


@lru_cache(maxsize=100_000)
def strength(hole: tuple[str, ...], board: tuple[str, ...]) -> tuple[int, str]:
    """Return the best five of seven cards: a number that grows with the hand, equal for equal hands, and its name."""
    entry = StandardHighHand.from_game("".join(hole), "".join(board)).entry
    return entry.index, entry.label.value.lower()


def high_first(cards: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cards from the highest to the lowest, for sets of cards whose order means nothing."""
    return tuple(sorted(cards, key=DECK.index, reverse=True))


def showdown(stakes: Stakes, hand: Hand) -> bool:
    """Return whether the hands are compared: nobody folded, and all cards are on the table."""
    so_far = betting(stakes, hand)
    return so_far.actor is None and so_far.folded is None and len(hand.cards) == 9


def finished(stakes: Stakes, hand: Hand) -> bool:
    """Return whether the hand is over."""
    return betting(stakes, hand).folded is not None or showdown(stakes, hand)


def won(stakes: Stakes, hand: Hand) -> int:
    """Return the chips that seat 0 wins from seat 1 in a finished hand.

    The loser pays what they have put in, as far as the winner matched it. Equal hands take back what each put
    in, which is the same, so no odd chip is ever left over.
    """
    so_far = betting(stakes, hand)
    if so_far.folded is not None:
        sign = 1 if so_far.folded == 1 else -1
    else:
        first, second = (strength(hand.hole(seat), hand.board) for seat in (0, 1))
        sign = (first > second) - (first < second)
    return sign * min(so_far.paid)
