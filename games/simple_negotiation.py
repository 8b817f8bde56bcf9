"""Simple negotiation: two players talk and trade goods that are worth something else to each of them.

The setting of TextArena's SimpleNegotiation, with offers that are read exactly and always can be paid.
"""

from __future__ import annotations

from functools import lru_cache
from inspect import cleandoc
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text
from arena.quoting import quote
from arena.scene import Cards, Scene

MAX_CHARS = 400
"""Characters of a text: words and move together."""

KINDS = ("wood", "gold", "wool")

WHOSE = ("the other's", "yours")
"""Whose turn it is, told to a seat."""

Stock: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""Units by seat and kind."""


class Turn(NamedTuple):
    """What a player said in its turn, and what it did."""

    words: str
    move: str


class Offer(NamedTuple):
    """What "offer 2 wood for 1 gold" says: numbers of units, and positions in KINDS."""

    give: int
    gives: int
    get: int
    gets: int


class State(NamedTuple):
    """Points that a unit is worth (of each kind to the first seat, then to the second), goods by seat, and turns."""

    values: tuple[int, ...]
    stock: Stock
    turns: tuple[Turn, ...] = ()

    @property
    def offer(self) -> str | None:
        """The offer that stands, if there is one: it is to be answered now."""
        move = self.turns[-1].move if self.turns else ""
        return move if move.startswith("offer") else None


class SimpleNegotiation(Game[State]):
    """In this negotiation two players trade goods. Both begin with the same goods, but what a unit of a kind is
    worth is drawn for each player apart: you know what the goods are worth to you, and not what they are worth to
    the other.

    The players take turns, and the first player begins. In your turn you make one move. A move such as "offer 2
    wood for 1 gold" offers to give 2 of your wood for 1 gold of the other's; nobody can offer or ask for more than
    there is. The other answers in the next turn: with accept, and the goods change hands; with deny; or with an
    offer of its own, which denies yours. If there is no offer to answer, you may pass instead of making one. In the
    last turn no offer can be made, since nobody could answer it.
    """

    name = "simple_negotiation"
    roles = ("first", "second")
    hidden = True
    scoring = "payoff"

    def __init__(
        self, kinds: int = 2, each: int = 5, values: int = 5, turns: int = 10, talk: bool = True, zero_sum: bool = True
    ) -> None:
        """Trade `kinds` kinds of goods, of which both begin with `each` units, in `turns` turns in all.

        A unit is worth 1 to `values` points. Without `talk` a move is all that is said. With `zero_sum` a player is
        paid its gain less the other's, as a league wants it; between players who see through each other that leaves
        nothing to trade for (Milgrom and Stokey, 1982). Otherwise it is paid its gain, and a trade can serve both.
        """
        if kinds not in (2, 3) or not all(type(number) is int for number in (kinds, each, values, turns)):
            raise GameError(f"kinds={kinds!r}, each={each!r}, values={values!r}, turns={turns!r}: give whole numbers, "
                            "and 2 or 3 kinds")  # fmt: skip
        if each < 1 or values < 1 or turns < 2:
            raise GameError(f"each={each}, values={values}, turns={turns}: a trade takes a unit, a worth and 2 turns")
        self.kinds, self.each, self.values, self.turns = kinds, each, values, turns
        if type(talk) is not bool or type(zero_sum) is not bool:
            raise GameError(f"talk={talk!r}, zero_sum={zero_sum!r}: give True or False")
        self.talk, self.zero_sum = talk, zero_sum
        units = range(1, 2 * each + 1)
        goods = KINDS[:kinds]
        offers = [
            f"offer {give} {gives} for {get} {gets}"
            for gives in goods for gets in goods if gets != gives for give in units for get in units
        ]  # fmt: skip
        self.actions = ("pass", "accept", "deny", *offers)
        # Whoever trades keeps a unit at least, so all of the other's goods but one can be won.
        most = float(values * (kinds * each - 1) * (2 if zero_sum else 1))
        self.payoff_range = (-most, most)

    def start(self) -> State:
        goods = (self.each,) * self.kinds
        return State((), (goods, goods))

    def turn(self, s: State) -> int:
        if len(s.values) < 2 * self.kinds:
            return CHANCE
        return len(s.turns) % 2 if len(s.turns) < self.turns else OVER

    def chance(self, s: State) -> list[tuple[str, float]]:
        return [(str(value), 1 / self.values) for value in range(1, self.values + 1)]

    def legal(self, s: State, seat: int) -> tuple[str, ...] | Text:
        moves = self._moves(s, seat)
        return Text(MAX_CHARS, moves) if self.talk else moves

    def _moves(self, s: State, seat: int) -> tuple[str, ...]:
        answers = ("accept", "deny") if s.offer else ("pass",)
        return answers if len(s.turns) == self.turns - 1 else (*answers, *_payable(self.actions, s.stock, seat))

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the trading is over")
        if seat == CHANCE:
            if action not in [value for value, _ in self.chance(s)]:
                raise IllegalAction(f"{action!r} cannot be drawn: a unit is worth 1 to {self.values}")
            return s._replace(values=(*s.values, int(action)))
        if action not in self.legal(s, seat):
            raise IllegalAction(self._refusal(s, seat, action))
        words, _, move = action.rpartition("\n")
        stock = _traded(s.stock, _read(s.offer), 1 - seat) if s.offer and move == "accept" else s.stock
        return State(s.values, stock, (*s.turns, Turn(words.strip(), move)))

    def _refusal(self, s: State, seat: int, action: str) -> str:
        if len(action) > MAX_CHARS:
            return f"a text may have at most {MAX_CHARS} characters, this one has {len(action)}"
        moves, move = self._moves(s, seat), action.rpartition("\n")[2]
        offers = f", or an offer that both can pay, such as {moves[-1]!r}" if moves[-1].startswith("offer") else ""
        allowed = " or ".join(move for move in moves if not move.startswith("offer")) + offers
        return f"{move!r} is no move here: {'the last line must be' if self.talk else 'say'} {allowed}"

    def returns(self, s: State) -> tuple[float, float]:
        first, second = self._gain(s, 0), self._gain(s, 1)
        if not self.zero_sum:
            return float(first), float(second)
        return float(first - second), float(second - first)

    def _gain(self, s: State, seat: int) -> int:
        values = s.values[seat * self.kinds :]
        return sum(value * (units - self.each) for value, units in zip(values, s.stock[seat], strict=False))

    def view(self, s: State, seat: int) -> str:
        lines = [f"a unit is worth to you: {', '.join(self._worth(s, seat)) or 'not known yet'}"]
        for number, (words, move) in enumerate(s.turns, 1):
            spoke = (number - 1) % 2 == seat
            told = f"turn {number}: {_told(move, spoke)}"
            lines += [f"{told}, saying:", quote("you" if spoke else "the other", words)] if words else [told]
        own, other = (_goods(s.stock[i]) for i in (seat, 1 - seat))
        lines.append(f"you have {own}; the other has {other}")
        mover = self.turn(s)
        if mover == OVER:
            return "\n".join([*lines, f"the trading is over: your gain is {self._gain(s, seat)}"])
        due = f"turn {len(s.turns) + 1} of {self.turns}: {WHOSE[len(s.turns) % 2 == seat]}"
        return "\n".join([*lines, f"{due}; to be answered: {_told(s.offer, mover != seat)}" if s.offer else due])

    def _worth(self, s: State, seat: int) -> list[str]:
        known = s.values[seat * self.kinds : (seat + 1) * self.kinds]
        return [f"{kind} {value}" for kind, value in zip(KINDS, known, strict=False)]

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (1 + 3 · kinds + turns · (3 + 2 · kinds),): all that a seat knows but the words.

        The seat; by kind, what a unit is worth to this seat, as a share of `values`, then its own goods, then the
        other's; and per turn pass, accept and deny, the units offered by kind, and the units asked for by kind.
        Goods are shares of all goods of a kind.
        """
        k, every = self.kinds, 2.0 * self.each
        tensor = np.zeros(1 + 3 * k + self.turns * (3 + 2 * k), np.float32)
        tensor[0] = seat
        known = s.values[seat * k : (seat + 1) * k]
        tensor[1 : 1 + len(known)] = np.divide(known, self.values)
        tensor[1 + k : 1 + 3 * k] = np.divide((*s.stock[seat], *s.stock[1 - seat]), every)
        for row, (_, move) in zip(tensor[1 + 3 * k :].reshape(self.turns, -1), s.turns, strict=False):
            if move.startswith("offer"):
                offer = _read(move)
                row[3 + offer.gives], row[3 + k + offer.gets] = offer.give / every, offer.get / every
            else:
                row[self.actions.index(move)] = 1
        return tensor

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return the state with what the goods are worth to the other drawn again."""
        k = self.kinds
        own = range(seat * k, (seat + 1) * k)
        drawn = (int(value) for value in rng.integers(1, self.values + 1, size=len(s.values)))
        both = zip(s.values, drawn, strict=True)
        return s._replace(values=tuple(known if i in own else new for i, (known, new) in enumerate(both)))

    def draw(self, s: State, seat: int | None = None) -> str:
        return "\n".join(
            f"{block.label}: {', '.join(block.cards)} ({block.note})" if isinstance(block, Cards) else str(block)
            for block in self.scene(s, seat)
        )

    def scene(self, s: State, seat: int | None = None) -> Scene:
        goods = []
        for i, role in enumerate(self.roles):
            worth = ", ".join(self._worth(s, i)) or "not known yet"
            note = f"a unit is worth: {worth if seat in (None, i) else '?'}"
            goods.append(Cards(role, tuple(_goods(s.stock[i]).split(", ")), note))
        lines = []
        for number, (words, move) in enumerate(s.turns):
            role = self.roles[number % 2]
            lines += [*quote(role, words).splitlines()] if words else []
            lines.append(f"{number + 1}. {role}: {move}")
        due = "the trading is over" if self.turn(s) == OVER else f"turn {len(s.turns) + 1} of {self.turns}"
        return (*goods, *lines, due)

    def rules(self, role: str) -> str:
        talk = (
            f"You may talk before you move: your text may have up to {MAX_CHARS} characters, its last line is your "
            "move alone, and the other reads what stands above it. Words bind nobody."
            if self.talk
            else "A move is all that you say; there is no talk."
        )
        paid = "You win your gain less the other's gain, and the other wins the opposite: a trade serves you only if " \
            "you gain more by it than the other." if self.zero_sum else "You win your gain."  # fmt: skip
        return (
            f"{cleandoc(type(self).__doc__ or '')}\n\n{talk}\n\nThe goods are {' and '.join(KINDS[: self.kinds])}, and "
            f"both players begin with {self.each} of each. A unit is worth 1 to {self.values} points, each number "
            f"being as likely. There are {self.turns} turns, both players' together. Your gain is what your goods are "
            f"worth to you at the end, less what they were worth at the start. {paid}"
        )


@lru_cache(maxsize=4096)
def _read(offer: str) -> Offer:
    _, give, gives, _, get, gets = offer.split(" ")
    return Offer(int(give), KINDS.index(gives), int(get), KINDS.index(gets))


@lru_cache(maxsize=4096)
def _payable(actions: tuple[str, ...], stock: Stock, seat: int) -> tuple[str, ...]:
    """Return the offers of `seat` that both can pay."""
    own, other = stock[seat], stock[1 - seat]
    offers = [(action, _read(action)) for action in actions if action.startswith("offer")]
    return tuple(action for action, o in offers if o.give <= own[o.gives] and o.get <= other[o.gets])


def _traded(stock: Stock, offer: Offer, giver: int) -> Stock:
    """Return the goods by seat after the offer of seat `giver` was accepted."""
    goods = [list(stock[0]), list(stock[1])]
    for kind, units in ((offer.gives, offer.give), (offer.gets, -offer.get)):
        goods[giver][kind] -= units
        goods[1 - giver][kind] += units
    return tuple(goods[0]), tuple(goods[1])


def _goods(stock: tuple[int, ...]) -> str:
    return ", ".join(f"{units} {kind}" for units, kind in zip(stock, KINDS, strict=False))


def _told(move: str, own: bool) -> str:
    """Return "you offer 2 wood for 1 gold" or "the other denies"."""
    verb, _, rest = move.partition(" ")
    they = {"pass": "passes", "deny": "denies"}.get(verb, f"{verb}s")
    return " ".join(["you", verb, rest] if own else ["the other", they, rest]).rstrip()
