"""The games of one run, and how a learner's play is shared out among them.

A run of one game is a league in the run's folder. A run of several keeps weights, the step and the curriculum there,
and in a folder for each game an ordinary league: its matches, its ladder, its histories. A checkpoint is written to
the games first and to the run last, and what a crash left in a game that the run has not seen is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from arena.batch import TokenBatch, together
from arena.config import LeagueConfig
from arena.config.several_games import label
from arena.curriculum import Curriculum, Evidence, allot, curriculum
from arena.errors import ConfigError, PlayerError
from arena.league import League, begin, learner_of
from arena.player import close
from arena.registry import load_game
from arena.runs import SEVERAL
from arena.seeds import generator
from arena.store import Member, Store
from arena.trainers.collect import Played
from arena.trainers.learner import Learner
from arena.trainers.trainer import Lessons, Report
from arena.trainers.venue import Venue


def stores(run: Store, config: LeagueConfig, ends: ExitStack) -> list[Store]:
    """Return the store of each game's league: the run's own, or with several games one in a folder for each."""
    if not config.games:
        return [run]
    return [ends.enter_context(Store.open(run.folder / label(game))) for game in config.games]


class Circuit:
    """All games of a run; `all` holds one venue for each, in the order of the file."""

    def __init__(self, run: Store, config: LeagueConfig, of_games: Iterable[Store]) -> None:
        """Begin the leagues, or go on with them. Raises ConfigError where they are those of another run."""
        self.run, self.config = run, config
        if self.several:
            begin(run, config, {"format": SEVERAL})
        self.all = [
            Venue(League(store, load_game(one.game), one, run.folder), label(one.game) if self.several else "")
            for store, one in zip(of_games, config.of_each_game(), strict=True)
        ]
        self._check_cast()
        self.played: list[Venue] = []
        """Where the latest update's matches were played: not everywhere, if a game's share is small."""
        self._curricula: dict[str, Curriculum] = {}
        for venue in self.all:
            venue.restore(run.meta("history", {}).get(venue.label, {}))
        if self.several:
            self._go_back(int(run.meta("step", 0)))
            self._resume_curricula()

    def _check_cast(self) -> None:
        """Raise ConfigError for a player who has a seat in none of the games."""
        seated = {name for venue in self.all for name in venue.league.cast}
        for role, name in self.config.cast_names.items():
            if name not in seated:
                raise ConfigError(f"none of the games has a cast seat {role!r}: leave cast.{role} out")

    @property
    def several(self) -> bool:
        """Whether there is more than one league to keep apart."""
        return bool(self.config.games)

    @property
    def first(self) -> League:
        """The league of the first game, which is the only one or decides like all others who joins and when."""
        return self.all[0].league

    def close(self) -> None:
        """Let all players give up what they hold, once: a learner is the same in all games."""
        close({id(player): player for venue in self.all for player in venue.league.held()}.values())

    def checkpointed(self) -> None:
        """Begin to count training matches anew; who meets whom is asked again."""
        for venue in self.all:
            venue.checkpointed()

    def play(self, learner: Learner, step: int) -> Played:
        """Play the matches of one update, each game its share; and further ones where they do not fill it."""
        found: dict[str, Played] = {}
        matches = self.config.training.matches
        played = self._play(learner, step, 0, matches, found)
        filters = self.config.training.token_policy_gradient.filters
        for refill in range(filters.refills if filters is not None else 0):
            if not (wanting := learner.wanting(played.batches)):
                break
            played = self._play(learner, step, refill + 1, min(wanting, matches), found)
        self.played = [venue for venue in self.all if venue.label in found]
        records = [record for venue in self.played for record in venue.records]
        if records and not any(record.stop.rated for record in records):
            raise PlayerError(f"all training matches of {learner.name} were abandoned: {records[0].reason}")
        return played

    def _play(self, learner: Learner, step: int, refill: int, matches: int, found: dict[str, Played]) -> Played:
        """Play so many matches of an update beside those that were `found` by game, and return all that is to learn."""
        number = {self.all[0].label: matches}
        if self.several:
            rng = generator(self.config.seed, "games", learner.name, step, refill)
            number = allot(self._curricula[learner.name].shares(), matches, rng)
        for venue in self.all:
            if number[venue.label]:
                more = venue.label in found
                found[venue.label] = venue.play(learner, step, number[venue.label], more)
        if not self.several:
            return found[self.all[0].label]
        return Played({policy_id: self._together(found, policy_id) for policy_id in learner.trainers}, {})

    def _together(self, played: Mapping[str, Played], policy_id: str) -> TokenBatch | Lessons:
        """Return what a policy learns from all games; what one update learns from is of one kind in all of them."""
        scales = {venue.label: venue.league.game.scale for venue in self.all}
        found = {game: of.batches[policy_id] for game, of in played.items()}
        lessons = {game: batch.batch for game, batch in found.items() if isinstance(batch, Lessons)}
        if lessons:
            return Lessons(together(lessons, scales))
        return together({game: batch for game, batch in found.items() if isinstance(batch, TokenBatch)}, scales)

    def learned(self, learner: str, step: int, report: Report) -> None:
        """Take from the report of an update how large the advantages were in each game."""
        if self.several:
            sizes = {venue.label: report.others.get(f"{venue.label}/advantage") for venue in self.all}
            shown = {game: Evidence(advantage=size) for game, size in sizes.items() if size is not None}
            self._curricula[learner].update(step, shown)

    def rated(self, venue: Venue, snapshot: Member) -> None:
        """Take how a snapshot has scored against the anchors of a game."""
        if self.several:
            shown = {venue.label: Evidence(score=venue.score(snapshot.name))}
            self._curricula[learner_of(snapshot.name)].update(snapshot.step, shown)

    def shares(self) -> dict[str, dict[str, float]]:
        """Return learner → game → its part of the next play; empty in a run of one game."""
        return {name: of.shares() for name, of in self._curricula.items()}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen, those to the run last, or it will be as if none had."""
        with ExitStack() as ends:
            ends.enter_context(self.run.transaction())
            for venue in self.all if self.several else ():
                ends.enter_context(venue.league.store.transaction())
            yield

    def put(self, members: Sequence[Member], values: Mapping[str, Any]) -> None:
        """Write members and named values for the run and all its leagues; call inside a transaction."""
        self.run.put_players(members)
        self.run.put_meta({**values, **self._kept()})
        for venue in self.all if self.several else ():
            venue.league.store.put_players(_from_below(members))
            venue.league.store.put_meta(values)

    def digest(self) -> str:
        """Return one hash over all leagues; see `League.digest`."""
        digests = [venue.league.digest() for venue in self.all]
        if not self.several:
            return digests[0]
        return sha256(json.dumps([digests, self._kept()]).encode()).hexdigest()[:16]

    def _kept(self) -> dict[str, Any]:
        """Return what goes on from checkpoint to checkpoint beside weights."""
        histories = {venue.label: kept for venue in self.all if (kept := venue.kept())}
        kept = {"history": histories} if histories else {}
        return {**kept, "curriculum": {n: of.state() for n, of in self._curricula.items()}} if self.several else kept

    def _go_back(self, step: int) -> None:
        """Let leagues forget what a kill has left: matches of weights that are lost, and perhaps a checkpoint."""
        values = {key: self.run.meta(key) for key in ("step", "trainers", "born")} if step else {}
        for venue in self.all:
            store = venue.league.store
            with store.transaction():
                store.forget_training(0, step + 1)
                if int(store.meta("step", 0)) > step:
                    store.forget_after(step)
                    store.put_players(_from_below(self.run.players()))
                    store.put_meta({"step": 0, **values})

    def _resume_curricula(self) -> None:
        """Begin the curricula, and show them all that the checkpoints and the rated matches so far say."""
        kept, chosen = self.run.meta("curriculum", {}), self.config.curriculum
        weights = {label(game): weight for game, weight in chosen.weights.items()}
        chosen = chosen.model_copy(update={"weights": weights})
        for name in self.config.learners:
            self._curricula[name] = curriculum(chosen, [venue.label for venue in self.all])
            if name in kept:
                self._curricula[name].restore(kept[name])
        for venue in self.all:
            rated = {player for _, player, _ in venue.league.store.measures("rated")}
            for snapshot in venue.league.members("snapshot"):
                if snapshot.name in rated:
                    self.rated(venue, snapshot)


def _from_below(members: Iterable[Member]) -> list[Member]:
    """Return members of a run as those of a league in a folder below it."""
    return [member._replace(spec=str(Path("..", member.spec))) for member in members]
