"""Classic environments of PettingZoo (Terry et al., 2021; MIT) as games of ours."""

from __future__ import annotations

import re
import warnings
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, Game, IllegalAction, Uniform
from arena.games.replays import Replays

Steps = tuple[int, ...]
"""A state: PettingZoo's numbers of the actions so far, after the seed if the environment draws at random."""

SEEDS = 10_000
"""Deals that chance chooses from where an environment shuffles: it offers no other way to name a deal."""

_KEPT, _KEPT_LIVE = 8192, 64
"""States whose facts are kept, and environments that are kept running."""

_SEATS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


class _Environment(NamedTuple):
    """What no environment says of itself."""

    payoff: float
    """The greatest reward that a seat can collect in a match, and the least with the other sign."""
    hidden: bool = False
    shuffles: bool = False
    """Whether it deals from its own generator."""


KNOWN = {
    "connect_four_v3": _Environment(1.0),
    "leduc_holdem_v4": _Environment(7.0, hidden=True, shuffles=True),
    "rps_v2": _Environment(15.0, hidden=True),
    "texas_holdem_no_limit_v6": _Environment(100.0, hidden=True, shuffles=True),
    "texas_holdem_v4": _Environment(25.0, hidden=True, shuffles=True),
    "tictactoe_v3": _Environment(1.0),
}
"""The environments that were looked at; all of them are zero-sum games of two seats."""


class _Facts(NamedTuple):
    """All that is asked about a state."""

    steps: Steps
    turn: int
    legal: tuple[int, ...] = ()
    returns: tuple[float, ...] = ()
    observed: tuple[NDArray[np.float32], ...] = ()
    """By seat."""
    seen: tuple[tuple[str, ...], ...] = ()
    """By seat, every observation that was new to it, and its own moves; only where something is hidden."""


class PettingZoo(Game[Steps]):
    """This is one of the classic environments of PettingZoo, with the rules that PettingZoo's pages give for it.

    You are shown the array that your seat observes: its shape, and the places of the entries that are not 0,
    counted from 0 in every dimension. A move is the number of an action. Rewards add up to your payoff.
    """

    # An environment cannot be copied, so a state is what it takes to come there again: the seed and the steps.

    def __init__(self, env: str = "tictactoe_v3") -> None:
        """`env` as PettingZoo calls it, with its version."""
        self.env = env
        known = _known(env)
        self.name = re.sub(r"_v\d+$", "", env)
        self.hidden, self._shuffles = known.hidden, known.shuffles
        self.payoff_range = (-known.payoff, known.payoff)
        self.scoring = "outcome" if known.payoff == 1 else "payoff"
        self._make = _maker(env)
        self._live: dict[Steps, Any] = {}
        running = self._running((0,) if self._shuffles else ())
        self._agents = tuple(running.possible_agents)
        self.roles = _SEATS[: len(self._agents)]
        self.actions = tuple(map(str, range(max(int(running.action_space(a).n) for a in self._agents))))
        self._facts: Replays[int, _Facts] = Replays(self._first, self._after, _KEPT)

    @property
    def spec(self) -> str:
        """The name under which `arena.load_game` makes this game again."""
        given: str | None = vars(self).get("_spec")
        return given or f"pettingzoo(env={self.env!r})"

    def start(self) -> Steps:
        return ()

    def turn(self, s: Steps) -> int:
        return self._at(s).turn

    def legal(self, s: Steps, seat: int) -> list[str]:
        facts = self._at(s)
        return [self.actions[number] for number in facts.legal] if seat == facts.turn else []

    def chance(self, s: Steps) -> Uniform:
        return Uniform(SEEDS, "seed")

    def step(self, s: Steps, action: str) -> Steps:
        facts = self._at(s)
        if facts.turn == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if facts.turn == CHANCE:
            seed = action.removeprefix("seed")
            if not seed.isdecimal() or int(seed) >= SEEDS or f"seed{int(seed)}" != action:
                raise IllegalAction(f"{action!r} cannot happen here: seed0 to seed{SEEDS - 1} can")
            return (int(seed),)
        legal = self.legal(s, facts.turn)
        if action not in legal:
            raise IllegalAction(f"{action!r} is no move here: say {', '.join(legal)}")
        return (*s, int(action))

    def returns(self, s: Steps) -> tuple[float, ...]:
        return self._at(s).returns

    def view(self, s: Steps, seat: int) -> str:
        facts = self._at(s)
        if facts.turn == CHANCE:
            return "nothing is dealt yet"
        if self.hidden:
            return "\n".join(facts.seen[seat])
        return f"{self.draw(s, seat)}\nmoves so far: {', '.join(map(str, s)) or 'none'}"

    def encode(self, s: Steps, seat: int) -> NDArray[np.float32]:
        """Return the observation of the environment, in its own shape; of a number, shape (1,)."""
        return self._at(s).observed[seat].copy()

    def draw(self, s: Steps, seat: int | None = None) -> str:
        facts = self._at(s)
        if facts.turn == CHANCE:
            return "nothing is dealt yet"
        seats = range(self.seats) if seat is None else (seat,)
        return "\n".join(f"{self.roles[i]} observes {_written(facts.observed[i])}" for i in seats)

    def _at(self, s: Steps) -> _Facts:
        facts: _Facts = self._facts(s)
        return facts

    def _first(self) -> _Facts:
        return _Facts((), CHANCE) if self._shuffles else self._read((), self._running(()), None, None)

    def _after(self, facts: _Facts, move: int) -> _Facts:
        steps = (*facts.steps, move)
        if facts.turn == CHANCE:
            return self._read(steps, self._running(steps), None, None)
        env = self._running(facts.steps)
        del self._live[facts.steps]
        self._live[steps] = env
        return self._read(steps, env, facts, _step(env, move))

    def _running(self, steps: Steps) -> Any:
        """Return an environment that has taken these steps; its place in the table is for the caller to mend."""
        env = self._live.pop(steps, None)
        if env is None:
            # The one that was used the longest ago starts again.
            full = len(self._live) >= _KEPT_LIVE
            env = self._live.pop(next(iter(self._live))) if full else self._make()
            env.reset(seed=steps[0] if self._shuffles else 0)
            for move in steps[1:] if self._shuffles else steps:
                _step(env, move)
        self._live[steps] = env
        return env

    def _read(self, steps: Steps, env: Any, before: _Facts | None, rewards: dict[str, float] | None) -> _Facts:
        """Return the facts of a state, given those of the state before it and the rewards of the step between."""
        over = not env.agents or all(env.terminations[a] or env.truncations[a] for a in env.agents)
        seen, observed, returns = [], [], []
        legal: tuple[int, ...] = ()
        turn = OVER if over else self._agents.index(env.agent_selection)
        for seat, agent in enumerate(self._agents):
            observation, mask = _parts(env.observe(agent))
            if self.hidden:
                text = _written(observation)
                known = before.seen[seat] if before else ()
                if before and seat == before.turn:
                    known = (*known, f"you played {steps[-1]}")
                last = next((entry for entry in reversed(known) if not entry.startswith("you played")), None)
                seen.append(known if text == last else (*known, text))
            observed.append(observation)
            returns.append((before.returns[seat] if before else 0.0) + float((rewards or {}).get(agent, 0)) + 0.0)
            if seat == turn:
                mask = env.infos[agent].get("action_mask") if mask is None else mask
                legal = (
                    tuple(range(env.action_space(agent).n)) if mask is None else tuple(np.flatnonzero(mask).tolist())
                )
        return _Facts(steps, turn, legal, tuple(returns), tuple(observed), tuple(seen))


def _known(env: str) -> _Environment:
    if env in KNOWN:
        return KNOWN[env]
    near = get_close_matches(env, KNOWN, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KNOWN)}"
    raise ConfigError(f"PettingZoo's environment {env!r} cannot be played here; {hint}")


def _maker(env: str) -> Any:
    """Return the function that makes the environment. Raises ConfigError with what to install."""
    try:
        with warnings.catch_warnings():
            # PettingZoo deprecates the functions in these modules for a registry that its older versions lack.
            warnings.simplefilter("ignore", DeprecationWarning)
            module = import_module(f"pettingzoo.classic.{env}")
    except ModuleNotFoundError as error:
        if error.name == f"pettingzoo.classic.{env}":
            raise ConfigError(f"this version of PettingZoo has no {env}: install one that does") from None
        raise ConfigError(
            f"{env} needs {error.name}: pip install 'selfplay-arena[envs]' 'pettingzoo[classic]'"
        ) from None
    # Bare, since the wrappers only repeat what is checked here, and take most of the time.
    return module.raw_env


def _step(env: Any, move: int) -> dict[str, float]:
    """Take a step and return its rewards; agents that are done are let go while others play on."""
    env.step(move)
    rewards = {agent: float(reward) for agent, reward in env.rewards.items()}
    while env.agents and not all(env.terminations[a] or env.truncations[a] for a in env.agents):
        if not (env.terminations[env.agent_selection] or env.truncations[env.agent_selection]):
            break
        env.step(None)
    return rewards


def _parts(observation: Any) -> tuple[NDArray[np.float32], Any]:
    """Return the observation as an array, and the mask that comes with it, if one does."""
    if isinstance(observation, dict):
        return np.array(observation["observation"], np.float32), observation.get("action_mask")
    return np.atleast_1d(np.array(observation, np.float32)), None


def _written(observation: NDArray[np.float32]) -> str:
    """Return an array as text: its shape, and its entries that are not 0, with their values if these are not 1."""
    places = [(".".join(map(str, at)), float(observation[tuple(at)])) for at in np.argwhere(observation).tolist()]
    entries = [at if value == 1 else f"{at} = {value!r}" for at, value in places]
    shape = " × ".join(map(str, observation.shape))
    return f"{shape} entries, not 0 at: {', '.join(entries) or 'none'}"
