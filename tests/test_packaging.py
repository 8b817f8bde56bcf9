"""One package wherever it comes from: a wheel, a bare clone and an editable install mean the same modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import arena

ROOT = Path(__file__).resolve().parent.parent
APART = {"arena.players.engines.vllm_engine": "vllm", "arena.players.engines.vllm_start": "vllm"}
"""Modules that need a package which lives in an environment of its own, as `.ci/run` makes one."""
ROOMS = ("games", "players", "trainers", "tournaments")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# The folders that pip installed the dependencies into. With `python -S` their .pth files are not read, so that an
# editable install of arena in there cannot stand in for what is missing from the package under test.
SITE = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]

USE = """
import arena
from importlib import import_module
from pathlib import Path

for name in MODULES:
    file = Path(import_module(name).__file__).resolve()
    assert file.is_relative_to(HOME), f"{name} comes from {file}"
game = arena.load_game("kuhn_poker")
assert type(game).__module__ == "arena.games.kuhn_poker"
print(arena.play(game, ["uniform", "script(prefer='bet')"], seed=1)[0].returns)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the checkout, so that a build leaves nothing in it and finds nothing of an earlier one."""
    copy = tmp_path_factory.mktemp("clone") / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("arena", *ROOMS):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, out = tmp_path_factory.mktemp("build") / "source", tmp_path_factory.mktemp("wheel")
    shutil.copytree(checkout, source)
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)], cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a folder to run in whose neighbours and contents are not arena."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def run(command: Sequence[str], cwd: Path, path: Sequence[str] = ()) -> str:
    """Run a command and return what it printed; the test fails with all of it if the command does."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return done.stdout


def modules() -> list[str]:
    """Return the name of every module that the checkout holds."""
    found = []
    for path in sorted(file for place in ("arena", *ROOMS) for file in (ROOT / place).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts if parts[0] == "arena" else ("arena", *parts)
        if parts[-1] != "__main__":
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def use_from(home: Path, cwd: Path, path: Sequence[str], prelude: str = "") -> None:
    """Import everything in a fresh process, and play; every module must come from below `home`."""
    here = [name for name in modules() if name not in APART or find_spec(APART[name])]
    code = f"{prelude}\nMODULES, HOME = {here!r}, {str(home.resolve())!r}\n{USE}"
    (record,) = arena.play("kuhn_poker", ["uniform", "script(prefer='bet')"], seed=1)
    assert run([sys.executable, "-S", "-c", code], cwd, path) == f"{record.returns}\n"


# The wheel.


def test_the_wheel_holds_one_package_and_all_of_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"arena", f"selfplay_arena-{PROJECT['version']}.dist-info"}
    code = [name.removesuffix(".py").removesuffix("/__init__") for name in names if name.endswith(".py")]
    assert {name.replace("/", ".") for name in code if not name.endswith("__main__")} == set(modules())


def test_the_wheel_holds_its_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tournaments = {f"arena/tournaments/{path.name}" for path in (ROOT / "tournaments").glob("*.toml")}
    games = {f"arena/games/{path.name}" for path in (ROOT / "games").glob("*.jsonl")}
    assert tournaments
    assert games
    assert {"arena/py.typed", *tournaments, *games} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_works_in_another_folder(wheel: Path, elsewhere: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    use_from(site / "arena", elsewhere, [str(site), *SITE])


def test_a_folder_of_games_beside_the_user_is_left_alone(wheel: Path, elsewhere: Path, tmp_path: Path) -> None:
    """Users have folders of these names too; neither package gets in the other's way."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    (elsewhere / "games").mkdir()
    (elsewhere / "games" / "__init__.py").write_text("MINE = 1\n")
    code = "import games, arena.games; print(games.MINE, arena.load_game('kuhn_poker').name)"
    assert run([sys.executable, "-S", "-c", code], elsewhere, [str(site), *SITE]) == "1 kuhn_poker\n"


# The checkout.


def test_a_bare_clone_works_without_an_install(checkout: Path) -> None:
    use_from(checkout, checkout, SITE)


def test_an_editable_install_works_in_another_folder(checkout: Path, elsewhere: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    run([*pip, "--ignore-installed", "--prefix", str(prefix), "--editable", str(checkout)], elsewhere)
    (site,) = prefix.glob("lib/python*/site-packages")
    prelude = f"import site; site.addsitedir({str(site)!r})"  # what Python does with its own: it reads the .pth files
    use_from(checkout, elsewhere, [str(site), str(dependencies(tmp_path / "dependencies"))], prelude)


def dependencies(folder: Path) -> Path:
    """Link everything that is installed into `folder`, but not arena: a wheel in there goes before an editable one."""
    folder.mkdir()
    for path in (path for site in map(Path, SITE) for path in site.iterdir()):
        if path.name != "arena" and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    return folder


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_refuses_its_bare_name(checkout: Path, room: str) -> None:
    code = f"try: import {room}\nexcept ImportError as error: print(error)"
    told = run([sys.executable, "-c", code], checkout)
    assert told == f"this folder is the package arena.{room}: import that name\n"


# What is required, and with which versions it was tested.


def constraints() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in pins}


def test_every_constraint_is_one_exact_version() -> None:
    for pin in constraints().values():
        assert [operator.operator for operator in pin.specifier] == ["=="], str(pin)
        assert "+" not in str(pin.specifier), f"{pin}: a local version can be fetched from one place only"


REQUIRED = [
    *PROJECT["dependencies"],
    *(text for extra in PROJECT["optional-dependencies"].values() for text in extra if not text.startswith("selfplay")),
]


@pytest.mark.parametrize("text", REQUIRED)
def test_every_dependency_is_pinned_within_its_range(text: str) -> None:
    required = Requirement(text)
    name = canonicalize_name(required.name)
    assert name in constraints(), f"pin {name} in constraints.txt"
    (pin,) = constraints()[name].specifier
    assert required.specifier.contains(pin.version), f"constraints.txt pins {constraints()[name]}"
