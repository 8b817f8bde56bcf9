"""Checks that a game or a player keeps its contract, and playthroughs: whole games written out to be read.

`python -m arena.testing SPEC` prints two playthroughs of a game.
"""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError, PlayerError, TooLarge
from arena.game import CHANCE, OVER, Choices, Game, IllegalAction, Text, Uniform
from arena.player import HasPolicy, Player, Request, Requests
from arena.registry import load_game
from arena.seeds import derive, generator

LONGEST = 10_000
"""Moves after which a random game counts as endless, and entries up to which a list is looked at one by one."""

UNLIKELY = 5.0
"""Standard deviations beyond which frequencies contradict a stated policy: once in three million true ones."""


# Playthroughs.


def playthrough(game: Game[Any], seed: int = 0) -> str:
    """Return one random game written out in full."""
    return write_out(game, [action for _, _, action in _random_game(game, generator(seed, "playthrough"))])


def write_out(game: Game[Any], actions: Sequence[str]) -> str:
    """Return the game in which these moves and chance outcomes happen: all that each state shows to everyone."""
    lines = [
        f"game: {game.spec}",
        f"version: {game.version}; fingerprint: {game.fingerprint}",
        f"roles: {', '.join(game.roles)}; sides: {', '.join(map(str, game.side_of))}",
        f"actions: {', '.join(game.actions) or 'not listed'}",
        f"scoring: {game.scoring}; payoffs: {game.payoff_range[0]:g} to {game.payoff_range[1]:g}; "
        f"zero sum: {game.zero_sum}; hidden: {game.hidden}",
    ]
    s = game.start()
    for number, action in enumerate(actions):
        lines += ["", *_write_state(game, s, number)]
        lines += _block("happens" if game.turn(s) == CHANCE else "plays", action)
        s = game.step(s, action)
    lines += ["", *_write_state(game, s, len(actions))]
    return "\n".join(lines) + "\n"


def _write_state(game: Game[Any], s: Any, number: int) -> list[str]:
    mover = game.turn(s)
    who = {CHANCE: "chance is to move", OVER: "the game is over"}.get(mover, f"seat {mover} is to move")
    lines = [f"state {number}: {who}"]
    for seat, role in enumerate(game.roles):
        lines += _block(f"{role} sees", game.view(s, seat))
    if mover == CHANCE:
        outcomes = game.chance(s)
        shown = ", ".join(f"{name} {p:.6g}" for name, p in outcomes[:20])
        lines += [f"  outcomes: {shown}{', …' if len(outcomes) > 20 else ''}"]
    elif mover == OVER:
        lines += [f"  returns: {', '.join('none' if r is None else f'{r:g}' for r in game.returns(s))}"]
    else:
        if len(game.ready(s)) > 1:
            lines += [f"  asked together: {', '.join(game.roles[seat] for seat in game.ready(s))}"]
        legal = game.legal(s, mover)
        lines += [f"  legal: {legal if isinstance(legal, Text | Choices) else ', '.join(legal)}"]
        lines += [f"  tensor: {_write_tensor(game, s, mover)}"]
    return lines


def _write_tensor(game: Game[Any], s: Any, seat: int) -> str:
    """Return shape and entries: ◉ is 1, ◯ is 0, rows are parted by spaces and planes by bars."""
    try:
        tensor = game.encode(s, seat)
    except TooLarge:
        return "none"
    binary = bool(np.isin(tensor, (0, 1)).all())
    rows = tensor.reshape(-1, tensor.shape[-1])
    written = ["".join("◯◉"[int(x)] for x in row) if binary else ",".join(f"{x:g}" for x in row) for row in rows]
    height = tensor.shape[-2] if tensor.ndim > 1 else 1
    planes = [" ".join(written[i : i + height]) for i in range(0, len(written), height)]
    return f"{tensor.shape} {' | '.join(planes)}"


def _block(title: str, text: str) -> list[str]:
    """Return "title: text", with a text of several lines indented below its title."""
    if "\n" not in text:
        return [f"  {title}: {text}"]
    return [f"  {title}:", *(f"    {line}".rstrip() for line in text.splitlines())]


# Random play.


def _random_game(game: Game[Any], rng: np.random.Generator) -> Iterator[tuple[Any, int, str]]:
    """Yield (state, mover, action) until the game is over; the mover may be CHANCE."""
    s = game.start()
    while (mover := game.turn(s)) != OVER:
        action = _draw(game.chance(s), rng) if mover == CHANCE else _choose(game.legal(s, mover), rng)
        yield s, mover, action
        s = game.step(s, action)


def _draw(outcomes: Sequence[tuple[str, float]], rng: np.random.Generator) -> str:
    if isinstance(outcomes, Uniform):
        return outcomes[int(rng.integers(len(outcomes)))][0]
    cumulative = np.cumsum([p for _, p in outcomes])
    return outcomes[int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))][0]


def _choose(legal: Sequence[str] | Text, rng: np.random.Generator) -> str:
    if isinstance(legal, Text):
        return f"text {rng.integers(1000)}"[: legal.max_chars]
    return legal[int(rng.integers(len(legal)))]


# Games.


def check_game(game: Game[Any], games: int = 100, seed: int = 0) -> None:
    """Play random games and raise GameError at the first broken promise; the message says on which moves.

    A promise that no random game breaks may still be broken: raise `games` for large games.
    """
    check = _GameCheck(game)
    check.facts()
    for number in range(games):
        check.play(generator(seed, "check", number))


class _GameCheck:
    """What was seen of a game so far, to compare with what comes."""

    def __init__(self, game: Game[Any]) -> None:
        self.game = game
        self.moves: list[str] = []
        self.seen: dict[tuple[str, int, str], Any] = {}
        """(fact, seat, view) → the fact, where equal views must mean equal facts."""
        self.shape: tuple[int, ...] | None = None

    def require(self, kept: bool, broken: str) -> None:
        if not kept:
            raise GameError(f"{self.game.name}: {broken}; on the moves {self.moves}")

    def facts(self) -> None:
        """Check what the game says of itself before anyone moves."""
        game = self.game
        self.require(bool(game.name), "it has no name")
        self.require(len(game.roles) > 0, "it has no roles: name one per seat")
        self.require(len(game.side_of) == game.seats, f"{game.seats} roles have {len(game.side_of)} sides")
        self.require(len(set(game.actions)) == len(game.actions), "its actions are not distinct")
        self.require(game.scoring in ("outcome", "payoff"), f"scoring {game.scoring!r} is neither outcome nor payoff")
        self.require(game.payoff_range[0] <= game.payoff_range[1], f"payoff_range {game.payoff_range} is empty")
        for role in game.roles:
            named = re.fullmatch(r"[\w-]+", role) is not None
            self.require(named, f"the role {role!r} cannot name a folder: take letters, digits, _ and -")
            self.require(bool(game.rules(role)), f"the role {role!r} has no rules: write a docstring or rules(role)")

    def play(self, rng: np.random.Generator) -> None:
        """Play one random game and check every state of it."""
        game, s = self.game, self.game.start()
        self.moves = []
        own: list[tuple[tuple[str, str], ...]] = [()] * game.seats  # what each seat has seen and done so far
        while (mover := game.turn(s)) != OVER:
            self.require(mover == CHANCE or mover in range(game.seats), f"turn says {mover!r}, which is no seat")
            self.require(len(self.moves) < LONGEST, f"the game is not over after {LONGEST} moves")
            self.views(s)
            if mover == CHANCE:
                self.chance(s)
                action = _draw(game.chance(s), rng)
            else:
                self.decision(s, mover, own[mover], rng)
                action = _choose(game.legal(s, mover), rng)
                own[mover] = (*own[mover], (game.view(s, mover), action))
            s = self.step(s, action)
        self.views(s)
        self.end(s)

    def views(self, s: Any) -> None:
        for seat in range(self.game.seats):
            view = self.game.view(s, seat)
            self.require(isinstance(view, str), f"the view of seat {seat} is no string but {view!r}")
            self.require(isinstance(self.game.draw(s, seat), str), "draw gives no string")
            if not self.game.hidden:
                self.same("state", seat, view, s, "an open game, but two states look alike; say hidden = True or show")
        self.require(isinstance(self.game.draw(s), str), "draw gives no string")

    def chance(self, s: Any) -> None:
        outcomes = self.game.chance(s)
        self.require(len(outcomes) > 0, "chance is to move, but has no outcomes")
        if isinstance(outcomes, Uniform) or len(outcomes) > LONGEST:
            return
        names, probabilities = zip(*outcomes, strict=True)
        self.require(len(set(names)) == len(names), f"chance outcomes are not distinct: {names}")
        self.require(min(probabilities) >= 0, f"a chance outcome has a negative probability: {probabilities}")
        total = sum(probabilities)
        self.require(abs(total - 1) < 1e-9, f"chance probabilities sum to {total:g}, not to 1")

    def decision(self, s: Any, mover: int, own: tuple[tuple[str, str], ...], rng: np.random.Generator) -> None:
        game = self.game
        ready = tuple(game.ready(s))
        self.require(ready[:1] == (mover,), f"turn says {mover}, but ready says {ready}: the mover comes first")
        view, legal = game.view(s, mover), self.legal(s, mover)
        self.same("legal", mover, view, legal, "equal views have different legal moves")
        if game.hidden:
            self.same("past", mover, view, own, "a view forgets: different own pasts look alike")
        for seat in ready:
            self.tensor(s, seat)
        self.ready(s, ready, rng)
        self.resample(s, mover, view, rng)
        if isinstance(legal, Text):
            self.refused(s, ["x" * (legal.max_chars + 1)])
        else:
            self.refused(s, ["", "no such action", *(action for action in game.actions if action not in legal)])

    def legal(self, s: Any, seat: int) -> Any:
        """Return the legal set in a form that compares by value."""
        legal = self.game.legal(s, seat)
        if isinstance(legal, Text):
            return legal
        self.require(len(legal) > 0, f"seat {seat} is to move, but has no legal action")
        if isinstance(legal, Choices) or len(legal) > LONGEST:
            return legal
        self.require(len(set(legal)) == len(legal), f"legal actions are not distinct: {list(legal)}")
        unknown = set(legal) - set(self.game.actions)
        self.require(not self.game.actions or not unknown, f"legal but not among its actions: {sorted(unknown)}")
        return tuple(legal)

    def tensor(self, s: Any, seat: int) -> None:
        try:
            tensor = self.game.encode(s, seat)
        except TooLarge:  # the author has not written an encoding, which only nets need
            return
        self.shape = self.shape or tensor.shape
        self.require(tensor.shape == self.shape, f"encode gives shape {tensor.shape}, and {self.shape} before")
        self.require(tensor.dtype == np.float32, f"encode gives {tensor.dtype}, not float32")
        self.require(bool(np.isfinite(tensor).all()), "encode gives numbers that are not finite")
        view = self.game.view(s, seat)
        self.same("tensor", seat, view, tensor.tobytes(), "encode differs at equal views, so it knows more")

    def ready(self, s: Any, ready: tuple[int, ...], rng: np.random.Generator) -> None:
        game = self.game
        known = {seat: (game.view(s, seat), self.legal(s, seat)) for seat in ready}
        for earlier, later in pairwise(ready):
            s = game.step(s, _choose(game.legal(s, earlier), rng))
            self.require(
                game.turn(s) == later, f"ready says {ready}, but after seat {earlier} it is {game.turn(s)}'s turn"
            )
            unchanged = (game.view(s, later), self.legal(s, later)) == known[later]
            self.require(unchanged, f"seats {ready} are asked together, but the move of {earlier} shows to {later}")

    def resample(self, s: Any, mover: int, view: str, rng: np.random.Generator) -> None:
        if type(self.game).resample is Game.resample:
            return
        other = self.game.resample(s, mover, rng)
        alike = self.game.turn(other) == mover and self.game.view(other, mover) == view
        self.require(alike, f"resample gives a state in which seat {mover} would see something else")

    def refused(self, s: Any, actions: Iterable[str]) -> None:
        for action in actions:
            try:
                self.game.step(s, action)
            except IllegalAction as error:
                self.require(bool(str(error)), f"IllegalAction for {action!r} has no sentence for the player")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the wrong one
                self.require(False, f"the illegal {action!r} raises {error!r}, not IllegalAction")
            else:
                self.require(False, f"the illegal {action[:40]!r} is accepted")

    def step(self, s: Any, action: str) -> Any:
        """Return the next state after checking that the step is a pure function of a value."""
        self.moves.append(action)
        try:
            before = pickle.dumps(s)
            after, again = self.game.step(s, action), self.game.step(s, action)
            self.require(pickle.loads(before) == s, "step changes the state that it is given")  # noqa: S301 - our own
            self.require(after == again and hash(after) == hash(again), "the same step gives two different states")
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise GameError(f"{self.game.name}: a state must be hashable and picklable, but {error}") from error
        return after

    def end(self, s: Any) -> None:
        game = self.game
        returns = game.returns(s)
        self.require(len(returns) == game.seats, f"{game.seats} seats have {len(returns)} returns")
        paid = [payoff for payoff in returns if payoff is not None]
        least, greatest = game.payoff_range
        within = all(isfinite(payoff) and least <= payoff <= greatest for payoff in paid)
        self.require(within, f"returns {returns} lie outside payoff_range {game.payoff_range}")
        total = sum(payoff or 0.0 for payoff, side in zip(returns, game.side_of, strict=True) if side >= 0)
        self.require(not game.zero_sum or abs(total) < 1e-9 * game.scale, f"zero sum, but returns {returns}")
        self.refused(s, ["", "no such action", *game.actions])

    def same(self, fact: str, seat: int, view: str, value: Any, broken: str) -> None:
        """Require that the fact is what it was when this seat had this view before."""
        known = self.seen.setdefault((fact, seat, view), value)
        self.require(known == value, f"{broken} (seat {seat} sees {view!r})")


# Players.


def check_player(player: Player, game: Game[Any], seed: int = 0, draws: int = 2000) -> None:
    """Ask a player at many states of random games and raise PlayerError at the first broken promise.

    If the player states a policy, it is compared with `draws` answers at each of ten states.
    """
    rng = generator(seed, "check")
    places: dict[tuple[int, str], Any] = {}
    for _ in range(30):
        for s, mover, _action in _random_game(game, rng):
            if mover != CHANCE:
                places.setdefault((mover, game.view(s, mover)), s)
    asked = [(s, seat) for (seat, _), s in places.items()][:200]
    requests = [Request(game, s, seat, seed=derive(seed, "ask", i)) for i, (s, seat) in enumerate(asked)]
    actions = _answers(player, requests)
    _require(player, _answers(player, requests) == actions, "gives other answers to the same requests and seeds")
    turned = _answers(player, requests[::-1])[::-1]
    _require(player, turned == actions, "answers a request differently when the batch is in another order")
    if isinstance(player, HasPolicy) and game.actions:
        policy = _checked_policy(player, Requests(requests))
        pick = rng.permutation(len(asked))[:10]
        _check_law(player, game, [asked[i] for i in pick], policy[pick], draws, seed)


def _answers(player: Player, requests: Sequence[Request]) -> list[str | None]:
    moves = player.act(Requests(requests))
    _require(player, len(moves) == len(requests), f"answers {len(requests)} requests with {len(moves)} moves")
    for request, move in zip(requests, moves, strict=True):
        if move.action is None:
            _require(player, move.fault is not None, f"says neither action nor fault at {request.text!r}")
        else:
            _require(
                player, move.action in request.legal, f"plays {move.action!r}, which is illegal, at {request.text!r}"
            )
    return [move.action for move in moves]


def _checked_policy(player: HasPolicy, batch: Requests) -> NDArray[np.float64]:
    policy = player.policy(batch)
    wanted = (len(batch), len(batch.game.actions))
    _require(player, policy.shape == wanted, f"has a policy of shape {policy.shape}, not {wanted}")
    _require(player, bool((policy >= 0).all()), "has negative probabilities in its policy")
    _require(player, bool((abs(policy.sum(axis=1) - 1) < 1e-6).all()), "has a policy whose rows do not sum to 1")
    _require(player, not policy[~batch.mask()].any(), "has a policy that plays illegal actions")
    return policy


def _check_law(
    player: Player, game: Game[Any], places: list[tuple[Any, int]], policy: NDArray[np.float64], draws: int, seed: int
) -> None:
    """Compare the frequencies of answers with the policy by one chi-square test over all places."""
    statistic, freedom = 0.0, 0
    for number, ((s, seat), expected) in enumerate(zip(places, policy * draws, strict=True)):
        answers = _answers(player, [Request(game, s, seat, seed=derive(seed, "law", number, i)) for i in range(draws)])
        seen = np.array([answers.count(action) for action in game.actions], dtype=np.float64)
        _require(player, not seen[expected == 0].any(), f"plays what its policy excludes, at {game.view(s, seat)!r}")
        common = expected >= 5  # where the approximation by a normal distribution holds
        statistic += float(((seen - expected)[common] ** 2 / expected[common]).sum())
        freedom += max(int(common.sum()) - 1, 0)
    if freedom:
        # The cube root of a chi-square variable is nearly normal (Wilson and Hilferty, 1931).
        spread = 2 / (9 * freedom)
        deviation = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5
        _require(player, deviation < UNLIKELY, f"does not play its policy: {deviation:.1f} standard deviations off")


def _require(player: Player, kept: bool, broken: str) -> None:
    if not kept:
        raise PlayerError(f"{player.name} {broken}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m arena.testing SPEC")
    sys.stdout.write("\n".join(playthrough(load_game(sys.argv[1]), seed) for seed in (0, 1)))
