"""What a hand of hold'em looks like: in words for the player in a seat, and as a picture for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from arena.games.holdem_hand import Betting, Hand, Stakes, Word, betting, finished, showdown, strength, won
from arena.scene import Cards, Scene

STREETS = ("before the flop", "flop", "turn", "river")

YOU = ("you", "the other")
"""Who is who in a view: the seat that looks on, and the other."""


def tell_hand(stakes: Stakes, hand: Hand, seat: int, raises: Mapping[str, int] | None) -> list[str]:
    """Return what `seat` knows of the hand, line by line; `raises` is what it may raise to, None if it is not asked."""
    so_far = betting(stakes, hand)
    own, other = _left(hand, so_far, seat), _left(hand, so_far, 1 - seat)
    lines = [
        "you have the button" if hand.button == seat else "the other has the button",
        f"your cards: {' '.join(hand.hole(seat)) or 'not dealt yet'}",
        f"board: {' '.join(hand.board) or 'nothing yet'}",
        *_rounds(stakes, hand, so_far, seat),
        f"pot: {sum(so_far.paid)} chips; you have {own} left, the other {other}",
    ]
    if raises is not None and so_far.to_call:
        lines.append(f"to call: {so_far.to_call}")
    if raises and len(raises) > 3:
        first, *_, last = raises.values()
        lines.append(f"you may raise to any number of chips from {first} to {last}")
    elif raises:
        lines.append("; ".join(f"{name}: raise to {chips}" for name, chips in raises.items()))
    return lines + _end(stakes, hand, seat)


@lru_cache(maxsize=10_000)
def tell_past(stakes: Stakes, hand: Hand, seat: int) -> str:
    """Return what `seat` remembers of a finished hand, in one line."""
    button = "your button" if hand.button == seat else "the other's button"
    own, board = " ".join(hand.hole(seat)), f"board {' '.join(hand.board)}" if hand.board else "no board"
    rounds = _rounds(stakes, hand, betting(stakes, hand), seat)
    return "; ".join([f"{button}, your cards {own}, {board}", *rounds, *_end(stakes, hand, seat)])


def tell_result(stakes: Stakes, hand: Hand, roles: Sequence[str]) -> str:
    """Return how a finished hand ended, for people."""
    net = won(stakes, hand)
    if not net:
        return "the pot is shared"
    seat = 0 if net > 0 else 1
    hands = f" with {strength(hand.hole(seat), hand.board)[1]}" if showdown(stakes, hand) else ""
    return f"{roles[seat]} wins {abs(net)}{hands}"


def draw_hand(stakes: Stakes, hand: Hand, roles: Sequence[str], seat: int | None) -> list[str]:
    """Return the hand as lines of text."""
    blocks = [(b.label, " ".join(b.cards) or "-", b.note) for b in _hands_and_board(stakes, hand, roles, seat)]
    drawn = [f"{label}: {cards}" + (f" ({note})" if note else "") for label, cards, note in blocks]
    return drawn + _said(stakes, hand, roles)


def hand_scene(stakes: Stakes, hand: Hand, roles: Sequence[str], seat: int | None) -> Scene:
    """Return both hands, the board, and the betting in words."""
    return (*_hands_and_board(stakes, hand, roles, seat), *_said(stakes, hand, roles))


def _hands_and_board(stakes: Stakes, hand: Hand, roles: Sequence[str], seat: int | None) -> list[Cards]:
    so_far = betting(stakes, hand)
    open_cards = seat is None or (len(hand.cards) == 9 and showdown(stakes, hand))
    hands = []
    for owner, role in enumerate(roles):
        cards = hand.hole(owner)
        shown = cards if open_cards or owner == seat else ("?",) * len(cards)
        bet = [f"bet {so_far.bets[owner]}"] if so_far.bets[owner] else []
        button = ["button"] if owner == hand.button else []
        hands.append(Cards(role, shown, ", ".join([f"{_left(hand, so_far, owner)} chips", *bet, *button])))
    return [*hands, Cards("board", hand.board, f"pot {sum(so_far.paid)}")]


def _left(hand: Hand, so_far: Betting, seat: int) -> int:
    left: int = hand.stacks[seat] - so_far.paid[seat]
    return left


def _said(stakes: Stakes, hand: Hand, roles: Sequence[str]) -> list[str]:
    """Return the betting by round and, at the end, the result."""
    over = len(hand.cards) >= 4 and finished(stakes, hand)
    return _rounds(stakes, hand, betting(stakes, hand), None, roles) + (
        [tell_result(stakes, hand, roles)] if over else []
    )


def _rounds(stakes: Stakes, hand: Hand, so_far: Betting, seat: int | None, roles: Sequence[str] = ()) -> list[str]:
    """Return a line per round of betting; `seat` is called "you", or both are called by their roles."""
    who = roles or (YOU if seat == 0 else YOU[::-1])
    blinds = (stakes.small_blind, hand.button), (stakes.big_blind, 1 - hand.button)
    # As in `betting`: what one player has above the other's chips is never at stake, not even in a blind.
    rounds = [[_does(who[owner], "post", min(blind, *hand.stacks)) for blind, owner in blinds], [], [], []]
    for word in so_far.words:
        rounds[word.street].append(_does(who[word.seat], *_said_as(word)))
    return [f"{street}: {', '.join(said)}" for street, said in zip(STREETS, rounds, strict=True) if said]


def _said_as(word: Word) -> tuple[str, int]:
    return ("raise to" if word.verb == "raise" else word.verb), word.chips


def _does(who: str, verb: str, chips: int) -> str:
    """Return "you call 2" or "the other calls 2"."""
    first, *rest = verb.split()
    words = [who, first if who == "you" else f"{first}s", *rest, *([str(chips)] if chips else [])]
    return " ".join(words)


def _end(stakes: Stakes, hand: Hand, seat: int) -> list[str]:
    """Return what `seat` is told at the end of the hand: the other's cards if they are shown, and who won."""
    if len(hand.cards) < 4 or not finished(stakes, hand):
        return []
    net = won(stakes, hand) * (1 if seat == 0 else -1)
    result = f"you {'win' if net > 0 else 'lose'} {abs(net)}" if net else "the pot is shared"
    if not showdown(stakes, hand):
        return [result]
    own, other = (strength(hand.hole(owner), hand.board)[1] for owner in (seat, 1 - seat))
    return [f"the other shows {' '.join(hand.hole(1 - seat))}: {other}, you have {own}", result]
