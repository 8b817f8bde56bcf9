"""The games, a match between two players, and a recorded one again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from arena.cli import terminal
from arena.cli.terminal import Whole


def games() -> None:
    """List the games, with what matters about each."""
    from rich.markup import escape
    from rich.table import Table

    from arena.errors import ArenaError
    from arena.registry import load_game, names

    table = Table("game", "roles", "hidden", "scored by", "moves")
    for name in names("games"):
        try:
            game = load_game(name)
        except ArenaError as error:  # it needs a package that is not installed
            table.add_row(escape(name), "", "", "", escape(str(error)))
            continue
        moves = ", ".join(game.actions[:9]) + (", …" if len(game.actions) > 9 else "") or "free text"
        hidden = "yes" if game.hidden else "no"
        table.add_row(escape(game.spec), escape(", ".join(game.roles)), hidden, game.scoring, escape(moves))
    terminal.out().print(table)


def play(game: str, *players: str, matches: Whole = 1, seed: Whole = 0) -> None:
    """Play matches between players, one per seat, and show them.

    Parameters
    ----------
    game
        The game, for example tic_tac_toe.
    players
        One per seat: a name such as uniform or "minimax(depth=4)", or a checkpoint folder.
    matches
        How many matches to play; one is shown move by move, more as totals.
    seed
        The same seed plays the same matches.
    """
    from arena import api
    from arena.registry import load_game

    rules = load_game(game)
    records = api.play(rules, players, matches, seed)
    screen = terminal.out()
    if matches == 1:
        frames = story(rules, records[0])
        screen.print("\n".join(frames if "human" not in players else frames[-1:]), markup=False)
        return
    for seat, role in enumerate(rules.roles):
        paid = [payoff for record in records if (payoff := record.returns[seat]) is not None]
        earned = f"mean payoff {sum(paid) / len(paid):+.4f} over {len(paid):,} matches" if paid else "no payoff"
        screen.print(f"{role} ({records[0].entrants[seat]}): {earned}", markup=False)
    if given_up := [record for record in records if not record.stop.rated]:
        number, why = len(given_up), given_up[0].reason
        screen.print(f"matches without a result: {number:,}, the first because {why}", markup=False)


def replay(run: Path, match: str = "", *, whole: bool = False) -> None:
    """Step through a recorded match, checked against the rules.

    Parameters
    ----------
    run
        The run's folder.
    match
        The first characters of its key; without it the keys of the last matches are listed.
    whole
        Print the match to its end instead of stopping at every move; in a pipe it always is.
    """
    from itertools import islice

    from arena.errors import UnknownName
    from arena.registry import load_game
    from arena.runs import game_of, only_run
    from arena.store import Store

    run = only_run(run)
    screen = terminal.out()
    with Store.read(run) as store:
        if not match:
            for key, entrants, returns, stop in store.last_matches(20):
                paid = " ".join(f"{value:+g}" if value is not None else "-" for value in returns)
                screen.print(f"{key}  {' vs '.join(entrants)}  {paid}  {stop}", markup=False)
            screen.print(
                f"these are the last of {store.count():,} matches; arena replay {run} KEY shows one", markup=False
            )
            return
        records = list(islice(store.records(match), 2))
        if not records:
            raise UnknownName(f"{run} has no match whose key begins with {match!r}: arena replay {run} lists some")
        if len(records) > 1:
            raise UnknownName(f"several matches in {run} have keys that begin with {match!r}: give more characters")
        # The run's own game, never one that a record names: records may come from somebody else's file.
        game = game_of(store) if store.meta("config") else load_game(records[0].game)
    frames = story(game, records[0])
    if screen.is_terminal and sys.stdin.isatty() and not whole:
        _step_through(screen, frames)
    else:
        screen.print("\n".join(frames), markup=False)


def story(game: Any, record: Any) -> list[str]:
    """Return a match as a spectator sees it: its players, a text for every move, and how it ended.

    Raises ReplayError where the rules have changed since.
    """
    frames = [" vs ".join(f"{name} ({role})" for name, role in zip(record.entrants, game.roles, strict=False))]
    dealt: list[str] = []
    refused = iter(_refused(game, record))
    for state, turn in record.replay(game):
        before = next(refused)
        if turn is not None and turn.seat < 0:
            dealt.append(f"-> chance: {turn.action}")
            continue
        lines = [*dealt, game.draw(state), *before]
        dealt = []
        if turn is not None:
            said = f"   said: {_visible(turn.raw)}" if turn.raw not in ("", turn.action) else ""
            lines.append(f"-> {game.roles[turn.seat]}: {_visible(turn.action)}{said}\n")
        frames.append("\n".join(lines))
    paid = ", ".join(
        f"{role} {value:+g}" for role, value in zip(game.roles, record.returns, strict=True) if value is not None
    )
    ending = f"{record.stop}{': ' + _visible(record.reason) if record.reason else ''}; payoff: {paid or 'none'}"
    frames[-1] += f"\n{ending}"
    return frames


def _refused(game: Any, record: Any) -> Iterator[list[str]]:
    """Yield, for every turn that was played and for the end, the replies before it that were refused."""
    lines: list[str] = []
    for turn in record.turns:
        if turn.fault:
            tried = _visible(turn.raw or turn.action or "")
            lines.append(f"-> {game.roles[turn.seat]} tried '{tried}': {turn.fault}")
        else:
            yield lines
            lines = []
    yield lines


def _visible(text: str) -> str:
    """Return a player's words on one line, with whatever would steer a terminal written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _step_through(screen: Console, frames: Sequence[str]) -> None:
    """Show one frame at a time, as the reader asks for them."""
    place = 0
    while True:
        screen.print(frames[place], markup=False)
        try:
            word = screen.input(f"[{place + 1}/{len(frames)}] Enter: next, b: back, a number, q: quit > ", markup=False)
        except EOFError:
            return
        word = word.strip().lower()
        if word == "q" or (not word and place == len(frames) - 1):
            return
        if word == "b":
            place = max(place - 1, 0)
        elif word.isdecimal() and len(word) < 6:
            place = min(max(int(word) - 1, 0), len(frames) - 1)
        else:
            place = min(place + 1, len(frames) - 1)
