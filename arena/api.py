"""The Python face: play, tournament, pit, train, exploit and benchmark. The command line only calls these.

Players and games are given as specs ("uniform", "kuhn_poker", a checkpoint folder) or as objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from arena import config as configuration
from arena.config import LeagueConfig, TournamentConfig
from arena.errors import ArenaError, ConfigError, PlayerError
from arena.game import Game
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Player, close
from arena.record import Record
from arena.registry import checkpoint_game, find, load_game, load_player, load_visitor, respelled
from arena.seeds import derive

if TYPE_CHECKING:
    from arena.benchmarking import Score
    from arena.exploitation import Exploit
    from arena.rating import Ladder


def play(
    game: str | Game[Any],
    players: Sequence[str | Player],
    matches: int = 1,
    seed: int = 0,
    patience: Patience | None = None,
) -> list[Record]:
    """Play matches with one player per seat, in the order of the game's roles; returns their records in order.

    Raises PlayerError where no match could be played to an end.
    """
    game = load_game(game)
    if matches < 1:
        raise ConfigError(f"{matches} matches cannot be played: ask for 1 or more")
    with _seated(game, players) as seated:
        if len(seated) != game.seats:
            raise ConfigError(
                f"{game.name} has {game.seats} seats ({', '.join(game.roles)}), but {len(seated)} players came"
            )
        names = tuple(name for name, _ in seated)
        fixtures = [Fixture(f"play-{i:09d}", "play", names, derive(seed, "play", i), "") for i in range(matches)]
        records = sorted(play_fixtures(game, fixtures, dict(seated), patience=patience), key=lambda record: record.key)
    if not any(record.stop.rated for record in records):
        raise PlayerError(f"no match could be played to an end: {records[0].reason}")
    return records


def tournament(
    source: str | Path | TournamentConfig,
    folder: str | Path | None = None,
    overrides: Sequence[str] = (),
    tell: Callable[[Any], None] | None = None,
    redo_abandoned: bool = False,
) -> Ladder:
    """Play a tournament of any format, or go on with it, and return its ladder.

    `source` is a TOML file, the name of one that comes with arena, or a configuration. The run is kept in `folder`,
    by default runs/NAME after the file. `redo_abandoned` plays the matches again that crashes ended for good.
    """
    values = _configuration(source, TournamentConfig, overrides)
    run = find("tournaments", "tournament")
    return cast("Ladder", run(values, run_folder(source, folder), tell or (lambda _: None), redo_abandoned))


class Event(NamedTuple):
    """The tournament of one game, and where it is kept."""

    config: TournamentConfig
    folder: Path
    label: str = ""
    """The game as the name of a folder, where a file has several."""


def events(file: str | Path, folder: str | Path | None = None, overrides: Sequence[str] = ()) -> list[Event]:
    """Return the tournaments that a TOML file describes: one, or one for each of its `games`.

    That of one game is kept in `folder`, by default runs/NAME after the file; those of several in folders below it.
    """
    place = run_folder(file, folder)
    found = configuration.load_tournaments(_file(Path(file)), overrides)
    return [Event(config, place / label, label) for label, config in found.items()]


@contextmanager
def everybody(tournaments: Sequence[Event]) -> Iterator[None]:
    """Keep the players of several tournaments ready until the end of the block.

    Whoever cannot play is told before the first match, and a model that plays several games is loaded once.
    """
    ready: list[Player] = []
    try:
        for config, _, label in tournaments if len(tournaments) > 1 else ():
            key = label if label == config.game else f'"{config.game}"'
            game = load_game(config.game)
            for name, spec in config.entrants.items():
                try:
                    ready.append(load_player(spec, game, name))
                except ArenaError as error:
                    raise ConfigError(
                        f"entrant {name!r} cannot play {config.game}: {error} (a table names the games of an entrant "
                        f"and who it is there: {name} = {{{key} = …}})"
                    ) from error
        yield
    finally:
        close(ready)


def train(
    source: str | Path | LeagueConfig,
    folder: str | Path | None = None,
    overrides: Sequence[str] = (),
    tell: Callable[[Any], None] | None = None,
) -> Path:
    """Run a self-play league, or go on with it, and return its folder.

    `source` is a TOML file, the name of one that comes with arena, or a configuration. The run is kept in `folder`,
    by default runs/NAME after the file.
    """
    values = _configuration(source, LeagueConfig, overrides)
    place = run_folder(source, folder)
    find("trainers", "self_play")(values, place, tell or (lambda _: None))
    return place


def pit(
    first: str | Player,
    second: str | Player,
    game: str | Game[Any],
    pairs: int = 500,
    seed: int = 0,
    tell: Callable[[Any], None] | None = None,
    *,
    min_pairs: int = 16,
    elo0: float | None = None,
    elo1: float | None = None,
    model: Literal["logistic", "normalised"] = "logistic",
    alpha: float = 0.05,
    beta: float = 0.05,
    precision: float = 0.0,
    role: str = "",
    against: str | Player | None = None,
    folder: str | Path | None = None,
) -> Any:
    """Compare two players over at most `pairs` pairs of matches; returns a verdict that prints itself.

    A pair is two matches with one seed: against each other with swapped seats or, with `role` and `against`,
    both in that role against the same opponent. Play stops as soon as the answer is clear: `alpha` and `beta`
    are the error rates, `elo0` and `elo1` the hypotheses where matches are won and lost, and `precision` a
    half-width of the mean payoff that is narrow enough. Matches are kept in `folder`, if there is one, and a
    comparison that was stopped goes on there.
    """
    game = load_game(game)
    if pairs < 1 or min_pairs < 1:
        raise ConfigError(f"{min(pairs, min_pairs)} pairs cannot be played: ask for 1 or more")
    given = [first, second, *([] if against is None else [against])]
    with _seated(game, given) as seated:
        a, b, *rest = seated
        specs = {name: spec for (name, _), spec in zip(seated, given, strict=True) if isinstance(spec, str)}
        return find("tournaments", "pit")(
            game,
            a,
            b,
            pairs=pairs,
            min_pairs=min_pairs,
            seed=seed,
            elo0=elo0,
            elo1=elo1,
            model=model,
            alpha=alpha,
            beta=beta,
            precision=precision,
            role=role,
            against=rest[0] if rest else None,
            folder=None if folder is None else Path(folder),
            specs=specs,
            tell=tell or (lambda _: None),
        )


def exploit(
    player: str | Player,
    game: str | Game[Any],
    top: int = 3,
    samples: int = 0,
    seed: int = 0,
    tell: Callable[[Any], None] | None = None,
) -> Exploit:
    """Measure a player against its best response, and find the `top` places per seat that cost it most.

    What is measured is the policy that plays. A player that states its policy, or the law of its replies, is measured
    exactly; any other, or any if `samples` are wanted, by so many replies at each information set (200 if 0 are given),
    drawn anew from `seed`. Replies that are no legal move count as forfeits.

    Raises TooLarge for games that cannot be enumerated, and PlayerError for a player that cannot be measured.
    """
    from arena.exploitation import measure
    from arena.tree import enumerate_game

    game = load_game(game)
    tree = enumerate_game(game)  # first: a model may take long to load
    with _seated(game, [player]) as [(_, seated)]:
        return measure(seated, tree, top, samples, seed, tell or (lambda _: None))


def benchmark(
    file: str | Path,
    player: str | Player,
    samples: int = 1,
    seed: int = 0,
    tell: Callable[[Any], None] | None = None,
    *,
    folder: str | Path | None = None,
) -> Score:
    """Ask a player the questions of a file of JSON lines, each `samples` times, and grade what it answers.

    With math-verify where that is installed, else by exact rules; the score says which. The replies are kept in
    `folder`, if there is one, and a benchmark that was stopped goes on there. `arena.benchmarking.measure` does the
    same for a player that is being trained.
    """
    from arena.benchmarking import measure, questions_of

    with _seated(questions_of(file), [player]) as [(_, seated)]:
        return measure(
            seated, file, samples, seed,
            folder=None if folder is None else Path(folder),
            spec=player if isinstance(player, str) else "",
            tell=tell or (lambda _: None),
        )  # fmt: skip


def red_team(
    critic: str | Player,
    sneaky: str | Player = "uniform",
    game: str | Game[Any] = "",
    steps: int = 100,
    seed: int = 0,
    tell: Callable[[Any], None] | None = None,
    *,
    completer: str | Player = "",
) -> Any:
    """Attack a critic of solutions with `steps` wrong steps of each kind of error; returns what was found.

    By default the game is the one in which the critic's checkpoint learned, or `sneaky_critic` without words, on test
    problems. A checkpoint is asked in the game that is played also if it learned in one with other problems.
    """
    if not game:
        own = load_game((checkpoint_game(critic) if isinstance(critic, str) else "") or "sneaky_critic(words=False)")
        game = respelled(own.spec, {"part": "test"}) if hasattr(own, "part") else own
    played = load_game(game)
    run = find("red_teams", played.name)
    made: list[Player] = []
    try:
        for spec in (sneaky, critic, *([completer] if completer else [])):
            made.append(load_visitor(spec, played))
        return run(played, *made[:2], made[2] if completer else None, steps, seed, tell or (lambda _: None))
    finally:
        close(player for player, spec in zip(made, (sneaky, critic, completer), strict=False) if isinstance(spec, str))


def seat(game: Game[Any], players: Sequence[str | Player]) -> list[tuple[str, Player]]:
    """Return the players with their names; those that share one get names of their own: "uniform", "uniform #2"."""
    seated: dict[str, Player] = {}
    made: list[Player] = []
    for spec in players:
        try:
            player = load_player(spec, game)
        except ArenaError:
            close(made)
            raise
        if isinstance(spec, str):
            made.append(player)
        name, number = player.name, 1
        while name in seated:
            number += 1
            name = f"{player.name} #{number}"
        seated[name] = player
    return list(seated.items())


@contextmanager
def _seated(game: Game[Any], players: Sequence[str | Player]) -> Iterator[list[tuple[str, Player]]]:
    """Return the players with their names as `seat` does, and close those at the end that were made for it."""
    seated = seat(game, players)
    try:
        yield seated
    finally:
        close(player for (_, player), given in zip(seated, players, strict=True) if isinstance(given, str))


def run_folder(source: object, folder: str | Path | None) -> Path:
    """Return where a run is kept: the folder that was given, or runs/NAME after the configuration file."""
    if folder is not None:
        return Path(folder)
    if isinstance(source, (str, Path)):
        return Path("runs") / Path(source).stem
    raise ConfigError("a run from a configuration object needs a folder: pass folder=…")


def _configuration(source: Any, model: Any, overrides: Sequence[str]) -> Any:
    if isinstance(source, model):
        return source
    return configuration.load(_file(Path(source)), model, overrides)


def _file(path: Path) -> Path:
    """Return the file itself, or the one that ships under this name: "kuhn_league" works from any folder."""
    if path.exists():
        return path
    shipped = {
        file.name: Path(str(file)) for file in files("arena.tournaments").iterdir() if file.name.endswith(".toml")
    }
    name = path.with_suffix(".toml").name
    if name in shipped and str(path) in (path.name, f"tournaments/{path.name}"):
        return shipped[name]
    known = [name.removesuffix(".toml") for name in sorted(shipped)]
    near = get_close_matches(path.stem, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"these come with arena: {', '.join(known)}"
    raise ConfigError(f"there is no file {path}; {hint}")
