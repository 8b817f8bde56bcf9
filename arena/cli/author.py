"""For people who write games and players: a first file, and proof that it is right; a small model, and questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from arena.cli import terminal
from arena.cli.terminal import Whole

new = App(name="new", help="Begin with something of your own: a game, a player, a small language model, questions.")


def check(spec: str, *, game: str = "", games: Whole = 100, seed: Whole = 0, verbose: bool = False) -> None:
    """Prove a game or a player right before anything is played or trained; exit code 1 if it is not.

    Parameters
    ----------
    spec
        A game: a name, FILE.py:Class or package.module:Class. With --game, a player.
    game
        The game at which to check a player.
    games
        How many random games to look at; small games are looked at in every state anyway.
    seed
        The same seed finds the same.
    verbose
        Also print what a player in each role is shown at its first decision.
    """
    from arena import testing
    from arena.errors import ConfigError
    from arena.registry import load_game, load_player, names, parse

    if games < 1:
        raise ConfigError(f"{games} games show nothing: look at 1 or more")
    if game:
        found = testing.examine_player(load_player(spec, rules := load_game(game)), rules, seed)
        text = "\n".join([*testing.write_findings(found), testing.verdict(spec, found)])
        errors = any(finding.severity is testing.Severity.ERROR for finding in found)
    else:
        if (target := parse(spec).target) in names("players") and target not in names("games"):
            raise ConfigError(f"{target!r} is a player: say at which game to check it, with --game")
        report = testing.examine_game(load_game(spec), games, seed)
        text, errors = testing.write_report(report, verbose), bool(report.errors)
    terminal.out().print(text, markup=False, soft_wrap=True)
    if errors:
        sys.exit(1)


@new.command
def game(name: str, *, folder: Path = Path()) -> None:
    """Write NAME.py, a complete small game to change, and test_NAME.py.

    Parameters
    ----------
    name
        What the game is called, for example my_game.
    folder
        Where to write the files.
    """
    _write("game", name, folder)


@new.command
def player(name: str, *, folder: Path = Path()) -> None:
    """Write NAME.py, a complete small player to change, and test_NAME.py.

    Parameters
    ----------
    name
        What the player is called, for example my_player.
    folder
        Where to write the files.
    """
    _write("player", name, folder)


@new.command
def model(
    folder: Path,
    *,
    game: Annotated[
        list[str],
        Parameter(name=["--game", "-g"], negative=(), help="A game whose words it knows. May be repeated."),
    ],
    seed: Whole = 0,
) -> None:
    """Make a small language model with random weights: a folder of Hugging Face, for arena clone to teach.

    It is a Llama of 1.4 million weights, whose tokenizer is learned from what players of these games read.

    Parameters
    ----------
    folder
        Where to write it.
    seed
        The same seed makes the same weights.
    """
    from arena.registry import find

    weights = find("trainers", "tiny_model")(folder, game, seed)
    screen = terminal.out()
    screen.print(f"written: {folder}, a language model of {weights:,} random weights", markup=False)
    screen.print(f"next: arena clone \"chat(model='{folder}')\" RUN --to NEW_FOLDER", markup=False, soft_wrap=True)


@new.command
def questions(
    file: Path,
    *,
    kind: str,
    count: Whole = 100,
    part: Literal["training", "test"] = "test",
    seed: Whole = 0,
) -> None:
    """Write a file of problems with exact answers, to measure or to train where nothing can be fetched.

    No question of a training file is ever in a test file, whatever the seeds are.

    Parameters
    ----------
    file
        Where to write it, as JSON lines.
    kind
        arithmetic, or expected_value: what small gambles with dice, cards, coins and bluffs are worth.
    count
        How many different questions.
    part
        What they are for.
    seed
        The same seed writes the same file.
    """
    from arena.question_file import write
    from arena.registry import find

    write(file, find("problems", kind)(count, part, seed))
    screen = terminal.out()
    screen.print(f"written: {file}, {count:,} questions", markup=False)
    screen.print(f"next: arena benchmark {file} --player PLAYER", markup=False)


def _write(kind: str, name: str, folder: Path) -> None:
    from arena.errors import ConfigError
    from arena.testing.templates import class_name, write_files

    written = write_files(kind, name)
    try:
        for file in written:
            if (folder / file).exists():
                raise ConfigError(f"{folder / file} exists already: take another name, or another folder with --folder")
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in written.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"nothing can be written to {folder}: {error.strerror or error}") from error
    at = " --game kuhn_poker" if kind == "player" else ""
    screen = terminal.out()
    screen.print(f"written: {', '.join(str(folder / file) for file in written)}", markup=False)
    screen.print(f"next: arena check {folder / name}.py:{class_name(name)}{at}", markup=False)
