"""The public names: sorted, complete, importable, and cheap until they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import arena


def kind_then_name(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def for_type_checkers() -> dict[str, str]:
    """Return name → module as `if TYPE_CHECKING` in arena/__init__.py imports them."""
    tree = ast.parse(Path(arena.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    found = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in found for alias in node.names}


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh process has after running `code`."""
    code += "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


def test_the_names_are_sorted() -> None:
    assert arena.__all__ == sorted(set(arena.__all__), key=kind_then_name)


def test_type_checkers_and_the_interpreter_see_the_same_names() -> None:
    assert for_type_checkers() == arena._HOME
    assert set(arena.__all__) == set(arena._HOME)


@pytest.mark.parametrize("name", arena.__all__)
def test_every_name_can_be_used(name: str) -> None:
    value = getattr(arena, name)
    assert value is not None
    if isinstance(value, type) or callable(value):
        assert value.__doc__, f"arena.{name} needs a docstring"
        assert value.__module__ == arena._HOME[name], f"arena.{name} is defined in {value.__module__}"


def test_dir_lists_the_names() -> None:
    assert set(arena.__all__) <= set(dir(arena))


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'arena' has no attribute 'paly'"):
        arena.paly  # noqa: B018


def test_importing_arena_is_cheap() -> None:
    heavy = {"torch", "matplotlib", "pydantic", "numpy", "rich", "cyclopts"}
    assert loaded_by("import arena") & heavy == set()
    assert loaded_by("import arena; arena.Game, arena.Player, arena.Record, arena.load_game('kuhn_poker')") & heavy == {
        "numpy"
    }
