"""From a name to an object: the only place where the rooms are known by name.

A spec is one of::

    kuhn_poker                     a built-in name, or one that an installed package adds as an entry point
    matrix(payoffs=[[1, -1], [-1, 1]])     … with parameters, which are Python literals
    package.module:Class(size=3)   anything importable
    file.py:Class                  a class in a file
    runs/kuhn/checkpoints/main-2000(temperature=0)   a checkpoint folder (players only)
    out/checkpoint-200(max_tokens=64)      a Hugging Face model or adapter, which then plays as chat(model=…)
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from difflib import get_close_matches
from hashlib import sha256
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NamedTuple, cast

from arena import checkpoint, hugging_face
from arena.errors import ArenaError, CheckpointError, ConfigError, GameError, UnknownName
from arena.game import Game
from arena.player import Loadable, Player

BUILT_IN: dict[str, dict[str, str]] = {
    "games": {
        "chess": "arena.games.chess:Chess",
        "connect_four": "arena.games.connect_four:ConnectFour",
        "dark_hex": "arena.games.dark_hex:DarkHex",
        "debate": "arena.games.debate:Debate",
        "goofspiel": "arena.games.goofspiel:Goofspiel",
        "inspection": "arena.games.inspection:Inspection",
        "noisy_critic": "arena.games.inspection:NoisyCritic",
        "kuhn_match": "arena.games.kuhn_match:KuhnMatch",
        "kuhn_poker": "arena.games.kuhn_poker:KuhnPoker",
        "leduc_poker": "arena.games.leduc_poker:LeducPoker",
        "liars_dice": "arena.games.liars_dice:LiarsDice",
        "limit_holdem": "arena.games.holdem:LimitHoldem",
        "matching_pennies": "arena.games.matrix:MatchingPennies",
        "matrix": "arena.games.matrix:Matrix",
        "nim": "arena.games.nim:Nim",
        "no_limit_holdem": "arena.games.holdem:NoLimitHoldem",
        "open_spiel": "arena.games.open_spiel:open_spiel",
        "pettingzoo": "arena.games.pettingzoo:PettingZoo",
        "questions": "arena.games.questions:Questions",
        "rock_paper_scissors": "arena.games.matrix:RockPaperScissors",
        "challenger_solver": "arena.games.challenger_solver:ChallengerSolver",
        "sneaky_critic": "arena.games.sneaky_critic:SneakyCritic",
        "step_by_step": "arena.games.step_by_step:StepByStep",
        "simple_negotiation": "arena.games.simple_negotiation:SimpleNegotiation",
        "tic_tac_toe": "arena.games.tic_tac_toe:TicTacToe",
        "tool_tasks": "arena.games.tool_tasks:ToolTasks",
    },
    "kernels": {
        "connect_four": "arena.games.connect_four_kernel:ConnectFourKernel",
        "dark_hex": "arena.games.dark_hex_kernel:DarkHexKernel",
    },
    "players": {
        "best_of": "arena.players.best_of:best_of",
        "by_role": "arena.players.by_role:by_role",
        "cfr": "arena.players.solved:cfr",
        "cfr_plus": "arena.players.solved:cfr_plus",
        "chat": "arena.players.chat:chat",
        "debater": "arena.players.debater:Debater",
        "discounted_cfr": "arena.players.solved:discounted_cfr",
        "fictitious_play": "arena.players.solved:fictitious_play",
        "language_model": "arena.players.language_model:language_model",
        "ismcts": "arena.players.ismcts:Ismcts",
        "mccfr": "arena.players.solved:mccfr",
        "mcts": "arena.players.mcts:Mcts",
        "human": "arena.players.human:Human",
        "minimax": "arena.players.minimax:Minimax",
        "net": "arena.players.net:Net",
        "process": "arena.players.process:Process",
        "reckoner": "arena.players.reckoner:Reckoner",
        "script": "arena.players.script:Script",
        "step_filter": "arena.players.step_filter:step_filter",
        "tabular": "arena.players.tabular:Tabular",
        "uniform": "arena.players.uniform:UniformPlayer",
        "verifier": "arena.players.verifier:Verifier",
    },
    "problems": {
        "arithmetic": "arena.games.problems:arithmetic",
        "expected_value": "arena.games.problems:expected_value",
    },
    "red_teams": {
        "sneaky_critic": "arena.games.red_team:run",
    },
    "lessons": {
        "chat": "arena.players.lesson:texts",
    },
    "trainers": {
        "behaviour_cloning": "arena.trainers.imitation:run",
        "cfr": "arena.trainers.cfr:Cfr",
        "cfr_plus": "arena.trainers.cfr:CfrPlus",
        "discounted_cfr": "arena.trainers.cfr:DiscountedCfr",
        "fictitious_play": "arena.trainers.fictitious_play:FictitiousPlay",
        "mccfr": "arena.trainers.mccfr:Mccfr",
        "offline_clipped": "arena.trainers.improvement:run",
        "self_play": "arena.trainers.loop:train",
        "tiny_model": "arena.trainers.tiny_model:run",
    },
    "tournaments": {
        "merge": "arena.tournaments.merge:run",
        "overview": "arena.tournaments.overview:show",
        "pit": "arena.tournaments.pit:run",
        "page": "arena.tournaments.page:write",
        "plot": "arena.tournaments.plot:draw",
        "plot_file": "arena.tournaments.plot:check",
        "current": "arena.tournaments.live_table:LiveTable",
        "export": "arena.tournaments.export:run",
        "import": "arena.tournaments.import_results:run",
        "report": "arena.tournaments.report:show",
        "standings": "arena.tournaments.tournament:standings",
        "tournament": "arena.tournaments.tournament:run",
    },
}

_opening: ContextVar[Path | None] = ContextVar("_opening", default=None)
"""The checkpoint folder that is being opened: until it is, no name may lead to code that it brings along."""

_SPEC = re.compile(r"^(?P<target>[^()]+?)\s*(?:\((?P<inside>.*)\))?$", re.DOTALL)


class Spec(NamedTuple):
    """A parsed spec: what to load, and with which parameters."""

    target: str
    parameters: dict[str, Any]


def parse(text: str) -> Spec:
    """Split "name(key=value, …)" into its target and parameters. Raises ConfigError for anything else."""
    found = _SPEC.match(text.strip())
    if found is None:
        raise ConfigError(f"{text!r} is no name: write name or name(key=value, …)")
    try:
        call = ast.parse(f"f({found['inside'] or ''})", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError("one pair of brackets holds them all")
        if call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError("give every parameter by name, as key=value")
        parameters = {cast(str, k.arg): _literal(k.value) for k in call.keywords}
        if len(parameters) < len(call.keywords):
            raise ValueError("one is given twice")
    except (SyntaxError, ValueError) as error:
        raise ConfigError(f"the parameters of {text!r} cannot be read: {error}") from None
    except (RecursionError, MemoryError):  # what Python's parser says of too deep a nesting
        raise ConfigError(f"the parameters of {text[:100]!r}… cannot be read: they are nested too deeply") from None
    return Spec(found["target"].strip(), parameters)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise ValueError(f"{ast.unparse(node)} is no Python literal (text needs quotes)") from None


def respelled(spec: str, changes: Mapping[str, Any]) -> str:
    """Return a spec with other parameters, or with more of them."""
    target, parameters = parse(spec)
    return f"{target}({', '.join(f'{key}={value!r}' for key, value in {**parameters, **changes}.items())})"


def names(kind: str) -> list[str]:
    """Return the sorted names of a kind ("games", "players", …), plug-ins included."""
    return sorted({*BUILT_IN[kind], *(entry.name for entry in entry_points(group=f"arena.{kind}"))})


def find(kind: str, target: str) -> Any:
    """Return the class or function behind a name, `module:Name` or `file.py:Name`."""
    if ":" in target:
        if folder := _opening.get():
            raise CheckpointError(
                f"{folder} names {target!r}, but a checkpoint may only name registered players, so that opening it "
                "runs no code of its own: give the class a name, as an entry point in the group 'arena.players'"
            )
        return _attribute(target)
    if target in BUILT_IN[kind]:
        return _attribute(BUILT_IN[kind][target])
    for entry in entry_points(group=f"arena.{kind}", name=target):
        return _attribute(entry.value)
    if target.endswith(".py"):
        raise UnknownName(f"{target} names a file but nothing in it: write {target}:CLASS")
    near = get_close_matches(target, names(kind), n=1, cutoff=0.65)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names(kind))}"
    raise UnknownName(f"there is no {kind[:-1]} {target!r}; {hint}")


def load_game(spec: str | Game[Any]) -> Game[Any]:
    """Return the game that a spec names; a game is returned as it is."""
    if isinstance(spec, Game):
        return spec
    target, parameters = parse(spec)
    make = find("games", target)
    if ":" in target and not (isinstance(make, type) and issubclass(make, Game)):  # nothing else is called
        raise GameError(f"{spec!r} names {_kind(make)}, not an arena.Game: subclass it")
    game: Game[Any] = _build(make, spec, parameters)
    vars(game)["_spec"] = spec.strip()
    return game


def load_player(spec: str | Player, game: Game[Any], name: str = "", seed: int | None = None) -> Player:
    """Return the player that a spec or a checkpoint folder names, ready to play `game`.

    `name` is what results will call it; by default the spec, without the path to a checkpoint folder. `seed`
    is for players that begin at random (a fresh net), unless the spec gives one.
    """
    if not isinstance(spec, str):
        return spec
    target, parameters = parse(spec)
    if _is_folder(target):
        folder = Path(target)
        if _is_model(folder):
            return _chat(
                folder, spec, parameters, game, name or hugging_face.label(folder) + spec.strip()[len(target) :]
            )
        return load_checkpoint(folder, game, name or folder.name + spec.strip()[len(target) :], parameters)
    make = find("players", target)
    if ":" in target and not (isinstance(make, type) and callable(getattr(make, "act", None))):
        raise UnknownName(f"{spec!r} names {_kind(make)}, not a player: name a class with act(batch)")
    player = _build(make, spec, parameters, game, seed)
    if not isinstance(player, Player):
        raise UnknownName(f"{spec!r} is a {type(player).__name__}, not a player: it needs a name and act(batch)")
    player.name = name or spec.strip()
    return player


def load_visitor(spec: str | Player, game: Game[Any], seed: int | None = None) -> Player:
    """Return a player as `load_player` does, whose checkpoint may have learned in another game with the same moves.

    So a critic of training problems judges test problems. Raises ConfigError where the moves are other ones.
    """
    own = checkpoint_game(spec) if isinstance(spec, str) else ""
    home = load_game(own) if own else game
    if home.actions != game.actions:
        raise ConfigError(f"{spec!r} learned in {home.spec}, whose moves are other ones than those of {game.spec}")
    return load_player(spec, home, seed=seed)


def load_checkpoint(
    folder: Path, game: Game[Any], name: str = "", parameters: Mapping[str, Any] | None = None
) -> Player:
    """Return the player that a checkpoint folder holds, called `name` or else like the folder.

    `parameters` go before those it was saved with. Raises CheckpointError for a folder that is damaged, is for
    another game, or names a class that is not registered: opening a checkpoint runs no code that came with it.
    """
    if folder.is_dir() and not (folder / checkpoint.MANIFEST).is_file():
        raise CheckpointError(
            f"{folder} is no checkpoint: it has no {checkpoint.MANIFEST}{hugging_face.advice(folder)}"
        )
    manifest = checkpoint.read(folder, game)
    opening = _opening.set(folder)
    try:
        target, built_with = parse(manifest.player)
        if target == "chat":  # an ordinary folder of Hugging Face, which says how it is asked
            return _chat(folder, manifest.player, {**built_with, **(parameters or {})}, game, name or folder.name)
        player = _build(find("players", target), manifest.player, {**built_with, **(parameters or {})}, game)
        if not isinstance(player, Loadable):
            raise CheckpointError(f"{folder} holds a {target!r}, which cannot load a checkpoint")
        player.load(folder)
    finally:
        _opening.reset(opening)
    player.name = name or folder.name
    return player


def _chat(folder: Path, spec: str, parameters: dict[str, Any], game: Game[Any], name: str) -> Player:
    """Return the language model of a folder as a player."""
    player = _build(find("players", "chat"), spec, hugging_face.chat_parameters(folder, parameters), game)
    player.name = name
    return cast(Player, player)


def checkpoint_digest(spec: str) -> str:
    """Return the digest of the checkpoint that a player's spec names; empty for other players."""
    target, _ = parse(spec)
    if not _is_folder(target):
        return ""
    return hugging_face.digest(Path(target)) if _is_model(Path(target)) else checkpoint.read(Path(target)).digest


def checkpoint_game(spec: str) -> str:
    """Return the spec of the game that the checkpoint of a player's spec plays; empty where it is bound to none."""
    target, _ = parse(spec)
    return checkpoint.read(Path(target)).game if _is_folder(target) and not _is_model(Path(target)) else ""


def _is_folder(target: str) -> bool:
    # A folder called "net" where the command happens to run does not hide the player of that name.
    return ":" not in target and ("/" in target or (target not in BUILT_IN["players"] and Path(target).is_dir()))


def _is_model(folder: Path) -> bool:
    """Return whether a folder is somebody else's, and no checkpoint of arena's."""
    return not (folder / checkpoint.MANIFEST).is_file() and hugging_face.is_model(folder)


def _kind(found: Any) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else f"a {type(found).__name__}"


def _build(
    make: Callable[..., Any],
    spec: str,
    parameters: dict[str, Any],
    game: Game[Any] | None = None,
    seed: int | None = None,
) -> Any:
    """Call a class with the parameters of its spec, and with the game and a seed if it asks for them.

    Raises ConfigError for whatever goes wrong in it.
    """
    if not callable(make):
        raise ConfigError(f"{spec!r} names {make!r}, which nothing can be made of: name a class or a function")
    known = inspect.signature(make).parameters
    for key in parameters:
        if key not in known or key == "game":
            choices = [k for k in known if k != "game"]
            near = get_close_matches(key, choices, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(choices) or 'none'}"
            raise ConfigError(f"{spec!r} has no parameter {key!r}; {hint}")
    offered = {"game": game, "seed": seed}
    asked = {key: value for key, value in offered.items() if key in known and value is not None}
    for key, parameter in known.items():
        required = parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if required and key not in {**asked, **parameters}:
            raise ConfigError(f"{spec!r} needs a parameter: write {spec.partition('(')[0]}({key}=…)")
    try:
        return make(**{**asked, **parameters})
    except ArenaError:
        raise
    except Exception as error:
        raise ConfigError(f"{spec!r} cannot be made: {type(error).__name__}: {error}") from error


def _attribute(target: str) -> Any:
    """Import `module:Name` or `file.py:Name`."""
    module_name, _, attribute = target.rpartition(":")
    if module_name.endswith(".py"):
        module = _import_file(Path(module_name))
    else:
        try:
            module = import_module(module_name)
        except (Exception, SystemExit) as error:
            raise UnknownName(f"{target!r} cannot be imported: {type(error).__name__}: {error}") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        public = [key for key in vars(module) if not key.startswith("_")]
        near = get_close_matches(attribute, public, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownName(f"{module_name} has no {attribute!r}{hint}") from None


def _import_file(path: Path) -> Any:
    if not path.is_file():
        raise UnknownName(f"there is no file {path}")
    # A name of its own per place keeps two files called game.py apart; it is registered so that states pickle.
    name = f"arena_file_{sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UnknownName(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module
