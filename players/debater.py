"""A player for debates about terms: it argues by steps that anybody can check, and as a judge it checks them."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from arena.errors import ConfigError, PlayerError
from arena.game import Text
from arena.grading.exact import same
from arena.player import Move, Request, Requests
from arena.seeds import generator

_NUMBER = r"(?:\d+|\(-?\d+(?:/\d+)?\))"
_STEP = rf"{_NUMBER} [-+*/] {_NUMBER}"
_INNER, _WHOLE = re.compile(rf"\(({_STEP})\)"), re.compile(_STEP)
_TERM = re.compile(r"^question\| What is (.+?)\?", re.MULTILINE)
_OWN = re.compile(r"^your answer\| (.*)$", re.MULTILINE)
_CLAIM = re.compile(rf"({_STEP}) = (-?\d+(?:/\d+)?)")

WorksOut = Callable[[str], str | None]


class Debater:
    """As a debater it works the term of the question out, a line for each operation, such as "12 - 5 = 7".

    Each operation goes wrong with probability `slip`, and the last one comes to its own answer, whatever that is. As a
    judge it believes who has made a claim of that form, and none that is wrong; where that is true of both or of
    nobody, who is shown first. Raises ConfigError for no probability, and PlayerError in a game that is no such debate.
    """

    def __init__(self, slip: float = 0.0) -> None:
        if type(slip) not in (int, float) or not 0 <= slip <= 1:
            raise ConfigError(f"slip = {slip!r} is no probability: give 0 to 1")
        self.name = "debater"
        self.slip = float(slip)

    def act(self, batch: Requests) -> list[Move]:
        """Answer every request from its own seed."""
        return [Move(self._say(request)) for request in batch]

    def _say(self, request: Request) -> str:
        works_out: WorksOut | None = getattr(request.game, "works_out", None)
        if works_out is None or not isinstance(request.legal, Text):
            raise PlayerError(f"{request.game.name} has no terms to debate, so the debater cannot play it")
        view = request.text
        if request.legal.moves:
            first, second = (_sound(name, view, works_out) for name in ("A", "B"))
            return "B" if second and not first else "A"
        term, own = _TERM.search(view), _OWN.search(view)
        if own is None:
            raise PlayerError(f"{request.game.name} gives nobody an answer to defend, so the debater cannot play it")
        return self._argument(term[1] if term else "", own[1], works_out, generator(request.seed, "debater"))

    def _argument(self, term: str, own: str, works_out: WorksOut, rng: np.random.Generator) -> str:
        """Return the steps from a term to an answer; what is no term has none."""
        lines = []
        while (inner := _INNER.search(term)) and (value := works_out(inner[1])) is not None:
            if rng.random() < self.slip:
                value = works_out(f"({value}) + 1") or value
            lines.append(f"{inner[1]} = {value}")
            term = f"{term[: inner.start()]}{value if value.isdecimal() else f'({value})'}{term[inner.end() :]}"
        if _WHOLE.fullmatch(term):
            lines.append(f"{term} = {own}")
        return "\n".join([*lines, f"So it is {own}."])


def _sound(name: str, view: str, works_out: WorksOut) -> bool:
    """Return whether a debater has made claims that can be checked, and all of them hold."""
    spoken = re.findall(rf"^{name}\| (.*)$", view, re.MULTILINE)
    claims = [claim for line in spoken for claim in _CLAIM.findall(line)]
    return bool(claims) and all(same(works_out(term) or "", value) for term, value in claims)
