"""Players that a solver makes: cfr, cfr_plus, discounted_cfr, mccfr and fictitious_play, good anchors for a ladder.

The game is put into tables when the player is made, so that one that is too large is refused at once. It is solved
at the first question, once per process for all players of one kind.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from arena import checkpoint, registry
from arena.errors import CheckpointError, ConfigError
from arena.game import Game
from arena.player import Move, Requests
from arena.tree import Tree, enumerate_game
from arena.tree.treeplex import Treeplexes

TABLES = "tables.json"

Floats = NDArray[np.float64]


class Solver(Protocol):
    """What all solvers in trainers/ can do; each is made from a tree and settings of its own."""

    def step(self) -> None:
        """Do one iteration."""

    def average(self) -> Floats:
        """Return the average policy (I, A) so far."""


class Solved:
    """Plays the average policy of a solver after some iterations."""

    def __init__(self, game: Game[Any], solver: str, iterations: int, **settings: Any) -> None:
        if type(iterations) is not int or iterations < 1:
            raise ConfigError(f"{solver} cannot do {iterations!r} iterations: give a whole number, 1 or more")
        if not game.actions:
            raise ConfigError(f"{game.name} has no closed list of actions, so {solver} cannot solve it")
        self.name = solver
        self.version = iterations
        self.game = game
        self.solver, self.iterations, self.settings = solver, iterations, settings
        self._tree = enumerate_game(game)
        Treeplexes.of(self._tree)  # refuses what no solver can do
        self._rows = {key: i for i, key in enumerate(zip(self._tree.seat.tolist(), self._tree.views, strict=True))}
        self._loaded: Floats | None = None

    @property
    def table(self) -> Floats:
        """The policy (I, A); the first look solves the game."""
        if self._loaded is not None:
            return self._loaded
        return _solve(self._tree, self.solver, self.iterations, tuple(self.settings.items()))

    def act(self, batch: Requests) -> list[Move]:
        """Draw from the policy with each request's own seed."""
        return [Move(self.game.actions[i]) for i in batch.sample(self.policy(batch))]

    def policy(self, batch: Requests) -> Floats:
        """Return the solver's average policy, shape (B, A)."""
        rows: Floats = self.table[[self._rows[request.seat, request.text] for request in batch]]
        return rows

    def save(self, folder: Path) -> None:
        """Write a checkpoint folder that `arena.load_player` opens without solving the game again."""
        given = {"iterations": self.iterations, **self.settings}
        manifest = checkpoint.Manifest(
            player=f"{self.solver}({', '.join(f'{key}={value!r}' for key, value in given.items())})",
            name=self.name,
            version=self.version,
            game=self.game.spec,
            fingerprint=self.game.fingerprint,
            roles=sorted(set(self.game.roles)),
        )
        tables: list[dict[str, list[float]]] = [{} for _ in self.game.roles]
        for (seat, view), row in zip(self._rows, self.table.tolist(), strict=True):
            tables[seat][view] = row
        text = json.dumps(tables, ensure_ascii=False) + "\n"
        checkpoint.write(folder, manifest, lambda draft: _write(draft / TABLES, text))

    def load(self, folder: Path) -> None:
        """Take policy and version from a checkpoint folder."""
        self.version = checkpoint.read(folder, self.game).version
        tables = json.loads((folder / TABLES).read_text(encoding="utf-8"))
        try:
            policy = np.array([tables[seat][view] for seat, view in self._rows])
        except (LookupError, TypeError, ValueError):
            policy = np.zeros(0)
        if policy.shape != self._tree.mask.shape:
            raise CheckpointError(f"{folder / TABLES} does not hold a row per information set of {self.game.name}")
        self._loaded = policy


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@lru_cache(maxsize=32)
def _solve(tree: Tree, name: str, iterations: int, settings: tuple[tuple[str, Any], ...]) -> Floats:
    """Return the policy (I, A). Equal games share a tree within a process, and so what is found for it."""
    solver: Solver = registry.find("trainers", name)(tree, **dict(settings))
    for _ in range(iterations):
        solver.step()
    policy = solver.average()
    policy.flags.writeable = False  # it is everybody's
    return policy


def cfr(game: Game[Any], iterations: int = 1000) -> Solved:
    """Return counterfactual regret minimisation (Zinkevich et al., 2007)."""
    return Solved(game, "cfr", iterations)


def cfr_plus(game: Game[Any], iterations: int = 500) -> Solved:
    """Return CFR+ (Tammelin, 2014)."""
    return Solved(game, "cfr_plus", iterations)


def discounted_cfr(
    game: Game[Any], iterations: int = 500, alpha: float = 1.5, beta: float = 0.0, gamma: float = 2.0
) -> Solved:
    """Return discounted CFR (Brown & Sandholm, 2019)."""
    return Solved(game, "discounted_cfr", iterations, alpha=alpha, beta=beta, gamma=gamma)


def mccfr(game: Game[Any], iterations: int = 1000, seed: int = 0, walks: int = 128) -> Solved:
    """Return external-sampling Monte Carlo CFR (Lanctot et al., 2009) with so many walks per seat and iteration."""
    if type(walks) is not int or walks < 1:
        raise ConfigError(f"mccfr cannot make {walks!r} walks: give 1 or more")
    return Solved(game, "mccfr", iterations, seed=seed, walks=walks)


def fictitious_play(game: Game[Any], iterations: int = 1000) -> Solved:
    """Return extensive-form fictitious play (Heinrich et al., 2015)."""
    return Solved(game, "fictitious_play", iterations)
