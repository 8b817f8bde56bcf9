"""The same questions in other processes, where texts hash otherwise, so that a set comes in another order.

A game that lists a set without sorting it is another game in every process, for the same seed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import ArenaError
from arena.game import Game
from arena.registry import find, load_game
from arena.seeds import generator
from arena.testing.facts import facts
from arena.testing.findings import Findings, short
from arena.testing.random_play import random_game

_GAMES, _STATES = 3, 60
"""Random games, and states of them, that are asked about."""

_HASH_SEEDS = ("1", "2")
"""By one other process two actions come in another order only every second time."""

_PATIENCE = 20.0
"""Seconds after which the other processes are given up."""

_CODE = "from arena.testing.elsewhere import answer_parent; answer_parent()"


class Answer(NamedTuple):
    """What was said, short enough to be sent and shown."""

    moves: Sequence[str]
    """Where it was asked."""
    question: str
    digest: str
    shown: str


def check_elsewhere(game: Game[Any], findings: Findings, seed: int) -> None:
    """Compare random games here with the same ones in two processes, each with a hash seed of its own."""
    spec = _spec(game)
    if spec is None:
        findings.note(
            "one_process",
            "it was not compared with itself in another process, which needs a game with a name",
            "run `arena check FILE.py:CLASS`: it also finds sets that come in another order in every process",
        )
        return
    processes = [_start(spec, seed, hash_seed) for hash_seed in _HASH_SEEDS]
    try:
        here = answers(game, seed)
        for process in processes:
            said, last_words = process.communicate(timeout=_PATIENCE)
            if process.returncode:
                why = (last_words.strip().splitlines() or ["it said nothing"])[-1]
                seen = f"another process could not be asked the same: {short(why)}"
                findings.note("one_process", seen, "see that the game can be loaded by its name")
                return
            there = [Answer(*answer) for answer in json.loads(said.splitlines()[-1])]
            if differ(here, there, findings):
                return
    except subprocess.TimeoutExpired:
        seen = f"another process did not answer within {_PATIENCE:g} s"
        findings.note("one_process", seen, "see that the game can be loaded by its name, and soon")
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def answers(game: Game[Any], seed: int) -> list[Answer]:
    """Return what a game answers in a few random games."""
    rng = generator(seed, "elsewhere")
    found: list[Answer] = []
    states = 0
    for _ in range(_GAMES):
        s, moves = game.start(), list[str]()
        for before, _, action in random_game(game, rng):
            found += _ask(game, before, moves)
            s, moves, states = game.step(before, action), [*moves, action], states + 1
            if states >= _STATES:
                return found
        found += _ask(game, s, moves)
    return found


def _ask(game: Game[Any], s: Any, moves: list[str]) -> Iterator[Answer]:
    for question, value in facts(game, s).items():
        yield Answer(moves, question, sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:16], short(value))


def differ(here: Sequence[Answer], there: Sequence[Answer], findings: Findings) -> bool:
    """Write down where two processes answer differently for the first time; return whether they do."""
    for one, other in zip(here, there, strict=False):
        if (one.question, one.digest) != (other.question, other.digest):
            with findings.at(one.moves):
                findings.error(
                    "unordered",
                    f"{one.question} is {one.shown} in this process, and {other.shown} in another",
                    "sort what comes from a set: its order changes from process to process, and results with it",
                )
            return True
    return False


# The other process.


def answer_parent() -> None:
    """Load the game and write down what it answers: the spec and the seed are this process's arguments."""
    spec, seed = sys.argv[1:]
    try:
        with redirect_stdout(sys.stderr):  # what the game prints is no answer
            said = answers(load_game(spec), int(seed))
    except Exception as error:  # noqa: BLE001 - whatever it is, one line is enough for the parent
        sys.exit(f"{type(error).__name__}: {error}".replace("\n", " "))
    sys.stdout.write("\n" + json.dumps(said))


def _start(spec: str, seed: int, hash_seed: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
    return subprocess.Popen(  # noqa: S603 - Python itself, with our own line
        [sys.executable, "-P", "-c", _CODE, spec, str(seed)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
    )  # fmt: skip


def _spec(game: Game[Any]) -> str | None:
    """Return what another process can load this game by; None where it has no such name."""
    given: str | None = vars(game).get("_spec")
    if given is not None:
        return given
    try:
        return game.spec if find("games", game.name) is type(game) else None
    except ArenaError:
        return None
