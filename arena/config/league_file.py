"""A league's file: who learns how, from whom, and when the population grows.

A file of several games has `games` where another has `game`, and its anchors say which of them they play, and as what::

    games = ["kuhn_poker", "tic_tac_toe"]

    [anchors]
    uniform = "uniform"                                          # plays them all
    search = {kuhn_poker = "ismcts", tic_tac_toe = "mcts"}       # another player in each
    expert = {tic_tac_toe = "minimax"}                           # plays one of them
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from arena.config.algorithms import (
    DeepCFRConfig,
    MMDConfig,
    NFSPConfig,
    PPOConfig,
    RNaDConfig,
    TokenPolicyGradientConfig,
)
from arena.config.curriculum import CurriculumConfig
from arena.config.fields import Count, Seed, Strict, Weight, cast_names, check_labels
from arena.config.monitoring import AlarmsConfig, TrackingConfig
from arena.config.phases import PhasesConfig
from arena.config.several_games import label

_POLICY_GRADIENT = {"kl_weight", "reference_every", "baseline_decay"}
"""The keys of [training] that are parameters of policy_gradient alone; other algorithms have a sub-table."""

_FOLDER_NAME = re.compile(r"[^\W\d_][\w-]{0,49}")


class LearnerConfig(Strict):
    """A player that trains."""

    player: str = "net(hidden=[64, 64])"
    """The spec of its policy."""
    policies: Literal["shared", "per_role"] = "shared"
    """One policy for all seats, or one policy per role."""
    league_role: Literal["plain", "main", "main_exploiter", "league_exploiter"] = "plain"
    """Whom it meets, when a copy joins the population and whether it then starts afresh: as [opponents] and
    [schedule] say, or as AlphaStar's three kinds of agent do (arena/alpha_star.py)."""
    fresh_after_snapshot: bool = False
    """A plain learner: begin again with the first weights after every snapshot, as the answers of PSRO do."""

    @model_validator(mode="after")
    def _check(self) -> LearnerConfig:
        if self.fresh_after_snapshot and self.league_role != "plain":
            raise ValueError(f"a {self.league_role} knows by itself when to start afresh: drop fresh_after_snapshot")
        return self


class TrainingConfig(Strict):
    """How learners improve."""

    algorithm: Literal["policy_gradient", "ppo", "mmd", "rnad", "nfsp", "deep_cfr", "token_policy_gradient"] = (
        "policy_gradient"
    )
    """The method; its own parameters stand in the sub-table of its name, and those of others are not read."""
    updates: Count
    """Batches to learn from."""
    matches: Count = 1024
    """Matches per learner and update; traversals for deep_cfr."""
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3
    """Adam's, at the start; it falls linearly to 0."""
    kl_weight: Weight = 0.2
    """policy_gradient: price of a nat of KL to the reference, in units of the game's greatest payoff."""
    reference_every: Count = 200
    """policy_gradient: updates between copies of the policy into the reference."""
    baseline_decay: Annotated[float, Field(ge=0, lt=1)] = 0.95
    """policy_gradient: decay of the role baselines, per match."""
    ppo: PPOConfig = PPOConfig()
    mmd: MMDConfig = MMDConfig()
    rnad: RNaDConfig = RNaDConfig()
    nfsp: NFSPConfig = NFSPConfig()
    deep_cfr: DeepCFRConfig = DeepCFRConfig()
    token_policy_gradient: TokenPolicyGradientConfig = TokenPolicyGradientConfig()
    phases: PhasesConfig = PhasesConfig()
    """token_policy_gradient: when it learns by example, and from opponents that stay as they are."""
    rollouts: Literal["auto", "tables", "matches"] = "auto"
    """auto: on exact tables where the game can be enumerated, else many states side by side, else (for a player without
    a policy) through the referee; tables: there or not at all; matches: always through the referee."""

    @property
    def unread(self) -> set[str]:
        """The keys that mean nothing here: the parameters of algorithms other than the chosen one."""
        tables = {name for name, field in type(self).model_fields.items() if isinstance(field.default, Strict)}
        own = _POLICY_GRADIENT if self.algorithm == "policy_gradient" else {self.algorithm}
        if self.algorithm == "token_policy_gradient":
            own = own | {"phases"}
        return (tables | _POLICY_GRADIENT) - own


class OpponentConfig(Strict):
    """Whom a plain learner meets in training: relative weights of five ways to draw an opponent.

    As long as there is no snapshot, the weights of snapshots fall to the others, or without others to itself.
    """

    latest: Weight = 1.0
    """Itself as it is now."""
    uniform: Weight = 0.0
    """Any snapshot, all alike."""
    delta: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Uniform draws leave out this share of the snapshots, the oldest; 1 leaves the last one."""
    prioritised: Weight = 0.0
    """Snapshots in proportion to what weighting makes of the learner's win rate x."""
    weighting: Literal["hard", "variance", "linear", "capped"] = "hard"
    """(1 − x) ** hardness, x (1 − x), 1 − x, or min(½, 1 − x)."""
    hardness: Weight = 2.0
    """The exponent of "hard"."""
    meta: Weight = 0.0
    """Snapshots as a meta-solver mixes them, given their payoffs against each other."""
    meta_solver: Literal["latest", "uniform", "nash", "alpha_rank", "replicator", "rectified_nash"] = "nash"
    """Which one."""
    anchors: Weight = 0.0
    """Any anchor, all alike: players that never change. Elo then says how a learner does against its own teachers."""

    @model_validator(mode="after")
    def _check(self) -> OpponentConfig:
        if self.latest + self.uniform + self.prioritised + self.meta + self.anchors <= 0:
            raise ValueError("at least one of latest, uniform, prioritised, meta and anchors must be above 0")
        return self


class ScheduleConfig(Strict):
    """What happens when, in updates. The last update always makes a snapshot, which is rated."""

    checkpoint_every: Count = 100
    """After a crash at most this many updates are done again."""
    snapshot_every: Count = 300
    """A frozen copy joins the population and is rated; a multiple of checkpoint_every. Exploiters of a league have
    rules of their own, in which this is the period of a main agent."""
    beaten: Annotated[float, Field(gt=0.5, lt=1)] = 0.7
    """Win rate, ½ + payoff / (2 · greatest payoff), from which an opponent counts as beaten in a league of roles;
    AlphaStar's other rates keep their distances from ½ in proportion. In poker little above ½."""

    @model_validator(mode="after")
    def _check(self) -> ScheduleConfig:
        if self.snapshot_every % self.checkpoint_every:
            raise ValueError(
                f"snapshot_every must be a multiple of checkpoint_every, and {self.snapshot_every} is none of "
                f"{self.checkpoint_every}"
            )
        return self


class PopulationConfig(Strict):
    """What learners have to do with each other beyond play: inheritance (population-based training) and diversity."""

    every: Annotated[int, Field(ge=0)] = 0
    """Updates until weak plain learners go on from strong ones, with other hyper-parameters; a multiple of
    snapshot_every, so that everybody has just been rated; 0: never."""
    tune: list[Literal["learning_rate", "kl_weight"]] = ["learning_rate", "kl_weight"]
    """Values of [training] that learners have for themselves and change by a fifth when they inherit; kl_weight is one
    of policy_gradient alone."""
    diversity: Weight = 0.0
    """Price of log det of the kernel matrix of all learners' behaviour, in the units of the algorithm's loss (DvD)."""


class RatingConfig(Strict):
    """The matches that rate a snapshot: against every anchor and the snapshots before it."""

    pairs: Count = 200
    """Pairs per opponent."""
    rivals: Annotated[int, Field(ge=0)] = 1
    """How many earlier snapshots it meets."""
    block_pairs: Count = 50
    """Payoff games: how many pairs make the block that Elo counts as one game."""


class BaseConfig(Strict):
    """The model that language models begin with, as model = 'base': made and taught before the first update."""

    model: str = ""
    """The folder of the model that is taught; empty: a new and tiny one, which knows the words of the game."""
    width: Count = 160
    """Of a new one."""
    layers: Count = 4
    """The same."""
    heads: Annotated[int, Field(ge=0)] = 0
    """The same, in each layer; 0: one for every 32 of the width, a size that all engines know."""
    teachers: list[str] = ["uniform"]
    """Specs of players; each plays itself, and what it decides is learned."""
    matches: Count = 400
    """Of each teacher."""
    runs: list[str] = []
    """Folders of runs, whose decisions are learned too."""
    epochs: Count = 4
    """How often all decisions are gone through."""
    learning_rate: Weight = 1e-3
    """Of behaviour cloning; 0: 5e-3 for models of less than ten million weights, 1e-5 for larger ones."""
    batch_tokens: Count = 1024
    """Of what is learned at a time, padding included."""


class TransferConfig(Strict):
    """A reasoning benchmark before, during and after training: `[transfer]`, of language models."""

    questions: str
    """A JSONL file of questions and answers."""
    samples: Count = 4
    """Replies to each question."""
    max_tokens: Count = 512
    """The most tokens of a reply, which may be longer than a move."""
    thinking: bool = False
    """Whether it is invited to think first."""


class LeagueConfig(Strict):
    """A self-play run."""

    game: str = ""
    games: list[str] = []
    """In place of `game`: all of them are played, by language models, and each has its own league."""
    curriculum: CurriculumConfig = CurriculumConfig()
    """How training matches are shared out among `games`."""
    base: BaseConfig | None = None
    training: TrainingConfig
    learners: dict[str, LearnerConfig] = {"main": LearnerConfig()}
    anchors: dict[str, str | dict[str, str]] = {"uniform": "uniform"}
    """Name → spec of players that never change, or a table of game → spec. The first one's Elo is fixed at 1000."""
    cast: dict[str, str] = {}
    """Role → spec of the player on seats that nobody competes for (judges, verifiers), which never changes."""
    judges_itself: bool = False
    """Whether a judge may be of one mind with a learner or an anchor: the same model, or a copy of the same learner."""
    opponents: OpponentConfig = OpponentConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    rating: RatingConfig = RatingConfig()
    population: PopulationConfig = PopulationConfig()
    alarms: AlarmsConfig = AlarmsConfig()
    tracking: TrackingConfig = TrackingConfig()
    transfer: TransferConfig | None = None
    seed: Seed = 0

    @property
    def cast_names(self) -> dict[str, str]:
        """Role → the name under which its player sits there."""
        return cast_names(self.cast)

    @property
    def identity(self) -> dict[str, Any]:
        """All that makes a run this run and no other: every value that is read and changes what is learned."""
        watching = set() if self.alarms.roll_backs else {"alarms"}
        apart = dict.fromkeys({"tracking", "transfer", "judges_itself"} | watching, True)
        where = {"token_policy_gradient": {"processes"}}  # it is computed, which does not change what is
        training = where | dict.fromkeys(self.training.unread, True)
        return self.model_dump(exclude={"training": training, **apart})

    def specs(self, game: str) -> dict[str, str]:
        """Return name → spec of the anchors of a game."""
        chosen = {name: spec.get(game, "") if isinstance(spec, dict) else spec for name, spec in self.anchors.items()}
        return {name: spec for name, spec in chosen.items() if spec}

    def of_each_game(self) -> list[LeagueConfig]:
        """Return the configuration of each game's league; of one game, this is the only one."""
        if not self.games:
            return [self]
        common = {"games": [], "curriculum": CurriculumConfig()}
        return [self.model_copy(update={**common, "game": game, "anchors": self.specs(game)}) for game in self.games]

    @model_validator(mode="after")
    def _check(self) -> LeagueConfig:
        self._check_games()
        if not self.learners or not self.anchors:
            raise ValueError("a league needs at least one learner and one anchor")
        if shared := set(self.learners) & set(self.anchors):
            raise ValueError(f"{sorted(shared)[0]!r} is both a learner and an anchor: give one another name")
        check_labels(self.anchors)
        if taken := set(self.cast_names.values()) & set(self.anchors):
            raise ValueError(f"{min(taken)!r} is what the player of a cast seat is called: take another name")
        if self.training.algorithm == "token_policy_gradient" and self.population.diversity:
            raise ValueError("population.diversity compares nets, not language models: leave it out")
        phases = self.training.phases
        if self.base is None and (phases.opening or phases.after != "self_play"):
            raise ValueError("[training.phases] learns by example, and [base] says from whom: add that table")
        if phases.in_turn and self.training.algorithm != "token_policy_gradient":
            raise ValueError("training.phases.in_turn is for language models, and this run has none that learns")
        if phases.in_turn and self.alarms.roll_backs:
            raise ValueError("where roles learn in turn there is no way back: leave alarms.roll_backs out, or in_turn")
        if self.training.algorithm != "token_policy_gradient" and self.transfer is not None:
            raise ValueError("[transfer] asks language models, and this run has none that learns: leave it out")
        if self.cast and self.training.algorithm == "deep_cfr":
            raise ValueError("deep_cfr walks through a game by itself, so its seats have no cast: leave [cast] out")
        if self.population.diversity:
            self._check_comparable()
        if self.population.every:
            self._check_population()
        roles = {learner.league_role for learner in self.learners.values()}
        if "main" not in roles and roles != {"plain"}:
            raise ValueError('exploiters need somebody to exploit: give a learner the league_role "main"')
        for name in self.learners:
            if not _FOLDER_NAME.fullmatch(name):
                raise ValueError(
                    f"the learner's name {name!r} cannot name a folder: take up to 50 letters, digits, _ and -, "
                    "a letter first"
                )
        for name in [*self.learners, *self.anchors]:
            learner, _, step = name.rpartition("-")
            if learner in self.learners and step.isdecimal():
                raise ValueError(f"{name!r} is what a snapshot of {learner!r} is called: take another name")
        return self

    def _check_games(self) -> None:
        """Raise ValueError where no game is named, or several that cannot be played in one run."""
        games = self.games or [self.game] * bool(self.game)
        if not games:
            raise ValueError("the key 'game' is missing; a file of several games has a list of them, games, instead")
        if self.games and self.game:
            raise ValueError("there are both game and games: leave one of them out")
        if len({label(game) for game in games}) < len(games):
            raise ValueError("games names a game twice")
        for name, spec in self.anchors.items():
            for game in spec if isinstance(spec, dict) else ():
                if game not in games:
                    near = get_close_matches(game, games, n=1)
                    hint = f"did you mean {near[0]!r}?" if near else f"what is played is {', '.join(games)}"
                    raise ValueError(f"anchors.{name} names the game {game!r}, which is not played; {hint}")
        for name in self.curriculum.weights if self.games else ():
            if name not in games:
                near = get_close_matches(name, games, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"what is played is {', '.join(games)}"
                raise ValueError(f"curriculum.weights names the game {name!r}, which is not played; {hint}")
        for game in games if self.anchors else ():
            if not self.specs(game):
                raise ValueError(f'no anchor plays {game}: give it one, such as uniform = "uniform"')
        if self.games:
            self._check_several()
        elif self.curriculum != CurriculumConfig():
            raise ValueError("[curriculum] shares play out among games, and there is one: leave it out, or give games")

    def _check_several(self) -> None:
        """Raise ValueError for what a run of several games cannot have."""
        if self.training.algorithm != "token_policy_gradient":
            raise ValueError(
                "several games are for language models, since a net knows the moves of one: give one game, or set "
                'training.algorithm = "token_policy_gradient"'
            )
        for name, learner in self.learners.items():
            if learner.policies != "shared" or learner.league_role != "plain" or learner.fresh_after_snapshot:
                raise ValueError(
                    f"learner {name!r}: in a run of several games learners are plain, with one policy for all seats, "
                    "and never start afresh: leave policies, league_role and fresh_after_snapshot out"
                )
        if self.population.every:
            raise ValueError("[population] compares learners on one ladder, and each game has its own: leave it out")

    def _check_comparable(self) -> None:
        """Raise ValueError unless there are learners to keep apart that are of one kind."""
        if len(self.learners) < 2:
            raise ValueError("population.diversity keeps learners apart, and there is one: add learners or drop it")
        if len({learner.policies for learner in self.learners.values()}) > 1:
            raise ValueError(
                "population.diversity compares the policies of learners: give all the same policies, "
                '"shared" or "per_role"'
            )
        if exploiters := [name for name, learner in self.learners.items() if learner.league_role != "plain"]:
            raise ValueError(
                f"population.diversity is for plain learners, and {exploiters[0]} is a "
                f"{self.learners[exploiters[0]].league_role}: drop one of the two"
            )

    def _check_population(self) -> None:
        """Raise ValueError for a population in which nobody could inherit, or nothing would change."""
        every, tune, algorithm = self.population.every, self.population.tune, self.training.algorithm
        if every % self.schedule.snapshot_every:
            raise ValueError(
                f"population.every must be a multiple of schedule.snapshot_every, and {every} is none "
                f"of {self.schedule.snapshot_every}"
            )
        plain = [learner for learner in self.learners.values() if learner.league_role == "plain"]
        if len(set(plain)) == len(plain):
            raise ValueError(
                "nobody could inherit in this population: give it two plain learners that are described alike, so "
                "that one can go on with the weights of the other, or leave [population] out"
            )
        if not tune:
            raise ValueError('population.tune is empty: name what is to be tuned, for example ["learning_rate"]')
        if "kl_weight" in tune and algorithm != "policy_gradient":
            raise ValueError(
                f"kl_weight belongs to the policy_gradient, and the algorithm is {algorithm}: "
                'set population.tune = ["learning_rate"]'
            )
