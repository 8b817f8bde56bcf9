"""Our games as environments of others: PettingZoo's for all seats at once, Gymnasium's for one seat.

Importing this needs both packages: pip install 'selfplay-arena[envs]'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, GameError, PlayerError
from arena.game import CHANCE, OVER, Game, Text, Uniform
from arena.player import Fault, Player, Request, Requests
from arena.registry import load_game, load_player
from arena.seeds import derive, generator

try:
    import gymnasium
    from gymnasium import spaces
    from gymnasium.utils import seeding
    from pettingzoo import AECEnv  # type: ignore[import-untyped]  # it ships no types
except ModuleNotFoundError as error:
    raise ImportError(f"arena.envs needs {error.name}: pip install 'selfplay-arena[envs]'") from None

Array = NDArray[Any]

_PROBES = 20
"""Random games that are played to learn the bounds of a game's tensors."""

_DEALS = 1000
"""Episodes that may end before the learner's seat is asked, one after the other."""


def aec(game: str | Game[Any]) -> AgentEnvironment:
    """Return the game as a PettingZoo environment in which the agents move in turn (AEC)."""
    return AgentEnvironment(load_game(game))


def gym_env(
    game: str | Game[Any], opponents: Sequence[str | Player], seat: int | Literal["random"] = "random"
) -> SeatEnvironment:
    """Return the game as a Gymnasium environment: one seat, against opponents given as players or by their names.

    The opponents take the other seats in order. With seat "random", every episode draws the seat.
    """
    loaded = load_game(game)
    return SeatEnvironment(loaded, [load_player(opponent, loaded) for opponent in opponents], seat)


class _Rules:
    """A game as both environments need it: with numbers for actions, and chance that is drawn."""

    def __init__(self, game: Game[Any]) -> None:
        if not game.actions:
            raise ConfigError(f"{game.name} has no closed vocabulary (Game.actions), which environments need")
        self.game = game
        self.index = {action: i for i, action in enumerate(game.actions)}
        self.shape, low, high = self._bounds()
        self.box = spaces.Box(low, high, self.shape, np.float32)

    def _bounds(self) -> tuple[tuple[int, ...], float, float]:
        """Return the shape of the tensors, and 0 and 1 if random games stay within; otherwise no bounds."""
        rng, within = generator(0, "bounds"), True
        shape: tuple[int, ...] = ()
        for _ in range(_PROBES):
            s = self.settle(self.game.start(), rng)
            while (turn := self.game.turn(s)) != OVER:
                tensor = self.game.encode(s, turn)
                shape = tensor.shape
                within = within and bool(((tensor >= 0) & (tensor <= 1)).all())
                legal = self.legal(s, turn)
                s = self.settle(self.game.step(s, legal[int(rng.integers(len(legal)))]), rng)
        return shape, *((0.0, 1.0) if within else (-np.inf, np.inf))

    def settle(self, s: Any, rng: np.random.Generator) -> Any:
        """Return the state after all chance events that are due."""
        while self.game.turn(s) == CHANCE:
            outcomes = self.game.chance(s)
            if isinstance(outcomes, Uniform):
                s = self.game.step(s, outcomes[int(rng.integers(len(outcomes)))][0])
                continue
            names, odds = zip(*outcomes, strict=True)
            s = self.game.step(s, names[int(rng.choice(len(names), p=np.array(odds) / sum(odds)))])
        return s

    def legal(self, s: Any, seat: int) -> Sequence[str]:
        legal = self.game.legal(s, seat)
        if isinstance(legal, Text):
            raise ConfigError(f"{self.game.name} has free text moves, which environments cannot offer")
        return legal

    def mask(self, s: Any, seat: int) -> NDArray[np.int8]:
        """Return 1 for what the seat may do, shape (A,); all 0 unless it is its turn."""
        mask = np.zeros(len(self.index), np.int8)
        if self.game.turn(s) == seat:
            mask[[self.index[action] for action in self.legal(s, seat)]] = 1
        return mask

    def tensor(self, s: Any, seat: int) -> NDArray[np.float32]:
        """Return what the seat observes; zeros where the game's own encoding knows only the seat to move."""
        if type(self.game).encode is Game.encode and self.game.turn(s) != seat:
            return np.zeros(self.shape, np.float32)
        tensor = self.game.encode(s, seat)
        if not self.box.contains(tensor):
            raise GameError(f"{self.game.name} encodes numbers outside the bounds that {_PROBES} random games showed")
        return tensor

    def payoffs(self, s: Any) -> list[float]:
        return [payoff or 0.0 for payoff in self.game.returns(s)]

    def forfeit(self, seat: int) -> list[float]:
        return [payoff or 0.0 for payoff in self.game.forfeit(seat)]


class AgentEnvironment(AECEnv):  # type: ignore[misc]
    """A game for all seats, by PettingZoo's contract for agents that move in turn.

    Agents are "seat_0", "seat_1", … . An observation is a dictionary: "observation" is `Game.encode`, float32, and
    "action_mask" is int8 of shape (A,), all 0 while it is not the agent's turn. Action i is `game.actions[i]`.
    Where seats choose at once, they are asked one after the other and see nothing of each other's choice.
    Rewards are 0 until the end, when every agent gets its payoff in the game's own units. An illegal action ends
    the game as a forfeit does: the offender gets the game's worst payoff, and the other sides share what it
    lost; `infos[agent]["illegal"]` says what was wrong.
    """

    def __init__(self, game: Game[Any]) -> None:
        super().__init__()
        self.game = game
        self._rules = _Rules(game)
        self.metadata = {"name": game.name, "render_modes": ["ansi"], "is_parallelizable": False}
        self.render_mode = "ansi"
        self.possible_agents = [f"seat_{i}" for i in range(game.seats)]
        count = len(game.actions)
        mask = spaces.Box(0, 1, (count,), np.int8)
        self.observation_spaces = {
            agent: spaces.Dict({"observation": self._rules.box, "action_mask": mask}) for agent in self.possible_agents
        }
        self.action_spaces = {agent: spaces.Discrete(count) for agent in self.possible_agents}
        self._rng: np.random.Generator | None = None

    def observation_space(self, agent: str) -> Any:
        """Return the space of what the agent observes; the same object every time."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        """Return the space of the agent's actions; the same object every time."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start a match. With a seed, this match and those after it repeat; without one, chance goes on."""
        if seed is not None or self._rng is None:
            self._rng, _ = seeding.np_random(seed)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self._state = self._rules.settle(self.game.start(), self._rng)
        self.agent_selection = self.possible_agents[max(self.game.turn(self._state), 0)]

    def observe(self, agent: str) -> dict[str, Array]:
        """Return what the agent sees now."""
        seat = self.possible_agents.index(agent)
        over = any(self.terminations.values())
        mask = np.zeros(len(self.game.actions), np.int8) if over else self._rules.mask(self._state, seat)
        return {"observation": self._rules.tensor(self._state, seat), "action_mask": mask}

    def step(self, action: Any) -> None:
        """Play an action of the agent whose turn it is; None for an agent whose match is over."""
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        assert self._rng is not None
        self._cumulative_rewards[agent] = 0.0
        seat, number = self.possible_agents.index(agent), int(action)
        if 0 <= number < len(self.game.actions) and self._rules.mask(self._state, seat)[number]:
            self._state = self._rules.settle(self.game.step(self._state, self.game.actions[number]), self._rng)
            if self.game.turn(self._state) == OVER:
                self._end(self._rules.payoffs(self._state))
        else:
            self.infos[agent]["illegal"] = f"action {number} is not legal here"
            self._end(self._rules.forfeit(seat))
        if not self.terminations[agent]:
            self.agent_selection = self.possible_agents[self.game.turn(self._state)]
        self._accumulate_rewards()
        self._deads_step_first()

    def _end(self, payoffs: Sequence[float]) -> None:
        self.rewards = dict(zip(self.possible_agents, payoffs, strict=True))
        self.terminations = dict.fromkeys(self.agents, True)

    def render(self) -> str:
        """Return the position as text, with everything that is hidden."""
        return self.game.draw(self._state)

    def close(self) -> None:
        """Nothing is held open."""


class SeatEnvironment(gymnasium.Env[NDArray[np.float32], np.int64]):
    """A game for one seat against given opponents, by Gymnasium's contract.

    The observation is `Game.encode` of the seat, and action i is `game.actions[i]`. `info["action_mask"]` and
    `action_masks()` say what is legal, int8 and bool of shape (A,). The reward is 0 until the match is over, then
    the seat's payoff in the game's own units. An illegal action ends the match as a forfeit does: the reward
    is the game's worst payoff and `info["illegal"]` says what was wrong; an opponent who gives no legal
    answer forfeits in the same way. Matches that end before the seat is asked are not shown.
    `reset(seed=…)` decides all that follows: deals, seats, and what the opponents draw.
    """

    metadata = {"render_modes": ["ansi"]}

    def __init__(self, game: Game[Any], opponents: Sequence[Player], seat: int | Literal["random"]) -> None:
        if len(opponents) != game.seats - 1:
            raise ConfigError(f"{game.name} needs {game.seats - 1} opponents, but {len(opponents)} were given")
        if seat != "random" and seat not in range(game.seats):
            raise ConfigError(f'seat is {seat!r}, but {game.name} has the seats 0 to {game.seats - 1}: or say "random"')
        self.game, self.opponents = game, list(opponents)
        self._rules, self._wanted = _Rules(game), seat
        self.render_mode = "ansi"
        self.observation_space = self._rules.box
        self.action_space = spaces.Discrete(len(game.actions))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start a match and play it to the seat's first decision."""
        super().reset(seed=seed)
        for _ in range(_DEALS):
            self._begin()
            if self._play_on() is None:
                return self._rules.tensor(self._state, self.seat), self._info()
        raise GameError(f"seat {self._wanted} of {self.game.name} was not asked in {_DEALS} matches: take another seat")

    def _begin(self) -> None:
        seats = self.game.seats
        self.seat = int(self.np_random.integers(seats)) if self._wanted == "random" else int(self._wanted)
        self._seed = int(self.np_random.integers(2**63))
        self._turns = 0
        self._past: list[list[tuple[Any, str]]] = [[] for _ in range(seats)]
        others = [seat for seat in range(seats) if seat != self.seat]
        self._players = dict(zip(others, self.opponents, strict=True))
        self._state = self._rules.settle(self.game.start(), self.np_random)

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Play an action; return observation, reward, whether the match is over, False, and info."""
        number = int(action)
        if not (0 <= number < len(self.game.actions) and self._rules.mask(self._state, self.seat)[number]):
            illegal = {**self._info(), "illegal": f"action {number} is not legal here"}
            return (
                self._rules.tensor(self._state, self.seat),
                self._rules.forfeit(self.seat)[self.seat],
                True,
                False,
                illegal,
            )
        self._take(self.seat, self.game.actions[number])
        payoffs = self._play_on()
        reward = 0.0 if payoffs is None else payoffs[self.seat]
        return self._rules.tensor(self._state, self.seat), reward, payoffs is not None, False, self._info()

    def action_masks(self) -> NDArray[np.bool_]:
        """Return what is legal, shape (A,), as sb3-contrib's MaskablePPO asks for it."""
        return self._rules.mask(self._state, self.seat).astype(np.bool_)

    def render(self) -> str:
        """Return the position as the seat may see it."""
        return self.game.draw(self._state, self.seat)

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self._rules.mask(self._state, self.seat), "seat": self.seat}

    def _take(self, seat: int, action: str) -> None:
        self._past[seat].append((self._state, action))
        self._turns += 1
        self._state = self._rules.settle(self.game.step(self._state, action), self.np_random)

    def _play_on(self) -> list[float] | None:
        """Let the opponents move until the seat is asked (None) or the match is over (the payoffs)."""
        while (turn := self.game.turn(self._state)) != self.seat:
            if turn == OVER:
                return self._rules.payoffs(self._state)
            request = Request(
                self.game,
                self._state,
                turn,
                seed=derive(self._seed, self._turns, turn),
                past=tuple(self._past[turn]),
            )
            (move,) = self._players[turn].act(Requests([request]))
            if move.fault in (Fault.CRASHED, Fault.UNAVAILABLE):
                raise PlayerError(f"{self._players[turn].name} is not available: {move.raw}")
            if move.action is None or move.action not in request.legal:
                return self._rules.forfeit(turn)
            self._take(turn, move.action)
        return None
