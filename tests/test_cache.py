"""A tree that is kept on disk is the tree that was made, or is made again."""

import os
import sys
from dataclasses import fields

import numpy as np
import pytest

from arena.errors import TooLarge
from arena.games.kuhn_poker import KuhnPoker
from arena.games.leduc_poker import LeducPoker
from arena.registry import load_game
from arena.tree import cache, enumerate_game, enumeration, nash_conv
from arena.tree.cache import cache_folder, keep_tree, load_tree


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache that keeps every tree, in what seems a fresh process."""
    monkeypatch.setenv("ARENA_CACHE", str(tmp_path))
    monkeypatch.setattr(enumeration, "WORTH_KEEPING", 0.0)
    monkeypatch.setattr(enumeration, "_TREES", {})
    return tmp_path / "trees"


def kept(game):
    """Return the tree as the next process gets it."""
    enumerate_game(game)
    enumeration._TREES.clear()
    tree = load_tree(game)
    assert tree is not None
    return tree


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "matrix", "nim"])
def test_what_is_kept_is_what_was_made(folder, name):
    game = load_game(name)
    made = enumerate_game(game)
    tree = kept(game)
    assert tree is not made
    for part in fields(made):
        ours, theirs = getattr(made, part.name), getattr(tree, part.name)
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype
            assert ours.tolist() == theirs.tolist()
        else:
            assert ours == theirs
    assert nash_conv(tree, tree.uniform) == nash_conv(made, made.uniform)


def test_players_can_be_asked_without_making_the_tree(folder, monkeypatch):
    tree = kept(LeducPoker())
    assert [request.text for request in tree.requests] == list(tree.views)
    assert (tree.requests.mask() == tree.mask).all()
    monkeypatch.setattr(enumeration, "_Enumeration", None)
    assert len(enumerate_game(LeducPoker()).mover) == 9457


def test_a_limit_holds_for_kept_trees_too(folder):
    kept(KuhnPoker())
    with pytest.raises(TooLarge, match="more than 57 states"):
        enumerate_game(KuhnPoker(), limit=57)


def test_what_is_quick_to_make_is_not_kept(folder, monkeypatch):
    monkeypatch.setattr(enumeration, "WORTH_KEEPING", cache.WORTH_KEEPING)
    enumerate_game(KuhnPoker())
    assert not folder.exists()


def test_where_trees_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("ARENA_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine" / "trees"
    monkeypatch.setenv("ARENA_CACHE", "")
    assert cache_folder() is None
    monkeypatch.delenv("ARENA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "arena" / "trees"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert cache_folder() == tmp_path / "me" / ".cache" / "arena" / "trees"


def test_with_no_cache_nothing_is_written(folder, monkeypatch):
    monkeypatch.setenv("ARENA_CACHE", "")
    assert len(enumerate_game(KuhnPoker()).mover) == 58
    assert not folder.exists()


# Files that cannot be used.


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    at = content.index(b"returns.npy") + 200  # within the numbers
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize("spoil", [cut, flipped, lambda _: b"", lambda _: b"words"])
def test_a_damaged_file_is_told_of_and_written_again(folder, spoil):
    game = KuhnPoker()
    kept(game)
    (path,) = folder.iterdir()
    good = path.read_bytes()
    path.write_bytes(spoil(good))
    with pytest.warns(UserWarning, match=r"the tree of kuhn_poker that was kept in .* is damaged, and is made again"):
        assert len(enumerate_game(game).mover) == 58
    assert len(path.read_bytes()) == len(good)
    assert load_tree(game) is not None


def test_arrays_that_do_not_belong_together_are_damage(folder):
    game = KuhnPoker()
    kept(game)
    (path,) = folder.iterdir()
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "seat": arrays["seat"][:-1]})
    with pytest.warns(UserWarning, match="the shapes of mask do not fit"):
        assert load_tree(game) is None


def test_a_file_of_another_game_is_not_taken(folder):
    kept(LeducPoker())
    (path,) = folder.iterdir()
    path.rename(folder / f"{KuhnPoker().fingerprint}.npz")
    assert load_tree(KuhnPoker()) is None


def test_a_pickle_is_not_opened(folder):
    game = KuhnPoker()
    kept(game)
    (path,) = folder.iterdir()
    np.savez(path, about=np.array([{"a": 1}], dtype=object))
    with pytest.warns(UserWarning, match="is damaged"):
        assert load_tree(game) is None


def test_where_nothing_can_be_written_the_tree_is_made_all_the_same(folder, monkeypatch):
    folder.parent.joinpath("file").touch()
    monkeypatch.setenv("ARENA_CACHE", str(folder.parent / "file"))
    with pytest.warns(UserWarning, match=r"the tree of kuhn_poker cannot be kept in .*: set ARENA_CACHE to a folder"):
        assert len(enumerate_game(KuhnPoker()).mover) == 58


def test_a_file_is_whole_or_not_there(folder, monkeypatch):
    def breaks(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(np.lib.format, "write_array", breaks)
    with pytest.warns(UserWarning, match="the disk is full"):
        enumerate_game(KuhnPoker())
    assert list(folder.iterdir()) == []


# Games of users.

RULES = """
from arena.game import OVER, Game

class Mine(Game):
    name = "mine"
    actions = ("a", "b")
    def start(self): return ()
    def turn(self, s): return len(s) if len(s) < 2 else OVER
    def step(self, s, action): return (*s, action)
    def returns(self, s): return (1.0, -1.0) if s[0] == s[1] else (-1.0, 1.0)
    def view(self, s, seat): return " ".join(s)
"""


def test_rules_that_were_written_anew_get_a_tree_of_their_own(folder, tmp_path, monkeypatch):
    path = tmp_path / "mine.py"

    def written(rules):
        path.write_text(rules)
        os.utime(path, (0, 0))  # long before this process
        for name in [name for name in sys.modules if name.startswith("arena_file")]:
            monkeypatch.delitem(sys.modules, name)
        return load_game(f"{path}:Mine")

    first = written(RULES)
    assert kept(first).returns.sum(axis=0).tolist() == [0.0, 0.0]
    again = written(RULES.replace("(1.0, -1.0)", "(5.0, -1.0)"))
    assert again.fingerprint == first.fingerprint
    assert load_tree(again) is None
    keep_tree(enumerate_game(again))
    assert load_tree(again) is not None
