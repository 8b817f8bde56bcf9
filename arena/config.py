"""TOML files into checked values: unknown keys are errors that name the nearest key.

Every field has its meaning and unit beside it; `arena train FILE --set training.updates=500` overrides one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from arena.errors import ConfigError

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    # Strict: true, "7" and 2.0 are no whole numbers.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PatienceConfig(_Strict):
    """What the referee bears."""

    retries: Annotated[int, Field(ge=0)] = 2
    """Answers beyond the first to one question before the seat forfeits."""
    feedback: bool = True
    """Whether a player is told why its move was refused."""
    max_turns: Count = 10_000
    """Moves after which a match is a draw."""


class TournamentConfig(_Strict):
    """A tournament. Whoever meets plays `pairs` pairs of matches (same seed, seats swapped)."""

    game: str
    entrants: dict[str, str]
    """Name in the table → player spec or checkpoint folder."""
    format: Literal["round_robin", "gauntlet", "swiss", "double_elimination"] = "round_robin"
    """Who meets whom: all, newcomers the others, equals in points, or winners until one is left."""
    pairs: Count = 100
    """Per meeting of two entrants."""
    newcomers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Gauntlet: the entrants who meet all others; nobody else meets."""
    rounds: Count | None = None
    """Swiss: how often everybody plays."""
    extra_pairs: Annotated[int, Field(ge=0)] | None = None
    """Double elimination: a drawn meeting goes on for up to so many pairs until somebody is ahead; by default 10."""
    seeding: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    """Swiss, double elimination: entrant → strength, the strongest is seeded first; by default the order above."""
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    anchor: str | None = None
    """The entrant whose Elo is fixed at 1000; by default the first."""
    block_pairs: Count = 50
    """Payoff games: how many pairs make the block that Elo counts as one game."""
    cast: dict[str, str] = {}
    """Role → player spec for seats that nobody competes for (judges, verifiers)."""
    patience: PatienceConfig = PatienceConfig()

    @property
    def cast_names(self) -> dict[str, str]:
        """Role → the name under which its player sits there."""
        return {role: f"cast:{role}" for role in self.cast}

    @property
    def seeded(self) -> list[str]:
        """The entrants by strength where that is given, otherwise in the order of the file."""
        return sorted(self.entrants, key=lambda name: -self.seeding.get(name, 0.0))

    @model_validator(mode="after")
    def _check(self) -> TournamentConfig:
        if len(self.entrants) < 2:
            raise ValueError("a tournament needs at least two entrants")
        if self.anchor is not None and self.anchor not in self.entrants:
            raise ValueError(f"the anchor {self.anchor!r} is not among the entrants")
        _check_labels(self.entrants)
        for name in self.cast_names.values():
            if name in self.entrants:
                raise ValueError(f"{name!r} is what the player of a cast seat is called: take another name")
        for key, formats in _ONLY_IN.items():
            if self.format not in formats and getattr(self, key) not in (None, (), {}):
                raise ValueError(f"{key} belongs to the format {' or '.join(formats)}, and this is a {self.format}")
        self._check_newcomers()
        self._check_rounds()
        for name in sorted(set(self.seeding) ^ set(self.entrants)) if self.seeding else ():
            what = "is no entrant" if name in self.seeding else "is missing"
            raise ValueError(f"seeding must give every entrant a strength, and only them: {name!r} {what}")
        return self

    def _check_newcomers(self) -> None:
        if self.format != "gauntlet":
            return
        if not self.newcomers:
            raise ValueError('a gauntlet needs newcomers, for example newcomers = ["mine"]')
        for name in self.newcomers:
            if name not in self.entrants:
                raise ValueError(f"the newcomer {name!r} is not among the entrants")
            if self.newcomers.count(name) > 1:
                raise ValueError(f"the newcomer {name!r} is named twice")
        if len(self.newcomers) == len(self.entrants):
            raise ValueError("a gauntlet needs somebody to meet: at least one entrant must not be a newcomer")

    def _check_rounds(self) -> None:
        if self.format != "swiss":
            return
        n = len(self.entrants)
        if self.rounds is None:
            raise ValueError("a swiss needs a number of rounds, for example rounds = 5")
        if self.rounds > (most := n - 1 + n % 2):
            raise ValueError(
                f"{self.rounds} rounds are too many for {n} entrants, who have all met after {most}: "
                f"take {most} or fewer, or a round robin"
            )
        if self.rounds < (least := (n - 1).bit_length()):
            raise ValueError(f"{self.rounds} rounds are too few to put {n} entrants on one scale: take {least} or more")


_ONLY_IN = {
    "newcomers": ("gauntlet",),
    "rounds": ("swiss",),
    "extra_pairs": ("double_elimination",),
    "seeding": ("swiss", "double_elimination"),
}
"""Key → the formats that read it."""


class LearnerConfig(_Strict):
    """A player that trains."""

    player: str = "net(hidden=[64, 64])"
    """The spec of its policy."""
    policies: Literal["shared", "per_role"] = "shared"
    """One policy for all seats, or one policy per role."""


class TrainingConfig(_Strict):
    """How learners improve."""

    updates: Count
    """Steps of the optimiser."""
    matches: Count = 1024
    """Matches per learner and update."""
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3
    """Adam's, at the start; it falls linearly to 0."""
    kl_weight: Weight = 0.2
    """Price of a nat of KL to the reference, in units of the game's greatest payoff."""
    reference_every: Count = 200
    """Updates between copies of the policy into the reference."""
    baseline_decay: Annotated[float, Field(ge=0, lt=1)] = 0.95
    """Decay of the role baselines, per match."""
    rollouts: Literal["auto", "tables", "matches"] = "auto"
    """Play training matches on exact tables (games that can be enumerated) or through the referee."""


class OpponentConfig(_Strict):
    """Whom a learner meets in training: relative weights of three ways to draw an opponent."""

    latest: Weight = 1.0
    """Itself as it is now."""
    uniform: Weight = 0.0
    """Any snapshot, all alike."""
    prioritised: Weight = 0.0
    """Snapshots in proportion to (1 − win rate) ** hardness: those that it does not beat yet."""
    hardness: Weight = 2.0
    """The exponent of prioritised."""

    @model_validator(mode="after")
    def _check(self) -> OpponentConfig:
        if self.latest + self.uniform + self.prioritised <= 0:
            raise ValueError("at least one of latest, uniform and prioritised must be above 0")
        return self


class ScheduleConfig(_Strict):
    """What happens when, in updates. The last update always makes a snapshot, which is rated."""

    checkpoint_every: Count = 100
    """After a crash at most this many updates are done again."""
    snapshot_every: Count = 300
    """A frozen copy joins the population and is rated; a multiple of checkpoint_every."""

    @model_validator(mode="after")
    def _check(self) -> ScheduleConfig:
        if self.snapshot_every % self.checkpoint_every:
            raise ValueError(
                f"snapshot_every must be a multiple of checkpoint_every, and {self.snapshot_every} is none of "
                f"{self.checkpoint_every}"
            )
        return self


class RatingConfig(_Strict):
    """The matches that rate a snapshot: against every anchor and the snapshots before it."""

    pairs: Count = 200
    """Pairs per opponent."""
    rivals: Annotated[int, Field(ge=0)] = 1
    """How many earlier snapshots it meets."""
    block_pairs: Count = 50
    """Payoff games: how many pairs make the block that Elo counts as one game."""


class LeagueConfig(_Strict):
    """A self-play run."""

    game: str
    training: TrainingConfig
    learners: dict[str, LearnerConfig] = {"main": LearnerConfig()}
    anchors: dict[str, str] = {"uniform": "uniform"}
    """Name → spec of players that never change. The first one's Elo is fixed at 1000."""
    opponents: OpponentConfig = OpponentConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    rating: RatingConfig = RatingConfig()
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0

    @model_validator(mode="after")
    def _check(self) -> LeagueConfig:
        if not self.learners or not self.anchors:
            raise ValueError("a league needs at least one learner and one anchor")
        if shared := set(self.learners) & set(self.anchors):
            raise ValueError(f"{sorted(shared)[0]!r} is both a learner and an anchor: give one another name")
        _check_labels(self.anchors)
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


_SHOWN = 200
"""Characters of a wrong value that a sentence quotes."""

_FOLDER_NAME = re.compile(r"[^\W\d_][\w-]{0,49}")


def _check_labels(names: Iterable[str]) -> None:
    """Raise ValueError for a name that a table, a picture or a key could not hold."""
    for name in names:
        if wrong := wrong_name(name):
            raise ValueError(wrong)


def wrong_name(name: str) -> str:
    """Return why a table, a picture or a key could not hold a player's name; empty for a good one."""
    if name.isprintable() and "|" not in name and name == name.strip() and 0 < len(name) <= 100:
        return ""
    shown = name if len(name) <= 100 else name[:100] + "…"
    return f"the name {shown!r} will not do: take 1 to 100 printable characters, no | and no blank at either end"


C = TypeVar("C", bound=BaseModel)


def load(path: Path, model: type[C], overrides: Iterable[str] = ()) -> C:
    """Read a TOML file as `model`, with overrides like "training.updates=500". Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    try:
        values = _toml(text, str(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None
    if not values:
        needed = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
        raise ConfigError(f"{path} is empty: it needs at least {needed}")
    for override in overrides:
        _override(values, override)
    _refuse_other_kind(values, model, path)
    return check(values, model, str(path))


def _refuse_other_kind(values: Mapping[str, Any], model: type[BaseModel], path: Path) -> None:
    """Raise ConfigError where a league was given to a tournament's command, or the reverse."""
    if model is TournamentConfig and "training" in values and "entrants" not in values:
        raise ConfigError(f"{path} describes a league, not a tournament: arena train {path} runs it")
    if model is LeagueConfig and "entrants" in values and "training" not in values:
        raise ConfigError(f"{path} describes a tournament, not a league: arena tournament {path} plays it")


def check(values: Mapping[str, Any], model: type[C], source: str) -> C:
    """Return the values as `model`. Raises ConfigError with one sentence about the first problem."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_sentence(error, model)}") from None


def _toml(text: str, source: str) -> dict[str, Any]:
    """Return what a text of TOML says. Raises TOMLDecodeError, or ConfigError for what only Python cannot read."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (ValueError, RecursionError):  # the limits of int() and of the stack
        raise ConfigError(
            f"{source} cannot be read: it holds a number of thousands of digits, or hundreds of brackets in each other"
        ) from None


def _override(values: dict[str, Any], override: str) -> None:
    """Set one dotted key; the value is TOML, or a string where it is none."""
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"{override!r} is no override: write key=value, for example training.updates=500")
    try:
        value = _toml(f"value = {text}", _shown(override))["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{override!r} cannot be set: {parent} holds a value, not a table")
    values[last] = value


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    # A misspelt key is often also a missing one; the former says more.
    problem = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    where = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        near = get_close_matches(str(key), _keys_at(model, parents), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_keys_at(model, parents))}"
        return f"there is no key {where!r}; {hint}"
    if problem["type"] == "missing":
        return f"the key {where!r} is missing"
    if problem["type"] == "value_error":
        return f"{where + ': ' if where else ''}{problem['ctx']['error']}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    table, last = problem["loc"][0], str(problem["loc"][-1])
    if last != table and last in model.model_fields:
        message += f"; if {last} is meant for the whole file, move it above [{table}]"
    return f"{where} = {_shown(problem['input'])} will not do: {message}"


def _shown(value: Any) -> str:
    """Return a value for a sentence, which a long one may not fill."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a hexadecimal number or dotted keys may be longer than Python can write
        return "a value of great length"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _keys_at(model: type[BaseModel], parents: Iterable[Any]) -> list[str]:
    """Return the keys that the table under `parents` may have."""
    current: Any = model
    for parent in parents:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(parent))
            current = field.annotation if field else None
        else:  # a table of tables, such as learners
            current = getattr(current, "__args__", (None, None))[1]
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []
