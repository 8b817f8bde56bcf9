"""A sneaky player against one critic: how many wrong steps of each kind it gets believed, and which these are.

Every kind of error has matches of its own, in which nothing else can be chosen. So each is as well known as the others,
and a sneaky player that has a favourite shows the rest too. What is wrong is as in the game: only validated corruptions
reach the critic, beside the right steps among which it has to find them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

import numpy as np

from arena.errors import ConfigError, PlayerError
from arena.games.critic_accuracy import Accuracy, Critique, accuracy, critiques
from arena.games.sneaky_critic import SNEAKY, TRUE, SneakyCritic
from arena.interval import Interval, share
from arena.match import Fixture, play_fixtures
from arena.player import Player
from arena.record import Record
from arena.seeds import derive

_PATIENCE = 20
"""Matches for each wrong step that is wanted, after which a kind of error is taken to give no more of them."""


class Findings:
    """What has been found, up to now or in all."""

    def __init__(self, kinds: tuple[str, ...], steps: int) -> None:
        self.kinds, self.steps = kinds, steps
        """Of errors, and how many wrong steps of each were asked for."""
        self.wrong: dict[str, list[Critique]] = {kind: [] for kind in kinds}
        """By kind: what the critic said of wrong steps."""
        self.true: list[Critique] = []
        """And of right ones."""
        self.invalid: Counter[str] = Counter()
        """By kind: steps that the critic was not shown, since they were not wrong, or could not be read."""
        self.fooled: list[dict[str, Any]] = []
        """The wrong steps that the critic took for right, as `Worked` solutions in the form of ProcessBench."""

    @property
    def found(self) -> int:
        """How many of the wrong steps that were asked for there are."""
        return sum(min(len(judged), self.steps) for judged in self.wrong.values())

    def caught(self, kind: str) -> Interval | None:
        """Return the share of the wrong steps of a kind that the critic noticed; None without any."""
        return _share([one.right for one in self.wrong[kind]])

    @property
    def false_alarms(self) -> Interval | None:
        """The share of the right steps that the critic called wrong, or said nothing of; None without any."""
        return _share([not one.right for one in self.true])

    @property
    def accuracy(self) -> Accuracy:
        """How well the critic tells right from wrong, all kinds together."""
        found: Accuracy = accuracy([*self.true, *(one for judged in self.wrong.values() for one in judged)])
        return found


def run(
    game: SneakyCritic,
    sneaky: Player,
    critic: Player,
    completer: Player | None = None,
    steps: int = 100,
    seed: int = 0,
    tell: Callable[[Findings], None] = lambda _: None,
) -> Findings:
    """Have the critic judge `steps` wrong steps of each kind, and the right ones that come between them.

    A few more of a kind may come, and fewer where it seldom goes with a step or seldom succeeds. `tell` is called after
    each match with all that was found by then. Raises PlayerError where no match could be played to an end.
    """
    if steps < 1:
        raise ConfigError(f"{steps} steps of each kind show nothing: ask for 1 or more")
    players = {"sneaky": sneaky, "critic": critic}
    if game.completers:
        if completer is None:
            raise ConfigError(f"{game.spec} needs somebody who goes on from its steps: name a completer")
        players["completer"] = completer
    findings = Findings(game.errors, steps)
    for kind in game.errors:
        _attack(game, kind, players, findings, seed, tell)
    return findings


def _attack(
    game: SneakyCritic,
    kind: str,
    players: Mapping[str, Player],
    findings: Findings,
    seed: int,
    tell: Callable[[Findings], None],
) -> None:
    """Play matches with one kind of error until there are enough wrong steps of it."""
    of_one = SneakyCritic(**{**game.parameters, "errors": (kind,)})
    entrants = tuple(of_one.roles)  # everybody is called by the role
    played = rated = 0
    while (missing := findings.steps - len(findings.wrong[kind])) > 0 and played < _PATIENCE * findings.steps:
        numbers = range(played, played + ceil(missing / (1 - game.true_share)))
        fixtures = [Fixture(f"{kind}-{i:06d}", "play", entrants, derive(seed, kind, i), "") for i in numbers]
        played += len(fixtures)
        for record in play_fixtures(of_one, fixtures, players):
            rated += record.stop.rated
            _count(of_one, record, kind, players, findings)
            tell(findings)
        if not rated:
            raise PlayerError(f"no match could be played to an end: {record.reason}")


def _count(game: SneakyCritic, record: Record, kind: str, players: Mapping[str, Player], findings: Findings) -> None:
    """Add a match to what was found; one without a result counts for nothing."""
    if not record.stop.rated:
        return
    if not (found := critiques([record], game)):
        findings.invalid[kind] += 1
        return
    (judged,) = found
    (findings.true if judged.shown == TRUE else findings.wrong[kind]).append(judged)
    if judged.shown == SNEAKY and judged.spoken and not judged.right:
        *_, (s, _) = record.replay(game)
        problem = game.problems[s.number]
        findings.fooled.append({
            "id": record.key,
            "generator": players["sneaky"].name,
            "problem": problem.question,
            "steps": [*problem.steps[: s.place], s.step],
            "label": s.place,
            "final_answer_correct": False,
            "error": kind,
            "right_step": problem.steps[s.place],
            "critic": players["critic"].name,
            "critique": s.critique,
        })  # fmt: skip


def _share(hits: list[bool]) -> Interval | None:
    return share(np.array(hits, np.float64)[:, None]) if hits else None
