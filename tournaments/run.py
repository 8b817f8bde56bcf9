"""What a run's file says: the ladder, its history, payoffs and exact measures. Tables and pictures show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from arena.alpha_rank import alpha_rank
from arena.bootstrap import bootstrap_payoffs
from arena.config.fields import cast_names
from arena.diversity import policy_behaviour
from arena.errors import ArenaError, ConfigError, RatingError, UnknownName
from arena.game import Game
from arena.interval import Floats
from arena.nash_averaging import NashAverage, nash_average
from arena.payoff import PayoffMatrix, exact_matrix
from arena.player import Player
from arena.rating import Ladder, Point, history, rate
from arena.record import Cost, Result
from arena.registry import load_checkpoint, load_player, parse
from arena.runs import game_of
from arena.scores import Scores
from arena.store import Member, Store
from arena.tournaments.tournament import anchor_of
from arena.tree import enumerate_game, expected_returns, nash_conv
from arena.voids import Outages

EXACT_NODES = 20_000
"""Nodes of a game up to which payoffs are computed instead of averaged over matches: a second's work."""

BOOTSTRAP_DRAWS = 200
"""Redrawn sets of results behind a range that no formula gives."""


_UNRANKED = {
    "pit": "a comparison of two players, told by arena pit",
    "benchmark": "the answers to a benchmark, graded by arena benchmark",
}


@dataclass(frozen=True, eq=False)
class Run:
    """A league or a tournament, finished or not. What costs time is worked out when it is first asked for."""

    folder: Path
    game: Game[Any]
    results: Sequence[Result]
    members: list[Member]
    is_league: bool
    anchor: str
    """The entrant at 1000 Elo: the configured one, or the first that has results."""
    block_pairs: int
    crashes: Mapping[str, tuple[int, int]]
    """Name → (matches in which it crashed, matches it took part in)."""
    nash_conv_by_step: list[tuple[int, str, float]]
    """(update, snapshot, exact NashConv in the game's own units), oldest first."""
    digest: str
    """Of a finished league: the same configuration on a CPU gives the same, whatever happened on the way."""
    forfeits: Mapping[str, int] = field(default_factory=dict)
    """Name → matches that it forfeited; nobody who forfeited none."""
    outages: Mapping[str, Outages] = field(default_factory=dict)
    """Name → in how many matches it was not available, which counts against nobody; nobody who always was."""
    costs: Mapping[str, Cost] = field(default_factory=dict)
    """Name → what its answers have cost; nobody who told none."""
    cast: frozenset[str] = frozenset()
    """Names of those who only sit where nobody competes: they may crash, but stand on no ladder."""

    @classmethod
    def of(cls, folder: Path) -> Run:
        """Read a run. Raises StoreError where there is none, RatingError where nothing has been rated yet."""
        with Store.read(folder) as store:
            config = store.meta("config")
            if config is None:
                raise ConfigError(f"{folder} holds a run that never began: start it with arena train or tournament")
            if what := _UNRANKED.get(store.meta("format")):
                raise RatingError(f"{folder} holds {what}: it has no ladder")
            game = game_of(store)
            league = store.meta("format") == "league"
            entrants = config["anchors" if league else "entrants"]
            results = store.results(game)
            if not results:
                if store.meta("fingerprint", game.fingerprint) != game.fingerprint:
                    raise RatingError(f"{folder} holds matches of {game.name} under other rules than it has now")
                raise RatingError(f"{folder} holds no rated matches yet: let the run go on for a while")
            crashes = store.crashes()
            return cls(
                folder=folder,
                game=game,
                results=results,
                members=store.players(),
                is_league=league,
                anchor=anchor_of(None if league else config["anchor"], entrants, results),
                block_pairs=config["rating"]["block_pairs"] if league else config["block_pairs"],
                crashes=crashes,
                nash_conv_by_step=store.measures("nash_conv"),
                digest=store.meta("digest", ""),
                forfeits=store.forfeits(),
                outages=store.outages(),
                costs=store.costs(),
                cast=frozenset(cast_names(config.get("cast", {})).values()),
            )

    @property
    def title(self) -> str:
        """The folder's name and the game."""
        return f"{self.folder.name}: {getattr(self.game, 'label', self.game.spec)}"

    @cached_property
    def nash_conv(self) -> dict[str, float]:
        """Snapshot or anchor → exact NashConv, where a league has measured its snapshots."""
        exact = {name: value for _, name, value in self.nash_conv_by_step}
        if not exact:
            return {}
        tree = enumerate_game(self.game)
        for member in self.members:
            if member.kind != "anchor" or parse(member.spec).target == "chat":  # no model is loaded for a table
                continue
            try:
                exact[member.name] = nash_conv(tree, tree.policy(self._player(member.name)))
            except ArenaError:  # a player without a policy, or a folder that is gone: its place stays empty
                continue
        return exact

    @cached_property
    def ladder(self) -> Ladder:
        """The ladder of all results so far."""
        return rate(self.results, self.game, self.anchor, self.block_pairs, self._entrants_crashes)

    @cached_property
    def history(self) -> list[Point]:
        """Every member's Elo after every rated step of a league; empty for a tournament, which has one moment."""
        if not self.is_league:
            return []
        return history(self.results, self.game, self.anchor, self.block_pairs, self._entrants_crashes)

    @property
    def _entrants_crashes(self) -> dict[str, tuple[int, int]]:
        """Those of the cast count against nobody."""
        return {name: count for name, count in self.crashes.items() if name not in self.cast}

    @cached_property
    def payoffs(self) -> PayoffMatrix:
        """Exact where the game can be enumerated and all its players state their policies; otherwise as played."""
        measured = self.ladder.payoffs
        if self.game.seats != 2:
            return measured
        try:
            return self._exact(measured.names)
        except ArenaError:  # too large, a player without a policy, or a folder that is gone: then matches speak
            return measured

    @cached_property
    def nash(self) -> NashAverage:
        """The Nash average of `payoffs`. Raises RatingError where two entrants never met."""
        return nash_average(self.payoffs.mean)

    @cached_property
    def alpha_rank(self) -> Floats:
        """The alpha-rank of `payoffs`, shape (n,), at the selection from which on it no longer changes.

        Raises RatingError where two entrants never met.
        """
        return alpha_rank(self.payoffs.mean)

    @cached_property
    def redrawn_payoffs(self) -> Floats | None:
        """Payoffs as they could as well have come out, shape (draws, n, n): a bootstrap of pairs. None: exact."""
        measured = self.payoffs
        if not measured.matches.any():
            return None
        return bootstrap_payoffs(Scores.of(self.results, self.game).among(set(measured.names)), BOOTSTRAP_DRAWS)

    @cached_property
    def behaviour(self) -> Floats | None:
        """What everyone who is rated does at every information set, (K, D); None where that cannot be told."""
        return self._behaviour(self.payoffs.names)

    @cached_property
    def learners_behaviour(self) -> Floats | None:
        """That of a league's learners at the last checkpoint; None where there are none, or it cannot be told."""
        return self._behaviour([member.name for member in self.members if member.kind == "learner"])

    def _behaviour(self, names: Sequence[str]) -> Floats | None:
        try:
            tree = enumerate_game(self.game, EXACT_NODES)
            return policy_behaviour([tree.policy(self._player(name)) for name in names]) if names else None
        except ArenaError:
            return None

    def _exact(self, names: tuple[str, ...]) -> PayoffMatrix:
        tree = enumerate_game(self.game, EXACT_NODES)
        policies = {name: tree.policy(self._player(name)) for name in names}
        first = (tree.seat == 0)[:, None]

        def value(row: str, column: str) -> float:
            as_first = expected_returns(tree, np.where(first, policies[row], policies[column]))[0]
            as_second = expected_returns(tree, np.where(first, policies[column], policies[row]))[1]
            return float(as_first + as_second) / 2

        return exact_matrix(names, value)

    def _player(self, name: str) -> Player:
        member = {m.name: m for m in self.members}.get(name)
        if member is None:
            raise UnknownName(f"{self.folder} has results of {name!r}, but does not say who that is")
        if member.kind in ("snapshot", "learner"):
            return load_checkpoint(self.folder / member.spec, self.game, name)
        return load_player(member.spec, self.game, name)
