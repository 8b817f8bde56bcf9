"""Any game of OpenSpiel (Lanctot et al., 2019; Apache-2.0) as a game of ours."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, GameError
from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.games.replays import Replays
from arena.seeds import generator

History = tuple[int, ...]
"""A state: OpenSpiel's numbers of all moves and chance outcomes so far; of moves made at once, in seat order."""

LISTED = 30_000
"""Actions up to which a game's vocabulary is written out; beyond, there is none and no net can play."""

RESAMPLED = {
    *("bargaining", "blackjack", "bridge", "euchre", "hearts", "kuhn_poker", "leduc_poker", "oh_hell"),
    "universal_poker",
}
"""Games of which OpenSpiel can deal again what a seat has not seen; of others it fails, or deals the same."""

FORGETFUL = {"dark_hex_ir", "goofspiel", "liars_dice_ir", "phantom_ttt_ir", "repeated_leduc_poker"}
"""Games whose information states forget what their seat has seen or done."""

_KEPT = 8192
"""States of OpenSpiel that are kept."""

_SEATS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_SIMULTANEOUS = -2


def load_pyspiel() -> Any:
    """Return the module pyspiel. Raises ConfigError with what to install."""
    try:
        return import_module("pyspiel")
    except ModuleNotFoundError:
        raise ConfigError("OpenSpiel is not installed: pip install 'selfplay-arena[openspiel]'") from None


def open_spiel(name: str = "kuhn_poker") -> OpenSpiel:
    """Return the game that OpenSpiel knows by this name, for example "leduc_poker(players=3)".

    Raises ConfigError for a name that OpenSpiel does not know, and for a game that is no game of ours.
    """
    game = OpenSpiel(name)
    return OpenSpielResampled(name) if game.name in RESAMPLED and game.hidden else game


class _Node:
    """What OpenSpiel has after a list of moves, and what was worked out about it."""

    __slots__ = ("legal", "outcomes", "parent", "pending", "seen", "state", "turn")

    def __init__(self, state: Any, pending: History = (), parent: tuple[_Node, int] | None = None) -> None:
        self.state = state
        self.pending = pending
        """The moves of the seats that have chosen, where all choose at once."""
        self.legal: dict[int, tuple[int, ...]] = {}
        """Seat → legal actions, ascending, for those that move here."""
        self.outcomes: dict[str, tuple[int, float]] | None = None
        self.parent = parent
        """The node before and the move, until `seen` is known."""
        self.seen: tuple[tuple[str, ...], ...] | None = None
        mover = state.current_player()
        if mover == _SIMULTANEOUS:
            seats = [seat for seat in range(state.num_players()) if state.legal_actions(seat)]
            self.legal = {seat: tuple(state.legal_actions(seat)) for seat in seats}
            self.turn = seats[len(pending)]
        else:
            self.turn = mover
            if mover >= 0:
                self.legal = {mover: tuple(state.legal_actions())}

    def after(self, move: int) -> _Node:
        """Return the node after a move or a chance outcome."""
        if self.state.current_player() != _SIMULTANEOUS:
            return _Node(self.state.child(move), (), (self, move))
        pending = (*self.pending, move)
        if len(pending) < len(self.legal):
            return _Node(self.state, pending, (self, move))
        chosen = dict(zip(self.legal, pending, strict=True))
        state = self.state.clone()
        state.apply_actions([chosen.get(seat, 0) for seat in range(state.num_players())])
        return _Node(state, (), (self, move))


class OpenSpiel(Game[History]):
    """This is one of the games of OpenSpiel, a library of games, and its rules are those that OpenSpiel has.

    You are shown what OpenSpiel shows to your seat, and the moves that are open to you. Where several players
    choose at the same time, nobody sees what the others choose before all have chosen. You want the highest
    payoff for yourself at the end.
    """

    # Two orders of moves that lead to one position are two states: OpenSpiel cannot say whether what comes
    # (a repetition, say) depends on the order, so an open game is a tree here and not a graph.

    def __init__(self, name: str = "kuhn_poker") -> None:
        """`name` as OpenSpiel writes it, with its parameters: "kuhn_poker", "hex(board_size=5)"."""
        self.game_string = name
        self._game = _load(name)
        about = self._about = self._game.get_type()
        self.name = str(about.short_name)
        seats = self._game.num_players()
        self.roles = _SEATS[:seats] if seats <= len(_SEATS) else tuple(f"seat_{i + 1}" for i in range(seats))
        self.zero_sum = about.utility.name == "ZERO_SUM"
        # Where all choose at once, the choices of those who come first here are hidden from the others.
        self.hidden = (about.information.name, about.dynamics.name) != ("PERFECT_INFORMATION", "SEQUENTIAL")
        self.payoff_range = (self._game.min_utility(), self._game.max_utility())
        self.scoring = "outcome" if self.zero_sum and self.payoff_range == (-1.0, 1.0) else "payoff"
        self.recalls = bool(about.provides_information_state_string) and self.name not in FORGETFUL
        """Whether OpenSpiel's information states tell all that their seat has seen and done."""
        self._observed = "observation_string" if about.provides_observation_string else "information_state_string"
        self._nodes: Replays[int, _Node] = Replays(lambda: _Node(self._game.new_initial_state()), _Node.after, _KEPT)
        names = _Names(self._game, self.hidden)
        self._explained = names.explained
        self.actions = names.vocabulary
        self._number = {action: number for number, action in enumerate(self.actions)}

    @property
    def parameters(self) -> dict[str, Any]:
        """What the constructor was given; `name` is the short name, without OpenSpiel's parameters."""
        return {"name": self.game_string}

    @property
    def spec(self) -> str:
        """The name under which `arena.load_game` makes this game again."""
        given: str | None = vars(self).get("_spec")
        return given or f"open_spiel(name={self.game_string!r})"

    def start(self) -> History:
        return ()

    def turn(self, s: History) -> int:
        return int(self._nodes(s).turn)

    def ready(self, s: History) -> tuple[int, ...]:
        node = self._nodes(s)
        return tuple(node.legal)[len(node.pending) :] or (node.turn,)

    def legal(self, s: History, seat: int) -> list[str]:
        return [self._action(number) for number in self._nodes(s).legal.get(seat, ())]

    def chance(self, s: History) -> list[tuple[str, float]]:
        return [(outcome, p) for outcome, (_, p) in _outcomes(self._nodes(s)).items()]

    def step(self, s: History, action: str) -> History:
        node = self._nodes(s)
        if node.turn == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if node.turn == CHANCE:
            known = _outcomes(node)
            if action not in known:
                raise IllegalAction(f"{action!r} cannot happen here: {_shown(known)} can")
            return (*s, known[action][0])
        # OpenSpiel takes illegal moves without a word, so they are looked for here.
        number = self._number.get(action, -1) if self.actions else int(action) if action.isdecimal() else -1
        if number not in node.legal[node.turn] or self._action(number) != action:
            raise IllegalAction(f"{action!r} is no move here: say {_shown(self.legal(s, node.turn))}")
        return (*s, number)

    def returns(self, s: History) -> tuple[float, ...]:
        return tuple(payoff + 0.0 for payoff in self._nodes(s).state.returns())  # no −0

    def view(self, s: History, seat: int) -> str:
        node = self._nodes(s)
        if not self.hidden:
            parts = [self.draw(s, seat), f"moves so far: {', '.join(map(str, s)) or 'none'}"]
        elif self.recalls:
            parts = [node.state.information_state_string(seat)]
            if seat in tuple(node.legal)[: len(node.pending)]:
                parts.append(f"you chose {self._action(node.pending[tuple(node.legal).index(seat)])}")
        else:
            parts = list(self._seen(node)[seat])
        if self._explained and seat in tuple(node.legal)[len(node.pending) :]:
            names = (f"{number} = {node.state.action_to_string(seat, number)}" for number in node.legal[seat])
            parts.append(f"your moves: {', '.join(names)}")
        return "\n".join(parts)

    def encode(self, s: History, seat: int) -> NDArray[np.float32]:
        """Return OpenSpiel's tensor, in its shape: of the information state where something is hidden, else of the
        observation; whichever it has. Without either, the one-hot information set of a game that is small enough.
        """
        about, state = self._about, self._nodes(s).state
        if about.provides_information_state_tensor and (self.hidden or not about.provides_observation_tensor):
            flat, shape = state.information_state_tensor(seat), self._game.information_state_tensor_shape()
        elif about.provides_observation_tensor:
            flat, shape = state.observation_tensor(seat), self._game.observation_tensor_shape()
        else:
            return super().encode(s, seat)
        return np.array(flat, np.float32).reshape(shape)

    def draw(self, s: History, seat: int | None = None) -> str:
        state = self._nodes(s).state
        if seat is not None and self._about.provides_observation_string:
            return str(state.observation_string(seat))
        return str(state) if seat is None or not self.hidden else self.view(s, seat)

    def rules(self, role: str) -> str:
        low, high = self.payoff_range
        return (
            f"{super().rules(role)}\n\nThe game: {self._about.long_name} ({self.game_string}), with {self.seats} "
            f"player{'s' * (self.seats > 1)}; a payoff is {low:g} at least and {high:g} at most."
        )

    def _action(self, number: int) -> str:
        return self.actions[number] if self.actions else str(number)

    def _seen(self, node: _Node) -> tuple[tuple[str, ...], ...]:
        """Return per seat what it has seen and done so far: every observation that is new, and its own moves."""
        path = [node]
        while path[-1].seen is None and path[-1].parent is not None:
            path.append(path[-1].parent[0])
        for at in reversed(path):
            if at.seen is None:
                observed = [str(getattr(at.state, self._observed)(seat)) for seat in range(self.seats)]
                at.seen = tuple((text,) for text in observed) if at.parent is None else self._grown(at, observed)
                at.parent = None
        assert node.seen is not None
        return node.seen

    def _grown(self, node: _Node, observed: list[str]) -> tuple[tuple[str, ...], ...]:
        assert node.parent is not None
        before, move = node.parent
        assert before.seen is not None
        grown = []
        for seat, (known, text) in enumerate(zip(before.seen, observed, strict=True)):
            own = (f"{_OWN}{self._action(move)}",) if seat == before.turn else ()
            last = next(entry for entry in reversed(known) if not entry.startswith(_OWN))
            grown.append((*known, *own, *((text,) if text != last else ())))
        return tuple(grown)


class OpenSpielResampled(OpenSpiel):
    """This is one of the games of OpenSpiel, a library of games, and its rules are those that OpenSpiel has.

    You are shown what OpenSpiel shows to your seat, and the moves that are open to you. Nobody sees what is
    hidden from them. You want the highest payoff for yourself at the end.
    """

    # OpenSpiel can deal again what a seat has not seen.

    def resample(self, s: History, seat: int, rng: np.random.Generator) -> History:
        return tuple(self._nodes(s).state.resample_from_infostate(seat, rng.random).history())


_OWN = "you played "
_MARKS = set("[]{}<>`\\,")
"""Signs that are no part of a move's name: players write them around it."""


class _Names:
    """What actions are called: by OpenSpiel's words if each action has one of its own, else by their numbers."""

    def __init__(self, game: Any, hidden: bool) -> None:
        self._words: dict[tuple[int, int], str] = {}
        """(seat, action) → what OpenSpiel called it first."""
        self._vary = False
        count = game.num_distinct_actions()
        self._walk(game)
        words = {number: word for (_, number), word in self._words.items()}
        everywhere = all(words[number] == word for (_, number), word in self._words.items())
        named = not self._vary and everywhere and len(words) == count == len(set(words.values()))
        named = named and all(
            word == word.strip() and word.isprintable() and not set(word) & _MARKS for word in words.values()
        )
        self.vocabulary: tuple[str, ...] = ()
        if named:
            self.vocabulary = tuple(words[number] for number in range(count))
        elif count <= LISTED:
            self.vocabulary = tuple(map(str, range(count)))
        self.explained = not named and not (hidden and self._vary)
        """Whether views say what the numbers mean; not where the words could tell what is hidden."""

    def _walk(self, game: Any) -> None:
        """Note the words of all legal moves in random games, always the same ones."""
        rng = generator(0, "open_spiel")
        budget = 5_000
        for _ in range(5):
            state = game.new_initial_state()
            while budget > 0 and not state.is_terminal():
                budget -= 1
                if state.is_chance_node():
                    outcomes, odds = zip(*state.chance_outcomes(), strict=True)
                    state.apply_action(outcomes[int(np.searchsorted(np.cumsum(odds), rng.random() * sum(odds)))])
                    continue
                together = state.is_simultaneous_node()
                seats = range(game.num_players()) if together else [state.current_player()]
                legal = [state.legal_actions(seat) for seat in seats]
                for seat, numbers in zip(seats, legal, strict=True):
                    for number in numbers:
                        word = str(state.action_to_string(seat, number))
                        self._vary |= self._words.setdefault((seat, number), word) != word
                    budget -= len(numbers)
                moves = [numbers[int(rng.integers(len(numbers)))] if numbers else 0 for numbers in legal]
                if together:
                    state.apply_actions(moves)
                else:
                    state.apply_action(moves[0])
            if self._vary or budget <= 0:
                return


def _load(name: str) -> Any:
    """Return OpenSpiel's game. Raises ConfigError where there is none, or none that can be one of ours."""
    pyspiel = load_pyspiel()
    short = name.partition("(")[0].strip()
    if short not in pyspiel.registered_names():
        import_module("open_spiel.python.games")  # it registers those that are written in Python
    known = pyspiel.registered_names()
    if short not in known:
        near = get_close_matches(short, known, n=1)
        raise ConfigError(
            f"OpenSpiel has no game {short!r}{f'; did you mean {near[0]!r}?' if near else ''} "
            "(pyspiel.registered_names() lists them)"
        )
    try:
        game = pyspiel.load_game(name)
    except Exception as error:  # noqa: BLE001 - OpenSpiel raises RuntimeError, ValueError and more
        raise ConfigError(f"OpenSpiel cannot make {name!r}: {' '.join(str(error).split())[:300]}") from None
    about = game.get_type()
    if about.dynamics.name == "MEAN_FIELD":
        raise ConfigError(f"{name!r} is a mean-field game, which has no seats: choose a game that players play")
    if about.chance_mode.name == "SAMPLED_STOCHASTIC":
        raise ConfigError(
            f"{name!r} draws its chance inside its moves, so the same moves lead to different states: "
            "choose a game with explicit chance"
        )
    if not game.num_distinct_actions():
        raise ConfigError(f"{name!r} numbers no actions, so there is nothing to choose from: choose another game")
    return game


def _outcomes(node: _Node) -> dict[str, tuple[int, float]]:
    """Return what chance may do: OpenSpiel's word for it, or its number if words repeat → (number, probability)."""
    if node.outcomes is None:
        if node.turn != CHANCE:
            raise GameError("chance is not to move here")
        drawn = node.state.chance_outcomes()
        words = [str(node.state.action_to_string(CHANCE, number)) for number, _ in drawn]
        if len(set(words)) < len(words):
            words = [str(number) for number, _ in drawn]
        node.outcomes = dict(zip(words, drawn, strict=True))
    return node.outcomes


def _shown(choices: Sequence[str] | dict[str, Any]) -> str:
    """Return the first of many choices, as a sentence shows them."""
    listed = list(choices)
    return ", ".join(listed[:20]) + (", …" if len(listed) > 20 else "")
