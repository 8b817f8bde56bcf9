"""Proves a game right before anything trains on it, and says what it is like."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from arena.errors import ArenaError, GameError
from arena.game import Choices, Game, Text
from arena.interval import Interval
from arena.match import Fixture, play_fixtures
from arena.record import StopReason
from arena.seeds import derive
from arena.testing.asking import Asking
from arena.testing.declaration import check_declaration
from arena.testing.elsewhere import check_elsewhere
from arena.testing.findings import Finding, Findings, Severity
from arena.testing.random_play import Anyone
from arena.testing.random_results import RandomResults, play_at_random
from arena.testing.resampling import check_resample
from arena.testing.scoring import check_scoring
from arena.testing.secrets import Sight, check_secrets
from arena.testing.size import estimate_nodes
from arena.testing.states import States
from arena.testing.walks import Count, History, random_walks, walk_all

_WALKABLE = 8.0
"""Decimal logarithm of the estimated tree size beyond which nobody tries to walk through all of a game."""

_ALIKE = 0.25
"""The share of views that may get the tensor of another one, say because only the order of moves differs."""

_REPLAYS = 5
"""Matches that are played by the referee and replayed from their records."""


@dataclass(frozen=True)
class GameReport:
    """What `examine_game` found."""

    game: Game[Any]
    findings: tuple[Finding, ...]
    """Errors first."""
    count: Count | None = None
    """The exact size; None where the game is too large to walk through."""
    log_nodes: Interval | None = None
    """The decimal logarithm of the estimated number of histories."""
    results: RandomResults | None = None
    """What random play comes to; None where the game is broken."""
    sights: tuple[Sight, ...] = ()
    """Who sees which deal and move, in a game that hides information."""
    prompts: tuple[str, ...] = ()
    """By role that was asked, all that its player is shown at its first decision."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The broken promises."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def check_game(game: Game[Any], games: int = 100, seed: int = 0) -> None:
    """Raise GameError with every broken promise that was found, and the moves that lead there.

    Small games are looked at in every state; of large ones, `games` random games are, so raise it for these.
    """
    errors = examine_game(game, games, seed, results=False).errors
    if errors:
        raise GameError(f"{game.name}: " + "\n".join(map(str, errors)))


def examine_game(game: Game[Any], games: int = 100, seed: int = 0, *, results: bool = True) -> GameReport:
    """Return all that can be found out about a game in seconds; `results` includes the statistics of random play.

    Nothing that the game does raises here: it becomes a finding. The same seed finds the same.
    """
    findings = Findings()
    with findings.attempt("reading its declaration"):
        check_declaration(game, findings)
    if not game.roles or "sides" in findings:
        return GameReport(game, findings.sorted())
    asking = Asking(game, findings, seed)
    states = States(asking)
    histories = random_walks(states, games)
    if not histories or "equal" in findings:
        return GameReport(game, findings.sorted())
    log_nodes = whole = None
    sights: tuple[Sight, ...] = ()
    with findings.attempt("counting the states"):
        log_nodes = estimate_nodes(game, histories, seed)
        if log_nodes is not None and log_nodes.value < _WALKABLE:
            whole = walk_all(states)
    findings.moves = None
    with findings.attempt("changing what is hidden"):
        sights = check_secrets(states, histories)
    findings.moves = None
    if whole is not None:
        with findings.attempt("drawing what is hidden"):
            check_resample(states, whole, seed)
    findings.moves = None
    states.again.check()
    _check_tensors(states)
    if not any(finding.severity is Severity.ERROR for finding in findings.sorted()):
        with findings.attempt("a recorded match"):
            _check_replay(game, findings, seed)
        with findings.attempt("the same game in another process"):
            check_elsewhere(game, findings, seed)
        with findings.attempt("reading its payoffs"):
            check_scoring(game, histories, findings)
    played = None
    if results and not any(finding.severity is Severity.ERROR for finding in findings.sorted()):
        with findings.attempt("random play"):
            played = play_at_random(game, seed)
    count = None if whole is None else whole.count
    return GameReport(game, findings.sorted(), count, log_nodes, played, sights, _prompts(game, histories))


def _check_tensors(states: States) -> None:
    """Compare how many views a net can tell apart with how many there are."""
    tensors, findings = states.decisions.tensors, states.findings
    first: dict[tuple[int, bytes], str] = {}
    alike = [
        (view, other)
        for (seat, view), tensor in tensors.items()
        if (other := first.setdefault((seat, tensor), view)) != view
    ]
    if alike:
        view, other = alike[0]
        tell = findings.warning if len(alike) > _ALIKE * len(tensors) else findings.note
        tell(
            "encode_alike",
            f"encode gives {len(tensors) - len(alike):,} tensors for {len(tensors):,} views, the same for {view!r} "
            f"and {other!r}",
            "encode all that a net should know; or the view shows more than it should",
        )


def _check_replay(game: Game[Any], findings: Findings, seed: int) -> None:
    """Let the referee play a few matches, and replay their records under the game made anew."""
    player = Anyone()
    fixtures = [
        Fixture(f"check-{i}", "play", (player.name,) * game.seats, derive(seed, "replay", i), "")
        for i in range(_REPLAYS)
    ]
    try:
        again = type(game)(**game.parameters)
        for record in play_fixtures(game, fixtures, {player.name: player}):
            with findings.at([turn.action or "" for turn in record.turns]):
                if record.stop is not StopReason.FINISHED:
                    findings.warning(
                        "unfinished", f"a random match ends {record.stop}: {record.reason}", "see arena.match"
                    )
                for _ in record.replay(again):
                    pass
    except ArenaError as error:
        findings.error(
            "replay", f"a recorded match does not replay: {error}", "compute from state and parameters alone"
        )


def _prompts(game: Game[Any], histories: Sequence[History]) -> tuple[str, ...]:
    first: dict[int, str] = {}
    for history in histories:
        for s, mover in zip(history.states, history.movers, strict=False):
            if mover >= 0 and mover not in first:
                with suppress(Exception):  # a broken view or legal set is a finding already
                    first[mover] = prompt(game, s, mover)
    return tuple(first[seat] for seat in sorted(first))


def prompt(game: Game[Any], s: Any, seat: int) -> str:
    """Return all that a player in this seat is shown: the rules of its role, its view, and the legal moves."""
    legal = game.legal(s, seat)
    if isinstance(legal, Text):
        moves = f"any text of at most {legal.max_chars} characters"
        if legal.moves:
            more = ", …" if len(legal.moves) > 50 else ""
            moves += f", with a last line that is one of {', '.join(legal.moves[:50])}{more}"
    elif isinstance(legal, Choices) or len(legal) > 50:
        moves = f"{legal[0]}, {legal[1]}, … {legal[len(legal) - 1]} ({len(legal):,} in all)"
    else:
        moves = ", ".join(legal)
    return f"[{game.roles[seat]}]\n{game.rules(game.roles[seat])}\n\n{game.view(s, seat)}\n\nlegal moves: {moves}"
