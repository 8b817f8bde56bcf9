"""A player that writes sums and works them out, with slips: a teacher for games of tasks and answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arena.errors import ConfigError, PlayerError
from arena.game import Text
from arena.player import Move, Request, Requests
from arena.seeds import generator

_TASK = re.compile(r"^task\| (.*)$", re.MULTILINE)
_SIGN = re.compile(r"(?<=[\d)])\s*[-+*/]")
"""Between two numbers; that of a negative number is none."""


class Reckoner:
    """Asked for a task it writes a sum of one to `numbers` numbers, none above `largest`, such as "3 + 5 - 2".

    Shown one it gives what it comes to; each of its operations goes wrong with probability `slip`, so that long sums
    are hard. Raises ConfigError for what is no such player, and PlayerError in a game that works no terms out.
    """

    def __init__(self, slip: float = 0.1, numbers: int = 3, largest: int = 9) -> None:
        if type(slip) not in (int, float) or not 0 <= slip <= 1:
            raise ConfigError(f"slip = {slip!r} is no probability: give 0 to 1")
        for name, value in (("numbers", numbers), ("largest", largest)):
            if type(value) is not int or value < 1:
                raise ConfigError(f"{name} = {value!r}: give a whole number from 1")
        self.name = "reckoner"
        self.slip, self.numbers, self.largest = float(slip), numbers, largest

    def act(self, batch: Requests) -> list[Move]:
        """Answer every request from its own seed."""
        return [Move(self._say(request, generator(request.seed, "reckoner"))) for request in batch]

    def _say(self, request: Request, rng: np.random.Generator) -> str:
        works_out: Callable[[str], str | None] | None = getattr(request.game, "works_out", None)
        if works_out is None or not isinstance(request.legal, Text):
            raise PlayerError(f"{request.game.name} asks for no sums, so the reckoner cannot play it")
        shown = _TASK.search(request.text)
        if request.role == "challenger" or shown is None:
            return self._sum(rng)
        return self._answer(shown[1], works_out(shown[1]), rng)

    def _sum(self, rng: np.random.Generator) -> str:
        count = int(rng.integers(1, self.numbers, endpoint=True))
        first, *others = rng.integers(1, self.largest, size=count, endpoint=True).tolist()
        return " ".join([str(first), *(f"{_drawn('+-', rng)} {number}" for number in others)])

    def _answer(self, task: str, right: str | None, rng: np.random.Generator) -> str:
        """Return what a term comes to, or a number near it; what is no term comes to nothing that is known."""
        operations = len(_SIGN.findall(task))
        if right is None or rng.random() < (1 - self.slip) ** operations:
            return right or "0"
        off = int(rng.integers(1, self.largest, endpoint=True)) * _drawn((-1, 1), rng)
        whole = re.fullmatch(r"-?\d+", right)
        return str(int(right) + off) if whole else str(off)


def _drawn(of: Sequence[Any], rng: np.random.Generator) -> Any:
    return of[int(rng.integers(len(of)))]
