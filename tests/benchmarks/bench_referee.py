"""How fast matches are played by the rules. Run it: python tests/benchmarks/bench_referee.py

Every library plays uniformly random moves in its own usual loop: OpenSpiel's C++ states driven from Python,
PettingZoo's AEC loop with its action masks, RLCard's `run` with its random agents, and TextArena's loop, as its
`make` gives an environment ("TextArena") and without the wrappers that make observations ("raw"); legal moves are
read from its innards, which spares it the parsing of its prompts. The referee does more: it asks players in
batches, checks every reply and writes a record that replays; the second column also keeps every record in a run's
file. All run in turns, their processor time is measured (machines are shared), and only ratios count. A library
that is not installed (`pip install textarena rlcard pettingzoo pygame open_spiel`) has an empty column.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from arena.match import Fixture, play_fixtures, play_rounds
from arena.players.uniform import UniformPlayer
from arena.registry import load_game
from arena.store import Store

GAMES, SLOW_GAMES, ROUNDS = 1000, 200, 15
"""Games per measurement; fewer for the libraries that take milliseconds for one."""


OURS = {name: load_game(name) for name in ("kuhn_poker", "leduc_poker", "tic_tac_toe", "connect_four")}


def referee(name: str, games: int) -> None:
    """Play uniform players against each other; every match makes its full record."""
    fixtures = [Fixture(f"{i}", "tournament", ("uniform", "uniform"), i, "") for i in range(games)]
    for _ in play_fixtures(OURS[name], fixtures, {"uniform": UniformPlayer()}):
        pass


def kept(name: str, games: int) -> None:
    """Play as `referee` does, and keep every match in a run's file."""
    fixtures = [Fixture(f"{i}", "tournament", ("uniform", "uniform"), i, "") for i in range(games)]
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        for _ in store.keep(play_rounds(OURS[name], fixtures, {"uniform": UniformPlayer()})):
            pass


def open_spiel(name: str, games: int) -> None:
    """Play random moves on OpenSpiel's states."""
    import pyspiel

    game, rng = pyspiel.load_game(name), random.Random(0)
    for _ in range(games):
        state = game.new_initial_state()
        while not state.is_terminal():
            if state.is_chance_node():
                outcomes, chances = zip(*state.chance_outcomes(), strict=True)
                state.apply_action(rng.choices(outcomes, chances)[0])
            else:
                state.apply_action(rng.choice(state.legal_actions()))
        state.returns()


class NotThereError(Exception):
    """A library has no such game."""


def theirs(names: dict[str, Any], name: str) -> Any:
    """Return what a library calls our game. Raises NotThereError."""
    if name not in names:
        raise NotThereError(name)
    return names[name]


def pettingzoo(name: str, games: int) -> None:
    """Play random moves in PettingZoo's AEC loop."""
    from importlib import import_module

    known = {"tic_tac_toe": "tictactoe_v3", "connect_four": "connect_four_v3", "leduc_poker": "leduc_holdem_v4"}
    module = theirs(known, name)
    env = import_module(f"pettingzoo.classic.{module}").env()
    for number in range(games):
        env.reset(seed=number)
        for agent in env.agent_iter():
            observation, _, over, truncated, _ = env.last()
            done = over or truncated
            env.step(None if done else env.action_space(agent).sample(observation["action_mask"]))


def rlcard(name: str, games: int) -> None:
    """Play RLCard's random agents in its own loop."""
    import rlcard
    from rlcard.agents import RandomAgent

    env = rlcard.make(theirs({"leduc_poker": "leduc-holdem"}, name))
    env.set_agents([RandomAgent(num_actions=env.num_actions) for _ in range(2)])
    for _ in range(games):
        env.run(is_training=False)


def textarena_raw(name: str, games: int) -> None:
    """Play without the wrappers that show a player its observations."""
    textarena(name, games, "-raw")


def textarena(name: str, games: int, variant: str = "") -> None:
    """Play random legal moves in TextArena's loop, one hand a game of poker."""
    import textarena

    rng = random.Random(0)
    known = {
        "kuhn_poker": (f"KuhnPoker-v0{variant}", {"max_rounds": 1}),
        "tic_tac_toe": (f"TicTacToe-v0{variant}", {}),
        "connect_four": (f"ConnectFour-v0{variant}", {}),
    }
    kind, options = theirs(known, name)
    env = textarena.make(kind, **options)

    def legal() -> list[str]:
        state = env.state.game_state
        if name == "kuhn_poker":
            return list(state["current_legal_action_tree"])
        if name == "tic_tac_toe":
            return [str(3 * r + c) for r in range(3) for c in range(3) if not state["board"][r][c]]
        return [str(c) for c in range(7) if state["board"][0][c] == "."]

    for number in range(games):
        env.reset(num_players=2, seed=number)
        done = False
        while not done:
            env.get_observation()
            done, _ = env.step(f"[{rng.choice(legal())}]")
        env.close()


RIVALS = {
    "OpenSpiel": (open_spiel, GAMES),
    "PettingZoo": (pettingzoo, SLOW_GAMES),
    "RLCard": (rlcard, GAMES),
    "TextArena": (textarena, 10),
    "raw": (textarena_raw, SLOW_GAMES),
}


def per_second(play: Callable[[str, int], None], name: str, games: int) -> float:
    """Return games per second, or nan where the library has no such game or is not here."""
    begin = process_time()
    try:
        play(name, games)
    except (NotThereError, ImportError):
        return float("nan")
    return games / (process_time() - begin)


def main() -> None:
    """Print games per second, and how many times as many the referee with full recording plays."""
    print(f"{'games per second':<16}{'referee':>10}{'kept':>10}" + "".join(f"{rival:>20}" for rival in RIVALS))
    for name in OURS:
        rounds = [
            [per_second(referee, name, GAMES), per_second(kept, name, GAMES)]
            + [per_second(play, name, games) for play, games in RIVALS.values()]
            for _ in range(ROUNDS)
        ]
        columns = list(zip(*rounds, strict=True))
        line = f"{name:<16}{median(columns[0]):>10,.0f}{median(columns[1]):>10,.0f}"
        for column in columns[2:]:
            ratio = median(ours / theirs for ours, theirs in zip(columns[0], column, strict=True))
            line += f"{'-':>20}" if ratio != ratio else f"{median(column):>10,.0f} {ratio:>7.2f}× "
        print(line, flush=True)


if __name__ == "__main__":
    main()
