"""The self-play loop: collect, update, checkpoint, snapshot, reset, rate. It can be killed anywhere and started again.

All that a step needs is its number: generators are derived from (seed, learner, step). A checkpoint is
published by one transaction that moves the step forward, and what a killed run did after it is done again
with the same result.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, cast

import torch

from arena import checkpoint
from arena.batch import DecisionBatch, TokenBatch
from arena.config import LeagueConfig
from arena.errors import ArenaError, ConfigError
from arena.player import Trainable, TrainableTokens, close
from arena.seeds import generator
from arena.store import Member, Store
from arena.trainers import dvd, transfer
from arena.trainers.circuit import Circuit, stores
from arena.trainers.collect import Played
from arena.trainers.learner import Learner
from arena.trainers.population import Population, explored, heirs
from arena.trainers.roll_back import RollBack
from arena.trainers.tracking import Tracking
from arena.trainers.trainer import Lessons, Penalty, Report, Walked
from arena.trainers.venue import Venue
from arena.trainers.watch import Watch


class Progress(NamedTuple):
    """What a watcher of the run is told after every update and every rated snapshot."""

    step: int
    updates: int
    report: Report | None = None
    """The last learner's update."""
    rated: int = 0
    """Rating matches played since the last word."""
    snapshot: str = ""
    """The snapshot that has just been rated."""
    game: str = ""
    """In which game, where there are several."""
    nash_conv: float | None = None
    """Its exact NashConv, in the game's own units, where the game can be enumerated."""
    mixture_nash_conv: float | None = None
    """That of the meta-solver's mixture of all snapshots, where learners meet it."""
    alarms: Sequence[str] = ()
    """What is not as it should be, a sentence each."""
    rolled_back: RollBack | None = None
    """A learner has gone back to an earlier snapshot."""


Tell = Callable[[Progress], None]


def train(config: LeagueConfig, folder: Path, tell: Tell = lambda _: None) -> str:
    """Run a league in `folder`, or go on with it, until its last update is rated. Returns the run's digest."""
    with Store.open(folder) as store, _one_thread(), ExitStack() as ends:
        of_games = stores(store, config, ends)
        fresh = [kept for kept in dict.fromkeys([store, *of_games]) if kept.meta("config") is None]
        try:
            circuit = Circuit(store, config, of_games)
            ends.callback(circuit.close)
            _prepare_base(circuit)
            settings = config.model_dump(exclude={"training": config.training.unread})
            tracking = ends.enter_context(Tracking.open(folder, config.tracking, int(store.meta("step", 0)), settings))
            run = SelfPlay(circuit, tell, Watch(circuit, tracking))
        except ArenaError:
            for begun in fresh:  # a mended configuration must not be told that the run was begun with another
                begun.forget_beginning()
            raise
        run.go()
        digest = circuit.digest()
        with store.transaction():
            store.put_meta({"digest": digest})
        return digest


def _prepare_base(circuit: Circuit) -> None:
    """Make the model that the run's language models begin with, where the configuration asks for one."""
    config = circuit.config
    if config.base is None:
        return
    from arena.trainers import base_model  # transformers is not needed for nets

    asked = [learner.player for learner in config.learners.values() if "base" in learner.player]
    games, spec = [venue.league.game for venue in circuit.all], asked[0] if asked else "chat"
    base_model.prepare(config.base, games, spec, circuit.run.folder / base_model.NAME, config.seed, _untold)


def _untold(what: str, done: int, total: int | None, unit: str, note: str) -> None:
    """Tell nobody."""


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: small nets gain nothing from more, and the order of every sum stays the same."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class SelfPlay:
    """A run in progress."""

    def __init__(self, circuit: Circuit, tell: Tell, watch: Watch) -> None:
        self.circuit, self.tell, self.watch = circuit, tell, watch
        self.config, self.store, self.league = circuit.config, circuit.run, circuit.first
        self._try_anchors()
        self.population = Population.begun(self.config, self.store.meta("population"))
        self.learners = [self._enlisted(name) for name in self.config.learners]
        self._players = self.store.folder / "checkpoints"
        self._trainers = self.store.folder / "training"
        self.step = int(self.store.meta("step", 0))
        self._resume()

    def go(self) -> None:
        """Train to the last update; what a crash left undone after a checkpoint is done first."""
        self._transfer()
        self._rate_snapshots()
        self._inherit()
        self._roll_back()
        checkpoint_every, updates = self.config.schedule.checkpoint_every, self.config.training.updates
        while self.step < updates:
            # All play before anyone improves, so that learners meet each other as they are at the start of the step.
            played = [self._play(learner) for learner in self.learners]
            apart = self._penalties(played)
            learning = zip(self.learners, played, apart, strict=True)
            reports = [self._improved(learner, batches, penalties) for learner, (batches, _), penalties in learning]
            self.step += 1
            alarms: list[str] = []
            for learner, report in zip(self.learners, reports, strict=True):
                self.circuit.learned(learner.name, self.step, report)
                found = self.watch.updated(learner.name, self.step, report)
                alarms += [f"{learner.name}: {alarm.sentence}" for alarm in found]
            self.tell(Progress(self.step, updates, reports[-1], alarms=alarms))
            if self.step % checkpoint_every == 0 or self.step == updates:
                self._checkpoint()
                self._rate_snapshots()
                self._inherit()
                self._roll_back()

    def _try_anchors(self) -> None:
        """Make all who never change before anything is trained; raises ConfigError for one that cannot play."""
        for venue in self.circuit.all:
            for name in [*venue.league.anchors, *venue.league.config.cast_names.values()]:
                try:
                    venue.league.player(name)
                except ArenaError as error:
                    where = f" in {venue.league.config.game}" if venue.label else ""
                    key = name.replace(":", ".") if name not in venue.league.anchors else f"anchors.{name}"
                    raise ConfigError(f"{key}{where}: {error}") from error

    def _enlisted(self, name: str) -> Learner:
        """Return a learner with its first weights and its own hyper-parameters, whom others may meet from now on."""
        training = self.config.training.model_copy(update=self.population.hyper[name])
        described = self.config.learners[name]
        described = described.model_copy(update={"player": self.league.spec(described.player)})
        config = self.config.model_copy(update={"training": training, "learners": {name: described}})
        learner = Learner.fresh(name, self.league.game, config)
        for venue in self.circuit.all:
            venue.league.enlist(name, learner.player)
        return learner

    def _afresh(self, learner: Learner) -> Learner:
        """Return a learner of the same name with its first weights; the old one gives up what it holds."""
        fresh = self._enlisted(learner.name)
        close(learner.behaviours)
        return fresh

    def _play(self, learner: Learner) -> Played:
        played = self.circuit.play(learner, self.step)
        self.watch.played(learner)
        return played

    def _penalties(self, played: Sequence[Played]) -> Sequence[Mapping[str, Penalty]]:
        """Return per learner and policy id what keeps it apart from the others, where the configuration asks for it."""
        weight, first = self.config.population.diversity, self.learners[0]
        apart: list[dict[str, Penalty]] = [{} for _ in self.learners]
        for policy_id in first.trainers if weight else ():
            # The file of a league of language models has no diversity: these are nets.
            policies = [cast(Trainable, learner.trainers[policy_id].policy) for learner in self.learners]
            batches = [cast(DecisionBatch | Walked, played_by.batches[policy_id]) for played_by in played]
            rng = generator(self.config.seed, "probes", policy_id, self.step)
            terms = dvd.penalties(policies, batches, weight, rng)
            for penalties, term in zip(apart, terms, strict=True):
                penalties[policy_id] = term
        return apart

    def _improved(
        self,
        learner: Learner,
        batches: Mapping[str, DecisionBatch | TokenBatch | Lessons | Walked],
        penalties: Mapping[str, Penalty],
    ) -> Report:
        """Let a learner learn from what it played; raises ConfigError with its name and the update that failed."""
        try:
            return learner.update(batches, penalties)
        except ConfigError as error:
            raise ConfigError(f"after update {self.step + 1} of learner {learner.name!r} {error}") from error

    def _checkpoint(self) -> None:
        """Write the learners' folders, then publish them and all that belongs to this step at once.

        Who joins the population and who starts afresh is decided on what is published; a copy joins before its
        learner loses its weights.
        """
        members, trainers = [], {}
        for learner in self.learners:
            place = self._name(learner.name, self.step)
            digest, trainers[learner.name] = learner.save(self._players / place, self._trainers / place)
            members.append(Member(learner.name, f"{self._players.name}/{place}", "learner", self.step, digest))
        with self.circuit.transaction():
            for venue in self.circuit.all:
                venue.league.store.put_tallies(venue.tallies(self.step))
            joining = [member for member in members if self.league.joins(member.name, self.step)]
            afresh = [member.name for member in joining if self.league.starts_afresh(member.name, self.step)]
            born = {name: self.step if name in afresh else self.league.born(name) for name in self.config.learners}
            snapshots = [m._replace(name=self._name(m.name, self.step), kind="snapshot") for m in joining]
            self.circuit.put([*members, *snapshots], {"step": self.step, "trainers": trainers, "born": born})
        self.learners = [self._afresh(one) if one.name in afresh else one for one in self.learners]
        self.circuit.checkpointed()
        self._sweep()

    def _resume(self) -> None:
        if self.step:
            for learner in self.learners:
                self._load(learner)
        self._sweep()

    def _load(self, learner: Learner) -> None:
        """Give a learner what it goes on from at this step: its own checkpoint, its parent's, or its first weights."""
        back = self.watch.past(learner.name)[-1:]
        if back and back[0].at == self.step:
            learner.load(self._players / back[0].to, self._trainers / back[0].to)
            for trainer in learner.trainers.values():
                trainer.policy.version = self.step  # no weights have the number of others
                if isinstance(trainer.policy, TrainableTokens):
                    trainer.policy.sync()
            return
        parent = self.population.parents.get(learner.name) if self.population.step == self.step else None
        if parent or self.league.born(learner.name) != self.step:
            place = self._name(parent or learner.name, self.step)
            learner.load(self._players / place, self._trainers / place)

    def _inherit(self) -> None:
        """Let weak learners go on from strong ones with other hyper-parameters, now that all have been rated."""
        every, step = self.config.population.every, self.step
        if not every or not step or step % every or step in (self.population.step, self.config.training.updates):
            return
        rng = generator(self.config.seed, "population", step)
        strength = self.league.strengths(step)
        parents: dict[str, str] = {}
        for kind in dict.fromkeys(self.config.learners.values()):  # weights fit the same kind of net only
            alike = {name: value for name, value in strength.items() if self.config.learners[name] == kind}
            parents |= heirs(alike, rng)
        hyper = {heir: explored(self.population.hyper[parent], rng) for heir, parent in parents.items()}
        self.population = Population(step, parents, {**self.population.hyper, **hyper})
        with self.store.transaction():
            born = {name: step if name in parents else self.league.born(name) for name in self.config.learners}
            self.store.put_meta({"population": self.population._asdict(), "born": born})
        for i, learner in enumerate(self.learners):
            if learner.name in parents:
                self.learners[i] = self._afresh(learner)
                self._load(self.learners[i])
        self.circuit.checkpointed()

    def _roll_back(self) -> None:
        """Let a learner whose run has gone wrong go on from its last healthy snapshot."""
        for learner in self.learners if self.step < self.config.training.updates else ():
            back = self.watch.roll_back(learner.name)
            if back is not None:
                self._load(learner)
                self.tell(Progress(self.step, self.config.training.updates, rolled_back=back))

    def _sweep(self) -> None:
        """Remove learners' folders that neither this step nor a snapshot needs."""
        current = {self._name(learner.name, self.step) for learner in self.learners}
        snapshots = {member.name for member in self.league.members("snapshot")}
        names = "|".join(re.escape(learner.name) for learner in self.learners)
        ours = re.compile(rf"({names})-\d+")
        trained = current | snapshots if self.config.alarms.roll_backs else current
        for folder, needed in ((self._players, current | snapshots), (self._trainers, trained)):
            for path in folder.iterdir() if folder.is_dir() else ():
                place = checkpoint.place_of(path).name
                if ours.fullmatch(place) and path.name not in needed:
                    shutil.rmtree(path)

    def _transfer(self) -> None:
        """Measure how the first models reason, once, where the configuration asks for it."""
        store = self.league.store
        known = {player for _, player, _ in store.measures("pass_at_1")}
        for learner in self.config.learners if self.config.transfer is not None else ():
            name = f"{learner}-{transfer.BEFORE}"
            if name not in known:
                values = transfer.before(self.league, learner)
                with store.transaction():
                    store.put_measures(0, name, values)

    def _rate_snapshots(self) -> None:
        """Play every rating match that is still missing, and measure what can be measured, in each game."""
        for venue in self.circuit.all:
            league = venue.league
            measured = {player for _, player, _ in league.store.measures("rated")}
            for snapshot in league.members("snapshot"):
                if snapshot.name not in measured:
                    self._rate(venue, snapshot)

    def _rate(self, venue: Venue, snapshot: Member) -> None:
        updates, store = self.config.training.updates, venue.league.store
        values = venue.rate(snapshot, lambda: self.tell(Progress(self.step, updates, rated=1)))
        if self.config.transfer is not None and venue.league is self.league:
            values |= transfer.during(self.league, snapshot.name, snapshot.step)
        with store.transaction():
            store.put_measures(snapshot.step, snapshot.name, values)
        self.circuit.rated(venue, snapshot)
        self.watch.rated(venue, snapshot, values)
        self.tell(
            Progress(
                self.step,
                updates,
                snapshot=snapshot.name,
                game=venue.label,
                nash_conv=values.get("nash_conv"),
                mixture_nash_conv=values.get("mixture_nash_conv"),
            )
        )

    def _name(self, learner: str, step: int) -> str:
        return f"{learner}-{step:0{len(str(self.config.training.updates))}d}"
