"""The rules of the house, read from the syntax trees: who may import whom, and what nobody may do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("games", "players", "trainers", "tournaments")

# A file of arena/ imports only files that stand before it here.
ORDER = [
    *("errors", "seeds", "scene", "game", "player", "batch", "causal", "adapters", "config", "folder", "checkpoint"),
    *(
        "hugging_face",
        "registry",
        "kinship",
        "record",
        "history",
        "sandbox",
        "worker",
        "json_lines",
        "question_file",
        "grading",
    ),
    *(
        "verification",
        "quoting",
        "demonstrations",
        "results",
        "positions",
        "kernel",
        "ledger",
        "asking",
        "refusal",
        "attendance",
        "fixture",
        "match",
        "tree",
        "traces",
        "schema",
        "voids",
        "database",
        "store",
        "runs",
        "run_log",
    ),
    *(
        "interval",
        "judging",
        "sprt",
        "confidence",
        "aivat",
        "bradley_terry",
        "scores",
        "blocks",
        "bootstrap",
        "strengths",
    ),
    *("nash_averaging", "alpha_rank", "meta_solvers", "diversity", "payoff", "online", "ladder", "rating"),
    *(
        "schedule",
        "casting",
        "matchmaking",
        "alpha_star",
        "batched_play",
        "rollout",
        "token_rollout",
        "curriculum",
        "league",
        "envs",
    ),
    *("exploitation", "benchmarking", "testing", "live"),
    *("api", "cli", "__main__"),
]

# They put the rooms together by name, so they stand above them.
COMPOSITION_ROOT = {"api", "cli", "__main__"}

MAX_LINES = 400

FILES = sorted(path for place in ("arena", *ROOMS) for path in (ROOT / place).rglob("*.py"))
CORE = [path for path in FILES if path.relative_to(ROOT).parts[0] == "arena" and path != ROOT / "arena" / "__init__.py"]
ROOM_FILES = [path for path in FILES if path.relative_to(ROOT).parts[0] in ROOMS]


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_file = pytest.mark.parametrize("path", FILES, ids=label)
each_core_file = pytest.mark.parametrize("path", CORE, ids=label)
each_room_file = pytest.mark.parametrize("path", ROOM_FILES, ids=label)


class Import(NamedTuple):
    """One imported module, and where."""

    module: str
    line: int


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node below, except under `if TYPE_CHECKING`, which never runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for otherwise in child.orelse:
                yield otherwise
                yield from running(otherwise)
            continue
        yield child
        yield from running(child)


def imports(tree: ast.Module) -> Iterator[Import]:
    """Yield what a file imports when it runs, inside functions too; `from arena import x` is arena.x."""
    for node in running(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            if source == "arena":
                yield from (Import(f"arena.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield Import(source, node.lineno)


def own_module(path: Path) -> str:
    """Return the module that a file is: arena.tree.values, arena.games.kuhn_poker."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts if parts[0] == "arena" else ("arena", *parts))


def core_faults(tree: ast.Module, name: str) -> Iterator[str]:
    """Yield what the file `name` of arena/ imports from above itself, or from a room."""
    for module, line in imports(tree):
        head, _, rest = module.partition(".")
        wanted = rest.partition(".")[0]
        if module.startswith(".") or head in ROOMS:
            yield f"line {line}: import {module} by its full name under arena"
        elif head != "arena" or wanted == "__version__":
            continue
        elif wanted in ROOMS:
            yield f"line {line}: the core knows no room; ask arena.registry for what {module} holds"
        elif wanted not in ORDER:
            yield f"line {line}: take {wanted or 'it'} from the file that defines it, not from the facade arena"
        elif ORDER.index(wanted) > ORDER.index(name):
            yield f"line {line}: {module} stands above arena.{name}, which may import only what is below it"


def room_faults(tree: ast.Module, room: str) -> Iterator[str]:
    """Yield what a file of a room imports from another room, or from where the rooms are put together."""
    for module, line in imports(tree):
        head, _, rest = module.partition(".")
        wanted = rest.partition(".")[0]
        if module.startswith(".") or head in ROOMS:
            yield f"line {line}: import {module} by its full name under arena"
        elif head == "arena" and wanted in set(ROOMS) - {room}:
            yield f"line {line}: {room}/ meets {wanted}/ through arena.registry, not by importing {module}"
        elif head == "arena" and wanted in COMPOSITION_ROOT:
            yield f"line {line}: {module} puts the rooms together, so no room imports it"


@each_core_file
def test_imports_point_one_way(path: Path) -> None:
    name = path.relative_to(ROOT / "arena").with_suffix("").parts[0]
    assert name in ORDER, f"{label(path)} is new: place it in ORDER, above everything that it imports"
    assert list(core_faults(tree_of(path), name)) == []


@each_room_file
def test_a_room_imports_the_core_and_itself(path: Path) -> None:
    assert list(room_faults(tree_of(path), path.relative_to(ROOT).parts[0])) == []


def test_no_two_files_import_each_other() -> None:
    modules = {own_module(path): path for path in FILES}
    graph = {
        name: {module for module, _ in imports(tree_of(path)) if module in modules and module != name}
        for name, path in modules.items()
    }
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError with the cycle
    assert set(order) == set(modules)


def test_the_facade_imports_nothing_of_its_own() -> None:
    """So that `import arena` is quick: its names are fetched when they are first used."""
    facade = ast.parse((ROOT / "arena" / "__init__.py").read_text(encoding="utf-8"))
    assert [module for module, _ in imports(facade) if module.startswith("arena")] == []


# What nobody may do.


def global_randomness(tree: ast.Module) -> Iterator[str]:
    """Yield uses of a process-wide generator: the functions of `random`, numpy's legacy ones, torch's seed."""
    own = {"Random", "SystemRandom", "Generator", "SeedSequence", "BitGenerator", "PCG64", "Philox", "default_rng"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"random", "numpy.random"}:
            strange = [alias.name for alias in node.names if alias.name not in own]
            if strange:
                yield f"line {node.lineno}: from {node.module} import {', '.join(strange)}"
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            source, _, what = name.rpartition(".")
            legacy = source in {"random", "np.random", "numpy.random"} and what not in own
            if legacy or name in {
                "torch.manual_seed",
                "torch.seed",
                "torch.cuda.manual_seed",
                "torch.random.manual_seed",
            }:
                yield f"line {node.lineno}: {name}"
        if isinstance(node, ast.Call) and not node.args and not node.keywords:
            name = ast.unparse(node.func)
            if name in {"random.Random", "Random", "np.random.default_rng", "default_rng"}:
                yield f"line {node.lineno}: {name}() without a seed"


def unsafe(tree: ast.Module) -> Iterator[str]:
    """Yield what runs or unpickles what it is given."""
    unpicklers = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"line {node.lineno}: {a.name}" for a in node.names if a.name.split(".")[0] in unpicklers)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in unpicklers:
            yield f"line {node.lineno}: {node.module}"
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"eval", "exec", "torch.load", "os.system", "builtins.eval", "builtins.exec"}:
                yield f"line {node.lineno}: {name}"
            for keyword in node.keywords:
                on = not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
                if keyword.arg in {"trust_remote_code", "allow_pickle", "shell"} and on:
                    yield f"line {node.lineno}: {ast.unparse(keyword)}"


@each_file
def test_no_randomness_is_global(path: Path) -> None:
    assert list(global_randomness(tree_of(path))) == [], "draw from a generator of arena.seeds, derived by name"


@each_file
def test_nothing_unsafe_is_used(path: Path) -> None:
    found = list(unsafe(tree_of(path)))
    if (
        path.is_relative_to(ROOT / "arena" / "testing") or path == ROOT / "arena" / "testing.py"
    ):  # it pickles a game's states to show that they survive it
        found = [fault for fault in found if not fault.endswith(": pickle")]
    if path == ROOT / "arena" / "sandbox" / "zygote.py":  # it runs programs behind walls, which is what it is for
        found = [fault for fault in found if not fault.endswith(": exec")]
    assert found == []


@each_file
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_LINES, f"{label(path)} has {lines} lines: split it where it has two subjects"


PLACES = ["arena", *ROOMS, "tests"]
TEXTS = sorted(
    path
    for path in [*ROOT.glob("*.*"), ROOT / "Makefile", *(p for place in PLACES for p in (ROOT / place).rglob("*.*"))]
    if path.suffix in {".py", ".md", ".toml", ".txt", ".json", ""} and path.is_file()
)

# Written in two halves, so that this file may be read like the others.
PRIVATE = {
    "/wor" + "k/": "a path of one machine",
    "/roo" + "t/": "a path of one machine",
    "/hom" + "e/": "a path of one machine",
    "issue" + " #": "a number that only its tracker understands",
    "pypi" + ".org": "the host of a package registry",
    "python" + "hosted": "the host of a package registry",
    "download.py" + "torch": "the host of a package registry",
}


@pytest.mark.parametrize("path", TEXTS, ids=label)
def test_a_text_says_nothing_that_holds_only_here(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    found = {word: why for word, why in PRIVATE.items() if re.search(rf"(?<!\w){re.escape(word)}", text)}
    assert found == {}


# A module and its tests.


@pytest.mark.parametrize("path", [path for path in FILES if not path.stem.startswith("__")], ids=label)
def test_every_module_has_its_tests(path: Path) -> None:
    """tests/test_NAME.py; a module in a folder of its own may be test_FOLDER_NAME.py, as in test_tree_values.py."""
    *folders, name = path.relative_to(ROOT).with_suffix("").parts
    choices = [f"test_{folders[-1]}_{name}.py"]
    if folders == ["arena"] or [path.stem for path in FILES].count(name) == 1:
        choices.insert(0, f"test_{name}.py")
    assert any((ROOT / "tests" / choice).is_file() for choice in choices), f"write tests/{choices[0]}"


# The rules above can fail.


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("from arena.match import play_fixtures", "arena.match stands above arena.game"),
        ("def f():\n    import arena.league", "line 2: arena.league stands above"),
        ("from arena import registry", "arena.registry stands above"),
        ("from arena import Record", "take Record from the file that defines it"),
        ("import arena", "not from the facade"),
        ("from arena.games.kuhn_poker import KuhnPoker", "the core knows no room"),
        ("from games.kuhn_poker import KuhnPoker", "by its full name"),
        ("from .errors import ArenaError", "by its full name"),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import arena.cli", "line 4: arena.cli stands above"),
    ],
)
def test_the_rule_of_the_core_finds(code: str, fault: str) -> None:
    found = list(core_faults(ast.parse(code), "game"))
    assert len(found) == 1
    assert fault in found[0]


@pytest.mark.parametrize(
    "code",
    [
        "import json, numpy.random",
        "from arena import errors",
        "from arena import __version__",
        "from arena.seeds import derive",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from arena.cli import main",
    ],
)
def test_the_rule_of_the_core_allows(code: str) -> None:
    assert list(core_faults(ast.parse(code), "game")) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("from arena.players.net import Net", "trainers/ meets players/ through arena.registry"),
        ("from arena import games", "trainers/ meets games/"),
        ("import players.net", "by its full name"),
        ("from .loop import train", "by its full name"),
        ("from arena.cli import main", "puts the rooms together"),
        ("from arena import api", "puts the rooms together"),
    ],
)
def test_the_rule_of_the_rooms_finds(code: str, fault: str) -> None:
    found = list(room_faults(ast.parse(code), "trainers"))
    assert len(found) == 1
    assert fault in found[0]


@pytest.mark.parametrize("code", ["import torch", "from arena.trainers.losses import x", "from arena import Game"])
def test_the_rule_of_the_rooms_allows(code: str) -> None:
    assert list(room_faults(ast.parse(code), "trainers")) == []


@pytest.mark.parametrize(
    "code",
    [
        "import random\nrandom.random()",
        "from random import choice",
        "from numpy.random import rand",
        "np.random.seed(0)",
        "np.random.default_rng()",
        "random.Random()",
        "torch.manual_seed(0)",
    ],
)
def test_global_randomness_is_found(code: str) -> None:
    assert list(global_randomness(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "random.Random(seed).random()",
        "def f(rng: np.random.Generator): return rng.random()",
        "torch.Generator().manual_seed(3)",
        "np.random.Generator(np.random.PCG64(7))",
    ],
)
def test_a_generator_of_ones_own_is_allowed(code: str) -> None:
    assert list(global_randomness(ast.parse(code))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "torch.load(path)",
        "eval(text)",
        "np.load(path, allow_pickle=True)",
        "AutoModel.from_pretrained(name, trust_remote_code=flag)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_unsafe_code_is_found(code: str) -> None:
    assert len(list(unsafe(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code", ["model.eval()", "loader.exec_module(module)", "ast.literal_eval(text)", "f(shell=False)"]
)
def test_safe_code_is_allowed(code: str) -> None:
    assert list(unsafe(ast.parse(code))) == []
