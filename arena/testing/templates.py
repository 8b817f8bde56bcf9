"""The files that `arena new` writes: complete and right as they are, to be changed step by step."""

from __future__ import annotations

import keyword
import sys

from arena.errors import ConfigError

GAME = '''"""A game to begin with: make it your own, and run `arena check {name}.py:{title}` after every change."""

from __future__ import annotations

from typing import NamedTuple

from arena.game import OVER, Game, IllegalAction


class State(NamedTuple):
    """A position: everything that the rest of the game depends on, as a value that never changes."""

    left: int
    """Stones on the table."""
    mover: int
    """Whose turn it is."""


class {title}(Game[State]):
    """Two players take stones from one heap in turn, the first player first.

    On your turn you take 1, 2 or 3 stones, but not more than there are. Whoever takes the last stone wins
    (1 against −1). A move is the number of stones that you take.
    """

    # The docstring above is what every player is told, people and language models alike: write the whole rules.

    name = "{name}"
    version = 1  # raise it whenever the same moves would give another result
    roles = ("first", "second")  # one per seat
    actions = ("1", "2", "3")  # every action there is; leave it out where any text is a move
    zero_sum = True
    hidden = False  # True as soon as somebody knows what another does not
    payoff_range = (-1.0, 1.0)  # the least and the greatest that a seat can earn
    # scoring = "payoff"  # where it matters how much a seat earns; otherwise ratings count only who won

    def __init__(self, heap: int = 10) -> None:
        """Keep every parameter under its own name: `{name}.py:{title}(heap=21)` makes another game."""
        self.heap = heap

    def start(self) -> State:
        """Return the position before the first move, always the same one: luck comes from `chance`."""
        return State(self.heap, 0)

    def turn(self, s: State) -> int:
        """Return the seat to move; OVER when the game has ended; CHANCE when a card is dealt or a die falls."""
        return OVER if s.left == 0 else s.mover

    def legal(self, s: State, seat: int) -> list[str]:
        """Return the moves open to `seat`: at least one, each of them once, all of them in `actions`."""
        return [action for action in self.actions if int(action) <= s.left]

    def step(self, s: State, action: str) -> State:
        """Return a new position and leave `s` as it is. What is not legal raises IllegalAction with a sentence."""
        if self.turn(s) == OVER:
            raise IllegalAction(f"{{action!r}} is no move here: the game is over")
        if action not in self.legal(s, s.mover):
            raise IllegalAction(f"{{action!r}} is no move here: say {{' or '.join(self.legal(s, s.mover))}}")
        return State(s.left - int(action), 1 - s.mover)

    def returns(self, s: State) -> tuple[float, float]:
        """Return what each seat has won, within `payoff_range`; asked only when the game is over."""
        return (-1.0, 1.0) if s.mover == 0 else (1.0, -1.0)

    def view(self, s: State, seat: int) -> str:
        """Return all that `seat` knows, and nothing else; in a hidden game, its own past moves too."""
        if s.left == 0:
            return f"no stone is left: you have {{'lost' if seat == s.mover else 'won'}}; you are {{self.roles[seat]}}"
        due = "it is your turn" if seat == s.mover else "it is the other player's turn"
        return f"{{s.left}} stones are left; {{due}}; you are {{self.roles[seat]}}"

    # When you need more: chance(s) returns [(outcome, probability), …]; ready(s) names the seats that choose at the
    # same time; encode(s, seat) returns a float32 array for nets; draw(s, seat) a board for people;
    # resample(s, seat, rng) a position that `seat` could be in, for search in games that hide something.
'''

GAME_TEST = '''"""{title} keeps its contract, and is worth what it should be."""

from __future__ import annotations

import arena
import pytest
from arena.testing import check_game

from {name} import {title}


def test_the_contract() -> None:
    """Every promise of arena.Game is kept."""
    check_game({title}())


@pytest.mark.parametrize(("heap", "first"), [(8, -1.0), (10, 1.0)])
def test_a_known_value(heap: int, first: float) -> None:
    """Whoever moves with a multiple of four on the table loses against good play (Bouton, 1901)."""
    (record,) = arena.play({title}(heap=heap), ["minimax", "minimax"])
    assert record.returns == (first, -first)
'''

PLAYER = '''"""A player to begin with: run `arena check {name}.py:{title} --game kuhn_poker` after every change."""

from __future__ import annotations

import numpy as np
from arena.player import Move, Requests
from numpy.typing import NDArray


class {title}:
    """Plays every legal action at random, but those later in the list more often."""

    def __init__(self, step: float = 1.0) -> None:
        """`{name}.py:{title}(step=2.0)` makes another player."""
        self.name = "{name}"
        self.step = step

    def act(self, batch: Requests) -> list[Move]:
        """Answer every request, in order; all randomness comes from the requests' own seeds.

        A request says what the seat may know (`text`, `tensor()`, `past`) and what it may do (`legal`).
        """
        chosen = batch.sample(self.policy(batch))
        return [Move(batch.game.actions[i]) for i in chosen]

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return the law of `act`, shape (requests, actions), 0 where illegal. You may leave it out."""
        weights = batch.mask() * (1.0 + self.step * np.arange(len(batch.game.actions)))
        policy: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
        return policy
'''

PLAYER_TEST = '''"""{title} keeps its contract, and its policy is what it should be."""

from __future__ import annotations

import arena
import pytest
from arena.player import Request, Requests
from arena.testing import check_player

from {name} import {title}


@pytest.mark.parametrize("game", ["kuhn_poker", "tic_tac_toe"])
def test_the_contract(game: str) -> None:
    """It answers every request, by the policy that it states."""
    check_player({title}(), arena.load_game(game))


def test_a_known_policy() -> None:
    """With step 1 the second of two actions is played twice as often as the first."""
    game = arena.load_game("matching_pennies")
    (row,) = {title}(step=1.0).policy(Requests([Request(game, game.start(), 0)]))
    assert row == pytest.approx([1 / 3, 2 / 3])
'''

_KINDS = {"game": (GAME, GAME_TEST), "player": (PLAYER, PLAYER_TEST)}


def write_files(kind: str, name: str) -> dict[str, str]:
    """Return file name → contents for a new "game" or "player". Raises ConfigError for a name that cannot be one."""
    _check_name(name)
    return {
        file: template.format(name=name, title=class_name(name))
        for file, template in zip((f"{name}.py", f"test_{name}.py"), _KINDS[kind], strict=True)
    }


def class_name(name: str) -> str:
    """Return the name of the class in NAME.py: my_game holds MyGame."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii() or not name[0].isalpha():
        raise ConfigError(f"{name!r} cannot name a module: take letters, digits and _, beginning with a letter")
    if name in sys.stdlib_module_names or name in ("arena", "conftest", "numpy", "pytest", "torch"):
        raise ConfigError(f"a file {name}.py would hide the module {name!r} from Python: take another name")
    if name.startswith("test_"):
        raise ConfigError(f"{name!r} is what the tests of a module are called: leave test_ out")
