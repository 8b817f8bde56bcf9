"""The population of a run: learners, frozen snapshots and anchors, and who of them meets whom.

Everything here is a function of the run's store and configuration, so a run that was killed finds its
opponent pool, its tallies and its rating matches where they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from arena.config import LeagueConfig
from arena.errors import ConfigError
from arena.game import Game
from arena.match import play_rounds
from arena.matchmaking import opponent_distribution
from arena.payoff import normalised
from arena.player import Player
from arena.rating import refuse_unratable
from arena.record import Record
from arena.registry import checkpoint_digest, load_checkpoint, load_player
from arena.schedule import challenge
from arena.store import Member, Store

RECENT_CHECKPOINTS = 3
"""Win rates for matchmaking are those of the tallies since so many checkpoints: a learner outgrows older ones."""
PRIOR_MATCHES = 10
"""Imaginary even matches in every win rate, so that a few lucky ones do not decide."""


class League:
    """A run's population over its open store."""

    def __init__(self, store: Store, game: Game[Any], config: LeagueConfig) -> None:
        self.store, self.game, self.config = store, game, config
        self._players: dict[str, Player] = {}
        self._begin()

    def _begin(self) -> None:
        """Write configuration and anchors into a new store, or check that an old one is of this run."""
        refuse_unratable(self.game)
        anchors = [
            Member(name, spec, "anchor", 0, checkpoint_digest(spec)) for name, spec in self.config.anchors.items()
        ]
        wanted = self.config.model_dump()
        kept = self.store.meta("config")
        if kept is None:
            with self.store.transaction():
                self.store.put_meta({"format": "league", "config": wanted, "fingerprint": self.game.fingerprint})
                self.store.put_players(anchors)
            return
        if self.store.meta("format") != "league":
            raise ConfigError(
                f"{self.store.folder} holds a {self.store.meta('format')}, not a league: use another folder"
            )
        if different := _first_difference(kept, json.loads(json.dumps(wanted))):
            raise ConfigError(
                f"{self.store.folder} was begun with another {different}: "
                "go on with the old configuration, or give this run another folder"
            )
        if self.store.meta("fingerprint") != self.game.fingerprint:
            raise ConfigError(
                f"{self.store.folder} was begun under other rules of {self.game.name}: use another folder"
            )
        before = {member.name: member for member in self.members("anchor")}
        for anchor in anchors:
            if before[anchor.name] != anchor:
                raise ConfigError(f"the checkpoint of anchor {anchor.name!r} has changed since the run was begun")

    def members(self, kind: str) -> list[Member]:
        """Return the members of a kind ("anchor", "snapshot" or "learner"), oldest first."""
        return [member for member in self.store.players() if member.kind == kind]

    def player(self, name: str) -> Player:
        """Return a frozen member, ready to play; it is loaded once."""
        if name not in self._players:
            if name in self.config.anchors:
                self._players[name] = load_player(self.config.anchors[name], self.game, name)
            else:
                member = {m.name: m for m in self.members("snapshot")}[name]
                self._players[name] = load_checkpoint(self.store.folder / member.spec, self.game, name)
        return self._players[name]

    def opponents(self, learner: str) -> dict[str, float]:
        """Return name → probability of the learner's next opponent; its own name is itself as it is now."""
        past = [member.name for member in self.members("snapshot")]
        return opponent_distribution(self.config.opponents, learner, past, self.win_rates(learner))

    def win_rates(self, learner: str) -> dict[str, float]:
        """Return the learner's recent payoff in [0, 1] per opponent: ½ + payoff / (2 · greatest payoff)."""
        steps = sorted({tally.step for tally in self.store.tallies()})[-RECENT_CHECKPOINTS:]
        matches: dict[str, int] = {}
        payoff: dict[str, float] = {}
        for tally in self.store.tallies():
            if tally.learner == learner and tally.step in steps:
                matches[tally.opponent] = matches.get(tally.opponent, 0) + tally.wins + tally.draws + tally.losses
                payoff[tally.opponent] = payoff.get(tally.opponent, 0.0) + tally.payoff
        mean = {name: payoff[name] / (matches[name] + PRIOR_MATCHES) for name in matches}
        return {name: float(normalised(value, self.game.scale)) for name, value in mean.items()}

    def rate(self, snapshot: Member) -> Iterator[Record]:
        """Play the rating matches of a snapshot that are not in the store yet, and yield them as they are kept.

        It meets every anchor and the `rivals` snapshots that came before it.
        """
        earlier = [m.name for m in self.members("snapshot") if (m.step, m.name) < (snapshot.step, snapshot.name)]
        rivals = earlier[len(earlier) - self.config.rating.rivals :] if self.config.rating.rivals else []
        names = [*self.config.anchors, *rivals]
        pairs, seed = self.config.rating.pairs, self.config.seed
        fixtures = list(challenge(self.game, snapshot.name, names, pairs, seed, "rating", snapshot.step))
        known = self.store.known(fixture.key for fixture in fixtures)
        missing = [fixture for fixture in fixtures if fixture.key not in known]
        players = {name: self.player(name) for name in [snapshot.name, *names]}
        yield from self.store.keep(play_rounds(self.game, missing, players))

    def digest(self) -> str:
        """Return one hash over weights, trainers' states, opponent pool and tallies.

        Two runs of one configuration that saw no or any crash end with the same digest (on the CPU).
        """
        pool = [(m.name, m.kind, m.step, m.digest) for m in self.store.players()]
        what = [pool, self.store.meta("trainers", {}), self.store.tallies()]
        return sha256(json.dumps(what).encode()).hexdigest()[:16]


def _first_difference(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> str:
    """Return the dotted key at which two configurations differ first; empty if nowhere."""
    for key in [*old, *(key for key in new if key not in old)]:
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            if inner := _first_difference(a, b, f"{prefix}{key}."):
                return inner
        elif a != b:
            return f"{prefix}{key} ({a!r}, now {b!r})"
    return ""
