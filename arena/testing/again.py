"""Old questions asked once more, when the game has played on, and of a game that has never played.

Whoever remembers something outside the state answers them differently by then; asked twice in a row, it would not.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from arena.game import Game
from arena.testing.asking import Asking
from arena.testing.facts import facts, first_difference
from arena.testing.findings import Broken, short

_FIRST, _THEN, _MOST = 30, 20, 100
"""States that are kept: all of the first ones, then every twentieth, and so many in all."""


class Again:
    """Keeps what a game answered about some states, to ask again."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._met = 0
        self._kept: list[tuple[tuple[str, ...] | None, Any, dict[str, Any]]] = []

    def note(self, s: Any) -> None:
        """Keep what is answered about a state, if it is among those that are kept."""
        self._met += 1
        if len(self._kept) >= _MOST or (self._met > _FIRST and self._met % _THEN):
            return
        moves = self._asking.findings.moves
        with suppress(Exception):  # a question that has no answer is a finding where the state is looked at
            self._kept.append((None if moves is None else tuple(moves), s, facts(self._asking.game, s)))

    def check(self) -> None:
        """Ask this game again, and then one that is made anew."""
        game = self._asking.game
        if "mutates" in self._asking.findings:
            return  # these states are not what they were
        with suppress(Broken):
            self._compare(game, "later")
            try:
                anew = type(game)(**game.parameters)
            except Exception:  # noqa: BLE001 - it is a finding where the declaration is read
                return
            self._compare(anew, "of a game made anew")

    def _compare(self, game: Game[Any], when: str) -> None:
        findings = self._asking.findings
        for moves, s, before in self._kept:
            try:
                now = facts(game, s)
                name = first_difference(before, now)
                seen = "" if name is None else f"{name} was {short(before[name])}, and is {short(now.get(name))}"
            except Exception as error:  # noqa: BLE001 - it has answered before
                seen = f"what was answered before now raises {error!r}"
            if seen:
                advice = "compute from the state alone: self holds the parameters, and nothing that play changes"
                with findings.at(moves):
                    findings.error("impure", f"{seen} when it is asked again, {when}", advice)
                raise Broken
