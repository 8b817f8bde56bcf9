"""One learner's matches for one update, on exact tables, in batches or through the referee: the same comes out.

In every match the learner takes one side and an opponent drawn from its distribution takes the others; the
learner's sides alternate, so that neither role is starved. Against itself it takes all sides and learns from
all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arena.attendance import Unplayed
from arena.batch import DecisionBatch, TokenBatch
from arena.batched_play import play_batched
from arena.errors import ConfigError, PlayerError, TooLarge
from arena.game import Game
from arena.league import League
from arena.match import Fixture, play_fixtures
from arena.player import HasPolicy, Player
from arena.record import Record, won_by_side
from arena.rollout import Collector, from_batched, from_tables
from arena.seeds import derive, generator
from arena.trainers.learner import Learner
from arena.trainers.trainer import Lessons, Walked
from arena.tree import Tree, enumerate_game, rollout

TABLE_LIMIT = 300_000
"""Nodes up to which training matches are played on tables unless the configuration says otherwise."""


class Played(NamedTuple):
    """What a learner gets to eat, and what the league remembers of it."""

    batches: Mapping[str, DecisionBatch | TokenBatch | Lessons | Walked]
    """Policy id → its decisions, or what it walked."""
    tallies: dict[tuple[str, int], NDArray[np.float64]]
    """(opponent, learner's seat) → (wins, draws, losses, sum of payoffs)."""


class Collect(Protocol):
    """A way to play training matches."""

    @property
    def tree(self) -> Tree | None:
        """The exact tables, where the game has them."""

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play the matches of one update; `share` is opponent → probability."""


def collector(league: League) -> Collect:
    """Return the way that the configuration asks for, or the faster one that the game and its players allow."""
    how = league.config.training.rollouts
    if how == "tables" and league.cast:
        raise ConfigError(f'{league.game.name} has a cast, which plays on no tables: set training.rollouts = "auto"')
    if how == "matches" or league.cast:
        return ByMatches(league, small_tree(league))
    tree = small_tree(league)
    if tree is None:
        if how == "tables":
            raise ConfigError(f'{league.game.name} is too large for tables: set training.rollouts = "auto"')
        return Batched(league)
    return ByTables(league, tree)


def small_tree(league: League) -> Tree | None:
    """Return the game's exact tables, or None where it is too large for them, or where a cast decides in it."""
    if league.cast:
        return None
    try:
        return enumerate_game(league.game, TABLE_LIMIT)
    except TooLarge:
        return None


class ByTables:
    """Training matches by gathers over the enumerated game."""

    def __init__(self, league: League, tree: Tree) -> None:
        self.league = league
        self.tree = tree
        self._frozen: dict[str, NDArray[np.float64]] = {}

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play on tables; a frozen opponent's policy is evaluated once in its life."""
        game, tree = self.league.game, self.tree
        if self._plays_by_matches(learner, share):
            return ByMatches(self.league, tree)(learner, share, step, matches)
        rng = generator(self.league.config.seed, "rollout", learner.name, step)
        opponent, side = _draw_opponents(self.league.game, share, matches, step, rng)
        names = list(share)
        own = [tree.policy(player) for player in learner.behaviours]
        policies = np.stack([*own, *(self._policy(name, learner.name) for name in names)])
        played = rollout(tree, policies, _seating(game, learner, names, opponent, side, rng), rng)
        batches = {}
        for policy_id, trainer in learner.trainers.items():
            rows = (played.policy < len(own)) & np.isin(played.seat, _seats(game, learner.roles(policy_id, game)))
            batches[policy_id] = from_tables(tree, played, rows, policy_id, trainer.policy.version)
        return _played(game, batches, names, opponent, side, played.returns)

    def _plays_by_matches(self, learner: Learner, share: Mapping[str, float]) -> bool:
        """Return whether an opponent plays without stating a policy, as an anchor may."""
        others = (name for name in share if name != learner.name)
        silent = next((name for name in others if not isinstance(self.league.player(name), HasPolicy)), "")
        if silent and self.league.config.training.rollouts == "tables":
            raise ConfigError(
                f"the opponent {silent!r} states no policy, so there are no tables of it: "
                'set training.rollouts = "auto"'
            )
        return bool(silent)

    def _policy(self, name: str, learner: str) -> NDArray[np.float64]:
        if name == learner:
            return self.tree.uniform  # a place holder: the learner itself comes first
        if self.league.is_learning(name):
            return self.tree.policy(self.league.player(name))
        if name not in self._frozen:
            self._frozen[name] = self.tree.policy(self.league.player(name))
        return self._frozen[name]


class Batched:
    """Training matches of a game too large for tables, side by side; the referee plays for who states no policy."""

    tree = None

    def __init__(self, league: League) -> None:
        self.league = league

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play all matches at once, one question per player and move."""
        league, game = self.league, self.league.game
        names = list(share)
        others = (learner.player if name == learner.name else league.player(name) for name in names)
        players: list[Player] = [*learner.behaviours, *others]
        stating = [player for player in players if isinstance(player, HasPolicy)]
        if len(stating) < len(players) or not game.actions:
            return ByMatches(league, None)(learner, share, step, matches)
        rng = generator(league.config.seed, "rollout", learner.name, step)
        opponent, side = _draw_opponents(game, share, matches, step, rng)
        seating = _seating(game, learner, names, opponent, side, rng)
        played = play_batched(game, stating, seating, rng, len(learner.behaviours))
        batches = {}
        for policy_id, trainer in learner.trainers.items():
            rows = np.isin(played.seat, _seats(game, learner.roles(policy_id, game)))
            batches[policy_id] = from_batched(game, played, rows, policy_id, trainer.policy.version)
        return _played(game, batches, names, opponent, side, played.returns)


class ByMatches:
    """Training matches through the referee, for games of any size."""

    def __init__(self, league: League, tree: Tree | None) -> None:
        self.league = league
        self.tree = tree

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play by the rules, hundreds of matches at once."""
        game = self.league.game
        plan = schedule(self.league, learner, share, step, matches)
        listener = Collector(game, *plan.own)
        unplayed = Unplayed()
        played = play_fixtures(game, plan.fixtures, plan.players, watch=listener.watch)
        records = sorted((record for record in played if not unplayed.takes(record)), key=lambda r: r.key)
        unplayed.check()
        if not any(record.stop.rated for record in records):
            raise PlayerError(f"all training matches of {learner.name} were abandoned: {records[0].reason}")
        batches = {
            policy_id: listener.batch(records, policy_id, trainer.policy.version, learner.roles(policy_id, game))
            for policy_id, trainer in learner.trainers.items()
        }
        return Played(batches, plan.tallies(game, records))


class Matches(NamedTuple):
    """The matches of one update that the referee is to play; `opponent` and `side` are (matches,)."""

    fixtures: list[Fixture]
    players: dict[str, Player]
    own: list[str]
    """The names of the learner's players in them."""
    names: list[str]
    """Those of its opponents."""
    opponent: NDArray[np.int64]
    """Position in `names`."""
    side: NDArray[np.int64]
    """The learner's own."""

    def tallies(self, game: Game[Any], records: Sequence[Record]) -> dict[tuple[str, int], NDArray[np.float64]]:
        """Return the results per opponent and first seat of the learner's side; `records` are of all matches, in order.

        Those in which its side played no game are left out.
        """
        of_seat = [game.side_of.index(int(side)) for side in self.side]
        paid = [
            won_by_side(game, record.returns, int(side)) if record.stop.rated else None
            for record, side in zip(records, self.side, strict=True)
        ]
        rated = [i for i, payoff in enumerate(paid) if payoff is not None]
        if not rated:
            return {}
        seat, payoff = np.array(of_seat)[rated], np.array(paid, np.float64)[rated]
        return _tally(self.names, self.opponent[rated], seat, payoff)


def schedule(
    league: League, learner: Learner, share: Mapping[str, float], step: int, matches: int, first: int = 0
) -> Matches:
    """Return who plays whom in the matches of the update after `step`, numbered from `first`.

    All is drawn from the run's seed.
    """
    game = league.game
    rng = generator(league.config.seed, "rollout", learner.name, step, *[first] * bool(first))
    opponent, side = _draw_opponents(game, share, matches, first + step, rng)
    names, cast = list(share), league.config.cast_names
    own = [learner.name, *(f"{learner.name}|{j}" for j in range(1, len(learner.behaviours)))]
    behaviour = _draw_behaviours(learner, (len(opponent), game.seats), rng)
    fixtures = []
    for i, (k, s) in enumerate(zip(opponent, side, strict=True)):
        number, itself = first + i, names[k] == learner.name
        seats = tuple(
            cast[role] if mine < 0 else own[j] if itself or mine == s else names[k]
            for role, mine, j in zip(game.roles, game.side_of, behaviour[i], strict=True)
        )
        seed = derive(league.config.seed, "train", learner.name, step, number)
        fixtures.append(Fixture(f"{learner.name}-{step}-{number:06d}", "train", seats, seed, "", step + 1))
    players: dict[str, Player] = {name: league.player(name) for name in [*names, *league.cast] if name != learner.name}
    players |= dict(zip(own, learner.behaviours, strict=True))
    return Matches(fixtures, players, own, names, opponent, side)


def _draw_opponents(
    game: Game[Any], share: Mapping[str, float], matches: int, turn: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return per match (matches,) the position of the opponent in `share` and the learner's side.

    Sides alternate; where the matches are no whole rounds of them, `turn` says which begins.
    """
    opponent = rng.choice(len(share), size=matches, p=np.array(list(share.values())))
    begin = turn if matches % game.entrants else 0
    return opponent, (begin + np.arange(matches)) % game.entrants


def _seating(
    game: Game[Any],
    learner: Learner,
    names: list[str],
    opponent: NDArray[np.int64],
    side: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return (matches, P) who sits where: first come the learner's b behaviours, and b + k is names[k].

    The learner takes its own side, and where it meets itself all of them.
    """
    itself = np.array([name == learner.name for name in names])[opponent]
    mine = itself[:, None] | (np.array(game.side_of) == side[:, None])
    behaviour = _draw_behaviours(learner, mine.shape, rng)
    return np.where(mine, behaviour, len(learner.behaviours) + opponent[:, None])


def _seats(game: Game[Any], roles: tuple[str, ...]) -> list[int]:
    """Return the seats that play one of these roles."""
    return [seat for seat, role in enumerate(game.roles) if role in roles]


def _played(
    game: Game[Any],
    batches: dict[str, DecisionBatch],
    names: list[str],
    opponent: NDArray[np.int64],
    side: NDArray[np.int64],
    returns: NDArray[np.float64],
) -> Played:
    """Return the batches with the tallies of matches that all came to an end; `returns` is (matches, P)."""
    seat = np.array([game.side_of.index(s) for s in range(game.entrants)])[side]
    return Played(batches, _tally(names, opponent, seat, returns[np.arange(len(seat)), seat]))


def _draw_behaviours(learner: Learner, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return which of the learner's players sits in each seat of each match, (matches, seats), where it plays."""
    if len(learner.behaviours) == 1:
        return np.zeros(shape, np.int64)
    return rng.choice(len(learner.shares), size=shape, p=learner.shares)


def _tally(
    names: list[str], opponent: NDArray[np.int64], seat: NDArray[np.int64], payoff: NDArray[np.float64]
) -> dict[tuple[str, int], NDArray[np.float64]]:
    """Add results up per opponent and seat; `opponent` holds positions in `names`."""
    tallies: dict[tuple[str, int], NDArray[np.float64]] = {}
    seats = int(seat.max()) + 1
    code = opponent * seats + seat
    for present in np.flatnonzero(np.bincount(code)):
        k, s = divmod(int(present), seats)
        won = payoff[code == present]
        tallies[names[k], s] = np.array([(won > 0).sum(), (won == 0).sum(), (won < 0).sum(), won.sum()])
    return tallies
