"""The public names: sorted, complete, importable, and cheap until they are used; and what the functions refuse."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import arena
from arena.api import seat
from arena.errors import ConfigError, PlayerError
from arena.games.kuhn_poker import KuhnPoker
from arena.player import Move, Requests
from arena.players.uniform import UniformPlayer
from arena.tree import best_response, enumerate_game, leaks, nash_conv

KUHN = KuhnPoker()


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


# Who sits where.


def named(name: str) -> UniformPlayer:
    player = UniformPlayer()
    player.name = name
    return player


def test_players_who_share_a_name_are_told_apart_and_keep_the_one_they_have() -> None:
    a, b = named("p"), named("p")
    for one, other in [(a, b), (b, a), (a, b)]:
        assert seat(KUHN, [one, other]) == [("p", one), ("p #2", other)]
    assert (a.name, b.name) == ("p", "p")
    assert seat(KUHN, [a, a]) == [("p", a), ("p #2", a)]


def test_a_made_up_name_is_one_that_nobody_has() -> None:
    names = [name for name, _ in seat(KUHN, [named("p"), named("p #2"), named("p"), named("p #2"), named("p")])]
    assert names == ["p", "p #2", "p #3", "p #2 #2", "p #4"]


def test_every_seat_is_played_by_the_player_who_was_given_for_it() -> None:
    class Always(UniformPlayer):
        def __init__(self, action: str) -> None:
            self.name, self.action = "p", action

        def act(self, batch: Requests) -> list[Move]:
            return [Move(self.action)] * len(batch)

    bets, passes = Always("bet"), Always("pass")
    for first, second in [(bets, passes), (passes, bets)]:
        (record,) = arena.play(KUHN, [first, second])
        assert record.entrants == ("p", "p #2")
        assert record.turns[2].action == first.action
        verdict = arena.pit(first, second, KUHN, pairs=3)
        assert (verdict.first, verdict.second) == ("p", "p #2")
        assert verdict.mean == (1 if first is bets else -1)


# What is refused.


@pytest.mark.parametrize("number", [0, -3])
def test_nothing_cannot_be_played(number: int) -> None:
    with pytest.raises(ConfigError, match=f"{number} matches cannot be played: ask for 1 or more"):
        arena.play(KUHN, ["uniform", "uniform"], matches=number)
    with pytest.raises(ConfigError, match=f"{number} pairs cannot be played: ask for 1 or more"):
        arena.pit("uniform", "uniform", KUHN, pairs=number)


@pytest.mark.parametrize("matches", [1, 3])
def test_a_player_that_can_never_play_is_no_success(matches: int) -> None:
    class Crash(UniformPlayer):
        def act(self, batch: Requests) -> list[Move]:
            raise ValueError("out of paper")

    with pytest.raises(PlayerError, match="no match could be played to an end: uniform crashed: ValueError: out of pa"):
        arena.play(KUHN, [Crash(), "uniform"], matches=matches)


def test_exploit_is_what_the_exact_tables_say() -> None:
    found, tree = arena.exploit("uniform", KUHN), enumerate_game(KUHN)
    assert found.nash_conv == nash_conv(tree, tree.uniform) == 2 * found.exploitability
    assert found.best_responses == tuple(best_response(tree, tree.uniform, s).value for s in (0, 1))
    assert found.nash_conv == pytest.approx(sum(found.best_responses) - sum(found.values))


def test_exploit_tells_where_it_is_lost() -> None:
    tree = enumerate_game(KUHN)
    for seat_, found in enumerate(arena.exploit("uniform", KUHN, top=2).leaks):
        assert list(found) == leaks(tree, tree.uniform, seat_, 2)
    assert arena.exploit("uniform", KUHN, top=0).leaks == ((), ())
