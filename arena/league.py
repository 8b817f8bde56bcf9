"""The population of a run: learners, frozen snapshots and anchors, who of them meets whom, and when it grows.

Everything here is a function of the run's store and configuration, so a run that was killed finds its
opponent pool, its tallies and its rating matches where they were, and decides as it would have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from arena import alpha_star
from arena.attendance import Unplayed
from arena.casting import check_cast, check_judges, in_run
from arena.config import LeagueConfig, check
from arena.errors import ConfigError
from arena.game import Game
from arena.interval import Floats, Interval
from arena.match import play_rounds
from arena.matchmaking import Distribution, meta_mixture, opponent_distribution
from arena.payoff import exact_matrix, normalised, payoff_matrix
from arena.player import HasPolicy, Player, close
from arena.rating import rate, refuse_unratable
from arena.record import Record, won_by_first
from arena.registry import checkpoint_digest, load_checkpoint, load_player, respelled
from arena.runs import SEVERAL
from arena.schedule import challenge
from arena.seeds import generator
from arena.store import Member, Store
from arena.tree import Tree, expected_returns

RECENT_CHECKPOINTS = 3
"""Win rates for matchmaking are those of the tallies since so many checkpoints: a learner outgrows older ones."""
PRIOR_MATCHES = 10
"""Imaginary even matches in every win rate, so that a few lucky ones do not decide."""


class League:
    """A run's population in one game, over its open store.

    A run of several games has a league for each, and its weights lie elsewhere: in the folder `home`.
    """

    def __init__(self, store: Store, game: Game[Any], config: LeagueConfig, home: Path | None = None) -> None:
        self.store, self.game, self.config = store, game, config
        self.home = home or store.folder
        self.anchors = config.specs(game.spec)
        self._players: dict[str, Player] = {}
        self._learning: dict[str, Player] = {}
        self._exact: dict[tuple[str, str], float] = {}
        self._begin()

    def _begin(self) -> None:
        """Write configuration and anchors into a new store, or check that an old one is of this run."""
        refuse_unratable(self.game)
        self.cast = self._seated_cast()
        if not self.config.judges_itself:
            self._check_judges()
        anchors = [Member(name, spec, "anchor", 0, checkpoint_digest(spec)) for name, spec in self.anchors.items()]
        if begin(self.store, self.config, {"format": "league", "fingerprint": self.game.fingerprint}, anchors):
            return
        if self.store.meta("fingerprint") != self.game.fingerprint:
            raise ConfigError(
                f"{self.store.folder} was begun under other rules of {self.game.name}: use another folder"
            )
        before = {member.name: member for member in self.members("anchor")}
        for anchor in anchors:
            if before[anchor.name] != anchor:
                raise ConfigError(f"the checkpoint of anchor {anchor.name!r} has changed since the run was begun")

    def _seated_cast(self) -> dict[str, str]:
        """Return name → spec of those on the game's cast seats; raises ConfigError where they do not fit it."""
        cast = self._roles_cast()
        check_cast(self.game, cast)
        return {self.config.cast_names[role]: spec for role, spec in cast.items()}

    def _roles_cast(self) -> dict[str, str]:
        """Return role → spec of this game's cast: of a run of several games, some may lack a seat."""
        cast = self.config.cast
        if self.home == self.store.folder:
            return cast
        seats = {role for role, side in zip(self.game.roles, self.game.side_of, strict=True) if side < 0}
        return {role: spec for role, spec in cast.items() if role in seats}

    def _check_judges(self) -> None:
        """Raise ConfigError for a judge that is of one mind with whom it judges, or with what a learner began as."""
        learners = {name: learner.player for name, learner in self.config.learners.items()}
        cast = {role: self.spec(spec) for role, spec in self._roles_cast().items()}
        check_judges(self.game, cast, {name: self.spec(spec) for name, spec in {**learners, **self.anchors}.items()})
        if self.config.base is not None and self.config.base.model:
            taught = respelled("chat", {"model": self.config.base.model})
            check_judges(self.game, cast, {name: taught for name, spec in learners.items() if self.spec(spec) != spec})

    def members(self, kind: str) -> list[Member]:
        """Return the members of a kind ("anchor", "snapshot" or "learner"), oldest first."""
        return [member for member in self.store.players() if member.kind == kind]

    def enlist(self, learner: str, player: Player) -> None:
        """Let others meet a learner as it is now: the player that it trains."""
        self._learning[learner] = player

    def is_learning(self, name: str) -> bool:
        """Tell whether this is a learner, whose play changes with every update."""
        return name in self._learning

    def player(self, name: str) -> Player:
        """Return a member or one of the cast, ready to play: a learner as it is now, others are loaded once."""
        if name in self._learning:
            return self._learning[name]
        if name not in self._players:
            if unchanging := self.anchors.get(name) or self.cast.get(name):
                self._players[name] = load_player(self.spec(unchanging), self.game, name)
            else:
                member = {m.name: m for m in self.members("snapshot")}[name]
                self._players[name] = load_checkpoint(self.store.folder / member.spec, self.game, name)
        return self._players[name]

    def spec(self, spec: str) -> str:
        """Return a player's spec, in which the model 'base' is that of the run."""
        return spec if self.config.base is None else in_run(spec, self.home)

    def held(self) -> list[Player]:
        """Return all players that it has loaded, or was given."""
        return [*self._learning.values(), *self._players.values()]

    def close(self) -> None:
        """Let all players give up what they hold."""
        close(self.held())

    def opponents(self, learner: str, tree: Tree | None = None) -> Distribution:
        """Return name → probability of the learner's next opponent; its own name is itself as it is now.

        With the game's tables, meta-solvers are asked about exact payoffs.
        """
        if self._role(learner) != "plain":
            return alpha_star.opponents(self._standing(learner))
        past, win_rate, weights = list(self._past()), self.win_rates(learner), self.config.opponents
        meta = self.meta_mixture(tree, win_rate) if weights.meta else {}
        return opponent_distribution(weights, learner, past, win_rate, meta, list(self.anchors))

    def joins(self, learner: str, step: int) -> bool:
        """Tell whether a copy of the learner joins the population at the checkpoint of this step."""
        schedule = self.config.schedule
        if step == self.config.training.updates:
            return True
        if self._role(learner) == "plain":
            return step % schedule.snapshot_every == 0
        last = max((m.step for m in self.members("snapshot") if learner_of(m.name) == learner), default=0)
        return alpha_star.joins(self._standing(learner), step - last, schedule.snapshot_every)

    def starts_afresh(self, learner: str, step: int) -> bool:
        """Tell whether the learner begins again with its first weights, now that a copy has joined at this step."""
        if step == self.config.training.updates:
            return False
        role = self._role(learner)
        if role == "plain":
            return self.config.learners[learner].fresh_after_snapshot
        chance = alpha_star.RESET[role]
        return bool(generator(self.config.seed, "reset", learner, step).random() < chance)

    def born(self, learner: str) -> int:
        """Return the step at which the learner began with its first weights, or did so again."""
        return int(self.store.meta("born", {}).get(learner, 0))

    def win_rates(self, learner: str) -> dict[str, float]:
        """Return the learner's recent payoff in [0, 1] per opponent: ½ + payoff / (2 · greatest payoff).

        What it did before it last started afresh is not its own any more.
        """
        tallies = self.store.tallies()
        recent = set(sorted({tally.step for tally in tallies})[-RECENT_CHECKPOINTS:])
        born = self.born(learner)
        matches: dict[str, int] = {}
        payoff: dict[str, float] = {}
        for tally in tallies:
            if tally.learner == learner and tally.step in recent and tally.step > born:
                matches[tally.opponent] = matches.get(tally.opponent, 0) + tally.wins + tally.draws + tally.losses
                payoff[tally.opponent] = payoff.get(tally.opponent, 0.0) + tally.payoff
        mean = {name: payoff[name] / (matches[name] + PRIOR_MATCHES) for name in matches}
        return {name: float(normalised(value, self.game.scale)) for name, value in mean.items()}

    def strengths(self, step: int) -> dict[str, Interval]:
        """Return plain learner → Elo with its 95% interval, that of the copy that joined at this step.

        Against everybody who was rated so far; a learner that has no Elo yet is left out.
        """
        copies = {m.name: learner_of(m.name) for m in self.members("snapshot") if m.step == step}
        anchor, block_pairs = next(iter(self.anchors)), self.config.rating.block_pairs
        ladder = rate(self.store.results(self.game), self.game, anchor, block_pairs)
        found = {}
        for row in ladder.rows:
            learner = copies.get(row.name)
            if learner is None or self._role(learner) != "plain":
                continue
            if row.elo is not None and row.low is not None and row.high is not None:
                found[learner] = Interval(row.elo, row.low, row.high)
        return found

    def meta_mixture(self, tree: Tree | None, win_rate: Mapping[str, float] | None = None) -> Distribution:
        """Return the configured meta-solver's mixture of all snapshots; rectified for a learner's win rates."""
        past = list(self._past())
        return meta_mixture(self.config.opponents.meta_solver, past, self.payoffs(past, tree), win_rate or {})

    def payoffs(self, names: Sequence[str], tree: Tree | None = None) -> Floats:
        """Return (n, n) what the row earns per match against the column, in the game's own units; of frozen members.

        Exact from the game's tables, where there are some and the members state their policies. Else the means of
        the rating matches so far, and 0 where two have not met.
        """
        if tree is not None and all(isinstance(self.player(name), HasPolicy) for name in names):
            return exact_matrix(names, lambda row, column: self._exact_payoff(row, column, tree)).mean
        table = np.zeros((len(names), len(names)))
        results = self.store.results(self.game)
        if results:
            known = payoff_matrix(results, self.game)
            place = {name: i for i, name in enumerate(known.names)}
            met = [(i, place[name]) for i, name in enumerate(names) if name in place]
            for i, k in met:
                for j, m in met:
                    table[i, j] = np.nan_to_num(known.mean[k, m])
        return table

    def _exact_payoff(self, row: str, column: str, tree: Tree) -> float:
        """Return what `row` earns against `column`, averaged over the sides."""
        if (row, column) not in self._exact:
            policies = [tree.policy(self.player(name)) for name in (row, column)]
            side_of, earned = np.array(self.game.side_of), []
            for side in range(self.game.entrants):
                mine = (side_of == side)[tree.seat][:, None]
                returns = expected_returns(tree, np.where(mine, *policies))
                won = won_by_first(self.game, returns.tolist())
                earned.append(-won if side else won)
            self._exact[row, column] = sum(earned) / len(earned)
        return self._exact[row, column]

    def _role(self, learner: str) -> str:
        return self.config.learners[learner].league_role

    def _past(self) -> dict[str, str]:
        """Return snapshot → its learner, oldest first."""
        return {member.name: learner_of(member.name) for member in self.members("snapshot")}

    def _standing(self, learner: str) -> alpha_star.Standing:
        roles = {name: config.league_role for name, config in self.config.learners.items()}
        return alpha_star.Standing(learner, roles, self._past(), self.win_rates(learner), self.config.schedule.beaten)

    def rate(self, snapshot: Member) -> Iterator[Record]:
        """Play the rating matches of a snapshot that are not in the store yet, and yield them as they are kept.

        It meets every anchor and the `rivals` snapshots that came before it.
        """
        earlier = [m.name for m in self.members("snapshot") if (m.step, m.name) < (snapshot.step, snapshot.name)]
        rivals = earlier[len(earlier) - self.config.rating.rivals :] if self.config.rating.rivals else []
        names = [*self.anchors, *rivals]
        pairs, seed = self.config.rating.pairs, self.config.seed
        cast = self.config.cast_names
        fixtures = list(challenge(self.game, snapshot.name, names, pairs, seed, "rating", snapshot.step, cast))
        known = self.store.known(fixture.key for fixture in fixtures)
        missing = [fixture for fixture in fixtures if fixture.key not in known]
        players = {name: self.player(name) for name in [snapshot.name, *names, *self.cast]}
        unplayed = Unplayed()
        for record in self.store.keep(play_rounds(self.game, missing, players)):
            if not unplayed.takes(record):
                yield record
        unplayed.check()

    def release(self) -> None:
        """Let snapshots that nobody will meet give up what they hold: of a language model that is all its weights.

        Where opponents are drawn from the past anybody may be met.
        """
        config, learners = self.config, self.config.learners
        weights = config.opponents
        if (
            weights.uniform
            or weights.prioritised
            or weights.meta
            or any(self._role(name) != "plain" for name in learners)
        ):
            return
        near = list(self._past())[-len(learners) * max(1, config.rating.rivals) :]
        gone = [name for name in self._players if name not in (*self.anchors, *self.cast, *near)]
        close([self._players.pop(name) for name in gone])

    def digest(self) -> str:
        """Return one hash over weights, trainers' states, opponent pool and tallies.

        Two runs of one configuration that saw no or any crash end with the same digest (on the CPU).
        """
        pool = [(m.name, m.kind, m.step, m.digest) for m in self.store.players()]
        what = [pool, self.store.meta("trainers", {}), self.store.tallies()]
        return sha256(json.dumps(what).encode()).hexdigest()[:16]


def begin(store: Store, config: LeagueConfig, about: Mapping[str, str], members: Sequence[Member] = ()) -> bool:
    """Write what a new run is into its store, and return whether it is new.

    Raises ConfigError where the store holds something else, or a run of another configuration.
    """
    kept, kind = store.meta("config"), about["format"]
    if kept is None:
        with store.transaction():
            store.put_meta({**about, "config": config.model_dump()})
            store.put_players(members)
        return True
    if store.meta("format") != kind:
        named = {"league": "a league", SEVERAL: "leagues of several games"}
        held = store.meta("format")
        raise ConfigError(f"{store.folder} holds {named.get(held, f'a {held}')}, not {named[kind]}: use another folder")
    # A file that an older arena wrote lacks newer keys: their defaults are what it did.
    begun = check(kept, LeagueConfig, str(store.folder))
    if different := _first_difference(begun.identity, config.identity):
        raise ConfigError(
            f"{store.folder} was begun with another {different}: "
            "go on with the old configuration, or give this run another folder (--run)"
        )
    return False


def learner_of(snapshot: str) -> str:
    """Return the learner that a snapshot is a copy of: "main" of "main-0300"."""
    return snapshot.rpartition("-")[0]


def _first_difference(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> str:
    """Return the dotted key at which two configurations differ first; empty if nowhere."""
    for key in [*old, *(key for key in new if key not in old)]:
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            if inner := _first_difference(a, b, f"{prefix}{key}."):
                return inner
        elif a != b:
            return f"{prefix}{key} ({a!r}, now {b!r}){_WHY.get(prefix + key, '')}"
    return ""


_WHY = {"training.updates": ", and as learning rates fall to 0 over all updates, it would have learnt otherwise so far"}
"""Dotted key → why a run cannot go on with another value, where a reader might think that it could."""
